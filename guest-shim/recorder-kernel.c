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

#define KMSG_RECORD 8192
#define KMSG_BUDGET 1024
#define WARNING 4
#define MAX_MESSAGE 1024
/* Of what comes with a warning: a trace of calls. */
#define MAX_TEXT 4096
#define PAUSE_S 1

struct PstRecorderKernel {
    PstRecorderKernelNews news;
    gpointer user_data;
    int fd;
    guint source, pause;
    char *warning; /* the first one of those that come together; NULL: none yet */
    GString *text; /* the others, a line each */
    guint n_left_out;
    gint64 killed_pid; /* of the last summary; 0: none */
    char *killed_unit;
};

static void
take_warning(PstRecorderKernel *kernel, const char *message)
{
    if (kernel->warning == NULL)
        kernel->warning = g_strndup(message, MAX_MESSAGE);
    else if (kernel->text->len + strlen(message) < MAX_TEXT)
        g_string_append_printf(kernel->text, "%s%s", kernel->text->len > 0 ? "\n" : "", message);
    else
        kernel->n_left_out++;
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
    g_autofree char *cut = g_strndup(message, MAX_MESSAGE);
    PstEventFacts facts = {.message = cut,
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
            take_warning(kernel, message);
        break;
    }
    pst_oom_line_clear(&line);
}

void
pst_recorder_kernel_pause(PstRecorderKernel *kernel)
{
    PstEventFacts facts = {.message = kernel->warning};

    if (kernel->warning == NULL)
        return;
    if (kernel->n_left_out > 0)
        g_string_append_printf(kernel->text, "\nand %u lines more", kernel->n_left_out);
    facts.text = kernel->text->len > 0 ? kernel->text->str : NULL;
    kernel->news(PST_EVENT_KERNEL_WARNING, &facts, kernel->user_data);
    g_clear_pointer(&kernel->warning, g_free);
    g_string_truncate(kernel->text, 0);
    kernel->n_left_out = 0;
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
    kernel->text = g_string_new(NULL);
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
    g_free(kernel->warning);
    g_string_free(kernel->text, TRUE);
    g_free(kernel->killed_unit);
    g_free(kernel);
}
