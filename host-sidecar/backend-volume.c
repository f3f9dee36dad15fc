// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-volume.h"

#include "host-sidecar/domain-state.h"
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

/* The recorder asks about nobody, so as to leave no trace: what it wrote answers those who asked
 * the same, or about the user that the report turned out to be about. */
static gboolean
is_same_question(JsonObject *args, JsonObject *report)
{
    g_autoptr(GList) names = json_object_get_members(args);
    const char *asked = NULL, *about = NULL;
    JsonObject *data = NULL;

    for (GList *item = names; item != NULL; item = item->next)
        if (!g_str_equal(item->data, "passive") && !g_str_equal(item->data, "host_realtime_us") &&
            !g_str_equal(item->data, "user"))
            return FALSE;
    if (!pst_json_get_string(args, "user", PST_JSON_REQUIRED, &asked, NULL))
        return TRUE;
    if (pst_json_get_object(report, "data", PST_JSON_REQUIRED, &data, NULL))
        pst_json_get_string(data, "user", PST_JSON_OPTIONAL, &about, NULL);
    return about == NULL || g_str_equal(asked, about);
}

static void
answer(const PstGuest *guest, PstInquiry *inquiry, guint i, const PstVolumeRecords *records)
{
    const PstRecord *record =
        pst_volume_records_find(records, pst_inquiry_probe(inquiry, i), guest->name);
    g_autoptr(GError) cause = NULL;

    g_autoptr(JsonObject) args = pst_inquiry_args(inquiry, i);

    if (record == NULL) {
        const char *other = pst_volume_records_other_name(records, guest->name);
        g_autofree char *why =
            other != NULL
                ? g_strdup_printf("its recorder never told of that; its volume has records of %s",
                                  other)
                : g_strdup("its recorder never told of that");
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, why);
        return;
    }
    if (args == NULL || !is_same_question(args, record->body)) {
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, "its recorder was asked something else");
        return;
    }
    gint64 age_us = pst_volume_records_age_us(records, record, g_get_real_time());
    PstReport *report = pst_report_decode(record->body, &cause);
    if (report != NULL)
        pst_inquiry_offer(inquiry, i, PST_VIA_VOLUME, report, age_us / 1000);
    else
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, cause->message);
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
    g_autoptr(PstVolumeRecords) records = pst_volume_read(guest, PST_VOLUME_SHARE_ANY, error);

    if (records == NULL)
        return FALSE;
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
    .is_open = is_open,
    .ask = ask,
};
