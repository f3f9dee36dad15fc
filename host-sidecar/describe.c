// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/describe.h"

#include "protocol/finding-catalogue.h"
#include "protocol/vocabulary.h"

static JsonObject *
describe(const PstReportKind *kind)
{
    JsonObject *json = pst_vocabulary_describe(kind);

    json_object_set_array_member(json, "findings", pst_finding_catalogue_ids(kind->name));
    return json;
}

JsonObject *
pst_describe_json(const PstReportKind *only)
{
    JsonObject *json = json_object_new();
    JsonArray *probes = json_array_new();

    for (guint i = 0; i < pst_vocabulary_n; i++)
        if (only == NULL || only == pst_vocabulary[i])
            json_array_add_object_element(probes, describe(pst_vocabulary[i]));
    json_object_set_array_member(json, "probes", probes);
    return json;
}
