// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-volume.h"

#include <string.h>

#include "host-sidecar/guest.h"
#include "host-sidecar/volume.h"
#include "protocol/error.h"
#include "protocol/json.h"

static gboolean
is_open(const PstGuest *guest, GError **error)
{
    if (guest->xml.recorder)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the domain has no recorder");
    return FALSE;
}

/* The newest record of a report of PROBE. */
static const PstRecord *
find_report(const GPtrArray *records, const char *probe)
{
    for (guint i = records->len; i > 0; i--) {
        const PstRecord *record = records->pdata[i - 1];
        const char *name = NULL;

        if (record->kind == PST_RECORD_REPORT &&
            pst_json_get_string(record->body, "probe", PST_JSON_REQUIRED, &name, NULL) &&
            g_str_equal(name, probe))
            return record;
    }
    return NULL;
}

/* How old a record is: the newest one is as old as the file's last change, which the host's clock
 * has; the guest's own clock, right or not, only says how far the others are behind it. */
static gint64
age_of(const PstRecord *record, const PstRecord *newest, gint64 written_us)
{
    gint64 since_us =
        written_us > 0 ? g_get_real_time() - written_us : g_get_real_time() - newest->realtime_us;

    return MAX(0, since_us + MAX(0, newest->realtime_us - record->realtime_us)) / 1000;
}

static void
answer(PstInquiry *inquiry, guint i, const GPtrArray *records, gint64 written_us)
{
    const PstRecord *record = find_report(records, pst_inquiry_probe(inquiry, i));
    g_autoptr(GError) cause = NULL;

    if (record == NULL) {
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, "its recorder never told of that");
        return;
    }
    PstReport *report = pst_report_decode(record->body, &cause);
    if (report != NULL)
        pst_inquiry_offer(inquiry, i, PST_VIA_VOLUME, report,
                          age_of(record, records->pdata[records->len - 1], written_us));
    else
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, cause->message);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    g_autoptr(PstVolume) volume = pst_volume_open(guest, error);
    g_autoptr(GPtrArray) records = NULL;
    PstRecordCounters counters;

    if (volume == NULL)
        return FALSE;
    records = pst_volume_read(volume, PST_VOLUME_MAX_PARTS, &counters, error);
    if (records == NULL)
        return FALSE;
    for (guint i = 0; records->len > 0 && i < pst_inquiry_size(inquiry); i++)
        if (pst_inquiry_is_open(inquiry, i))
            answer(inquiry, i, records, pst_volume_written_us(volume));
    if (records->len > 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "its recorder has written nothing");
    return FALSE;
}

const PstBackend pst_backend_volume = {
    .via = PST_VIA_VOLUME,
    .is_open = is_open,
    .ask = ask,
};
