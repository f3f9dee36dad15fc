// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/record-set.h"

#include "protocol/json.h"

static void
free_record(gpointer record)
{
    pst_record_free(record);
}

GPtrArray *
pst_record_set_new(void)
{
    return g_ptr_array_new_with_free_func(free_record);
}

static gboolean
is_stub(const PstRecord *record)
{
    return record->body == NULL;
}

gsize
pst_record_set_bytes(const GPtrArray *records)
{
    gsize bytes = 0;

    for (guint i = 0; i < records->len; i++)
        if (!is_stub(records->pdata[i]))
            bytes += ((PstRecord *)records->pdata[i])->bytes;
    return bytes;
}

/* ---- epochs ---- */

GArray *
pst_record_set_epochs(const GPtrArray *records)
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

GPtrArray *
pst_record_set_live(const GPtrArray *records, const GArray *epochs)
{
    GPtrArray *live = g_ptr_array_new();

    for (guint i = 0; i < records->len; i++) {
        if (i > 0 && g_array_index(epochs, guint, i) != g_array_index(epochs, guint, i - 1))
            g_ptr_array_set_size(live, (gint)find_reverted(live, records->pdata[i]));
        g_ptr_array_add(live, records->pdata[i]);
    }
    return live;
}

/* ---- whose they are ---- */

GArray *
pst_record_set_foreign(const GPtrArray *records, gboolean *mixed)
{
    GArray *foreign = g_array_sized_new(FALSE, TRUE, sizeof(gboolean), records->len);
    g_autoptr(GHashTable) left = g_hash_table_new(g_str_hash, g_str_equal);
    const char *current = "";

    *mixed = FALSE;
    for (guint i = 0; i < records->len; i++) {
        const char *machine = ((PstRecord *)records->pdata[i])->machine_id;
        /* Before its root file system is there, a guest does not know who it is. */
        gboolean changed = *machine != '\0' && *current != '\0' && !g_str_equal(machine, current);

        if (changed) {
            g_hash_table_add(left, (gpointer)current);
            *mixed |= g_hash_table_contains(left, machine);
        }
        if (*machine != '\0')
            current = machine;
        g_array_append_val(foreign, changed);
    }
    return foreign;
}

/* ---- one order ---- */

gboolean
pst_record_set_same(const PstRecord *a, const PstRecord *b)
{
    return a->crc == b->crc && a->bytes == b->bytes && a->seq == b->seq &&
           a->boottime_us == b->boottime_us && a->realtime_us == b->realtime_us &&
           g_str_equal(a->boot_id, b->boot_id);
}

static guint
hash_record(gconstpointer data)
{
    const PstRecord *record = data;

    return record->crc ^ (guint)record->seq ^ (guint)record->boottime_us;
}

static gboolean
equal_records(gconstpointer a, gconstpointer b)
{
    return pst_record_set_same(a, b);
}

static void
free_queue(gpointer queue)
{
    g_queue_free(queue);
}

/* Where each record stands in RECORDS: places from 1 on, in rising order. */
static GHashTable *
index_records(const GPtrArray *records)
{
    GHashTable *index = g_hash_table_new_full(hash_record, equal_records, NULL, free_queue);

    for (guint i = 0; i < records->len; i++) {
        GQueue *places = g_hash_table_lookup(index, records->pdata[i]);

        if (places == NULL) {
            places = g_queue_new();
            g_hash_table_insert(index, records->pdata[i], places);
        }
        g_queue_push_tail(places, GUINT_TO_POINTER(i + 1));
    }
    return index;
}

/* The first place of RECORD from NEXT on, or G_MAXUINT. */
static guint
find_from(GHashTable *index, const PstRecord *record, guint next)
{
    GQueue *places = g_hash_table_lookup(index, record);
    guint at = G_MAXUINT;

    while (places != NULL && at == G_MAXUINT && !g_queue_is_empty(places)) {
        guint place = GPOINTER_TO_UINT(g_queue_pop_head(places)) - 1;
        at = place >= next ? place : at;
    }
    return at;
}

static void
move_records(GPtrArray *to, GPtrArray *from, guint begin, guint end)
{
    for (guint i = begin; i < end; i++) {
        PstRecord *record = g_steal_pointer(&from->pdata[i]);

        if (is_stub(record))
            pst_record_free(record);
        else
            g_ptr_array_add(to, record);
    }
}

/* A shim's first number is the milliseconds since the boot (guest-shim/recorder.c): one that was
 * started after BEFORE was written has none that is lower. */
static gboolean
is_same_shim(const PstRecord *before, const PstRecord *record)
{
    return g_str_equal(before->boot_id, record->boot_id) && record->seq > before->seq &&
           record->seq <= before->boottime_us / 1000;
}

static gint64
count_missed(const GPtrArray *stored, const GPtrArray *volume)
{
    const PstRecord *last, *first;

    if (stored->len == 0 || volume->len == 0)
        return 0;
    last = stored->pdata[stored->len - 1];
    first = volume->pdata[0];
    return is_same_shim(last, first) ? first->seq - last->seq - 1 : 0;
}

/* A set whose records were moved has holes, which its free function must not meet. */
static void
free_emptied(GPtrArray *records)
{
    g_ptr_array_set_free_func(records, NULL);
    g_ptr_array_unref(records);
}

GPtrArray *
pst_record_set_merge(GPtrArray *stored, GPtrArray *volume, PstRecordSetMerge *merge)
{
    GPtrArray *merged = pst_record_set_new();
    g_autoptr(GArray) anchors = g_array_sized_new(FALSE, FALSE, sizeof(guint), volume->len);
    g_autoptr(GHashTable) index = index_records(stored);
    guint next = 0, in_volume = 0;

    *merge = (PstRecordSetMerge){.n_stored = stored->len};
    for (guint i = 0; i < volume->len; i++) {
        guint at = find_from(index, volume->pdata[i], next);
        next = at != G_MAXUINT ? at + 1 : next;
        merge->n_stored -= at != G_MAXUINT;
        g_array_append_val(anchors, at);
    }
    merge->missed = next == 0 ? count_missed(stored, volume) : 0;
    g_hash_table_remove_all(index);
    next = 0;
    /* What only the store has, before a record that both have, was rolled away before what only the
     * volume has: that reaches without a gap up to the record. */
    for (guint i = 0; i < volume->len; i++) {
        guint at = g_array_index(anchors, guint, i);
        if (at == G_MAXUINT)
            continue;
        move_records(merged, stored, next, at);
        move_records(merged, volume, in_volume, i);
        move_records(merged, stored, at, at + 1);
        pst_record_free(g_steal_pointer(&volume->pdata[i]));
        next = at + 1;
        in_volume = i + 1;
    }
    move_records(merged, stored, next, stored->len);
    move_records(merged, volume, in_volume, volume->len);
    free_emptied(stored);
    free_emptied(volume);
    return merged;
}
