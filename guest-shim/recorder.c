// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder.h"

#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/initramfs.h"
#include "guest-shim/loop-handles.h"
#include "guest-shim/probe.h"
#include "guest-shim/recorder-config.h"
#include "guest-shim/recorder-events.h"
#include "guest-shim/recorder-look.h"
#include "guest-shim/recorder-news.h"
#include "guest-shim/recorder-port.h"
#include "guest-shim/recorder-repeat.h"
#include "protocol/json.h"
#include "protocol/record.h"

/* What the services of a boot need to settle. */
#define SETTLED_S 60
/* In an initramfs the same: a start that gets on leaves it before, and pays for no look. */
#define EARLY_SETTLED_S 15
#define END_MS 200
/* Of the bytes of a domain's name; libvirt's own bound is a file's name. */
#define MAX_DOMAIN 255
/* When the port is looked for, after the start and after the try before. */
static const guint tries_s[] = {1, 4, 15};

struct PstRecorder {
    const PstSysroot *sysroot;
    PstRecorderPort *port;
    PstRecorderConfig *config;
    PstRecorderLook *look;
    PstRecorderEvents *events;
    char *boot_id, *machine_id, *domain;
    gint64 seq, last_us;
    guint64 lost_told;  /* of those that the port has lost */
    gint64 compare_seq; /* before the look of an interval; -1: none is on its way */
    PstRecorderRepeat repeat;
    PstRecorderListener listener; /* NULL: none */
    gpointer listener_data;
    gint64 begun_us;
    guint interval, settled, next_try;
    guint n_tries;
    gboolean early;    /* in an initramfs */
    gboolean portless; /* it is never looked for */
    gboolean had_port; /* which may come back */
};

static gboolean
write_record(PstRecorder *recorder, PstRecordKind kind, const char *user, JsonObject *body)
{
    guint64 lost = pst_recorder_port_lost(recorder->port);
    PstRecord record = {
        .seq = recorder->seq + 1,
        .boot_id = recorder->boot_id != NULL ? recorder->boot_id : (char *)"",
        .machine_id = recorder->machine_id != NULL ? recorder->machine_id : (char *)"",
        .domain = recorder->domain,
        .realtime_us = g_get_real_time(),
        .boottime_us = pst_boot_clock_us(),
        .kind = kind,
        .user = (char *)user,
        .lost = (gint64)(lost - recorder->lost_told),
        .body = body,
    };
    gsize len = 0;
    g_autofree char *text = pst_record_to_text(&record, &len);

    if (text == NULL ||
        !pst_recorder_port_write(recorder->port, text, len, kind != PST_RECORD_REPORT))
        return FALSE;
    recorder->seq++;
    recorder->last_us = record.boottime_us;
    recorder->lost_told = lost;
    return TRUE;
}

static void
write_boot(PstRecorder *recorder)
{
    g_autoptr(JsonObject) body = json_object_new();

    json_object_set_string_member(body, "shim", PST_VERSION);
    if (recorder->early)
        json_object_set_boolean_member(body, "initramfs", TRUE);
    write_record(recorder, PST_RECORD_BOOT, NULL, body);
}

static void
repeat_if_due(PstRecorder *recorder)
{
    guint64 written = pst_recorder_port_written(recorder->port);

    if (!pst_recorder_repeat_is_due(&recorder->repeat, written, pst_boot_clock_us()))
        return;
    pst_recorder_repeat_begin(&recorder->repeat, written, pst_boot_clock_us());
    write_boot(recorder);
    pst_recorder_look_forget(recorder->look);
    pst_recorder_look_begin(recorder->look, NULL);
}

static gboolean
on_report(JsonObject *report, const char *user, gboolean changed, gpointer user_data)
{
    PstRecorder *recorder = user_data;
    gboolean kept = !changed || write_record(recorder, PST_RECORD_REPORT, user, report);

    pst_recorder_events_take_report(recorder->events, report);
    if (changed && kept)
        repeat_if_due(recorder);
    return kept;
}

/* A record an interval, whatever it says: it tells how lately the guest was well, and after a
 * revert that what was written meanwhile has not happened. */
static void
on_look_end(PstRecorderLookResult result, gpointer user_data)
{
    PstRecorder *recorder = user_data;

    pst_recorder_events_look_given_up(recorder->events, result == PST_RECORDER_LOOK_GIVEN_UP);
    if (result == PST_RECORDER_LOOK_WHOLE && recorder->compare_seq == recorder->seq &&
        pst_recorder_port_is_open(recorder->port))
        pst_recorder_events_unchanged(recorder->events);
    recorder->compare_seq = -1;
}

static void
on_event(PstEventKind kind, JsonObject *event, gpointer user_data)
{
    PstRecorder *recorder = user_data;

    if (recorder->listener != NULL)
        recorder->listener(kind, event, recorder->listener_data);

    if (write_record(recorder, PST_RECORD_EVENT, NULL, event))
        repeat_if_due(recorder);
}

/* For whoever listens and keeps no reports: what is news in them. PROBES: those of which there is
 * reason to ask, NULL: any. */
static void
look_for_news(PstRecorder *recorder, const char *const *probes)
{
    for (guint i = 0; pst_recorder_news_probes[i] != NULL; i++) {
        const char *const one[] = {pst_recorder_news_probes[i], NULL};

        if (probes == NULL || g_strv_contains(probes, one[0]))
            pst_recorder_look_begin(recorder->look, one);
    }
}

static void
on_look_due(const char *const *probes, gpointer user_data)
{
    PstRecorder *recorder = user_data;

    if (pst_recorder_port_is_open(recorder->port))
        pst_recorder_look_begin(recorder->look, probes);
    else if (recorder->listener != NULL)
        look_for_news(recorder, probes);
}

/* Nobody is told of anything. What happens while a port is away is counted for the next. */
static void
rest(PstRecorder *recorder)
{
    if (recorder->had_port)
        return;
    pst_recorder_events_stop(recorder->events);
    pst_recorder_look_stop(recorder->look);
    pst_loop_handles_remove(&recorder->interval);
    pst_loop_handles_remove(&recorder->settled);
}

static void
look_for_records(PstRecorder *recorder)
{
    pst_recorder_events_start(recorder->events);
    repeat_if_due(recorder);
    recorder->compare_seq = recorder->seq;
    pst_recorder_look_begin(recorder->look, NULL);
}

static void
look_without_port(PstRecorder *recorder)
{
    /* A device that was taken away may be there again. */
    pst_recorder_find_port(recorder);
    if (pst_recorder_port_is_open(recorder->port))
        return;
    if (recorder->listener == NULL) {
        rest(recorder);
        return;
    }
    pst_recorder_events_start(recorder->events);
    look_for_news(recorder, NULL);
}

static gboolean
on_interval(gpointer user_data)
{
    PstRecorder *recorder = user_data;

    if (pst_recorder_port_is_open(recorder->port))
        look_for_records(recorder);
    else
        look_without_port(recorder);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_settled(gpointer user_data)
{
    PstRecorder *recorder = user_data;

    recorder->settled = 0;
    on_interval(recorder);
    return G_SOURCE_REMOVE;
}

static void
start_interval(PstRecorder *recorder)
{
    gint64 interval_s = recorder->config->interval_s;

    if (recorder->interval == 0 && interval_s > 0)
        recorder->interval = g_timeout_add_seconds((guint)interval_s, on_interval, recorder);
}

void
pst_recorder_find_port(PstRecorder *recorder)
{
    if (recorder->portless || !pst_recorder_port_look(recorder->port))
        return;
    recorder->had_port = TRUE;
    pst_recorder_repeat_begin(&recorder->repeat, pst_recorder_port_written(recorder->port),
                              pst_boot_clock_us());
    write_boot(recorder);
    pst_recorder_look_forget(recorder->look);
    if (!recorder->early)
        pst_recorder_look_begin(recorder->look, NULL);
    pst_recorder_events_start(recorder->events);
    if (recorder->settled == 0)
        recorder->settled = g_timeout_add_seconds(recorder->early ? EARLY_SETTLED_S : SETTLED_S,
                                                  on_settled, recorder);
    start_interval(recorder);
}

void
pst_recorder_listen(PstRecorder *recorder, PstRecorderListener listener, gpointer user_data)
{
    gboolean begins = recorder->listener == NULL && listener != NULL;

    recorder->listener = listener;
    recorder->listener_data = user_data;
    if (pst_recorder_port_is_open(recorder->port))
        return;
    if (listener == NULL) {
        rest(recorder);
        return;
    }
    pst_recorder_events_start(recorder->events);
    start_interval(recorder);
    /* Against which the next report is held. */
    if (begins)
        look_for_news(recorder, NULL);
}

gint64
pst_recorder_begun_us(const PstRecorder *recorder)
{
    return recorder->begun_us;
}

static void try_later(PstRecorder *recorder);

static gboolean
on_try(gpointer user_data)
{
    PstRecorder *recorder = user_data;

    recorder->next_try = 0;
    pst_recorder_find_port(recorder);
    try_later(recorder);
    return G_SOURCE_REMOVE;
}

static void
try_later(PstRecorder *recorder)
{
    if (!pst_recorder_port_is_open(recorder->port) && recorder->n_tries < G_N_ELEMENTS(tries_s))
        recorder->next_try = g_timeout_add_seconds(tries_s[recorder->n_tries++], on_try, recorder);
}

PstRecorder *
pst_recorder_new_without_port(const PstSysroot *sysroot)
{
    PstRecorder *recorder = g_new0(PstRecorder, 1);

    recorder->portless = TRUE;
    recorder->begun_us = pst_boot_clock_us();

    recorder->sysroot = sysroot;
    recorder->early = pst_initramfs_is_root(sysroot);
    /* Above all that an earlier shim of this boot wrote, so that it falls with a revert alone. */
    recorder->seq = recorder->begun_us / 1000;
    recorder->boot_id = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/random/boot_id", NULL);
    recorder->machine_id = pst_sysroot_read_line(sysroot, "/etc/machine-id", NULL);
    recorder->config = pst_recorder_config_read(sysroot);
    recorder->look = pst_recorder_look_new(sysroot, (const char *const *)recorder->config->probes,
                                           (const char *const *)recorder->config->users, on_report,
                                           on_look_end, recorder);
    recorder->events = pst_recorder_events_new(sysroot, on_event, on_look_due, recorder);
    recorder->compare_seq = -1;
    recorder->port = pst_recorder_port_new(PST_RECORDER_PORT, sysroot);
    return recorder;
}

PstRecorder *
pst_recorder_new(const PstSysroot *sysroot)
{
    PstRecorder *recorder = pst_recorder_new_without_port(sysroot);

    recorder->portless = FALSE;
    pst_recorder_find_port(recorder);
    try_later(recorder);
    return recorder;
}

void
pst_recorder_free(PstRecorder *recorder)
{
    pst_loop_handles_remove(&recorder->interval);
    pst_loop_handles_remove(&recorder->settled);
    pst_loop_handles_remove(&recorder->next_try);
    pst_recorder_look_free(recorder->look);
    pst_recorder_events_free(recorder->events);
    pst_recorder_port_free(recorder->port);
    pst_recorder_config_free(recorder->config);
    g_free(recorder->boot_id);
    g_free(recorder->machine_id);
    g_free(recorder->domain);
    g_free(recorder);
}

void
pst_recorder_set_domain(PstRecorder *recorder, const char *domain)
{
    g_free(recorder->domain);
    recorder->domain = pst_json_clean_cut(domain, MAX_DOMAIN, NULL);
}

PstHelloRecorder *
pst_recorder_state(const PstRecorder *recorder)
{
    PstHelloRecorder *state;

    if (!pst_recorder_port_is_open(recorder->port))
        return NULL;
    state = pst_fields_new(&pst_hello_recorder_fields);
    state->written_bytes = (gint64)pst_recorder_port_written(recorder->port);
    state->seq = recorder->seq;
    if (recorder->seq > 0)
        state->last_us = recorder->last_us;
    return state;
}

void
pst_recorder_end(PstRecorder *recorder)
{
    g_autoptr(JsonObject) body = json_object_new();

    write_record(recorder, PST_RECORD_SHUTDOWN, NULL, body);
    pst_recorder_port_flush(recorder->port, END_MS);
}
