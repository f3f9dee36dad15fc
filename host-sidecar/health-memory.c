// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/health-memory.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define MAX_UUID 64
#define MAX_NAME 512
#define MAX_WORD 32
#define MAX_SUMMARY 512
#define MAX_KEY 160
/* Fifteen members an entry, each a name and a value, and what was told. */
#define MAX_TOKENS (PST_HEALTH_MEMORY_MAX * (40 + PST_HEALTH_MEMORY_MAX_TOLD))

static const PstField entry_rows[] = {
    PST_REQUIRED_STRING(PstHealthEntry, uuid, "the domain's UUID"),
    PST_REQUIRED_STRING(PstHealthEntry, name, "its name"),
    PST_INT(PstHealthEntry, seen_us, "the last sweep that it was part of"),
    PST_INT(PstHealthEntry, misses, "how often it did not answer, since it did"),
    PST_INT(PstHealthEntry, missed_us, "the last time"),
    PST_INT(PstHealthEntry, run, "libvirt's number of it then"),
    PST_STRING(PstHealthEntry, missed_id, "what was found of it then"),
    PST_INT(PstHealthEntry, missed_severity, "how bad that is"),
    PST_STRING(PstHealthEntry, missed_text, "the same in a line"),
    PST_INT(PstHealthEntry, silent_us, "since when it has not answered"),
    PST_INT(PstHealthEntry, answered_us, "when it last answered"),
    PST_STRING(PstHealthEntry, status, "what that said"),
    PST_STRING(PstHealthEntry, summary, "the same in a line"),
    PST_STRING(PstHealthEntry, condition, "what it was doing"),
    PST_STRINGS(PstHealthEntry, told, "its problems"),
};
static const PstFields entry_fields = PST_FIELDS(PstHealthEntry, entry_rows);

static const PstField rows[] = {
    PST_INT(PstHealthMemory, swept_us, "when the last sweep was"),
    PST_LIST(PstHealthMemory, guests, entry_fields, "the domains"),
};
static const PstFields fields = PST_FIELDS(PstHealthMemory, rows);

PstHealthMemory *
pst_health_memory_new(void)
{
    return pst_fields_new(&fields);
}

void
pst_health_memory_free(PstHealthMemory *memory)
{
    pst_fields_free(&fields, memory);
}

static guint
count(const PstHealthMemory *memory)
{
    return memory->guests != NULL ? memory->guests->len : 0;
}

/* ---- as text ---- */

static gboolean
is_time(gint64 number)
{
    return number == PST_INT_UNKNOWN || (number >= 0 && number <= PST_LIMIT_INTEGER);
}

static gboolean
is_short(const char *text, gsize max)
{
    return text == NULL || strlen(text) <= max;
}

static gboolean
are_words_sound(const PstHealthEntry *entry)
{
    guint n = 0;

    for (char **word = entry->told; word != NULL && *word != NULL; word++)
        if (++n > PST_HEALTH_MEMORY_MAX_TOLD || !is_short(*word, MAX_KEY))
            return FALSE;
    return is_short(entry->uuid, MAX_UUID) && is_short(entry->name, MAX_NAME) &&
           is_short(entry->status, MAX_WORD) && is_short(entry->condition, MAX_WORD) &&
           is_short(entry->summary, MAX_SUMMARY) && is_short(entry->missed_id, MAX_KEY) &&
           is_short(entry->missed_text, MAX_SUMMARY);
}

static gboolean
are_numbers_sound(const PstHealthEntry *entry)
{
    return is_time(entry->seen_us) && is_time(entry->silent_us) && is_time(entry->answered_us) &&
           is_time(entry->misses) && is_time(entry->missed_us) && is_time(entry->run) &&
           is_time(entry->missed_severity);
}

static gboolean
check(const PstHealthMemory *memory, GError **error)
{
    g_autoptr(GHashTable) uuids = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean sound = count(memory) <= PST_HEALTH_MEMORY_MAX && is_time(memory->swept_us);

    for (guint i = 0; sound && i < count(memory); i++) {
        PstHealthEntry *entry = memory->guests->pdata[i];
        sound = are_words_sound(entry) && are_numbers_sound(entry) &&
                g_hash_table_add(uuids, entry->uuid);
    }
    if (!sound)
        g_set_error_literal(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                            "this is not what a sweep left");
    return sound;
}

PstHealthMemory *
pst_health_memory_parse(const char *text, gsize len, GError **error)
{
    const PstValidateLimits limits = {
        .max_bytes = PST_HEALTH_MEMORY_MAX_BYTES,
        .max_tokens = MAX_TOKENS,
    };
    g_autoptr(JsonObject) json = pst_json_parse(text, len, &limits, error);

    if (json == NULL)
        return NULL;
    g_autoptr(PstHealthMemory) memory = pst_fields_decode(&fields, json, error);
    if (memory == NULL || !check(memory, error))
        return NULL;
    return g_steal_pointer(&memory);
}

static void
free_entry(gpointer entry)
{
    pst_fields_free(&entry_fields, entry);
}

char *
pst_health_memory_to_text(PstHealthMemory *memory, gsize *len)
{
    for (;;) {
        PstFieldsCut cut = {PST_HEALTH_MEMORY_MAX, MAX_SUMMARY, FALSE};
        g_autoptr(JsonObject) json = pst_fields_encode(&fields, memory, &cut);
        g_autofree char *text = pst_json_to_text(json, len);

        if (*len <= PST_HEALTH_MEMORY_MAX_BYTES)
            return g_steal_pointer(&text);
        for (guint left = count(memory) / 2; count(memory) > left;)
            free_entry(g_ptr_array_steal_index(memory->guests, count(memory) - 1));
    }
}

/* ---- entries ---- */

PstHealthEntry *
pst_health_memory_find(const PstHealthMemory *memory, const char *uuid, const char *name)
{
    g_autofree char *clean = uuid == NULL ? pst_json_clean_cut(name, MAX_NAME, NULL) : NULL;

    for (guint i = 0; i < count(memory); i++) {
        PstHealthEntry *entry = memory->guests->pdata[i];

        if (uuid != NULL ? g_str_equal(entry->uuid, uuid) : g_str_equal(entry->name, clean))
            return entry;
    }
    return NULL;
}

PstHealthEntry *
pst_health_memory_take(PstHealthMemory *memory, const char *uuid, const char *name)
{
    PstHealthEntry *entry = pst_health_memory_find(memory, uuid, name);

    if (entry == NULL) {
        if (count(memory) >= PST_HEALTH_MEMORY_MAX)
            return NULL;
        entry = pst_fields_append(&entry_fields, &memory->guests);
        entry->uuid = pst_json_clean_cut(uuid, MAX_UUID, NULL);
    }
    g_free(entry->name);
    entry->name = pst_json_clean_cut(name, MAX_NAME, NULL);
    return entry;
}

void
pst_health_memory_forget(PstHealthMemory *memory, gint64 seen_us)
{
    for (guint i = count(memory); i > 0; i--) {
        PstHealthEntry *entry = memory->guests->pdata[i - 1];

        if (entry->seen_us < seen_us)
            free_entry(g_ptr_array_steal_index(memory->guests, i - 1));
    }
}

PstBreaker
pst_health_memory_breaker(const PstHealthEntry *entry)
{
    PstBreaker breaker = {
        .misses = entry->misses != PST_INT_UNKNOWN ? entry->misses : 0,
        .missed_us = entry->missed_us != PST_INT_UNKNOWN ? entry->missed_us : 0,
        .run = entry->run,
    };

    return breaker;
}

char *
pst_health_memory_key(const PstProblem *problem)
{
    g_autofree char *whole =
        g_strdup_printf("%s%s%s", problem->id, problem->subject != NULL ? "@" : "",
                        problem->subject != NULL ? problem->subject : "");

    return pst_json_clean_cut(whole, MAX_KEY, NULL);
}

gboolean
pst_health_memory_was_told(const PstHealthEntry *entry, const char *key)
{
    return entry != NULL && entry->told != NULL &&
           g_strv_contains((const char *const *)entry->told, key);
}
