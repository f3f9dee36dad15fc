// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/health.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* Of a row in its frame, and of all rows: a caller that has 8 MiB unread is hung up on. */
#define MAX_ROW (PST_LIMIT_FRAME_FROM_API - 1024)
#define MAX_ROWS (6 * 1024 * 1024)

/* In at most MAX bytes, or as few as tell of it at all. */
static JsonObject *
row_to_json(const PstHealthRow *row, gsize max)
{
    /* Six bytes of JSON for one of a string, at worst. */
    PstFieldsCut cuts[] = {
        PST_FIELDS_CUT_DEFAULT, {32, 1024, FALSE}, {2, 512, FALSE}, {1, 100, FALSE}};
    JsonObject *json = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(cuts); i++) {
        gsize len = 0;

        g_clear_pointer(&json, json_object_unref);
        json = pst_fields_encode(&pst_health_row_fields, row, &cuts[i]);
        g_autofree char *text = pst_json_to_text(json, &len);
        if (len <= max)
            break;
    }
    return json;
}

JsonObject *
pst_health_to_parts(const PstHealth *health, JsonArray **rows)
{
    PstFieldsCut cut = {PST_HEALTH_MEMORY_MAX, 1024, FALSE};
    PstHealth whole = *health;
    guint n = health->domains != NULL ? health->domains->len : 0;

    whole.domains = NULL;
    *rows = json_array_new();
    for (guint i = 0; i < n; i++)
        json_array_add_object_element(
            *rows, row_to_json(health->domains->pdata[i], MIN(MAX_ROW, MAX_ROWS / n)));
    return pst_fields_encode(&pst_health_fields, &whole, &cut);
}

/* A status that is left out must not be taken for the first of them, which is ok. */
static gboolean
check_words(JsonObject *json, const char *const *names, GError **error)
{
    const char *word = NULL;

    for (; *names != NULL; names++)
        if (!pst_json_get_string(json, *names, PST_JSON_REQUIRED, &word, error))
            return FALSE;
    return TRUE;
}

static gboolean
check_rows(JsonArray *rows, GError **error)
{
    static const char *const words[] = {"status", "condition", "summary", NULL};

    for (guint i = 0; i < json_array_get_length(rows); i++)
        if (!check_words(json_array_get_object_element(rows, i), words, error))
            return FALSE;
    return TRUE;
}

/* What is said of the whole is of its worst domain, and ok where there is none. */
static gboolean
check_status(const PstHealth *health, GError **error)
{
    int worst = PST_STATUS_OK;

    for (guint i = 0; health->domains != NULL && i < health->domains->len; i++)
        worst = MAX(worst, ((PstHealthRow *)health->domains->pdata[i])->status);
    if (worst == health->status)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                "'status' is not that of the worst domain");
    return FALSE;
}

PstHealth *
pst_health_from_parts(JsonObject *json, JsonArray *rows, GError **error)
{
    static const char *const words[] = {"status", NULL};
    g_autoptr(JsonObject) whole = json_object_new();
    g_autoptr(GList) members = json_object_get_members(json);

    if (!check_words(json, words, error) || !check_rows(rows, error))
        return NULL;
    for (GList *member = members; member != NULL; member = member->next)
        json_object_set_member(whole, member->data,
                               json_node_copy(json_object_get_member(json, member->data)));
    json_object_set_array_member(whole, "domains", json_array_ref(rows));
    g_autoptr(PstHealth) health = pst_fields_decode(&pst_health_fields, whole, error);
    if (health == NULL || !check_status(health, error))
        return NULL;
    pst_health_sort(health);
    if (health->took_ms == PST_INT_UNKNOWN)
        health->took_ms = 0;
    return g_steal_pointer(&health);
}
