// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recent.h"

#include <string.h>

#include "protocol/json.h"

/* Guests to which something happened; with more, what was asked of whichever before then goes. */
#define MAX_EVENTS 4096

typedef struct {
    char *key, *uuid;
    char *text; /* as it goes over the API: as JSON in memory it would be many times as large */
    JsonObject *args;
    gint64 asked_us;
    gsize bytes;
    GList link;
} Kept;

struct PstRecent {
    gint64 since_us; /* from when on nothing is missed; G_MAXINT64 while it is */
    GHashTable *by_key;
    GQueue in_order;      /* of Kept, the first one that was kept first */
    GHashTable *happened; /* when something last did, by UUID */
    gsize bytes;
};

static void
free_kept(gpointer data)
{
    Kept *kept = data;

    json_object_unref(kept->args);
    g_free(kept->key);
    g_free(kept->uuid);
    g_free(kept->text);
    g_free(kept);
}

PstRecent *
pst_recent_new(void)
{
    PstRecent *recent = g_new0(PstRecent, 1);

    recent->since_us = G_MAXINT64;
    recent->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_kept);
    recent->happened = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_queue_init(&recent->in_order);
    return recent;
}

static void
drop(PstRecent *recent, Kept *kept)
{
    g_queue_unlink(&recent->in_order, &kept->link);
    recent->bytes -= kept->bytes;
    g_hash_table_remove(recent->by_key, kept->key);
}

static void
drop_all(PstRecent *recent)
{
    while (recent->in_order.head != NULL)
        drop(recent, recent->in_order.head->data);
    g_hash_table_remove_all(recent->happened);
}

void
pst_recent_free(PstRecent *recent)
{
    drop_all(recent);
    g_hash_table_unref(recent->by_key);
    g_hash_table_unref(recent->happened);
    g_free(recent);
}

void
pst_recent_watched(PstRecent *recent, gint64 now_us)
{
    drop_all(recent);
    recent->since_us = now_us;
}

void
pst_recent_unwatched(PstRecent *recent)
{
    pst_recent_watched(recent, G_MAXINT64);
}

void
pst_recent_forget(PstRecent *recent, const char *uuid, gint64 now_us)
{
    if (recent->since_us == G_MAXINT64)
        return;
    if (g_hash_table_size(recent->happened) >= MAX_EVENTS) {
        pst_recent_watched(recent, now_us);
        return;
    }
    g_hash_table_replace(recent->happened, g_strdup(uuid), g_memdup2(&now_us, sizeof(now_us)));
    for (GList *item = recent->in_order.head, *next; item != NULL; item = next) {
        Kept *kept = item->data;

        next = item->next;
        if (g_str_equal(kept->uuid, uuid))
            drop(recent, kept);
    }
}

/* Whether all that happened to the guest since then is known, and is nothing. */
static gboolean
holds_since(const PstRecent *recent, const char *uuid, gint64 asked_us)
{
    const gint64 *happened_us = g_hash_table_lookup(recent->happened, uuid);

    return asked_us >= recent->since_us && (happened_us == NULL || *happened_us < asked_us);
}

static void
make_room(PstRecent *recent, gsize bytes, gint64 now_us)
{
    while (recent->in_order.head != NULL) {
        Kept *oldest = recent->in_order.head->data;

        if (recent->bytes + bytes <= PST_RECENT_MAX_BYTES &&
            now_us - oldest->asked_us <= PST_RECENT_MAX_MS * G_GINT64_CONSTANT(1000))
            return;
        drop(recent, oldest);
    }
}

void
pst_recent_keep(PstRecent *recent, const char *key, const PstAnswer *answer, gint64 asked_us,
                gint64 now_us)
{
    if (answer->report == NULL || answer->via > PST_VIA_AGENT_BUILTIN || answer->uuid == NULL ||
        !holds_since(recent, answer->uuid, asked_us))
        return;
    Kept *older = g_hash_table_lookup(recent->by_key, key);
    if (older != NULL)
        drop(recent, older);
    g_autoptr(JsonObject) json = pst_answer_to_json(answer);
    g_autofree char *args = pst_json_to_text(answer->args, NULL);
    Kept *kept = g_new0(Kept, 1);
    kept->text = pst_json_to_text(json, NULL);
    kept->args = pst_json_parse(args, strlen(args), &pst_validate_to_api, NULL);
    kept->key = g_strdup(key);
    kept->uuid = g_strdup(answer->uuid);
    kept->asked_us = asked_us;
    kept->bytes = sizeof(*kept) + strlen(kept->text) + strlen(args) + strlen(key);
    kept->link.data = kept;
    make_room(recent, kept->bytes, now_us);
    if (kept->args == NULL)
        kept->args = json_object_new();
    g_queue_push_tail_link(&recent->in_order, &kept->link);
    g_hash_table_insert(recent->by_key, kept->key, kept);
    recent->bytes += kept->bytes;
}

PstAnswer *
pst_recent_find(PstRecent *recent, const char *key, gint64 max_age_us, gint64 now_us)
{
    const Kept *kept = g_hash_table_lookup(recent->by_key, key);

    if (kept == NULL || now_us - kept->asked_us > max_age_us)
        return NULL;
    g_autoptr(JsonObject) json =
        pst_json_parse(kept->text, strlen(kept->text), &pst_validate_from_api, NULL);
    PstAnswer *answer = json != NULL ? pst_answer_from_json(json, kept->args, NULL) : NULL;
    if (answer == NULL)
        return NULL;
    answer->uuid = g_strdup(kept->uuid);
    pst_answer_let_age(answer, (now_us - kept->asked_us) / 1000);
    return answer;
}
