// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/causes.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"

#define MAX_ANSWERS 6

/* An answer from words such as "ssh c:config-error w:not-running<ssh.config-error@ssh.service":
 * severity, finding, what it says that it follows from, unit; behind a "#" what its evidence names
 * as file and as expected. */
static PstAnswer *
answer_of(const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);
    PstAnswer *answer = pst_answer_new("guest", parts[0], NULL);

    answer->report = pst_report_new(pst_vocabulary_find(parts[0]));
    for (guint i = 1; parts[i] != NULL; i++) {
        const char letters[] = "iwuc";
        g_auto(GStrv) file = g_strsplit(parts[i] + 2, "#", 2);
        g_auto(GStrv) unit = g_strsplit(file[0], "@", 2);
        g_auto(GStrv) cause = g_strsplit(unit[0], "<", 2);
        g_autofree char *id = g_strdup_printf("%s.%s", parts[0], cause[0]);
        int severity = (int)(strchr(letters, parts[i][0]) - letters);
        PstFinding *finding = pst_report_add(answer->report, id, (PstSeverity)severity, "%s", id);

        if (cause[1] != NULL)
            finding->caused_by = g_strdup(cause[1]);
        if (unit[1] != NULL)
            finding->evidence->unit = g_strdup(unit[1]);
        finding->evidence->path = g_strdup(file[1]);
        finding->evidence->expected = g_strdup(file[1]);
    }
    pst_report_conclude(answer->report, "fine");
    return answer;
}

/* Root causes as they stand, what follows from them behind a ">". */
static char *
order_of(PstAnswer *const *answers, guint n)
{
    g_autoptr(GArray) causes = pst_causes_order(answers, n);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < causes->len; i++) {
        const PstCause *cause = &g_array_index(causes, PstCause, i);
        g_string_append_printf(out, "%s%s%s", i > 0 ? " " : "",
                               cause->finding != cause->root ? ">" : "", cause->finding->id);
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name;
    const char *answers[MAX_ANSWERS];
    const char *order;
} rows[] = {
    {"none", {"network"}, ""},
    {"information-is-none", {"network i:no-link"}, ""},
    {"by-urgency",
     {"network w:no-link", "system c:emergency u:could-not-look"},
     "system.emergency system.could-not-look network.no-link"},
    {"own-cause",
     {"ssh c:not-running<ssh.config-error c:config-error"},
     "ssh.config-error >ssh.not-running"},
    /* What must be mended first comes first, however harmless it looks. */
    {"a-cause-is-as-urgent-as-what-follows",
     {"system c:emergency", "network w:no-link c:no-default-route<network.no-link"},
     "system.emergency network.no-link >network.no-default-route"},
    {"the-cause-is-not-there", {"ssh c:not-running<ssh.config-error"}, "ssh.not-running"},
    {"chain",
     {"system w:units-failed", "services c:failed@ssh.service", "ssh c:config-error"},
     "ssh.config-error >services.failed >system.units-failed"},
    {"debians-and-the-others-name",
     {"services c:failed@sshd.service", "ssh c:config-error"},
     "ssh.config-error >services.failed"},
    {"another-unit-failed",
     {"services c:failed@nginx.service", "ssh c:config-error"},
     "services.failed ssh.config-error"},
    {"no-unit-known",
     {"services c:failed", "ssh c:config-error"},
     "services.failed ssh.config-error"},
    {"stopped-by-hand",
     {"services w:stopped@ssh.service", "ssh c:not-running@ssh.service"},
     "services.stopped >ssh.not-running"},
    {"another-was-stopped",
     {"services w:stopped@cron.service", "ssh c:not-running@ssh.service"},
     "ssh.not-running services.stopped"},
    {"journald",
     {"sudo c:hangs", "services w:stopped@systemd-journald.service", "journal w:stopped"},
     "services.stopped >sudo.hangs >journal.stopped"},
    {"two-of-one-name",
     {"services c:failed@nginx.service c:failed@ssh.service", "ssh c:config-error"},
     "services.failed ssh.config-error >services.failed"},
    {"circle",
     {"ssh c:config-error<ssh.not-running c:not-running<ssh.config-error"},
     "ssh.config-error ssh.not-running"},
    {"into-a-circle",
     {"ssh c:config-error<ssh.not-running c:not-running<ssh.config-error "
      "w:check-failed<ssh.not-running"},
     "ssh.config-error ssh.not-running ssh.check-failed"},
    {"a-module-of-many-services",
     {"sudo c:pam-module-missing#/m c:refuses<sudo.pam-module-missing", "pam c:module-missing#/m"},
     "pam.module-missing >sudo.pam-module-missing >sudo.refuses"},
    {"another-module",
     {"sudo c:pam-module-missing#/m", "pam c:module-missing#/n"},
     "sudo.pam-module-missing pam.module-missing"},
    {"a-service-emptied",
     {"sudo w:pam-service-empty#/etc/pam.d/sudo", "pam w:service-empty#/etc/pam.d/sudo"},
     "pam.service-empty >sudo.pam-service-empty"},
    {"an-include",
     {"sudo c:pam-aborts#/etc/pam.d/sudo", "pam c:include-missing#/etc/pam.d/sudo"},
     "pam.include-missing >sudo.pam-aborts"},
    {"nologin",
     {"system c:nologin", "pam c:nologin<system.nologin", "account c:nologin<system.nologin"},
     "system.nologin >pam.nologin >account.nologin"},
    {"itself", {"ssh c:config-error<ssh.config-error"}, "ssh.config-error"},
};

static guint
answers_of(guint i, PstAnswer **answers)
{
    guint n = 0;

    for (; n < MAX_ANSWERS && rows[i].answers[n] != NULL; n++)
        answers[n] = answer_of(rows[i].answers[n]);
    return n;
}

static void
test_order(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    PstAnswer *answers[MAX_ANSWERS];
    guint n = answers_of(i, answers);
    g_autofree char *order = order_of(answers, n);

    g_assert_cmpstr(order, ==, rows[i].order);
    for (guint j = 0; j < n; j++)
        pst_answer_free(answers[j]);
}

/* A guest decides what it sends: no evidence, and no report. */
static void
test_bare_answers(void)
{
    PstAnswer *answers[3] = {answer_of("services c:failed@ssh.service w:stopped"),
                             answer_of("ssh c:config-error c:not-running"),
                             pst_answer_new("guest", "sudo", NULL)};

    for (guint i = 0; i < 2; i++) {
        for (guint j = 0; j < answers[i]->report->findings->len; j++) {
            PstFinding *finding = answers[i]->report->findings->pdata[j];
            pst_fields_free(&pst_finding_evidence_fields, finding->evidence);
            finding->evidence = NULL;
        }
    }
    g_autofree char *order = order_of(answers, 3);
    g_assert_cmpstr(order, ==, "services.failed ssh.config-error ssh.not-running services.stopped");
    for (guint i = 0; i < 3; i++)
        pst_answer_free(answers[i]);
}

static void
test_json(void)
{
    PstAnswer *answers[3] = {answer_of("system w:units-failed"),
                             answer_of("services c:failed@ssh.service c:failed@nginx.service"),
                             answer_of("ssh c:config-error")};
    g_autoptr(GArray) causes = pst_causes_order(answers, 3);
    g_autoptr(JsonArray) array = pst_causes_to_json(causes);
    g_autoptr(JsonNode) node = json_node_init_array(json_node_alloc(), array);
    g_autofree char *text = json_to_string(node, FALSE);

    g_assert_cmpuint(json_array_get_length(array), ==, 2);
    JsonObject *second = json_array_get_object_element(array, 1);
    g_assert_cmpstr(json_object_get_string_member(second, "probe"), ==, "ssh");
    JsonObject *finding = json_object_get_object_member(second, "finding");
    g_assert_cmpstr(json_object_get_string_member(finding, "id"), ==, "ssh.config-error");
    g_assert_nonnull(strstr(text, "\"leads_to\":[\"services.failed\",\"system.units-failed\"]"));
    for (guint i = 0; i < 3; i++)
        pst_answer_free(answers[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/causes/order/%s", rows[i].name);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_order);
    }
    g_test_add_func("/causes/bare-answers", test_bare_answers);
    g_test_add_func("/causes/json", test_json);
    return g_test_run();
}
