// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/record-set.h"

#include <string.h>

#include "host-sidecar/record-guests.h"
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
pst_record_set_weight(const GPtrArray *records)
{
    gsize weight = 0;

    for (guint i = 0; i < records->len; i++)
        if (!is_stub(records->pdata[i]))
            weight += ((PstRecord *)records->pdata[i])->weight;
    return weight;
}

/* ---- epochs ---- */

/* Numbers rise within a boot, and so does the clock that nobody sets: a shim that was killed after
 * a revert, and is started anew, has a higher number than what was undone, and an earlier clock. */
static gboolean
follows(const PstRecord *record, const PstRecord *before)
{
    return record->seq > before->seq && record->boottime_us >= before->boottime_us;
}

static gboolean
begins_epoch(const PstRecord *record, const PstRecord *before)
{
    return !g_str_equal(record->boot_id, before->boot_id) || !follows(record, before);
}

GArray *
pst_record_set_epochs(const GPtrArray *records)
{
    GArray *epochs = g_array_sized_new(FALSE, TRUE, sizeof(guint), records->len);
    guint epoch = 0;

    for (guint i = 0; i < records->len; i++) {
        epoch += i > 0 && begins_epoch(records->pdata[i], records->pdata[i - 1]);
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

/* What came before what, for the guest that wrote it: for each record the place of the one before
 * it in its guest's life and of the one that its boot would go on from, had it not been written;
 * for each boot and each guest that of the last. Places from 1 on, 0 is none. */
typedef struct {
    GArray *before;
    GArray *of_boot;
    GTree *boots;
    GArray *guests;
} History;

static guint
place_at(const GArray *places, guint i)
{
    return g_array_index(places, guint, i);
}

/* Where in its guest's life the record at I stands: after the last of its own boot that it follows,
 * whatever came after that; a new boot after all that its guest wrote. Each record of a boot is
 * passed over once at most, so that all of them take no longer than their number. */
static void
place_record(History *history, const GPtrArray *records, guint i, guint guest)
{
    PstRecord *record = records->pdata[i];
    guint of_boot = GPOINTER_TO_UINT(g_tree_lookup(history->boots, record->boot_id));
    guint before = of_boot == 0 ? place_at(history->guests, guest) : 0;

    while (of_boot > 0 && !follows(record, records->pdata[of_boot - 1])) {
        before = place_at(history->before, of_boot - 1);
        of_boot = place_at(history->of_boot, of_boot - 1);
    }
    before = of_boot > 0 ? of_boot : before;
    g_array_append_val(history->before, before);
    g_array_append_val(history->of_boot, of_boot);
    g_tree_insert(history->boots, record->boot_id, GUINT_TO_POINTER(i + 1));
}

/* Those that the guests' last ones lead back to. */
static GPtrArray *
gather_live(const History *history, const GPtrArray *records)
{
    GPtrArray *live = g_ptr_array_new();
    g_autofree gboolean *lives = g_new0(gboolean, records->len + 1);

    for (guint guest = 0; guest < history->guests->len; guest++)
        for (guint place = place_at(history->guests, guest); place > 0;
             place = place_at(history->before, place - 1))
            lives[place - 1] = TRUE;
    for (guint i = 0; i < records->len; i++)
        if (lives[i])
            g_ptr_array_add(live, records->pdata[i]);
    return live;
}

GPtrArray *
pst_record_set_live(const GPtrArray *records, gboolean *reverted)
{
    g_autoptr(GArray) guests = pst_record_guests(records);
    g_autoptr(GArray) before = g_array_sized_new(FALSE, FALSE, sizeof(guint), records->len);
    g_autoptr(GArray) of_boot = g_array_sized_new(FALSE, FALSE, sizeof(guint), records->len);
    g_autoptr(GArray) last = g_array_sized_new(FALSE, TRUE, sizeof(guint), records->len);
    g_autoptr(GTree) boots = g_tree_new_full(by_text, NULL, NULL, NULL);
    History history = {before, of_boot, boots, last};

    g_array_set_size(last, records->len);
    *reverted = FALSE;
    for (guint i = 0; i < records->len; i++) {
        guint *place = &g_array_index(last, guint, place_at(guests, i));

        place_record(&history, records, i, place_at(guests, i));
        if (i > 0 && begins_epoch(records->pdata[i], records->pdata[i - 1]))
            *reverted = place_at(before, i) != *place;
        *place = i + 1;
    }
    return gather_live(&history, records);
}

/* ---- whose they are ---- */

/* How far it is known who writes. */
typedef struct {
    const char *machine, *domain; /* NULL where not known yet */
} Writer;

static void
learn(Writer *writer, const PstRecord *record)
{
    if (*record->machine_id != '\0')
        writer->machine = record->machine_id;
    if (record->domain != NULL && *record->domain != '\0')
        writer->domain = record->domain;
}

static gboolean
differ(const char *a, const char *b)
{
    return a != NULL && b != NULL && !g_str_equal(a, b);
}

GArray *
pst_record_set_foreign(const GPtrArray *records, gboolean *mixed)
{
    GArray *foreign = g_array_sized_new(FALSE, TRUE, sizeof(gboolean), records->len);
    g_autoptr(GArray) guests = pst_record_guests(records);
    g_autoptr(GHashTable) left = g_hash_table_new(NULL, NULL);
    Writer before = {NULL, NULL}, now = {NULL, NULL};

    *mixed = FALSE;
    for (guint i = 0; i < records->len; i++) {
        guint guest = g_array_index(guests, guint, i);
        guint last = i > 0 ? g_array_index(guests, guint, i - 1) : guest;
        gboolean changed = guest != last;

        if (changed) {
            g_hash_table_add(left, GUINT_TO_POINTER(last));
            *mixed |= g_hash_table_contains(left, GUINT_TO_POINTER(guest));
            before = now;
            now = (Writer){NULL, NULL};
        }
        learn(&now, records->pdata[i]);
        *mixed |= differ(before.machine, now.machine) && differ(before.domain, now.domain);
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
