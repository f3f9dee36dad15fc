// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-ended.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/exec-stream.h"
#include "protocol/exec-list.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define MAX_META (64 * 1024)
/* Of all rows: the rest of a frame is what the answer has around them. */
#define MAX_LIST (PST_LIMIT_FRAME_FROM_GUEST - 4096)

static PstExecPage *
bare_page(const PstExecAsk *ask, PstExecState state, const char *why)
{
    PstExecPage *page = g_new0(PstExecPage, 1);

    g_strlcpy(page->id, ask->id, sizeof(page->id));
    page->state = state;
    page->why = g_strdup(why);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        page->piece[i] = (PstExecPiece){ask->from[i], NULL, state != PST_EXEC_RUNNING};
    return page;
}

static PstExecPage *
read_end(const PstExecStore *store, const char *id)
{
    gsize len = 0;
    g_autofree char *text = pst_exec_store_read(store, id, "end", PST_LIMIT_FRAME_FROM_GUEST, &len);
    g_autoptr(JsonObject) json =
        text != NULL ? pst_json_parse(text, len, &pst_validate_from_guest, NULL) : NULL;

    return json != NULL ? pst_exec_page_read(json, NULL) : NULL;
}

/* What has arrived is left out. */
static void
trim(PstExecPiece *piece, gint64 from)
{
    gsize len = piece->data != NULL ? g_bytes_get_size(piece->data) : 0;
    gsize known = (gsize)CLAMP(from - piece->at, 0, (gint64)len);
    GBytes *rest = known < len ? g_bytes_new_from_bytes(piece->data, known, len - known) : NULL;

    g_clear_pointer(&piece->data, g_bytes_unref);
    piece->data = rest;
    piece->at += (gint64)known;
}

/* Of a detached command the end tells how much it wrote, and a file has the last of that. */
static gboolean
read_kept(const PstExecStore *store, const char *id, guint stream, gint64 from, PstExecPiece *piece)
{
    gsize len = 0;
    g_autofree char *text =
        pst_exec_store_read(store, id, pst_exec_stream_names[stream], PST_EXEC_STREAM_KEPT, &len);
    gint64 first = piece->at - (gint64)len;
    gsize skipped = (gsize)CLAMP(from - first, 0, (gint64)len);
    gsize n = MIN(len - skipped, PST_LIMIT_EXEC_PAGE / PST_EXEC_N_STREAMS);

    if (text == NULL)
        return FALSE;
    piece->at = first + (gint64)skipped;
    piece->data = n > 0 ? g_bytes_new(text + skipped, n) : NULL;
    piece->end = skipped + n == len;
    return TRUE;
}

PstExecPage *
pst_exec_ended_page(const PstExecStore *store, const PstExecAsk *ask)
{
    PstExecPage *page = read_end(store, ask->id);
    gboolean served = page == NULL && pst_exec_store_is_served(store, ask->id);

    /* It may have ended in between: its end is there before nobody serves it. */
    if (page == NULL && !served)
        page = read_end(store, ask->id);
    if (page != NULL) {
        for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
            if (!read_kept(store, ask->id, i, ask->from[i], &page->piece[i]))
                trim(&page->piece[i], ask->from[i]);
        return page;
    }
    if (served)
        return bare_page(ask, PST_EXEC_RUNNING, NULL);
    if (!pst_exec_store_has(store, ask->id))
        return bare_page(ask, PST_EXEC_UNKNOWN, "no command of this id is known in this boot");
    return bare_page(ask, PST_EXEC_LOST, "it was started, and how it ended is not known");
}

static JsonObject *
row(const PstExecStore *store, const char *id)
{
    const PstExecAsk ask = {.wait_ms = 0};
    gsize len = 0;
    g_autofree char *text = pst_exec_store_read(store, id, "meta", MAX_META, &len);
    JsonObject *json =
        text != NULL ? pst_json_parse(text, len, &pst_validate_from_guest, NULL) : NULL;
    PstExecAsk of = ask;

    if (json == NULL)
        return NULL;
    g_strlcpy(of.id, id, sizeof(of.id));
    g_autoptr(PstExecPage) page = pst_exec_ended_page(store, &of);
    pst_json_set_string(json, "state", pst_exec_state_names[page->state]);
    if (page->state == PST_EXEC_EXITED || page->state == PST_EXEC_FAILED)
        json_object_set_int_member(json, "status", page->status);
    if (page->state == PST_EXEC_KILLED)
        json_object_set_int_member(json, "signal", page->signal);
    pst_json_set_string(json, "why", page->why);
    if (page->state != PST_EXEC_RUNNING)
        json_object_set_int_member(json, "took_ms", page->took_ms);
    return json;
}

/* Takes the room of a row from *LEFT. */
static gboolean
fits(JsonObject *json, gsize *left)
{
    gsize len = 0;
    g_autofree char *text = pst_json_to_text(json, &len);

    if (len >= *left)
        return FALSE;
    *left -= len + 1;
    return TRUE;
}

static gboolean
has_end(const PstExecStore *store, const char *id)
{
    int fd = pst_exec_store_file(store, id, "end", O_PATH);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The newest first, and before these what has no end yet: one that runs is not to be missed for
 * others that came and went since. */
static GPtrArray *
in_order(const PstExecStore *store, char *const *ids)
{
    g_autoptr(GPtrArray) ended = g_ptr_array_new();
    GPtrArray *all = g_ptr_array_new();

    for (guint i = g_strv_length((char **)ids); i > 0; i--)
        g_ptr_array_add(has_end(store, ids[i - 1]) ? ended : all, ids[i - 1]);
    g_ptr_array_extend(all, ended, NULL, NULL);
    return all;
}

JsonObject *
pst_exec_ended_list(const PstExecStore *store)
{
    g_auto(GStrv) ids = pst_exec_store_ids(store);
    g_autoptr(GPtrArray) all = in_order(store, ids);
    JsonArray *rows = json_array_new();
    JsonObject *result = json_object_new();
    gsize left = MAX_LIST;
    gboolean truncated = FALSE;

    for (guint i = 0; i < all->len && !truncated; i++) {
        g_autoptr(JsonObject) json = row(store, all->pdata[i]);

        if (json == NULL)
            continue;
        if (json_array_get_length(rows) < PST_EXEC_LIST_MAX && fits(json, &left))
            json_array_add_object_element(rows, g_steal_pointer(&json));
        truncated = json != NULL;
    }
    json_object_set_boolean_member(result, "truncated", truncated);
    json_object_set_array_member(result, "commands", rows);
    return result;
}
