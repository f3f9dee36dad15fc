// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-look.h"

#include "host-sidecar/host-compare.h"
#include "host-sidecar/host-console.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/host-lifecycle.h"
#include "host-sidecar/host-sample.h"
#include "host-sidecar/lifecycle-note.h"
#include "host-sidecar/recorder-judge.h"
#include "host-sidecar/volume.h"

/* More than reading a small file takes: a store that hangs costs no more. */
#define LIFECYCLE_US (250 * G_GINT64_CONSTANT(1000))

/* For the second sample, at the end of a watch. */
#define SPARE_US G_USEC_PER_SEC

struct PstHostLook {
    PstGuest *guest;
    PstHostSample *sample;
    GPtrArray *unread; /* of char *: what explains it and could not be read, and why */
    gint64 begun_us;
};

PstHostLook *
pst_host_look_new(PstGuest *guest, gint64 deadline_us, GError **error)
{
    gint64 begun_us = g_get_monotonic_time();
    PstHostSample *sample = pst_host_sample_take(guest, TRUE, deadline_us, error);

    if (sample == NULL)
        return NULL;
    PstHostLook *look = g_new0(PstHostLook, 1);
    look->guest = pst_guest_ref(guest);
    look->sample = sample;
    look->unread = g_ptr_array_new_with_free_func(g_free);
    look->begun_us = begun_us;
    return look;
}

void
pst_host_look_free(PstHostLook *look)
{
    g_clear_pointer(&look->sample, pst_host_sample_free);
    g_ptr_array_unref(look->unread);
    pst_guest_unref(look->guest);
    g_free(look);
}

static void
read_lifecycle(PstHostLook *look, gint64 deadline_us)
{
    const PstGuest *guest = look->guest;
    PstHostSample *sample = look->sample;
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + LIFECYCLE_US);
    g_autoptr(PstLifecycle) lifecycle = pst_lifecycle_note_until(
        guest->uri, guest->uuid, guest->name, &sample->sight, NULL, until_us);

    if (lifecycle != NULL)
        pst_host_lifecycle_tell(sample->data, lifecycle, g_get_real_time());
}

gboolean
pst_host_look_again(PstHostLook *look, gint64 deadline_us, GError **error)
{
    /* A monitor that was silent is not given another thread to keep. */
    PstHostSample *sample =
        pst_host_sample_take(look->guest, !look->sample->monitor_silent, deadline_us, error);

    if (sample == NULL)
        return FALSE;
    sample->monitor_silent |= look->sample->monitor_silent;
    pst_host_compare(look->sample->data, sample->data,
                     (sample->taken_us - look->sample->taken_us) / 1000);
    sample->data->console = g_steal_pointer(&look->sample->data->console);
    sample->data->last_record = g_steal_pointer(&look->sample->data->last_record);
    sample->data->lifecycle = g_steal_pointer(&look->sample->data->lifecycle);
    gboolean changed = sample->sight.state != look->sample->sight.state ||
                       sample->sight.reason != look->sample->sight.reason ||
                       sample->sight.id != look->sample->sight.id;
    pst_host_sample_free(look->sample);
    look->sample = sample;
    if (changed)
        read_lifecycle(look, deadline_us);
    return TRUE;
}

PstHostData *
pst_host_look_data(PstHostLook *look)
{
    return look->sample->data;
}

static void
free_record(PstHostData *data)
{
    if (data->last_record != NULL)
        pst_fields_free(&pst_report_host_record_fields, g_steal_pointer(&data->last_record));
}

static void
read_console(PstHostLook *look, gint64 deadline_us)
{
    PstHostSample *sample = look->sample;
    g_autoptr(GError) error = NULL;
    PstHostConsole *console =
        pst_host_console_read(look->guest, sample->console, deadline_us, &error);

    if (console == NULL) {
        g_ptr_array_add(look->unread, g_strdup(error->message));
        return;
    }
    if (sample->data->console != NULL)
        pst_fields_free(&pst_report_host_console_fields, sample->data->console);
    sample->data->console = console;
}

static void
read_record(PstHostLook *look, gint64 deadline_us)
{
    g_autoptr(PstVolumeRecords) records = NULL;
    g_autoptr(GError) error = NULL;

    if (!pst_volume_may_tell(look->guest))
        return;
    records = pst_volume_read_until(look->guest, deadline_us, &error);
    if (records == NULL && look->guest->xml.recorder)
        g_ptr_array_add(look->unread, g_strdup(error->message));
    if (records != NULL && records->unread != NULL)
        g_ptr_array_add(look->unread, g_strdup_printf("there may be newer records than the last "
                                                      "one that it names: %s",
                                                      records->unread));
    /* Another's would be a sign of life that there is none of. */
    const PstRecord *newest =
        records != NULL ? pst_volume_records_newest(records, look->guest->name) : NULL;
    if (newest == NULL)
        return;
    PstHostRecord *row = pst_fields_new(&pst_report_host_record_fields);
    row->age_ms = pst_volume_records_age_us(records, newest, g_get_real_time()) / 1000;
    row->text = pst_volume_records_words(newest);
    free_record(look->sample->data);
    look->sample->data->last_record = row;
}

void
pst_host_look_explain(PstHostLook *look, gint64 deadline_us)
{
    g_ptr_array_set_size(look->unread, 0);
    read_lifecycle(look, deadline_us);
    if (look->sample->console != NULL)
        read_console(look, deadline_us);
    read_record(look, deadline_us);
}

/* Before such a guest is started anew is the time to know it. */
static void
add_device(const PstGuest *guest, PstReport *report)
{
    PstRecorderState state = pst_recorder_state_of_device(PST_RECORDER_STATE_UNKNOWN, &guest->xml);
    g_autofree char *note = pst_recorder_state_explain(state, NULL, guest->name, NULL);
    PstReport *fault = pst_recorder_judge(pst_guest_state_name(guest), state, note);

    if (fault != NULL)
        pst_host_judge_merge(report, fault);
}

PstReport *
pst_host_look_finish(PstHostLook *look)
{
    PstReport *report = pst_report_new(&pst_report_host_kind);

    pst_fields_free(pst_report_host_kind.data, report->data);
    report->data = g_steal_pointer(&look->sample->data);
    report->took_ms = (g_get_monotonic_time() - look->begun_us) / 1000;
    for (guint i = 0; i < look->unread->len; i++)
        g_ptr_array_add(look->sample->not_told, g_strdup(look->unread->pdata[i]));
    pst_host_judge(report, look->sample->not_told);
    add_device(look->guest, report);
    return report;
}

/* What is off has no counters that could move. */
static gboolean
is_worth_a_watch(PstHostLook *look)
{
    return g_strcmp0(pst_host_look_data(look)->state, "off") != 0;
}

/* What was seen until then is told where nothing more can be seen. */
static void
watch(PstHostLook *look, gint64 watch_us, gint64 deadline_us)
{
    g_autoptr(GError) error = NULL;

    g_usleep((gulong)watch_us);
    if (!pst_host_look_again(look, deadline_us, &error))
        g_ptr_array_add(look->unread, g_strdup_printf("whether it makes progress was not seen: %s",
                                                      error->message));
}

PstReport *
pst_host_look_report(PstGuest *guest, gint64 watch_ms, gint64 deadline_us, GError **error)
{
    g_autoptr(PstHostLook) look = pst_host_look_new(guest, deadline_us, error);

    if (look == NULL)
        return NULL;
    gint64 rest_us = deadline_us - g_get_monotonic_time(), watch_us = MAX(0, watch_ms) * 1000;
    if (rest_us <= watch_us || !is_worth_a_watch(look))
        watch_us = 0;
    /* A pool that hangs costs what it would tell, and neither the watch nor the report. */
    pst_host_look_explain(look, deadline_us - watch_us - MIN(SPARE_US, (rest_us - watch_us) / 2));
    if (watch_us > 0)
        watch(look, watch_us, deadline_us);
    return pst_host_look_finish(look);
}
