// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-events.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>

#include "guest-shim/changes-places.h"
#include "guest-shim/kernel-log.h"
#include "guest-shim/loop-handles.h"
#include "guest-shim/oom-line.h"
#include "guest-shim/probe.h"
#include "guest-shim/token-bucket.h"
#include "protocol/json.h"

#define KMSG_RECORD 8192
#define KMSG_BUDGET 64
#define WARNING 4
/* A package manager changes many files at once: what follows within this is of one change. */
#define SETTLE_S 5

typedef enum {
    KERNEL_WARNING,
    OOM_KILL,
    CONTROL_PLANE,
    N_EVENTS,
} Event;

static const struct {
    const char *name;
    guint burst;
    gint64 each_us;
} kinds[N_EVENTS] = {
    [KERNEL_WARNING] = {"kernel-warning", 20, 60 * G_USEC_PER_SEC},
    [OOM_KILL] = {"oom-kill", 20, 60 * G_USEC_PER_SEC},
    [CONTROL_PLANE] = {"control-plane-changed", 30, 20 * G_USEC_PER_SEC},
};

/* The folders of the control plane; each file in them is judged by its path. */
static const char *const watched[] = {"/etc",
                                      "/etc/pam.d",
                                      "/etc/ssh",
                                      "/etc/ssh/sshd_config.d",
                                      "/etc/sudoers.d",
                                      "/etc/security",
                                      "/etc/systemd/system",
                                      "/etc/nftables.d"};

struct PstRecorderEvents {
    const PstSysroot *sysroot;
    PstRecorderEvent event;
    gpointer user_data;
    PstTokenBucket buckets[N_EVENTS];
    int kmsg, inotify;
    guint kmsg_source, inotify_source, settle;
    int watches[G_N_ELEMENTS(watched)];
};

static void
emit(PstRecorderEvents *events, Event kind, const char *message, const char *path, gboolean look)
{
    g_autoptr(JsonObject) json = json_object_new();
    PstTokenBucket *bucket = &events->buckets[kind];
    guint64 suppressed = bucket->refused;

    if (!pst_token_bucket_take(bucket, pst_probe_now_us()))
        return;
    json_object_set_string_member(json, "event", kinds[kind].name);
    pst_json_set_string(json, "message", message);
    pst_json_set_string(json, "path", path);
    if (suppressed > 0)
        json_object_set_int_member(json, "suppressed", (gint64)suppressed);
    events->event(json, look, events->user_data);
}

/* ---- the kernel's log ---- */

static gboolean
is_warning(const char *line)
{
    guint64 priority = g_ascii_strtoull(line, NULL, 10);

    return (priority & 7) <= WARNING;
}

static void
take_line(PstRecorderEvents *events, const char *line)
{
    gint64 time_us;
    const char *message = pst_kernel_log_parse(line, &time_us);
    PstOomLine oom = {0};

    if (message == NULL)
        return;
    if (pst_oom_line_parse(message, &oom) == PST_OOM_LINE_KILLED)
        emit(events, OOM_KILL, message, NULL, TRUE);
    else if (is_warning(line))
        emit(events, KERNEL_WARNING, message, NULL, FALSE);
    pst_oom_line_clear(&oom);
}

static gboolean
on_kmsg(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstRecorderEvents *events = user_data;
    char line[KMSG_RECORD + 1];

    /* What is left after so many is read when the main loop has turned. */
    for (guint i = 0; i < KMSG_BUDGET; i++) {
        gssize n = read(fd, line, KMSG_RECORD);

        /* EPIPE: the ring went round; EINVAL: one that is longer is passed over. The next read goes
         * on behind it. */
        if (n < 0 && (errno == EINTR || errno == EPIPE || errno == EINVAL))
            continue;
        if (n < 0 && errno == EAGAIN)
            return G_SOURCE_CONTINUE;
        if (n <= 0) {
            events->kmsg_source = 0;
            return G_SOURCE_REMOVE;
        }
        line[n] = '\0';
        /* Behind the first line there are the device and the subsystem. */
        line[strcspn(line, "\n")] = '\0';
        take_line(events, line);
    }
    return G_SOURCE_CONTINUE;
}

static void
start_kmsg(PstRecorderEvents *events)
{
    events->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (events->kmsg < 0)
        return;
    lseek(events->kmsg, 0, SEEK_END);
    events->kmsg_source = g_unix_fd_add(events->kmsg, G_IO_IN, on_kmsg, events);
}

/* ---- the control plane ---- */

static const char *
folder_of(const PstRecorderEvents *events, int watch)
{
    for (guint i = 0; i < G_N_ELEMENTS(watched); i++)
        if (events->watches[i] == watch)
            return watched[i];
    return NULL;
}

static gboolean
on_settled(gpointer user_data)
{
    PstRecorderEvents *events = user_data;

    events->settle = 0;
    events->event(NULL, TRUE, events->user_data);
    return G_SOURCE_REMOVE;
}

static const char *
words_of(guint32 mask)
{
    if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0)
        return "removed";
    return (mask & IN_ATTRIB) != 0 ? "mode or owner changed" : "written";
}

static void
take_change(PstRecorderEvents *events, const struct inotify_event *change)
{
    const char *folder = folder_of(events, change->wd);
    g_autofree char *path = NULL;

    /* Some were lost: whatever they were, a look tells. */
    if ((change->mask & IN_Q_OVERFLOW) != 0 && events->settle == 0)
        events->settle = g_timeout_add_seconds(SETTLE_S, on_settled, events);
    if (folder == NULL || change->len == 0)
        return;
    path = g_build_filename(folder, change->name, NULL);
    if (!pst_changes_places_is_control(path))
        return;
    emit(events, CONTROL_PLANE, words_of(change->mask), path, FALSE);
    if (events->settle == 0)
        events->settle = g_timeout_add_seconds(SETTLE_S, on_settled, events);
}

static gboolean
on_inotify(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstRecorderEvents *events = user_data;
    _Alignas(struct inotify_event) char buffer[4096];
    gssize n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        for (char *at = buffer; at < buffer + n;) {
            const struct inotify_event *change = (const struct inotify_event *)(gpointer)at;

            take_change(events, change);
            at += sizeof(*change) + change->len;
        }
    }
    return G_SOURCE_CONTINUE;
}

static void
start_inotify(PstRecorderEvents *events)
{
    const guint32 mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
                         IN_ONLYDIR | IN_CREATE;

    events->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (events->inotify < 0)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(watched); i++)
        events->watches[i] = inotify_add_watch(events->inotify, watched[i], mask);
    events->inotify_source = g_unix_fd_add(events->inotify, G_IO_IN, on_inotify, events);
}

/* ---- */

PstRecorderEvents *
pst_recorder_events_new(const PstSysroot *sysroot, PstRecorderEvent event, gpointer user_data)
{
    PstRecorderEvents *events = g_new0(PstRecorderEvents, 1);

    events->sysroot = sysroot;
    events->event = event;
    events->user_data = user_data;
    events->kmsg = events->inotify = -1;
    for (guint i = 0; i < N_EVENTS; i++)
        events->buckets[i] = (PstTokenBucket){.size = kinds[i].burst, .each_us = kinds[i].each_us};
    return events;
}

void
pst_recorder_events_start(PstRecorderEvents *events)
{
    if (!pst_sysroot_is_live(events->sysroot))
        return;
    if (events->kmsg < 0)
        start_kmsg(events);
    if (events->inotify < 0)
        start_inotify(events);
}

void
pst_recorder_events_free(PstRecorderEvents *events)
{
    pst_loop_handles_remove(&events->kmsg_source);
    pst_loop_handles_remove(&events->inotify_source);
    pst_loop_handles_remove(&events->settle);
    pst_loop_handles_close(&events->kmsg);
    pst_loop_handles_close(&events->inotify);
    g_free(events);
}
