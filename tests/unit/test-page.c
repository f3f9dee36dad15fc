// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/page.h"
#include "protocol/error.h"
#include "protocol/report-file.h"
#include "protocol/report-list.h"

static void
test_file(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_file_kind);
    PstFileData *data = report->data;

    g_assert_null(pst_page_file(report));
    data->binary = PST_TRI_YES;
    g_autofree char *none = pst_page_file(report);
    g_assert_cmpstr(none, ==, "");
    data->text = g_strdup("a\tb\nc\033[31m\342\200\256\n");
    g_autofree char *text = pst_page_file(report);
    g_assert_cmpstr(text, ==, "a\tb\nc\\x1b[31m\\u{202e}\n");
}

static void
test_list(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_list_kind);
    PstListData *data = report->data;
    PstListEntry *entry = pst_fields_append(&pst_report_list_entry_fields, &data->entries);

    entry->name = g_strdup("x\033\ny");
    entry->type = g_strdup("link");
    entry->mode = g_strdup("0777");
    entry->owner = g_strdup("0:0");
    entry->target = g_strdup("\007z");
    entry = pst_fields_append(&pst_report_list_entry_fields, &data->entries);
    entry->name = g_strdup("shadow");
    entry->denied = PST_TRI_YES;
    g_autofree char *text = pst_page_list(report);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    g_assert_true(g_str_has_prefix(lines[0], "l 0777  0:0 "));
    g_assert_true(g_str_has_suffix(lines[0], " x\\x1b\\ny -> \\x07z"));
    g_assert_true(g_str_has_prefix(lines[1], "?  may not be read "));
    g_assert_true(g_str_has_suffix(lines[1], " shadow"));
}

static void
test_denied(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_file_kind);
    g_autoptr(GError) error = NULL;

    g_assert_false(pst_page_is_denied(report, &error));
    pst_report_add(report, "file.denied", PST_SEVERITY_UNKNOWN, "no");
    g_assert_true(pst_page_is_denied(report, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED);
}

/* A guest that gives the same page again and again is not asked for ever. */
static void
test_next(void)
{
    g_autoptr(PstReport) file = pst_report_new(&pst_report_file_kind);
    g_autoptr(PstReport) list = pst_report_new(&pst_report_list_kind);
    g_autoptr(JsonObject) args = json_object_new();
    PstFileData *data = file->data;

    json_object_set_string_member(args, "path", "/a");
    json_object_set_int_member(args, "max_bytes", 7);
    json_object_set_int_member(args, "offset", 10);
    g_assert_null(pst_page_next(file, args));
    data->next_offset = 10;
    data->offset = 3; /* it says */
    g_assert_null(pst_page_next(file, args));
    data->next_offset = 17;
    g_autoptr(JsonObject) next = pst_page_next(file, args);
    g_assert_cmpint(json_object_get_int_member(next, "offset"), ==, 17);
    g_assert_cmpint(json_object_get_int_member(next, "max_bytes"), ==, 7);
    g_assert_cmpstr(json_object_get_string_member(next, "path"), ==, "/a");

    ((PstListData *)list->data)->cursor = g_strdup("b");
    g_assert_null(pst_page_next(list, args));
    pst_fields_append(&pst_report_list_entry_fields, &((PstListData *)list->data)->entries);
    g_autoptr(JsonObject) behind = pst_page_next(list, args);
    g_assert_cmpstr(json_object_get_string_member(behind, "cursor"), ==, "b");
    g_assert_null(pst_page_next(list, behind));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/page/file", test_file);
    g_test_add_func("/page/list", test_list);
    g_test_add_func("/page/denied", test_denied);
    g_test_add_func("/page/next", test_next);
    return g_test_run();
}
