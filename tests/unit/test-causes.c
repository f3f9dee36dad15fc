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
    {"a-config-that-is-not-there",
     {"services c:failed@ssh.service", "ssh c:check-failed c:not-running<ssh.check-failed"},
     "ssh.check-failed >services.failed >ssh.not-running"},
    {"another-unit",
     {"services c:failed@shop.service", "ssh c:check-failed"},
     "services.failed ssh.check-failed"},
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
    {"the-same-folder-is-shut",
     {"sudo c:not-executable#/usr", "account c:shell-shut#/usr"},
     "account.shell-shut >sudo.not-executable"},
    {"sshd-failed-for-a-reason-of-its-unit's",
     {"services c:failed@ssh.service", "ssh c:not-running@ssh.service"},
     "services.failed >ssh.not-running"},
    {"no-handshake-without-a-check",
     {"ssh c:check-failed c:handshake-failed"},
     "ssh.check-failed >ssh.handshake-failed"},
    {"the-root-folder-is-shut",
     {"ssh c:keys-unreadable#/", "account c:shell-shut#/"},
     "account.shell-shut >ssh.keys-unreadable"},
    {"only-sudo-is-shut",
     {"sudo c:not-executable#/usr/bin/sudo", "account c:shell-shut#/bin/bash"},
     "sudo.not-executable account.shell-shut"},
    {"another-was-stopped",
     {"services w:stopped@cron.service", "ssh c:not-running@ssh.service"},
     "ssh.not-running services.stopped"},
    {"address-gone",
     {"system w:units-failed", "services c:failed@ssh.service",
      "ssh c:listen-address-gone c:not-running<ssh.listen-address-gone"},
     "ssh.listen-address-gone >services.failed >ssh.not-running >system.units-failed"},
    {"nobody-of-that-name",
     {"ssh c:unknown-user", "account c:unknown-user"},
     "account.unknown-user >ssh.unknown-user"},
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
    {"killed-for-want-of-memory",
     {"services w:failed@shop.service w:failed@nginx.service", "journal w:oom-kill",
      "memory w:oom-kills@shop.service"},
     "services.failed memory.oom-kills >services.failed >journal.oom-kill"},
    {"last-words-of-a-unit",
     {"journal w:critical-entries@ssh.service", "services c:failed@ssh.service",
      "ssh c:listen-address-gone"},
     "ssh.listen-address-gone >services.failed >journal.critical-entries"},
    {"truncated-module",
     {"pam c:module-truncated#/m.so", "changes w:package-file-changed#/m.so"},
     "pam.module-truncated >changes.package-file-changed"},
    {"another-file-of-a-package",
     {"pam c:module-truncated#/m.so", "changes w:package-file-changed#/n.so"},
     "pam.module-truncated changes.package-file-changed"},
    {"no-space", {"journal w:no-space", "storage c:full"}, "storage.full >journal.no-space"},
    {"no-inodes",
     {"journal w:no-space", "storage c:inodes-gone"},
     "storage.inodes-gone >journal.no-space"},
    {"no-mount",
     {"system c:emergency", "services c:failed@srv.mount", "storage w:fstab-not-mounted@srv.mount"},
     "storage.fstab-not-mounted >system.emergency >services.failed"},
    {"in-maintenance",
     {"ssh c:not-running", "system c:emergency", "storage w:fstab-not-mounted"},
     "storage.fstab-not-mounted >ssh.not-running >system.emergency"},
    {"in-an-initramfs",
     {"sudo u:could-not-look<system.in-initramfs", "network c:no-link w:no-default-route",
      "system c:in-initramfs<system.root-device-missing c:root-device-missing"},
     "system.root-device-missing >network.no-link >system.in-initramfs >sudo.could-not-look "
     ">network.no-default-route"},
    {"errors-of-a-file-system",
     {"journal c:io-error", "storage w:errors c:read-only<storage.errors"},
     "storage.errors >journal.io-error >storage.read-only"},
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
    {"a-log-that-nobody-reads",
     {"sudo u:hangs", "pam c:log-blocked", "journal c:stuck"},
     "journal.stuck >pam.log-blocked >sudo.hangs"},
    {"container-of-a-unit",
     {"containers w:exited@shop.service w:exited@other.service", "services c:failed@shop.service"},
     "services.failed >containers.exited containers.exited"},
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

/* To the first finding. */
static void
give_evidence(const PstAnswer *answer, const char *path, const char *text)
{
    PstFinding *finding = answer->report->findings->pdata[0];

    finding->evidence->path = g_strdup(path);
    finding->evidence->text = g_strdup(text);
}

static void
test_evidence(void)
{
    PstAnswer *answers[] = {answer_of("system c:root-read-only"), answer_of("storage c:read-only"),
                            answer_of("services w:failed@a.service"),
                            answer_of("memory c:pids-exhausted")};

    give_evidence(answers[0], "/proc/self/mountinfo", "");
    give_evidence(answers[1], "/", "");
    give_evidence(answers[2], NULL, "cannot fork: Resource temporarily unavailable");
    g_autofree char *order = order_of(answers, G_N_ELEMENTS(answers));
    g_assert_cmpstr(order, ==,
                    "storage.read-only >system.root-read-only memory.pids-exhausted "
                    ">services.failed");

    PstFinding *elsewhere = answers[1]->report->findings->pdata[0];
    g_free(elsewhere->evidence->path);
    elsewhere->evidence->path = g_strdup("/srv");
    g_autofree char *apart = order_of(answers, 2);
    g_assert_cmpstr(apart, ==, "system.root-read-only storage.read-only");
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++)
        pst_answer_free(answers[i]);
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

/* What the hardening denied: by program, by path, or by the action that it takes. */
static const struct {
    const char *symptom;
    const char *unit; /* of the symptom */
    const char *cause;
    const char *command, *path, *text; /* of the cause */
    gboolean follows;
} hardening[] = {
    {"sudo c:refuses", NULL, "security w:denials", "sudo", NULL, NULL, TRUE},
    {"sudo c:refuses", NULL, "security w:denials", "unix_chkpwd", NULL, NULL, TRUE},
    {"sudo c:refuses", NULL, "security w:denials", "sshd", NULL, NULL, FALSE},
    {"sudo c:refuses", NULL, "security w:mislabelled", NULL, "/etc/shadow", NULL, TRUE},
    {"sudo c:refuses", NULL, "security w:mislabelled", NULL, "/etc/ssh/sshd_config", NULL, FALSE},
    {"ssh c:not-running", NULL, "security w:denials", "sshd", NULL, NULL, TRUE},
    {"ssh c:not-running", NULL, "security w:denials", "agetty", NULL, NULL, FALSE},
    {"ssh c:not-running", NULL, "security c:mislabelled", NULL, "/usr/sbin/sshd", NULL, TRUE},
    {"services c:failed", "sshd.service", "security w:denials", "sshd", NULL, NULL, TRUE},
    {"services c:failed", "nginx.service", "security w:denials", "sshd", NULL, NULL, FALSE},
    {"services c:failed", "ssh.service", "security w:mislabelled", NULL,
     "/etc/ssh/ssh_host_rsa_key", NULL, TRUE},
    {"system c:rescue", NULL, "security c:audit-will-halt", NULL, NULL,
     "admin_space_left_action = single", TRUE},
    {"system c:rescue", NULL, "security c:audit-will-halt", NULL, NULL, "disk_full_action = halt",
     FALSE},
};

static void
test_hardening(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(hardening); i++) {
        PstAnswer *answers[2] = {answer_of(hardening[i].symptom), answer_of(hardening[i].cause)};
        PstFinding *symptom = answers[0]->report->findings->pdata[0];
        PstFinding *cause = answers[1]->report->findings->pdata[0];

        symptom->evidence->unit = g_strdup(hardening[i].unit);
        cause->evidence->command = g_strdup(hardening[i].command);
        cause->evidence->path = g_strdup(hardening[i].path);
        cause->evidence->text = g_strdup(hardening[i].text);
        g_autofree char *order = order_of(answers, 2);
        g_autofree char *wanted = g_strdup_printf("%s >%s", cause->id, symptom->id);
        g_assert_cmpint(g_str_equal(order, wanted), ==, hardening[i].follows);
        pst_answer_free(answers[0]);
        pst_answer_free(answers[1]);
    }
}

/* Which full file system a line of the journal is about. */
static void
test_full_mount(void)
{
    static const struct {
        const char *mount, *text;
        gboolean follows;
    } lines[] = {
        {"/srv", "write: No space left on device", TRUE},
        {"/srv", "open /srv/data/x: No space left on device", TRUE},
        {"/srv", "cp: error writing '/srv': No space left on device", TRUE},
        {"/srv", "open /srv2/x: No space left on device", FALSE},
        {"/srv", "/var/log/app.log: No space left on device", FALSE},
        {"/", "/var/log/app.log: No space left on device", TRUE},
        {"/srv", NULL, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        PstAnswer *answers[2] = {answer_of("journal w:no-space"), answer_of("storage c:full")};

        give_evidence(answers[0], NULL, lines[i].text);
        give_evidence(answers[1], lines[i].mount, NULL);
        g_autofree char *order = order_of(answers, 2);
        g_assert_cmpstr(order, ==,
                        lines[i].follows ? "storage.full >journal.no-space"
                                         : "storage.full journal.no-space");
        pst_answer_free(answers[0]);
        pst_answer_free(answers[1]);
    }
}

/* What the host sees of a silent guest comes before what was once recorded, however bad. */
static void
test_host_first(void)
{
    PstAnswer *answers[2] = {answer_of("sudo c:file-world-writable"), answer_of("host u:paused")};

    answers[0]->via = PST_VIA_VOLUME;
    answers[1]->via = PST_VIA_HOST;
    g_autofree char *order = order_of(answers, 2);
    g_assert_cmpstr(order, ==, "host.paused sudo.file-world-writable");
    pst_answer_free(answers[0]);
    pst_answer_free(answers[1]);
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
    g_test_add_func("/causes/evidence", test_evidence);
    g_test_add_func("/causes/hardening", test_hardening);
    g_test_add_func("/causes/full-mount", test_full_mount);
    g_test_add_func("/causes/host-first", test_host_first);
    g_test_add_func("/causes/json", test_json);
    return g_test_run();
}
