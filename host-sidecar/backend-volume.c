// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/backend-volume.h"

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
        pst_inquiry_fail(inquiry, i, PST_VIA_VOLUME, 0, "its recorder never told of that");
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
