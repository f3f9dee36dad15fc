// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/finding-catalogue.h"

#include <string.h>

const PstFindingPage *
pst_finding_catalogue_find(const char *id)
{
    for (guint i = 0; i < pst_finding_catalogue_n; i++)
        if (g_str_equal(pst_finding_catalogue[i].id, id))
            return &pst_finding_catalogue[i];
    return NULL;
}

JsonArray *
pst_finding_catalogue_ids(const char *probe)
{
    JsonArray *ids = json_array_new();
    gsize len = strlen(probe);

    for (guint i = 0; i < pst_finding_catalogue_n; i++) {
        const char *id = pst_finding_catalogue[i].id;
        if (strncmp(id, probe, len) == 0 && id[len] == '.')
            json_array_add_string_element(ids, id);
    }
    return ids;
}
