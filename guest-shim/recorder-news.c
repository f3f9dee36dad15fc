// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-news.h"

#include "protocol/json.h"

/* Units that end faster than they can be looked at. */
#define MAX_ENDED 256
#define MAX_KNOWN 1024

static const struct {
    const char *finding;
    PstEventKind kind;
} rows[] = {
    {"services.failed", PST_EVENT_UNIT_FAILED},
    {"services.restart-loop", PST_EVENT_UNIT_RESTARTING},
    {"storage.full", PST_EVENT_DISK_FULL},
    {"storage.inodes-gone", PST_EVENT_DISK_FULL},
    {"storage.nearly-full", PST_EVENT_DISK_NEARLY_FULL},
    {"storage.inodes-low", PST_EVENT_DISK_NEARLY_FULL},
};

const char *const pst_recorder_news_probes[] = {"services", "storage", NULL};

struct PstRecorderNews {
    PstRecorderNewsEvent event;
    gpointer user_data;
    GHashTable *known; /* probe → set of what its last report said */
    GHashTable *ended; /* set of units */
};

PstRecorderNews *
pst_recorder_news_new(PstRecorderNewsEvent event, gpointer user_data)
{
    PstRecorderNews *news = g_new0(PstRecorderNews, 1);

    news->event = event;
    news->user_data = user_data;
    news->known =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    news->ended = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return news;
}

void
pst_recorder_news_free(PstRecorderNews *news)
{
    g_hash_table_unref(news->known);
    g_hash_table_unref(news->ended);
    g_free(news);
}

void
pst_recorder_news_ended(PstRecorderNews *news, const char *unit)
{
    if (g_hash_table_size(news->ended) < MAX_ENDED)
        g_hash_table_add(news->ended, g_strdup(unit));
}

static const char *
string_of(JsonObject *object, const char *name)
{
    const char *value = NULL;

    if (object != NULL)
        pst_json_get_string(object, name, PST_JSON_NULLABLE, &value, NULL);
    return value;
}

static gboolean
find_kind(const char *id, PstEventKind *kind)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_strcmp0(rows[i].finding, id) != 0)
            continue;
        *kind = rows[i].kind;
        return TRUE;
    }
    return FALSE;
}

static gboolean
has_failed_again(const PstRecorderNews *news, PstEventKind kind, const char *unit)
{
    return kind == PST_EVENT_UNIT_FAILED && unit != NULL &&
           g_hash_table_contains(news->ended, unit);
}

/* KNOWN: what the last report said, or NULL; what this one says is added to NOW. */
static void
take_finding(PstRecorderNews *news, JsonObject *finding, GHashTable *known, GHashTable *now)
{
    JsonObject *evidence = NULL;
    PstEventKind kind;

    if (!find_kind(string_of(finding, "id"), &kind))
        return;
    pst_json_get_object(finding, "evidence", PST_JSON_NULLABLE, &evidence, NULL);
    PstEventFacts facts = {.message = string_of(finding, "message"),
                           .unit = string_of(evidence, "unit")};
    facts.path = facts.unit == NULL ? string_of(evidence, "path") : NULL;
    const char *subject = facts.unit != NULL ? facts.unit : facts.path;
    char *key = g_strdup_printf("%s %s", string_of(finding, "id"), subject != NULL ? subject : "");
    gboolean said = known == NULL || g_hash_table_contains(known, key);

    if (!said || has_failed_again(news, kind, facts.unit))
        news->event(kind, &facts, news->user_data);
    g_hash_table_add(now, key);
}

static void
add_all(GHashTable *to, GHashTable *from)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_size(to) < MAX_KNOWN && g_hash_table_iter_next(&iter, &key, NULL))
        g_hash_table_add(to, g_strdup(key));
}

void
pst_recorder_news_take(PstRecorderNews *news, JsonObject *report)
{
    const char *probe = string_of(report, "probe");
    GHashTable *known = probe != NULL ? g_hash_table_lookup(news->known, probe) : NULL;
    gboolean unknown = g_strcmp0(string_of(report, "status"), "unknown") == 0;
    JsonArray *findings = NULL;

    if (probe == NULL || (unknown && known == NULL))
        return;
    GHashTable *now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    /* What could not look at everything knows of nothing that it has passed. */
    if (unknown)
        add_all(now, known);
    pst_json_get_array(report, "findings", PST_JSON_OPTIONAL, &findings, NULL);
    for (guint i = 0; findings != NULL && i < json_array_get_length(findings); i++)
        take_finding(news, json_array_get_object_element(findings, i), known, now);
    g_hash_table_replace(news->known, g_strdup(probe), now);
    if (g_str_equal(probe, "services") && !unknown)
        g_hash_table_remove_all(news->ended);
}
