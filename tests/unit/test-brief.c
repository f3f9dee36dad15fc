// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/brief.h"
#include "protocol/json.h"
#include "protocol/report-journal.h"
#include "protocol/report-services.h"
#include "protocol/report-sudo.h"

typedef struct {
    PstAnswer *answers[8];
    guint n;
} Answers;

static void
clear(Answers *answers)
{
    for (guint i = 0; i < answers->n; i++)
        pst_answer_free(answers->answers[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answers, clear)

static PstReport *
add(Answers *answers, const PstReportKind *kind)
{
    PstAnswer *answer = pst_answer_new("web", kind->name, NULL);

    answer->via = PST_VIA_CHANNEL;
    answer->report = pst_report_new(kind);
    answers->answers[answers->n++] = answer;
    return answer->report;
}

/* sudo is shut by a mode, which has an undo; two more follow from it. */
static void
add_locked_out(Answers *answers)
{
    PstReport *report = add(answers, &pst_report_sudo_kind);
    PstFinding *finding =
        pst_report_add(report, "sudo.file-world-writable", PST_SEVERITY_CRITICAL,
                       "/etc/sudoers.d/harness is writable by everybody: sudo passes over it");
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);

    ((PstSudoData *)report->data)->verdict = PST_SUDO_REFUSED;
    finding->evidence->path = g_strdup("/etc/sudoers.d/harness");
    finding->evidence->line = 1;
    finding->evidence->mode = g_strdup("0666");
    finding->evidence->text = g_strdup("harness ALL=(ALL) NOPASSWD: ALL");
    finding->remedy = g_strdup("chmod 0440 /etc/sudoers.d/harness");
    undo->path = g_strdup("/etc/sudoers.d/harness");
    undo->mode = g_strdup("0440");
    finding = pst_report_add(report, "sudo.no-rule", PST_SEVERITY_CRITICAL, "no rule is left");
    finding->caused_by = g_strdup("sudo.file-world-writable");
    pst_report_conclude(report, "");
}

static void
add_access(Answers *answers)
{
    g_autoptr(JsonObject) vantage = json_object_new();

    json_object_set_string_member(vantage, "user", "harness");
    PstAnswer *access = pst_access_answer(answers->answers, answers->n, vantage);
    answers->answers[answers->n++] = access;
}

static JsonObject *
first_cause(JsonObject *brief)
{
    JsonArray *causes = json_object_get_array_member(brief, "causes");

    g_assert_cmpuint(json_array_get_length(causes), >, 0);
    return json_array_get_object_element(causes, 0);
}

static void
test_locked_out(void)
{
    g_auto(Answers) answers = {{NULL}};

    add_locked_out(&answers);
    add_access(&answers);
    g_autoptr(JsonObject) json =
        pst_brief_to_json("web", answers.answers, answers.n, NULL, PST_BRIEF_DEFAULT_BYTES);
    JsonObject *cause = first_cause(json);
    JsonObject *undo = json_object_get_object_member(cause, "undo");

    g_assert_cmpstr(json_object_get_string_member(json, "status"), ==, "critical");
    g_assert_true(json_object_get_null_member(json, "ssh_ok"));
    g_assert_false(json_object_get_boolean_member(json, "sudo_ok"));
    /* Nobody looked at sshd: that is the other one. */
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(json, "causes")), ==, 2);
    g_assert_cmpstr(json_object_get_string_member(cause, "id"), ==, "sudo.file-world-writable");
    g_assert_cmpstr(json_object_get_string_member(cause, "at"), ==, "/etc/sudoers.d/harness:1");
    g_assert_cmpstr(json_object_get_string_member(cause, "mode"), ==, "0666");
    g_assert_cmpstr(json_object_get_string_member(undo, "mode"), ==, "0440");
    /* The undo says it already. */
    g_assert_false(json_object_has_member(cause, "remedy"));
    g_assert_cmpstr(
        json_array_get_string_element(json_object_get_array_member(cause, "leads_to"), 0), ==,
        "sudo.no-rule");
}

static void
test_sound(void)
{
    g_auto(Answers) answers = {{NULL}};
    PstReport *report = add(&answers, &pst_report_sudo_kind);

    ((PstSudoData *)report->data)->verdict = PST_SUDO_GRANTED;
    pst_report_conclude(report, "sudo lets harness become root");
    add_access(&answers);
    g_autoptr(JsonObject) json =
        pst_brief_to_json("web", answers.answers, answers.n, NULL, PST_BRIEF_DEFAULT_BYTES);

    g_assert_true(json_object_get_boolean_member(json, "sudo_ok"));
    g_assert_false(json_object_has_member(json, "left_out"));
    g_assert_false(json_object_has_member(json, "errors"));
    g_assert_false(json_object_has_member(json, "unanswered"));
}

/* Nobody was asked about, nobody answered: no verdict, and no silence that reads as health. */
static void
test_unanswered(void)
{
    g_auto(Answers) answers = {{NULL}};
    static const char *const units[] = {"nginx", NULL};

    answers.answers[answers.n++] = pst_answer_new("web", "services", NULL);
    g_autoptr(JsonObject) json =
        pst_brief_to_json("web", answers.answers, answers.n, units, PST_BRIEF_DEFAULT_BYTES);
    JsonArray *unanswered = json_object_get_array_member(json, "unanswered");

    g_assert_false(json_object_has_member(json, "ssh_ok"));
    g_assert_cmpstr(json_array_get_string_element(unanswered, 0), ==, "services");
    g_assert_true(
        json_object_get_null_member(json_object_get_object_member(json, "units"), "nginx"));
    g_assert_cmpstr(json_object_get_string_member(json, "status"), ==, "unknown");
}

static void
test_units(void)
{
    g_auto(Answers) answers = {{NULL}};
    static const char *const units[] = {"nginx", "cron.service", "gone", NULL};
    PstReport *report = add(&answers, &pst_report_services_kind);
    PstServicesData *data = report->data;
    PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);

    unit->name = g_strdup("nginx.service");
    unit->asked_as = g_strdup("nginx");
    unit->active = g_strdup("failed");
    unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);
    unit->name = g_strdup("cron.service");
    unit->active = g_strdup("active");
    pst_report_conclude(report, "");
    g_autoptr(JsonObject) json =
        pst_brief_to_json("web", answers.answers, answers.n, units, PST_BRIEF_DEFAULT_BYTES);
    JsonObject *states = json_object_get_object_member(json, "units");

    g_assert_cmpstr(json_object_get_string_member(states, "nginx"), ==, "failed");
    g_assert_cmpstr(json_object_get_string_member(states, "cron.service"), ==, "active");
    g_assert_true(json_object_get_null_member(states, "gone"));
}

static void
add_group(PstJournalData *data, gint64 priority, const char *message)
{
    PstJournalGroup *group = pst_fields_append(&pst_report_journal_group_fields, &data->groups);

    group->priority = priority;
    group->identifier = g_strdup("nginx");
    group->message = g_strdup(message);
}

/* Each error once, and none that a cause has told. */
static void
test_errors(void)
{
    g_auto(Answers) answers = {{NULL}};
    PstReport *report = add(&answers, &pst_report_services_kind);
    PstFinding *finding = pst_report_add(report, "services.failed", PST_SEVERITY_CRITICAL,
                                         "nginx.service failed: bind() failed");

    finding->evidence->unit = g_strdup("nginx.service");
    pst_report_conclude(report, "");
    report = add(&answers, &pst_report_journal_kind);
    add_group(report->data, 3, "bind() failed");
    add_group(report->data, 3, "open() failed");
    add_group(report->data, 6, "all is well");
    pst_report_conclude(report, "");
    g_autoptr(JsonObject) json =
        pst_brief_to_json("web", answers.answers, answers.n, NULL, PST_BRIEF_DEFAULT_BYTES);
    JsonArray *errors = json_object_get_array_member(json, "errors");

    g_assert_cmpuint(json_array_get_length(errors), ==, 1);
    g_assert_cmpstr(json_array_get_string_element(errors, 0), ==, "nginx: open() failed");
    g_assert_false(json_object_has_member(first_cause(json), "unit"));
}

/* Whatever a guest says at whatever length, it fits, and the first cause is there with its undo. */
static void
test_fits(void)
{
    static const gsize sizes[] = {PST_BRIEF_MIN_BYTES, 700, 1024, PST_BRIEF_DEFAULT_BYTES, 65536};
    g_auto(Answers) answers = {{NULL}};
    g_autofree char *nasty = g_strnfill(4000, '\x1b');
    PstReport *report;

    add_locked_out(&answers);
    report = add(&answers, &pst_report_services_kind);
    for (guint i = 0; i < 40; i++) {
        PstFinding *finding =
            pst_report_add(report, "services.failed", PST_SEVERITY_CRITICAL, "%u %s", i, nasty);
        finding->evidence->text = g_strdup(nasty + i);
        finding->remedy = g_strdup(nasty);
    }
    pst_report_conclude(report, "");
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(JsonObject) json =
            pst_brief_to_json("web", answers.answers, answers.n, NULL, sizes[i]);
        g_autofree char *text = pst_json_to_text(json, NULL);

        g_test_message("%" G_GSIZE_FORMAT ": %" G_GSIZE_FORMAT, sizes[i], strlen(text));
        g_assert_cmpuint(strlen(text), <, sizes[i]);
        g_assert_cmpint(json_object_get_int_member(json, "left_out"), >, 0);
        g_assert_true(json_object_has_member(first_cause(json), "undo"));
    }
}

/* Its names and its undo have no length that would be sure. */
static void
test_fits_whatever_is_long(void)
{
    static const gsize sizes[] = {PST_BRIEF_MIN_BYTES, PST_BRIEF_DEFAULT_BYTES};
    static const char *const units[] = {"nginx", NULL};
    g_auto(Answers) answers = {{NULL}};
    g_autofree char *nasty = g_strnfill(8000, '\x1b');
    PstReport *report = add(&answers, &pst_report_services_kind);
    PstServicesData *data = report->data;
    PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);
    PstFinding *finding = pst_report_add(report, nasty, PST_SEVERITY_CRITICAL, "nginx failed");

    unit->name = g_strdup("nginx");
    unit->active = g_strdup(nasty);
    finding->remedy = g_strdup("systemctl start nginx");
    pst_report_undo(finding, PST_UNDO_FILE)->path = g_strdup(nasty);
    pst_report_conclude(report, "");
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(JsonObject) json =
            pst_brief_to_json("web", answers.answers, answers.n, units, sizes[i]);
        g_autofree char *text = pst_json_to_text(json, NULL);

        g_assert_cmpuint(strlen(text), <, sizes[i]);
        g_assert_false(json_object_has_member(first_cause(json), "undo"));
        g_assert_true(json_object_has_member(first_cause(json), "remedy"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/brief/locked-out", test_locked_out);
    g_test_add_func("/brief/sound", test_sound);
    g_test_add_func("/brief/unanswered", test_unanswered);
    g_test_add_func("/brief/units", test_units);
    g_test_add_func("/brief/errors", test_errors);
    g_test_add_func("/brief/fits", test_fits);
    g_test_add_func("/brief/fits-whatever-is-long", test_fits_whatever_is_long);
    return g_test_run();
}
