// SPDX-License-Identifier: LGPL-2.1-or-later
/* `heal`: the recorder's device is attached anew, and the report is what `records --heal` says. */
#include <string.h>

#include "host-sidecar/guest.h"
#include "host-sidecar/recorder-heal.h"
#include "host-sidecar/recover-methods.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define DEFAULT_LINES 50
/* What stands around the result in its frame. */
#define ROOM_BYTES 1024

static gboolean
read_lines(JsonObject *params, gint64 *lines, GError **error)
{
    *lines = DEFAULT_LINES;
    if (!pst_json_get_int(params, "lines", PST_JSON_OPTIONAL, lines, error))
        return FALSE;
    if (*lines >= 1 && *lines <= PST_RECORDER_HEAL_MAX_LINES)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'lines' is not 1 to %d",
                PST_RECORDER_HEAL_MAX_LINES);
    return FALSE;
}

static gboolean
check(JsonObject *params, GError **error)
{
    gint64 lines = 0;

    return read_lines(params, &lines, error);
}

static JsonObject *
make_result(const PstGuest *guest, const PstVolumeRecords *records, guint n)
{
    JsonObject *result = json_object_new();
    gint64 now_us = g_get_real_time();
    g_autofree char *text = pst_volume_records_to_text(records, n, now_us);

    pst_json_set_string(result, "guest", guest->name);
    json_object_set_object_member(result, "report", pst_volume_records_to_json(records, n, now_us));
    pst_json_set_string(result, "text", text);
    return result;
}

static gboolean
fits(JsonObject *result)
{
    g_autofree char *text = pst_json_to_text(result, NULL);
    gsize len = strlen(text);
    g_autoptr(JsonObject) read = NULL;

    if (len > PST_LIMIT_FRAME_FROM_API - ROOM_BYTES)
        return FALSE;
    read = pst_json_parse(text, len, &pst_validate_from_api, NULL);
    return read != NULL;
}

/* As many as fit, at last none: what was done is told in any case. */
static JsonObject *
report(const PstGuest *guest, PstVolumeRecords *records, guint n)
{
    JsonObject *result = make_result(guest, records, n);

    if (fits(result))
        return result;
    pst_volume_records_note(records, "not all that was asked for fits into an answer of the door");
    do {
        json_object_unref(result);
        n /= 2;
        result = make_result(guest, records, n);
    } while (n > 0 && !fits(result));
    return result;
}

static JsonObject *
run(gpointer data, JsonObject *params, gint64 deadline_us, GError **error)
{
    PstGuest *guest = data;
    gint64 lines = 0;

    if (!read_lines(params, &lines, error))
        return NULL;
    g_autoptr(PstRecorderCheck) check = pst_recorder_heal_until(guest, deadline_us, error);
    if (check == NULL)
        return NULL;
    pst_volume_records_note(check->records, PST_RECORDER_HEAL_DONE);
    if (check->note != NULL)
        pst_volume_records_note(check->records, check->note);
    return report(guest, check->records, (guint)lines);
}

static const char *const params[] = {"lines", NULL};

const PstRecoverMethod pst_recover_heal = {
    .name = "heal",
    .act = "recorder-heal",
    .right = PST_GRANT_HEAL,
    .params = params,
    .check = check,
    .run = run,
};
