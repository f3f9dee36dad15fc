// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-volume.h"

#include "host-sidecar/guest.h"
#include "host-sidecar/recalled.h"
#include "host-sidecar/volume.h"
#include "protocol/error.h"

static gboolean
is_open(const PstGuest *guest, GError **error)
{
    if (guest->xml.recorder)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the domain has no recorder");
    return FALSE;
}

static void
answer(const PstGuest *guest, PstInquiry *inquiry, guint i, const PstVolumeRecords *records)
{
    const PstRecord *record =
        pst_volume_records_find(records, pst_inquiry_probe(inquiry, i), guest->name);
    g_autoptr(JsonObject) args = pst_inquiry_args(inquiry, i);
    g_autoptr(GError) cause = NULL;

    if (record == NULL || args == NULL) {
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, "its recorder never told of that");
        return;
    }
    PstReport *report = pst_recalled_report(record, args, &cause);
    if (report == NULL) {
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, cause->message);
        return;
    }
    gint64 age_us = pst_volume_records_age_us(records, record, g_get_real_time());
    pst_inquiry_offer(inquiry, i, PST_VIA_VOLUME, report, age_us / 1000);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    g_autoptr(PstVolumeRecords) records = pst_volume_read(guest, PST_VOLUME_SHARE_ANY, error);

    if (records == NULL)
        return FALSE;
    for (guint i = 0; records->records->len > 0 && i < pst_inquiry_size(inquiry); i++)
        if (pst_inquiry_is_open(inquiry, i))
            answer(guest, inquiry, i, records);
    if (records->records->len > 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "its recorder has written nothing");
    return FALSE;
}

const PstBackend pst_backend_volume = {
    .via = PST_VIA_VOLUME,
    .recalls = TRUE,
    .is_open = is_open,
    .ask = ask,
};
