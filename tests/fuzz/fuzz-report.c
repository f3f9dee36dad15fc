// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as a report: what was accepted, written and read again says the same. */
#include <string.h>

#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/report.h"
#include "tests/fuzz/fuzz.h"

static PstReport *
read_report(const char *text, gsize len)
{
    JsonObject *json = pst_json_parse(text, len, &pst_validate_from_guest, NULL);
    g_autoptr(GError) error = NULL;

    if (json == NULL)
        return NULL;
    PstReport *report = pst_report_decode(json, &error);
    json_object_unref(json);
    g_assert_cmpint(report == NULL, ==, error != NULL);
    return report;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstReport) report = read_report((const char *)data, len);

    if (report == NULL || report->kind == NULL)
        return 0;

    gsize text_len, again_len;
    g_autofree char *text = pst_report_to_text(report, PST_LIMIT_FRAME_FROM_GUEST, &text_len);
    g_autoptr(PstReport) again = read_report(text, text_len);
    g_assert_nonnull(again);
    g_assert_cmpstr(again->probe, ==, report->probe);
    g_assert_cmpint(again->status, ==, report->status);
    g_assert_cmpint(again->took_ms, ==, report->took_ms);

    g_autofree char *once_more = pst_report_to_text(again, PST_LIMIT_FRAME_FROM_GUEST, &again_len);
    g_assert_cmpmem(text, text_len, once_more, again_len);
    return 0;
}
