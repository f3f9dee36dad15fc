// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/causes.h"
#include "host-sidecar/render.h"
#include "protocol/vocabulary.h"

#define NOW (G_GINT64_CONSTANT(1795000000) * G_USEC_PER_SEC)
#define MINUTES(n) ((n)*60 * (gint64)G_USEC_PER_SEC)

/* What `changes` says of the file, and what a reader is told. */
static const struct {
    const char *name;
    PstChangesFile row; /* without a path: there is none */
    gint64 changed_us;  /* of the evidence */
    const char *text;
} rows[] = {
    {"mode",
     {.path = (char *)"/etc/x",
      .kind = (char *)"status",
      .mode = (char *)"0666",
      .packaged = PST_TRI_NO},
     NOW - MINUTES(2),
     "became 0666 2 min ago; its package is none"},
    {"no-row", {NULL}, NOW - MINUTES(2), "last changed 2 min ago"},
    {"no-date", {NULL}, PST_INT_UNKNOWN, NULL},
    {"date-of-the-row",
     {.path = (char *)"/etc/x", .kind = (char *)"written", .changed_us = NOW - MINUTES(180)},
     PST_INT_UNKNOWN,
     "written 3 h ago"},
    {"config",
     {.path = (char *)"/etc/x",
      .kind = (char *)"created",
      .packaged = PST_TRI_YES,
      .package = (char *)"sudo",
      .version = (char *)"1.9",
      .config = PST_TRI_YES,
      .as_packaged = PST_TRI_NO,
      .former_digest = (char *)"md5:x"},
     NOW - MINUTES(3),
     "put there 3 min ago; its package is sudo 1.9, which put other content "
     "there"},
    {"former-mode",
     {.path = (char *)"/etc/x",
      .kind = (char *)"status",
      .mode = (char *)"0644",
      .packaged = PST_TRI_YES,
      .package = (char *)"sudo",
      .former_mode = (char *)"0440",
      .as_packaged = PST_TRI_YES},
     NOW - MINUTES(3),
     "became 0644 3 min ago; its package is sudo, which gave it mode 0440, and "
     "its content is unchanged"},
    {"as-it-came",
     {.path = (char *)"/etc/x",
      .kind = (char *)"created",
      .packaged = PST_TRI_YES,
      .package = (char *)"ssh",
      .config = PST_TRI_NO},
     NOW - MINUTES(3),
     NULL},
    {"future", {NULL}, NOW + MINUTES(3), "last changed in the future"},
    {"another-file",
     {.path = (char *)"/etc/y", .kind = (char *)"written"},
     NOW - MINUTES(3),
     "last changed 3 min ago"},
    {"merged",
     {.path = (char *)"/usr/etc/x", .kind = (char *)"written"},
     NOW - MINUTES(3),
     "written 3 min ago"},
};

static PstAnswer *
answer_of(const PstReportKind *kind)
{
    PstAnswer *answer = pst_answer_new("guest", kind->name, NULL);

    answer->report = pst_report_new(kind);
    answer->report->realtime_us = NOW;
    return answer;
}

static void
add_row(PstAnswer *changes, const PstChangesFile *row)
{
    PstChangesData *data = changes->report->data;
    PstChangesFile *file = pst_fields_append(&pst_report_changes_file_fields, &data->files);
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    g_autoptr(JsonObject) json = pst_fields_encode(&pst_report_changes_file_fields, row, &cut);
    PstChangesFile *copy = pst_fields_decode(&pst_report_changes_file_fields, json, NULL);

    pst_fields_free(&pst_report_changes_file_fields, file);
    data->files->pdata[data->files->len - 1] = copy;
}

/* The answers of sudo, with one finding about /etc/x, and of changes. */
static void
make_answers(guint i, PstAnswer **answers)
{
    answers[0] = answer_of(pst_vocabulary_find("sudo"));
    answers[1] = answer_of(&pst_report_changes_kind);
    PstFinding *finding = pst_report_add(answers[0]->report, "sudo.file-world-writable",
                                         PST_SEVERITY_CRITICAL, "message");
    finding->evidence->path = g_strdup("/etc/x");
    finding->evidence->changed_us = rows[i].changed_us;
    if (rows[i].row.path != NULL)
        add_row(answers[1], &rows[i].row);
    for (guint j = 0; j < 2; j++)
        pst_report_conclude(answers[j]->report, "fine");
}

static void
test_text(gconstpointer user_data)
{
    guint i = GPOINTER_TO_UINT(user_data);
    PstAnswer *answers[2];

    make_answers(i, answers);
    PstDating dating =
        pst_dating_find(answers, 2, answers[0], answers[0]->report->findings->pdata[0]);
    g_autofree char *text = pst_dating_text(&dating);
    g_autofree char *screen = pst_render_diagnosis("guest", answers, 2);

    g_assert_cmpstr(text, ==, rows[i].text);
    g_assert_cmpint(strstr(screen, "since: ") != NULL, ==, text != NULL);
    for (guint j = 0; j < 2; j++)
        pst_answer_free(answers[j]);
}

static void
test_json(void)
{
    PstAnswer *answers[2];

    make_answers(0, answers);
    g_autoptr(GArray) causes = pst_causes_order(answers, 2);
    g_autoptr(JsonArray) array = pst_causes_to_json(causes);
    JsonObject *since =
        json_object_get_object_member(json_array_get_object_element(array, 0), "since");

    g_assert_cmpint(json_object_get_int_member(since, "changed_us"), ==, NOW - MINUTES(2));
    g_assert_cmpint(json_object_get_int_member(since, "age_us"), ==, MINUTES(2));
    g_assert_cmpstr(json_object_get_string_member(since, "mode"), ==, "0666");
    g_assert_false(json_object_get_boolean_member(since, "packaged"));
    g_assert_false(json_object_has_member(since, "package"));
    for (guint j = 0; j < 2; j++)
        pst_answer_free(answers[j]);
}

/* An older shim does not say when it was; a guest need not send any evidence. */
static void
test_without_a_clock(void)
{
    PstAnswer *answers[2];

    make_answers(1, answers);
    PstFinding *finding = answers[0]->report->findings->pdata[0];
    answers[0]->report->realtime_us = PST_INT_UNKNOWN;
    g_assert_cmpint(pst_dating_find(answers, 2, answers[0], finding).age_us, ==, MINUTES(2));
    answers[1]->report->realtime_us = PST_INT_UNKNOWN;
    PstDating dating = pst_dating_find(answers, 2, answers[0], finding);
    g_autofree char *text = pst_dating_text(&dating);
    g_assert_cmpint(dating.age_us, ==, PST_INT_UNKNOWN);
    g_assert_cmpstr(text, ==, "last changed at a time that is not known");

    pst_fields_free(&pst_finding_evidence_fields, finding->evidence);
    finding->evidence = NULL;
    dating = pst_dating_find(answers, 2, answers[0], finding);
    g_assert_null(pst_dating_text(&dating));
    g_assert_null(pst_dating_to_json(&dating));
    for (guint j = 0; j < 2; j++)
        pst_answer_free(answers[j]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/dating/text/%s", rows[i].name);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_text);
    }
    g_test_add_func("/dating/json", test_json);
    g_test_add_func("/dating/without-a-clock", test_without_a_clock);
    return g_test_run();
}
