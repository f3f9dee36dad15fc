// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/record-set.h"

#include <string.h>

#include "protocol/frame.h"
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
            bytes += ((PstRecord *)records->pdata[i])->bytes + PST_FRAME_OVERHEAD;
    return bytes;
}

/* ---- epochs ---- */

/* Numbers rise within a boot, and so does the clock that nobody sets: a shim that was killed after
 * a revert, and is started anew, has a higher number than what was undone, and an earlier clock. */
static gboolean
follows(const PstRecord *record, const PstRecord *before)
{
    return record->seq > before->seq && record->boottime_us >= before->boottime_us;
}

GArray *
pst_record_set_epochs(const GPtrArray *records)
{
    GArray *epochs = g_array_sized_new(FALSE, TRUE, sizeof(guint), records->len);
    guint epoch = 0;

    for (guint i = 0; i < records->len; i++) {
        const PstRecord *record = records->pdata[i];
        const PstRecord *before = i > 0 ? records->pdata[i - 1] : record;

        epoch +=
            i > 0 && (!g_str_equal(record->boot_id, before->boot_id) || !follows(record, before));
        g_array_append_val(epochs, epoch);
    }
    return epochs;
}

/* Identifiers are the guest's: it can choose them so that a hash table is as slow as a list. */
static gint
by_text(gconstpointer a, gconstpointer b, gpointer user_data G_GNUC_UNUSED)
{
    return strcmp(a, b);
}

/* Live records with, for each, the place of the one before it of the same boot, and for each boot
 * that of its last: places from 1 on, 0 is none. Of one boot the numbers rise. */
typedef struct {
    GPtrArray *records;
    GArray *before;
    GTree *last;
} Live;

static guint
last_of(const Live *live, const PstRecord *record)
{
    return GPOINTER_TO_UINT(g_tree_lookup(live->last, record->boot_id));
}

static void
push_live(Live *live, PstRecord *record)
{
    guint before = last_of(live, record);

    g_ptr_array_add(live->records, record);
    g_array_append_val(live->before, before);
    g_tree_insert(live->last, record->boot_id, GUINT_TO_POINTER(live->records->len));
}

/* Each record is looked at once at most before it goes, so that all of them take no longer than
 * their number. */
static void
revert_to(Live *live, const PstRecord *record)
{
    guint len = live->records->len;

    for (guint place = last_of(live, record); place > 0;) {
        const PstRecord *before = live->records->pdata[place - 1];
        if (follows(record, before))
            break;
        len = place - 1;
        place = g_array_index(live->before, guint, place - 1);
    }
    for (guint place = live->records->len; place > len; place--) {
        const PstRecord *undone = live->records->pdata[place - 1];
        g_tree_insert(live->last, undone->boot_id,
                      GUINT_TO_POINTER(g_array_index(live->before, guint, place - 1)));
    }
    g_ptr_array_set_size(live->records, (gint)len);
    g_array_set_size(live->before, len);
}

GPtrArray *
pst_record_set_live(const GPtrArray *records, const GArray *epochs)
{
    g_autoptr(GArray) before = g_array_sized_new(FALSE, FALSE, sizeof(guint), records->len);
    g_autoptr(GTree) last = g_tree_new_full(by_text, NULL, NULL, NULL);
    Live live = {g_ptr_array_new(), before, last};

    for (guint i = 0; i < records->len; i++) {
        if (i > 0 && g_array_index(epochs, guint, i) != g_array_index(epochs, guint, i - 1))
            revert_to(&live, records->pdata[i]);
        push_live(&live, records->pdata[i]);
    }
    return live.records;
}

/* ---- whose they are ---- */

GArray *
pst_record_set_foreign(const GPtrArray *records, gboolean *mixed)
{
    GArray *foreign = g_array_sized_new(FALSE, TRUE, sizeof(gboolean), records->len);
    g_autoptr(GTree) left = g_tree_new_full(by_text, NULL, NULL, NULL);
    const char *current = "";

    *mixed = FALSE;
    for (guint i = 0; i < records->len; i++) {
        const char *machine = ((PstRecord *)records->pdata[i])->machine_id;
        /* Before its root file system is there, a guest does not know who it is. */
        gboolean changed = *machine != '\0' && *current != '\0' && !g_str_equal(machine, current);

        if (changed) {
            g_tree_insert(left, (gpointer)current, (gpointer)current);
            *mixed |= g_tree_lookup(left, machine) != NULL;
        }
        if (*machine != '\0')
            current = machine;
        g_array_append_val(foreign, changed);
    }
    return foreign;
}

/* ---- one order ---- */

static gint
compare(gint64 a, gint64 b)
{
    return a < b ? -1 : a > b;
}

/* Some order in which those that are the same are equal. */
static gint
by_content(gconstpointer left, gconstpointer right, gpointer user_data G_GNUC_UNUSED)
{
    const PstRecord *a = left, *b = right;
    const gint differences[] = {compare(a->crc, b->crc), compare(a->seq, b->seq),
                                compare((gint64)a->bytes, (gint64)b->bytes),
                                compare(a->boottime_us, b->boottime_us),
                                compare(a->realtime_us, b->realtime_us)};

    for (guint i = 0; i < G_N_ELEMENTS(differences); i++)
        if (differences[i] != 0)
            return differences[i];
    return strcmp(a->boot_id, b->boot_id);
}

gboolean
pst_record_set_same(const PstRecord *a, const PstRecord *b)
{
    return by_content(a, b, NULL) == 0;
}

static void
free_queue(gpointer queue)
{
    g_queue_free(queue);
}

/* Where each record stands in RECORDS: places from 1 on, in rising order. */
static GTree *
index_records(const GPtrArray *records)
{
    GTree *index = g_tree_new_full(by_content, NULL, NULL, free_queue);

    for (guint i = 0; i < records->len; i++) {
        GQueue *places = g_tree_lookup(index, records->pdata[i]);

        if (places == NULL) {
            places = g_queue_new();
            g_tree_insert(index, records->pdata[i], places);
        }
        g_queue_push_tail(places, GUINT_TO_POINTER(i + 1));
    }
    return index;
}

/* The first place of RECORD from NEXT on, or G_MAXUINT. */
static guint
find_from(GTree *index, const PstRecord *record, guint next)
{
    GQueue *places = g_tree_lookup(index, record);
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
    GTree *index = index_records(stored);
    guint next = 0, in_volume = 0;

    *merge = (PstRecordSetMerge){.n_stored = stored->len};
    for (guint i = 0; i < volume->len; i++) {
        guint at = find_from(index, volume->pdata[i], next);
        next = at != G_MAXUINT ? at + 1 : next;
        merge->n_stored -= at != G_MAXUINT;
        g_array_append_val(anchors, at);
    }
    merge->missed = next == 0 ? count_missed(stored, volume) : 0;
    g_tree_unref(index);
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
