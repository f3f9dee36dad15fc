// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-volume.h"

#include "host-sidecar/domain-state.h"
#include "host-sidecar/guest.h"
#include "host-sidecar/volume-recall.h"
#include "host-sidecar/volume.h"
#include "protocol/error.h"

static gboolean
is_open(const PstGuest *guest, GError **error)
{
    if (pst_volume_may_tell(guest))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the domain has no recorder");
    return FALSE;
}

static gint64
no_news_ms(const PstVolumeRecords *records, const PstRecord *record, const char *domain,
           gint64 now_us)
{
    const PstRecord *unchanged = pst_volume_records_no_news(records, record, domain);

    return unchanged != NULL ? pst_volume_records_age_us(records, unchanged, now_us) / 1000
                             : PST_INT_UNKNOWN;
}

static void
answer(const PstGuest *guest, PstInquiry *inquiry, guint i, const PstVolumeRecords *records)
{
    const char *probe = pst_inquiry_probe(inquiry, i);
    g_autoptr(JsonObject) args = pst_inquiry_args(inquiry, i);
    g_autoptr(GError) cause = NULL;
    const PstRecord *record = NULL;

    PstReport *report = pst_volume_recall(records, probe, args, guest->name, &record, &cause);
    if (report == NULL) {
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, cause->message);
        return;
    }
    gint64 now_us = g_get_real_time();
    gint64 age_us = pst_volume_records_age_us(records, record, now_us);
    if (records->unread != NULL) {
        g_autofree char *newer = g_strdup_printf("there may be newer records: %s", records->unread);
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, newer);
    }
    pst_inquiry_offer(inquiry, i, PST_VIA_VOLUME, report, age_us / 1000,
                      no_news_ms(records, record, guest->name, now_us));
}

/* The guest says so itself with the first record that it writes afterwards; until then libvirt
 * does, and whoever passed by. */
static gboolean
is_undone(const PstGuest *guest, const PstVolumeRecords *records)
{
    const PstLifecycleSight *sight = &guest->sight;
    const GPtrArray *entries = guest->lifecycle != NULL ? guest->lifecycle->entries : NULL;

    for (guint i = entries != NULL ? entries->len : 0; i > 0; i--) {
        const PstLifecycleEntry *entry = entries->pdata[i - 1];

        if (pst_domain_state_is_revert((int)entry->state, (int)entry->reason))
            return pst_volume_records_is_undone(records, entry->before_us, entry->seen_us);
    }
    return entries == NULL && pst_domain_state_is_revert((int)sight->state, (int)sight->reason) &&
           pst_volume_records_is_undone(records, PST_INT_UNKNOWN, sight->seen_us);
}

static gboolean
ask(PstGuest *guest, PstInquiry *inquiry, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstVolumeRecords) records = pst_volume_read(guest, PST_VOLUME_SHARE_ANY, &cause);

    if (records == NULL && !guest->xml.recorder) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the domain has no recorder");
        return FALSE;
    }
    if (records == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (is_undone(guest, records)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "its records were written before it was reverted to a snapshot (postern "
                    "records tells them)");
        return FALSE;
    }
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
    .asks_nobody = TRUE,
    .recalls = TRUE,
    .is_open = is_open,
    .ask = ask,
};
