// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prints random reports of every kind, each with the JSON Schema that it should keep: a line
 * {"schema":…,"reports":[…]} a kind. For tests/unit/check-schemas. */
#include <stdio.h>

#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/vocabulary.h"
#include "tests/unit/random-report.h"

#define REPORTS_A_KIND 20

static JsonObject *
sample(const PstReportKind *kind)
{
    g_autoptr(PstReport) report = random_report(kind);
    gsize len;
    g_autofree char *text = pst_report_to_text(report, PST_LIMIT_FRAME_FROM_GUEST, &len);
    JsonObject *json = pst_json_parse(text, len, &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    return json;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint k = 0; k < pst_vocabulary_n; k++) {
        g_autoptr(JsonObject) line = json_object_new();
        JsonArray *reports = json_array_new();

        for (int i = 0; i < REPORTS_A_KIND; i++)
            json_array_add_object_element(reports, sample(pst_vocabulary[k]));
        json_object_set_object_member(line, "schema", pst_report_schema(pst_vocabulary[k]));
        json_object_set_array_member(line, "reports", reports);
        g_autofree char *text = pst_json_to_text(line, NULL);
        puts(text);
    }
    return 0;
}
