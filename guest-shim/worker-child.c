// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/worker-child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest-shim/finding-dates.h"
#include "guest-shim/initramfs.h"
#include "guest-shim/redact.h"

#define PATIENT_NICE "10"
#define MEBI (1024UL * 1024UL)

/* A probe must not be able to starve a guest that is already in trouble. Address space is generous,
 * because GDBus's thread alone reserves its stack from it. */
static const struct {
    int resource;
    rlim_t limit;
} limits[] = {
    {RLIMIT_CORE, 0},
#if !defined(__SANITIZE_ADDRESS__) /* which reserves terabytes */
    {RLIMIT_AS, 1024 * MEBI},
#endif
    {RLIMIT_CPU, 60},
    {RLIMIT_NOFILE, 256},
};

/* The soft ones: a program of the guest's that reserves more, as Go's do, can be given more. */
static void
set_limits(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        struct rlimit limit;

        if (getrlimit(limits[i].resource, &limit) < 0)
            continue;
        limit.rlim_cur = MIN(limits[i].limit, limit.rlim_max);
        setrlimit(limits[i].resource, &limit);
    }
}

/* The shim is protected from the OOM killer by its unit; its probes are not worth that. */
static void
reset_oom_score(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, "0", 1);
    close(fd);
}

/* The port above all: held by a worker it would stay open when the shim has gone. */
static void
close_inherited(int keep_a, int keep_b)
{
    int low = MIN(keep_a, keep_b), high = MAX(keep_a, keep_b);

    for (int fd = 3; fd < low; fd++)
        close(fd);
    for (int fd = low + 1; fd < high; fd++)
        close(fd);
    if (syscall(SYS_close_range, (unsigned)high + 1, ~0U, 0) < 0)
        for (int fd = high + 1; fd < 256; fd++)
            close(fd);
}

/* Where standard output carries frames, nothing that a probe starts may write among them, or keep
 * it open. */
static void
detach_standard_streams(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return;
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static void
reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
}

/* A new session is a scheduling group of its own, among which only the group's nice value counts
 * (sched(7), "The autogroup feature"); where there are none, the process' own does. */
static void
be_patient(void)
{
    int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

    setpriority(PRIO_PROCESS, 0, atoi(PATIENT_NICE));
    if (fd < 0)
        return;
    (void)!write(fd, PATIENT_NICE, strlen(PATIENT_NICE));
    close(fd);
}

static gboolean
write_all(int fd, const char *text, gsize len)
{
    while (len > 0) {
        gssize n = write(fd, text, len);
        if (n < 0 && errno != EINTR)
            return FALSE;
        if (n > 0) {
            text += n;
            len -= (gsize)n;
        }
    }
    return TRUE;
}

/* The kernel tells only of a death that is still to come. */
static void
die_with(pid_t shim)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != shim)
        _exit(1);
}

static void
tell_too_early(const PstProbe *probe, PstReport *report)
{
    g_autofree char *id = g_strconcat(probe->kind->name, ".could-not-look", NULL);
    PstFinding *finding =
        pst_report_add(report, id, PST_SEVERITY_UNKNOWN,
                       "%s was not looked at: the guest is in its initramfs", probe->kind->name);

    finding->caused_by = g_strdup("system.in-initramfs");
    pst_report_conclude(report, "");
}

void
pst_worker_child_run(const PstProbe *probe, gconstpointer args, const PstProbeContext *context,
                     pid_t shim, int out, gsize max_text)
{
    gint64 start_us = g_get_monotonic_time();
    gsize len = 0;

    setsid();
    die_with(shim);
    reset_signals();
    close_inherited(out, pst_sysroot_fd(context->sysroot));
    detach_standard_streams();
    set_limits();
    reset_oom_score();
    if (probe->patient)
        be_patient();
    pst_sysroot_remember(context->sysroot);

    PstReport *report = pst_report_new(probe->kind);
    if (probe->early || !pst_initramfs_is_root(context->sysroot))
        probe->run(context, args, report);
    else
        tell_too_early(probe, report);
    pst_finding_dates_fill(context->sysroot, report);
    report->realtime_us = g_get_real_time();
    /* Here, so that no probe can forget it. */
    pst_redact_report(report);
    report->took_ms = (g_get_monotonic_time() - start_us) / 1000;
    char *text = pst_report_to_text(report, max_text, &len);
    _exit(text != NULL && write_all(out, text, len) ? 0 : 1);
}
