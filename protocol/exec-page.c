// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a command is, and what it wrote: the results of exec.start and exec.page. */
#include "protocol/exec-json.h"
#include "protocol/exec.h"
#include "protocol/limits.h"

#define MAX_WHY 512

const char *const pst_exec_stream_names[] = {"out", "err", NULL};
const char *const pst_exec_state_names[] = {"running", "exited",  "killed", "failed",
                                            "lost",    "unknown", NULL};

void
pst_exec_page_free(PstExecPage *page)
{
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        g_clear_pointer(&page->piece[i].data, g_bytes_unref);
    g_free(page->why);
    g_free(page);
}

gboolean
pst_exec_page_is_last(const PstExecPage *page)
{
    return page->state != PST_EXEC_RUNNING && page->piece[PST_EXEC_OUT].end &&
           page->piece[PST_EXEC_ERR].end;
}

static JsonObject *
piece_to_json(const PstExecPiece *piece)
{
    JsonObject *json = json_object_new();

    json_object_set_int_member(json, "at", piece->at);
    pst_exec_json_set_bytes(json, "b64", piece->data);
    if (piece->end)
        json_object_set_boolean_member(json, "end", TRUE);
    return json;
}

JsonObject *
pst_exec_page_result(const PstExecPage *page)
{
    JsonObject *result = json_object_new();

    pst_json_set_string(result, "id", page->id);
    pst_json_set_string(result, "state", pst_exec_state_names[page->state]);
    if (page->pid > 0)
        json_object_set_int_member(result, "pid", page->pid);
    if (page->state == PST_EXEC_EXITED || page->state == PST_EXEC_FAILED)
        json_object_set_int_member(result, "status", page->status);
    if (page->state == PST_EXEC_KILLED)
        json_object_set_int_member(result, "signal", page->signal);
    pst_json_set_string(result, "why", page->why);
    json_object_set_int_member(result, "took_ms", page->took_ms);
    json_object_set_int_member(result, "input", page->input);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        json_object_set_object_member(result, pst_exec_stream_names[i],
                                      piece_to_json(&page->piece[i]));
    return result;
}

static gboolean
read_piece(JsonObject *result, const char *name, PstExecPiece *piece, GError **error)
{
    JsonObject *json = NULL;

    return pst_json_get_object(result, name, PST_JSON_REQUIRED, &json, error) &&
           pst_exec_json_get_number(json, "at", PST_JSON_REQUIRED, 0, PST_LIMIT_INTEGER / 2,
                                    &piece->at, error) &&
           pst_exec_json_get_bytes(json, "b64", PST_LIMIT_EXEC_PAGE, &piece->data, error) &&
           pst_json_get_bool(json, "end", PST_JSON_OPTIONAL, &piece->end, error);
}

static gboolean
read_state(JsonObject *result, PstExecPage *page, GError **error)
{
    const char *name = NULL;

    if (!pst_json_get_string(result, "state", PST_JSON_REQUIRED, &name, error))
        return FALSE;
    for (page->state = 0; pst_exec_state_names[page->state] != NULL; page->state++)
        if (g_str_equal(name, pst_exec_state_names[page->state]))
            return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'state' is none that is known");
    return FALSE;
}

static gboolean
read_end(JsonObject *result, PstExecPage *page, GError **error)
{
    gboolean by_signal = page->state == PST_EXEC_KILLED;
    gint64 number = 0;

    if (page->state != PST_EXEC_EXITED && page->state != PST_EXEC_FAILED && !by_signal)
        return TRUE;
    if (!pst_exec_json_get_number(result, by_signal ? "signal" : "status", PST_JSON_REQUIRED,
                                  by_signal ? 1 : 0, by_signal ? 127 : 255, &number, error))
        return FALSE;
    if (by_signal)
        page->signal = (int)number;
    else
        page->status = (int)number;
    return TRUE;
}

PstExecPage *
pst_exec_page_read(JsonObject *result, GError **error)
{
    g_autoptr(PstExecPage) page = g_new0(PstExecPage, 1);
    const char *why = NULL;

    if (!pst_exec_json_get_id(result, page->id, error) || !read_state(result, page, error) ||
        !read_end(result, page, error) ||
        !pst_exec_json_get_number(result, "pid", PST_JSON_OPTIONAL, 0, G_MAXINT32, &page->pid,
                                  error) ||
        !pst_exec_json_get_number(result, "took_ms", PST_JSON_REQUIRED, 0, PST_LIMIT_INTEGER,
                                  &page->took_ms, error) ||
        !pst_exec_json_get_number(result, "input", PST_JSON_OPTIONAL, 0, PST_LIMIT_INTEGER,
                                  &page->input, error) ||
        !pst_json_get_string(result, "why", PST_JSON_OPTIONAL, &why, error))
        return NULL;
    page->why = why != NULL ? pst_json_clean_cut(why, MAX_WHY, NULL) : NULL;
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        if (!read_piece(result, pst_exec_stream_names[i], &page->piece[i], error))
            return NULL;
    return g_steal_pointer(&page);
}
