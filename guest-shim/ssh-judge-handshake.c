// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-handshake.h"

#include <string.h>

#include "guest-shim/ssh-judge-algorithms.h"

#define COMMAND "sshd -i -e"
#define PARTS "/etc/ssh/sshd_config.d"
#define PID_FILE "/run/sshd.pid"

/* Without an undo: what went wrong may be the files, and the sshd that runs the last way in. */
static void
blame_pending(const PstSshSubject *subject, PstSeverity severity, const char *path, char *message)
{
    PstFinding *finding =
        pst_report_add(subject->report, "ssh.restart-pending", severity, "%s", message);

    g_free(message);
    subject->data->restart_pending = PST_TRI_YES;
    finding->evidence->path = g_strdup(path);
    finding->evidence->unit = g_strdup(subject->unit);
    finding->remedy = g_strdup_printf("sshd -t, then systemctl restart %s", subject->unit);
}

static void
blame_own(const PstSshSubject *subject, const PstSshdHandshake *own)
{
    static const char *const causes[] = {"ssh.program-missing", NULL};
    PstFinding *finding =
        pst_report_add(subject->report, "ssh.handshake-failed", PST_SEVERITY_CRITICAL,
                       "sshd begins no key exchange: %s",
                       own->said[0] != '\0' ? own->said : "it ends without a word");

    finding->caused_by = g_strdup(pst_ssh_subject_cause(subject, causes));
    finding->evidence->command = g_strdup(COMMAND);
    finding->evidence->error = g_strdup(own->said);
    finding->remedy = g_strdup("mend what its words name; a missing part comes with the package");
}

static void
doubt(const PstSshSubject *subject, const char *place, const char *why)
{
    PstFinding *finding =
        pst_report_add(subject->report, "ssh.could-not-look", PST_SEVERITY_UNKNOWN,
                       "could not look at %s: %s", place, why);

    finding->evidence->error = g_strdup(why);
}

/* The one that listens, where one of its own works. */
static void
blame_running(const PstSshSubject *subject, const PstSshdHandshake *running, const char *place)
{
    static const char *const causes[] = {"ssh.program-missing",
                                         "ssh.handshake-failed",
                                         "ssh.startups-full",
                                         "ssh.no-runtime-folder",
                                         "ssh.host-key-mode",
                                         "ssh.no-host-key",
                                         NULL};
    static const char *const stuck[] = {"ssh.stuck", NULL};
    const char *cause = pst_ssh_subject_cause(subject, causes);
    PstFinding *finding;

    switch (running->verdict) {
    case PST_SSHD_HANDSHAKE_DONE:
        return;
    case PST_SSHD_HANDSHAKE_LATE:
        /* Of one that was stopped it is known why. */
        if (pst_ssh_subject_cause(subject, stuck) == NULL)
            doubt(subject, place, running->said);
        return;
    case PST_SSHD_HANDSHAKE_NOBODY:
    case PST_SSHD_HANDSHAKE_REFUSED:
        finding =
            pst_report_add(subject->report, "ssh.loopback-shut", PST_SEVERITY_INFORMATION,
                           "the sshd that runs was not asked at %s: %s", place, running->said);
        finding->evidence->error = g_strdup(running->said);
        return;
    case PST_SSHD_HANDSHAKE_SHUT:
        finding = pst_report_add(subject->report, "ssh.handshake-failed", PST_SEVERITY_CRITICAL,
                                 "the sshd at %s shuts the connection before a key exchange%s%s",
                                 place, running->said[0] != '\0' ? ": " : "", running->said);
        finding->caused_by = g_strdup(cause);
        finding->evidence->error = g_strdup(running->said);
        finding->evidence->unit = g_strdup(subject->unit);
        finding->remedy = g_strdup_printf("journalctl -u %s tells why; systemctl restart %s",
                                          subject->unit, subject->unit);
        return;
    }
}

static const PstSshKexinit *
lists_of(const PstSshdHandshake *handshake)
{
    return handshake != NULL && handshake->verdict == PST_SSHD_HANDSHAKE_DONE ? handshake->kexinit
                                                                              : NULL;
}

void
pst_ssh_judge_handshake(const PstSshSubject *subject, const PstSshdHandshake *own,
                        const PstSshdHandshake *running, const char *place)
{
    const PstSshKexinit *planned = lists_of(own), *offered = lists_of(running);

    if (own != NULL && own->verdict == PST_SSHD_HANDSHAKE_SHUT)
        blame_own(subject, own);
    if (own != NULL && own->verdict == PST_SSHD_HANDSHAKE_LATE)
        doubt(subject, COMMAND, own->said);
    if (running != NULL)
        blame_running(subject, running, place);
    if (planned == NULL && offered == NULL)
        return;
    subject->data->version = g_strdup(offered != NULL ? offered->version : planned->version);
    pst_ssh_judge_algorithms(subject, offered != NULL ? offered : planned);
    if (offered != NULL && !pst_ssh_judge_algorithms_hold(subject, offered))
        blame_pending(subject, PST_SEVERITY_WARNING, NULL,
                      g_strdup("the sshd that runs offers other algorithms than its configuration "
                               "gives now"));
}

/* Changed by its content, or put in its place: that keeps the content's time where it is moved. */
static gboolean
is_newer(const PstSysroot *sysroot, const char *path, const struct timespec *than)
{
    struct stat st;

    return pst_sysroot_stat(sysroot, path, &st, NULL) &&
           MAX(st.st_mtim.tv_sec, st.st_ctim.tv_sec) > than->tv_sec;
}

/* Of a file that is gone its folder tells, and of one that says nothing any more it itself. Free
 * with g_free(). */
static char *
find_newer_part(const PstSysroot *sysroot, const struct timespec *than)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, PARTS, NULL);

    if (is_newer(sysroot, PARTS, than))
        return g_strdup(PARTS);
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(PARTS, names[i], NULL);

        if (g_str_has_suffix(path, ".conf") && is_newer(sysroot, path, than))
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* One that is newer than THAN; NULL for none. Free with g_free(). */
static char *
find_newer(const PstSysroot *sysroot, const PstSshdConfig *config, const struct timespec *than)
{
    const GPtrArray *all = pst_sshd_config_all(config);
    const char *last = NULL;

    for (guint i = 0; i < all->len; i++) {
        const char *path = ((const PstSshdDirective *)all->pdata[i])->path;

        if (last != NULL && g_str_equal(path, last))
            continue;
        last = path;
        if (is_newer(sysroot, path, than))
            return g_strdup(path);
    }
    return find_newer_part(sysroot, than);
}

void
pst_ssh_judge_handshake_age(const PstSshSubject *subject, const PstSshdConfig *config)
{
    const PstSysroot *sysroot = subject->context->sysroot;
    const char *pid_file = pst_sshd_effective_get(subject->effective, "pidfile");
    g_autofree char *path = NULL;
    struct stat st;

    if (config == NULL || subject->data->running != PST_TRI_YES ||
        subject->data->restart_pending == PST_TRI_YES ||
        !pst_sysroot_stat(sysroot, pid_file != NULL ? pid_file : PID_FILE, &st, NULL))
        return;
    path = find_newer(sysroot, config, &st.st_mtim);
    subject->data->restart_pending = PST_TRI(path != NULL);
    if (path != NULL)
        blame_pending(subject, PST_SEVERITY_INFORMATION, path,
                      g_strdup_printf("%s is newer than the last start or reload of sshd: what it "
                                      "says may not hold yet",
                                      path));
}
