// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-kinds.h"

#include "guest-shim/token-bucket.h"
#include "protocol/json.h"

static const struct {
    guint burst;
    gint64 each_s;
} rows[PST_EVENT_KINDS] = {
    [PST_EVENT_UNIT_FAILED] = {30, 20},      [PST_EVENT_UNIT_RESTARTING] = {10, 60},
    [PST_EVENT_EMERGENCY] = {10, 60},        [PST_EVENT_DISK_FULL] = {10, 60},
    [PST_EVENT_DISK_NEARLY_FULL] = {10, 60}, [PST_EVENT_KERNEL_WARNING] = {20, 60},
    [PST_EVENT_OOM_KILL] = {20, 60},         [PST_EVENT_CONTROL_PLANE] = {30, 20},
    [PST_EVENT_LOOKS_SUSPENDED] = {10, 60},  [PST_EVENT_LOOKS_RESUMED] = {10, 60},
    [PST_EVENT_UNCHANGED] = {10, 30},        [PST_EVENT_SHIM_STARTED] = {10, 60},
};

struct PstRecorderKinds {
    PstTokenBucket buckets[PST_EVENT_KINDS];
};

PstRecorderKinds *
pst_recorder_kinds_new(void)
{
    PstRecorderKinds *kinds = g_new0(PstRecorderKinds, 1);

    for (guint i = 0; i < PST_EVENT_KINDS; i++)
        kinds->buckets[i] =
            (PstTokenBucket){.size = rows[i].burst, .each_us = rows[i].each_s * G_USEC_PER_SEC};
    return kinds;
}

void
pst_recorder_kinds_free(PstRecorderKinds *kinds)
{
    g_free(kinds);
}

JsonObject *
pst_recorder_kinds_make(PstRecorderKinds *kinds, PstEventKind kind, const PstEventFacts *facts,
                        gint64 now_us)
{
    PstTokenBucket *bucket = &kinds->buckets[kind];
    guint64 suppressed = bucket->refused;

    if (!pst_token_bucket_take(bucket, now_us))
        return NULL;

    JsonObject *json = json_object_new();
    json_object_set_string_member(json, "event", pst_record_event_names[kind]);
    pst_json_set_string(json, "message", facts->message);
    pst_json_set_string(json, "path", facts->path);
    pst_json_set_string(json, "unit", facts->unit);
    pst_json_set_string(json, "text", facts->text);
    if (suppressed > 0)
        json_object_set_int_member(json, "suppressed", (gint64)suppressed);
    return json;
}
