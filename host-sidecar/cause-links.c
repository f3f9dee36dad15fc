// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/cause-links.h"

#include <string.h>

/* A guest need not have sent any. */
static const PstEvidence *
evidence_of(const PstFinding *finding)
{
    static const PstEvidence none;

    return finding->evidence != NULL ? finding->evidence : &none;
}

static gboolean
unit_begins(const PstFinding *finding, const char *prefix)
{
    const char *unit = evidence_of(finding)->unit;

    return unit != NULL && g_str_has_prefix(unit, prefix);
}

static gboolean
any(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause G_GNUC_UNUSED)
{
    return TRUE;
}

/* Debian calls it ssh, everybody else sshd. */
static gboolean
of_sshd(const PstFinding *symptom, const PstFinding *cause G_GNUC_UNUSED)
{
    return unit_begins(symptom, "ssh.") || unit_begins(symptom, "sshd.");
}

static gboolean
same_unit(const PstFinding *symptom, const PstFinding *cause)
{
    const char *unit = evidence_of(symptom)->unit;

    return unit != NULL && g_strcmp0(unit, evidence_of(cause)->unit) == 0;
}

static gboolean
same_line(const PstFinding *symptom, const PstFinding *cause)
{
    const PstEvidence *a = evidence_of(symptom), *b = evidence_of(cause);

    return a->path != NULL && g_strcmp0(a->path, b->path) == 0 && a->line == b->line;
}

/* The same file was expected: a module that several lines name is one cause. */
static gboolean
same_module(const PstFinding *symptom, const PstFinding *cause)
{
    const char *expected = evidence_of(symptom)->expected;

    return expected != NULL && g_strcmp0(expected, evidence_of(cause)->expected) == 0;
}

/* The file that a package no longer finds as it put it there is the one that the cause is about. */
static gboolean
is_its_file(const PstFinding *symptom, const PstFinding *cause)
{
    const char *path = evidence_of(symptom)->path;

    return path != NULL && (g_strcmp0(path, evidence_of(cause)->expected) == 0 ||
                            g_strcmp0(path, evidence_of(cause)->path) == 0);
}

/* sudo's stack is one of many: what is to blame is named in the message. */
static gboolean
of_sudos_pam(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    return strstr(cause->message, "sudo") != NULL;
}

static gboolean
of_journald(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    return unit_begins(cause, "systemd-journald.");
}

static gboolean
of_dbus(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    return unit_begins(cause, "dbus.") || unit_begins(cause, "dbus-broker.");
}

static gboolean
says(const PstFinding *symptom, const char *words)
{
    const char *text = evidence_of(symptom)->text;

    return (text != NULL && strstr(text, words) != NULL) || strstr(symptom->message, words) != NULL;
}

static gboolean
says_read_only(const PstFinding *symptom, const PstFinding *cause G_GNUC_UNUSED)
{
    return says(symptom, "Read-only file system");
}

static gboolean
says_no_space(const PstFinding *symptom, const PstFinding *cause G_GNUC_UNUSED)
{
    return says(symptom, "No space left on device");
}

static gboolean
says_no_process(const PstFinding *symptom, const PstFinding *cause G_GNUC_UNUSED)
{
    return says(symptom, "Resource temporarily unavailable");
}

static gboolean
of_root(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    return g_strcmp0(evidence_of(cause)->path, "/") == 0;
}

/* Whether PATH is MOUNT or below it. */
static gboolean
is_below(const char *path, const char *mount)
{
    gsize len = strlen(mount);

    return g_str_equal(mount, "/") ||
           (strncmp(path, mount, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* A line of the journal that names files is about the full file system if one of them is there; one
 * that names none may be about any. */
static gboolean
of_that_mount(const PstFinding *symptom, const PstFinding *cause)
{
    const char *mount = evidence_of(cause)->path;
    const char *text = evidence_of(symptom)->text;
    gboolean names_files = FALSE;

    if (mount == NULL || text == NULL)
        return TRUE;
    g_auto(GStrv) words = g_strsplit_set(text, " \t\"'`()[]<>,:;=", -1);
    for (guint i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '/')
            continue;
        names_files = TRUE;
        if (is_below(words[i], mount))
            return TRUE;
    }
    return !names_files;
}

static gboolean
is_one_of(const char *word, const char *const *words)
{
    return word != NULL && g_strv_contains(words, word);
}

/* The program that the hardening denied something. */
static gboolean
denied_sudo(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    static const char *const programs[] = {"sudo", "unix_chkpwd", NULL};

    return is_one_of(evidence_of(cause)->command, programs);
}

static gboolean
denied_sshd(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    static const char *const programs[] = {"sshd", "sshd-session", "sshd-auth", NULL};

    return is_one_of(evidence_of(cause)->command, programs);
}

static gboolean
denied_unit_of_sshd(const PstFinding *symptom, const PstFinding *cause)
{
    return of_sshd(symptom, cause) && denied_sshd(symptom, cause);
}

static gboolean
mislabelled_sudo(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    static const char *const paths[] = {"/etc/sudoers",
                                        "/etc/sudoers.d",
                                        "/etc/pam.d/sudo",
                                        "/etc/shadow",
                                        "/usr/bin/sudo",
                                        "/usr/sbin/unix_chkpwd",
                                        NULL};

    return is_one_of(evidence_of(cause)->path, paths);
}

static gboolean
mislabelled_sshd(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    const char *path = evidence_of(cause)->path;

    return path != NULL &&
           (g_str_has_prefix(path, "/etc/ssh/") || g_str_equal(path, "/usr/sbin/sshd"));
}

static gboolean
mislabelled_unit_of_sshd(const PstFinding *symptom, const PstFinding *cause)
{
    return of_sshd(symptom, cause) && mislabelled_sshd(symptom, cause);
}

/* auditd's other action ends the machine, and nobody is left to be asked. */
static gboolean
says_single(const PstFinding *symptom G_GNUC_UNUSED, const PstFinding *cause)
{
    return says(cause, "single");
}

static gboolean
says_nologin(const PstFinding *symptom, const PstFinding *cause G_GNUC_UNUSED)
{
    return says(symptom, "pam_nologin");
}

const PstCauseLink pst_cause_links[] = {
    /* The network is the installed system's to set up; where the root comes over it, no device is
     * missed and nothing else is named as the cause. */
    {"network.link-down", "system.in-initramfs", any},
    {"network.no-address", "system.in-initramfs", any},
    {"network.no-default-route", "system.in-initramfs", any},
    {"network.no-link", "system.in-initramfs", any},
    {"changes.package-file-changed", "pam.module-damaged", is_its_file},
    {"changes.package-file-changed", "pam.module-truncated", is_its_file},
    {"containers.exited", "services.failed", same_unit},
    {"containers.exited", "services.restart-loop", same_unit},
    {"containers.exited", "services.stopped", same_unit},
    {"services.failed", "ssh.config-error", of_sshd},
    {"services.failed", "ssh.check-failed", of_sshd},
    {"services.failed", "ssh.no-host-key", of_sshd},
    {"services.failed", "ssh.host-key-mode", of_sshd},
    {"services.failed", "memory.oom-kills", same_unit},
    {"services.failed", "storage.fstab-not-mounted", same_unit},
    {"services.failed", "ssh.listen-address-gone", of_sshd},
    {"services.failed", "system.root-read-only", says_read_only},
    {"services.failed", "storage.read-only", says_read_only},
    {"services.failed", "storage.full", says_no_space},
    {"services.failed", "storage.inodes-gone", says_no_space},
    {"services.failed", "journal.no-space", says_no_space},
    {"services.failed", "memory.pids-exhausted", says_no_process},
    {"services.restart-loop", "ssh.config-error", of_sshd},
    {"services.restart-loop", "ssh.check-failed", of_sshd},
    {"services.restart-loop", "ssh.no-host-key", of_sshd},
    {"services.restart-loop", "ssh.host-key-mode", of_sshd},
    {"services.restart-loop", "memory.oom-kills", same_unit},
    {"services.restart-loop", "ssh.listen-address-gone", of_sshd},
    {"services.restart-loop", "system.root-read-only", says_read_only},
    {"services.restart-loop", "storage.read-only", says_read_only},
    {"services.restart-loop", "storage.full", says_no_space},
    {"services.restart-loop", "storage.inodes-gone", says_no_space},
    {"services.restart-loop", "journal.no-space", says_no_space},
    {"services.restart-loop", "memory.pids-exhausted", says_no_process},
    {"services.failed", "security.mislabelled", mislabelled_unit_of_sshd},
    {"services.failed", "security.denials", denied_unit_of_sshd},
    {"ssh.check-failed", "account.files-unasked", any},
    {"sudo.refuses", "account.files-unasked", any},
    {"ssh.handshake-failed", "ssh.check-failed", any},
    {"ssh.keys-unreadable", "account.shell-shut", same_line},
    {"ssh.not-running", "services.masked", same_unit},
    {"ssh.not-running", "services.stopped", same_unit},
    {"ssh.not-running", "services.failed", same_unit},
    {"ssh.not-running", "security.mislabelled", mislabelled_sshd},
    {"ssh.not-running", "security.denials", denied_sshd},
    {"ssh.not-running", "system.emergency", any},
    {"ssh.not-running", "system.rescue", any},
    {"ssh.unknown-user", "account.unknown-user", any},
    {"sudo.account-expired", "account.expired", any},
    {"sudo.not-executable", "account.shell-shut", same_line},
    {"sudo.no-shadow-entry", "account.no-shadow-entry", any},
    {"sudo.pam-aborts", "pam.include-missing", same_line},
    {"sudo.pam-aborts", "pam.include-loop", same_line},
    {"sudo.pam-aborts", "pam.include-missing", of_sudos_pam},
    {"sudo.pam-aborts", "pam.service-empty", of_sudos_pam},
    {"sudo.pam-denies", "pam.never-succeeds", same_line},
    {"sudo.pam-denies", "system.nologin", says_nologin},
    {"sudo.pam-denies", "pam.access-denies", of_sudos_pam},
    {"sudo.pam-denies", "pam.time-denies", of_sudos_pam},
    {"sudo.pam-denies", "pam.denies-user", of_sudos_pam},
    {"sudo.pam-denies", "pam.limits", of_sudos_pam},
    {"sudo.pam-denies", "pam.env-faulty", of_sudos_pam},
    {"sudo.pam-line-faulty", "pam.line-faulty", same_line},
    {"sudo.pam-line-faulty", "pam.include-missing", same_line},
    {"sudo.pam-line-faulty", "pam.include-missing", of_sudos_pam},
    {"sudo.pam-module-damaged", "pam.module-damaged", same_module},
    {"sudo.pam-module-missing", "pam.module-missing", same_module},
    {"sudo.pam-module-truncated", "pam.module-truncated", same_module},
    {"sudo.pam-service-empty", "pam.service-empty", same_line},
    {"sudo.password-expired", "account.password-expired", any},
    {"sudo.refuses", "security.mislabelled", mislabelled_sudo},
    {"sudo.refuses", "security.denials", denied_sudo},
    {"sudo.unknown-user", "account.unknown-user", any},
    {"system.dbus-stopped", "services.stopped", of_dbus},
    {"system.dbus-stopped", "services.failed", of_dbus},
    {"system.emergency", "storage.fstab-not-mounted", any},
    {"system.root-read-only", "storage.read-only", of_root},
    {"system.rescue", "security.audit-will-halt", says_single},
    {"system.units-failed", "services.failed", any},
    {"system.units-failed", "services.restart-loop", any},
    {"journal.critical-entries", "services.failed", same_unit},
    {"journal.critical-entries", "services.restart-loop", same_unit},
    {"journal.io-error", "storage.errors", any},
    {"journal.no-space", "storage.full", of_that_mount},
    {"journal.no-space", "storage.inodes-gone", of_that_mount},
    {"journal.oom-kill", "memory.oom-kills", any},
    {"journal.stopped", "services.stopped", of_journald},
    {"journal.stopped", "services.failed", of_journald},
    {"pam.log-blocked", "journal.stopped", any},
    {"pam.log-blocked", "journal.stuck", any},
    {"sudo.hangs", "journal.stopped", any},
    {"sudo.hangs", "journal.stuck", any},
    {"sudo.hangs", "pam.log-blocked", any},
    {"sudo.hangs", "storage.frozen", any},
    {"journal.stuck", "storage.frozen", any},
    {"journal.hung-task", "storage.frozen", any},
};
const guint pst_cause_links_n = G_N_ELEMENTS(pst_cause_links);
