// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/record-keep.h"

#include "host-sidecar/recalled.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/record-event.h"
#include "protocol/vocabulary.h"

/* Of a probe or an event that this program does not know, whatever its name: names are the guest's,
 * and a class for each that it invents would push out those that are there. */
static const char other[] = "other";

typedef struct {
    char *name;
    GQueue old; /* of places, the oldest first: what can be given up */
    GQueue dear;
    gsize weight;
} Class;

static void
free_class(gpointer data)
{
    Class *class = data;

    g_free(class->name);
    g_queue_clear(&class->old);
    g_queue_clear(&class->dear);
    g_free(class);
}

static const char *
known_event(const char *name)
{
    const char *known = pst_record_event_find(name);

    return known != NULL ? known : other;
}

static const char *
known_probe(const PstRecord *record)
{
    const char *name = "";

    pst_json_get_string(record->body, "probe", PST_JSON_NULLABLE, &name, NULL);
    return name != NULL && pst_vocabulary_find(name) != NULL ? name : other;
}

static char *
class_name(const PstRecord *record)
{
    const char *name = "";

    switch (record->kind) {
    case PST_RECORD_BOOT:
    case PST_RECORD_SHUTDOWN:
        return g_strdup("boot");
    case PST_RECORD_REPORT:
        return g_strconcat("report ", known_probe(record), NULL);
    case PST_RECORD_EVENT:
        pst_json_get_string(record->body, "event", PST_JSON_NULLABLE, &name, NULL);
        return g_strconcat("event ", known_event(name != NULL ? name : ""), NULL);
    }
    g_return_val_if_reached(g_strdup(other));
}

/* The questions whose newest answer was met: some about nobody and, of each probe, some about a
 * user, as many as a recorder asks about. */
typedef struct {
    GHashTable *questions; /* of probe and user, or of the probe alone */
    GHashTable *n_users;   /* of each probe */
} Met;

static Met
met_new(void)
{
    return (Met){g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                 g_hash_table_new(g_str_hash, g_str_equal)};
}

static void
met_clear(Met *met)
{
    g_hash_table_unref(met->questions);
    g_hash_table_unref(met->n_users);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Met, met_clear)

/* No probe's name has a slash. */
static char *
question_of(const char *probe, const PstRecord *record)
{
    return g_strconcat(probe, record->user != NULL ? "/" : NULL, record->user, NULL);
}

static gboolean
is_met(const Met *met, const char *probe, const PstRecord *record)
{
    g_autofree char *question = question_of(probe, record);

    return g_hash_table_contains(met->questions, question);
}

/* FALSE where it is known, or of a user too many. */
static gboolean
meet(const Met *met, const char *probe, const PstRecord *record)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(met->n_users, probe));

    if (is_met(met, probe, record) || (record->user != NULL && n >= PST_LIMIT_RECORD_USERS))
        return FALSE;
    if (record->user != NULL)
        g_hash_table_insert(met->n_users, (gpointer)probe, GUINT_TO_POINTER(n + 1));
    return g_hash_table_add(met->questions, question_of(probe, record));
}

/* The newest of all, and the newest report of each probe about nobody and about each user, with the
 * last one in which it could not look since: each record's address. */
static GHashTable *
find_dear(const GPtrArray *records)
{
    GHashTable *dear = g_hash_table_new(NULL, NULL);
    g_auto(Met) told = met_new();
    g_auto(Met) silent = met_new();
    gboolean reverted;
    g_autoptr(GPtrArray) live = pst_record_set_live(records, &reverted);

    if (records->len > 0)
        g_hash_table_add(dear, records->pdata[records->len - 1]);
    for (guint i = live->len; i > 0; i--) {
        const PstRecord *record = live->pdata[i - 1];
        if (record->body == NULL || record->kind != PST_RECORD_REPORT)
            continue;
        const char *probe = known_probe(record);
        if (probe == other || is_met(&told, probe, record))
            continue;
        if (meet(pst_recalled_is_silence(record) ? &silent : &told, probe, record))
            g_hash_table_add(dear, (gpointer)record);
    }
    return dear;
}

static GPtrArray *
sort_into_classes(const GPtrArray *records)
{
    GPtrArray *classes = g_ptr_array_new_with_free_func(free_class);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) dear = find_dear(records);

    for (guint i = 0; i < records->len; i++) {
        PstRecord *record = records->pdata[i];
        if (record->body == NULL)
            continue;
        g_autofree char *name = class_name(record);
        Class *class = g_hash_table_lookup(by_name, name);
        if (class == NULL) {
            class = g_new0(Class, 1);
            class->name = g_steal_pointer(&name);
            g_hash_table_insert(by_name, class->name, class);
            g_ptr_array_add(classes, class);
        }
        gboolean is_dear = g_hash_table_contains(dear, record);
        g_queue_push_tail(is_dear ? &class->dear : &class->old, GUINT_TO_POINTER(i + 1));
        class->weight += record->weight;
    }
    return classes;
}

/* The class that has most, of those that have something to give up. */
static Class *
largest(const GPtrArray *classes, gboolean dear)
{
    Class *found = NULL;

    for (guint i = 0; i < classes->len; i++) {
        Class *class = classes->pdata[i];
        if (!g_queue_is_empty(dear ? &class->dear : &class->old) &&
            (found == NULL || class->weight > found->weight))
            found = class;
    }
    return found;
}

/* For each record whether it is kept. */
static gboolean *
choose(const GPtrArray *records, gsize max_weight)
{
    gboolean *kept = g_new0(gboolean, records->len + 1);
    gsize weight = pst_record_set_weight(records);

    for (guint i = 0; i < records->len; i++)
        kept[i] = ((PstRecord *)records->pdata[i])->body != NULL;
    if (weight <= max_weight)
        return kept;
    g_autoptr(GPtrArray) classes = sort_into_classes(records);
    while (weight > max_weight) {
        Class *class = largest(classes, FALSE);
        gboolean dear = class == NULL;

        class = dear ? largest(classes, TRUE) : class;
        if (class == NULL)
            break;
        guint place = GPOINTER_TO_UINT(g_queue_pop_head(dear ? &class->dear : &class->old)) - 1;
        gsize given = ((PstRecord *)records->pdata[place])->weight;
        kept[place] = FALSE;
        class->weight -= given;
        weight -= given;
    }
    return kept;
}

GPtrArray *
pst_record_keep_in(const GPtrArray *records, gsize max_weight)
{
    GPtrArray *chosen = g_ptr_array_new();
    g_autofree gboolean *kept = choose(records, max_weight);

    for (guint i = 0; i < records->len; i++)
        if (kept[i])
            g_ptr_array_add(chosen, records->pdata[i]);
    return chosen;
}

void
pst_record_keep_thin(GPtrArray *records, gsize max_weight)
{
    g_autofree gboolean *kept = choose(records, max_weight);

    for (guint i = 0; i < records->len; i++)
        if (!kept[i])
            pst_record_stub(records->pdata[i]);
}
