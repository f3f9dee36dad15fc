// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-kernel.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/kernel-log.h"
#include "guest-shim/loop-handles.h"
#include "guest-shim/oom-line.h"
#include "guest-shim/process-list.h"
#include "guest-shim/recorder-lines.h"

#define KMSG_RECORD 8192
#define KMSG_BUDGET 1024
#define WARNING 4
#define PAUSE_S 1

struct PstRecorderKernel {
    PstRecorderKernelNews news;
    gpointer user_data;
    int fd;
    guint source, pause;
    PstRecorderLines *warnings;
    guint64 warning_seq; /* of the last record of them */
    gint64 killed_pid;   /* of the last summary; 0: none */
    char *killed_unit;
};

/* Where a line was begun by one record, another that has the flag of a fragment goes on with it:
 * the very next, since else something else came between. */
static void
take_warning(PstRecorderKernel *kernel, const char *record, const char *message, gint64 time_us)
{
    guint64 seq = 0;
    gboolean fragment = pst_kernel_log_is_fragment(record, &seq);

    pst_recorder_lines_add(kernel->warnings, message, fragment && seq == kernel->warning_seq + 1,
                           time_us);
    kernel->warning_seq = seq;
}

/* Comes before the kill, and alone names the unit. */
static void
take_summary(PstRecorderKernel *kernel, const PstOomLine *line)
{
    g_clear_pointer(&kernel->killed_unit, g_free);
    kernel->killed_pid = line->pid;
    if (line->group != NULL)
        kernel->killed_unit = pst_process_list_unit_of_group(line->group);
}

static void
take_kill(PstRecorderKernel *kernel, const PstOomLine *line, const char *message)
{
    PstEventFacts facts = {.message = message,
                           .unit = kernel->killed_pid == line->pid ? kernel->killed_unit : NULL};

    kernel->news(PST_EVENT_OOM_KILL, &facts, kernel->user_data);
}

void
pst_recorder_kernel_take(PstRecorderKernel *kernel, const char *record)
{
    gint64 time_us;
    const char *message = pst_kernel_log_parse(record, &time_us);
    PstOomLine line = {0};

    if (message == NULL)
        return;
    switch (pst_oom_line_parse(message, &line)) {
    case PST_OOM_LINE_SUMMARY:
        take_summary(kernel, &line);
        break;
    case PST_OOM_LINE_KILLED:
        take_kill(kernel, &line, message);
        break;
    case PST_OOM_LINE_NONE:
        if ((g_ascii_strtoull(record, NULL, 10) & 7) <= WARNING)
            take_warning(kernel, record, message, time_us);
        break;
    }
    pst_oom_line_clear(&line);
}

void
pst_recorder_kernel_pause(PstRecorderKernel *kernel)
{
    PstEventFacts facts = {0};

    if (pst_recorder_lines_take(kernel->warnings, &facts))
        kernel->news(PST_EVENT_KERNEL_WARNING, &facts, kernel->user_data);
}

/* As much as there is, up to a bound: of a flood that goes on, the rest is read a second later or
 * overwritten meanwhile. FALSE where the log can't be read any more. */
static gboolean
read_log(PstRecorderKernel *kernel)
{
    char record[KMSG_RECORD + 1];

    for (guint i = 0; i < KMSG_BUDGET; i++) {
        gssize n = read(kernel->fd, record, KMSG_RECORD);

        /* EPIPE: the ring went round; EINVAL: one that is longer is passed over. The next read goes
         * on behind it. */
        if (n < 0 && (errno == EINTR || errno == EPIPE || errno == EINVAL))
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        record[n] = '\0';
        /* Behind the first line there are the device and the subsystem. */
        record[strcspn(record, "\n")] = '\0';
        pst_recorder_kernel_take(kernel, record);
    }
    return TRUE;
}

static gboolean on_log(gint fd, GIOCondition condition, gpointer user_data);

static gboolean
on_pause_over(gpointer user_data)
{
    PstRecorderKernel *kernel = user_data;

    kernel->pause = 0;
    kernel->source = g_unix_fd_add(kernel->fd, G_IO_IN, on_log, kernel);
    return G_SOURCE_REMOVE;
}

static gboolean
on_log(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstRecorderKernel *kernel = user_data;
    gboolean readable = read_log(kernel);

    pst_recorder_kernel_pause(kernel);
    kernel->source = 0;
    if (readable)
        kernel->pause = g_timeout_add_seconds(PAUSE_S, on_pause_over, kernel);
    return G_SOURCE_REMOVE;
}

PstRecorderKernel *
pst_recorder_kernel_new(PstRecorderKernelNews news, gpointer user_data)
{
    PstRecorderKernel *kernel = g_new0(PstRecorderKernel, 1);

    kernel->news = news;
    kernel->user_data = user_data;
    kernel->fd = -1;
    kernel->warnings = pst_recorder_lines_new();
    return kernel;
}

void
pst_recorder_kernel_start(PstRecorderKernel *kernel, const PstSysroot *sysroot)
{
    if (kernel->fd >= 0)
        return;
    kernel->fd = pst_sysroot_open(sysroot, "/dev/kmsg", 0, NULL);
    if (kernel->fd < 0)
        return;
    lseek(kernel->fd, 0, SEEK_END);
    kernel->source = g_unix_fd_add(kernel->fd, G_IO_IN, on_log, kernel);
}

void
pst_recorder_kernel_free(PstRecorderKernel *kernel)
{
    pst_loop_handles_remove(&kernel->source);
    pst_loop_handles_remove(&kernel->pause);
    pst_loop_handles_close(&kernel->fd);
    pst_recorder_lines_free(kernel->warnings);
    g_free(kernel->killed_unit);
    g_free(kernel);
}
