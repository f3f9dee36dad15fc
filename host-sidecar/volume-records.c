// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-records.h"

#include "host-sidecar/render.h"
#include "protocol/json.h"

void
pst_volume_records_free(PstVolumeRecords *records)
{
    g_clear_pointer(&records->records, g_ptr_array_unref);
    g_clear_pointer(&records->epochs, g_array_unref);
    g_clear_pointer(&records->live, g_ptr_array_unref);
    g_free(records);
}

/* A new epoch begins with each boot, and where the sequence falls, as it does after a revert. */
static GArray *
number_epochs(const GPtrArray *records)
{
    GArray *epochs = g_array_sized_new(FALSE, TRUE, sizeof(guint), records->len);
    guint epoch = 0;

    for (guint i = 0; i < records->len; i++) {
        const PstRecord *record = records->pdata[i];
        const PstRecord *before = i > 0 ? records->pdata[i - 1] : record;

        epoch +=
            i > 0 && (record->seq <= before->seq || !g_str_equal(record->boot_id, before->boot_id));
        g_array_append_val(epochs, epoch);
    }
    return epochs;
}

static guint
find_reverted(const GPtrArray *live, const PstRecord *record)
{
    for (guint i = 0; i < live->len; i++) {
        const PstRecord *before = live->pdata[i];
        if (before->seq >= record->seq && g_str_equal(before->boot_id, record->boot_id))
            return i;
    }
    return live->len;
}

/* Those that a revert did not undo: where a boot counts again from an earlier number, what was
 * written from that number on never happened for the guest that writes now. A shim that was started
 * anew goes on above what the one before it wrote. */
static GPtrArray *
find_live(const GPtrArray *records, const GArray *epochs)
{
    GPtrArray *live = g_ptr_array_new();

    for (guint i = 0; i < records->len; i++) {
        if (i > 0 && g_array_index(epochs, guint, i) != g_array_index(epochs, guint, i - 1))
            g_ptr_array_set_size(live, (gint)find_reverted(live, records->pdata[i]));
        g_ptr_array_add(live, records->pdata[i]);
    }
    return live;
}

PstVolumeRecords *
pst_volume_records_new(GPtrArray *records, const PstRecordCounters *counters, gint64 written_us,
                       guint n_parts)
{
    PstVolumeRecords *volume = g_new0(PstVolumeRecords, 1);

    volume->records = records;
    volume->epochs = number_epochs(records);
    volume->live = find_live(records, volume->epochs);
    volume->counters = *counters;
    volume->written_us = written_us;
    volume->n_parts = n_parts;
    return volume;
}

const PstRecord *
pst_volume_records_find(const PstVolumeRecords *records, const char *probe)
{
    for (guint i = records->live->len; i > 0; i--) {
        const PstRecord *record = records->live->pdata[i - 1];
        const char *name = NULL;

        if (record->kind == PST_RECORD_REPORT &&
            pst_json_get_string(record->body, "probe", PST_JSON_REQUIRED, &name, NULL) &&
            g_str_equal(name, probe))
            return record;
    }
    return NULL;
}

gint64
pst_volume_records_age_us(const PstVolumeRecords *records, const PstRecord *record, gint64 now_us)
{
    const PstRecord *newest = records->records->pdata[records->records->len - 1];
    gint64 written_us = records->written_us > 0 ? records->written_us : newest->realtime_us;

    /* Within a boot by the clock that nobody sets. */
    gint64 before_us = g_str_equal(newest->boot_id, record->boot_id)
                           ? newest->boottime_us - record->boottime_us
                           : newest->realtime_us - record->realtime_us;

    return MAX(0, now_us - written_us) + MAX(0, before_us);
}

static JsonObject *
record_to_json(const PstVolumeRecords *records, guint i, gint64 now_us)
{
    const PstRecord *record = records->records->pdata[i];
    JsonObject *json = pst_record_to_json(record);
    gint64 age_us = pst_volume_records_age_us(records, record, now_us);

    json_object_set_int_member(json, "age_ms", age_us / 1000);
    json_object_set_int_member(json, "epoch", g_array_index(records->epochs, guint, i));
    return json;
}

JsonObject *
pst_volume_records_to_json(const PstVolumeRecords *records, guint n, gint64 now_us)
{
    JsonObject *json = json_object_new();
    JsonArray *array = json_array_new();

    for (guint i = records->records->len; i > 0 && records->records->len - i < n; i--)
        json_array_add_object_element(array, record_to_json(records, i - 1, now_us));
    json_object_set_array_member(json, "records", array);
    json_object_set_int_member(json, "whole", (gint64)records->counters.records);
    json_object_set_int_member(json, "dropped", (gint64)records->counters.dropped);
    json_object_set_int_member(json, "stray_bytes", (gint64)records->counters.stray_bytes);
    json_object_set_int_member(json, "parts", records->n_parts);
    return json;
}

static const char *
string_of(JsonObject *body, const char *name)
{
    const char *value = "";

    pst_json_get_string(body, name, PST_JSON_NULLABLE, &value, NULL);
    return value;
}

static void
append_subject(GString *out, const char *name)
{
    pst_render_append(out, name);
    g_string_append(out, *name != '\0' ? ": " : "");
}

/* What a record says, in a line. */
static void
append_words(GString *out, const PstRecord *record)
{
    switch (record->kind) {
    case PST_RECORD_BOOT:
        g_string_append(out, "postern-shim ");
        pst_render_append(out, string_of(record->body, "shim"));
        break;
    case PST_RECORD_REPORT:
        pst_render_append(out, string_of(record->body, "probe"));
        g_string_append(out, ": ");
        pst_render_append(out, string_of(record->body, "summary"));
        break;
    case PST_RECORD_EVENT:
        pst_render_append(out, string_of(record->body, "event"));
        g_string_append(out, ": ");
        append_subject(out, string_of(record->body, "path"));
        append_subject(out, string_of(record->body, "unit"));
        pst_render_append(out, string_of(record->body, "message"));
        break;
    case PST_RECORD_SHUTDOWN:
        g_string_append(out, "the shim was told to end");
        break;
    }
}

char *
pst_volume_records_to_text(const PstVolumeRecords *records, guint n, gint64 now_us)
{
    GString *out = g_string_new(NULL);
    guint len = records->records->len, last = G_MAXUINT;

    for (guint i = len; i > 0 && len - i < n; i--) {
        const PstRecord *record = records->records->pdata[i - 1];
        guint epoch = g_array_index(records->epochs, guint, i - 1);
        g_autofree char *age = pst_render_ago(pst_volume_records_age_us(records, record, now_us));

        if (last != G_MAXUINT && epoch != last)
            g_string_append(out, "---- an earlier boot, or before a revert ----\n");
        last = epoch;
        g_string_append_printf(out, "%-14s %-9s ", age, pst_record_kind_names[record->kind]);
        append_words(out, record);
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(out, "%u records in %u parts, %" G_GUINT64_FORMAT " dropped\n", len,
                           records->n_parts, records->counters.dropped);
    return g_string_free(out, FALSE);
}
