// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exec-words.h"

#include <signal.h>
#include <string.h>

#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/exec-list.h"
#include "protocol/json.h"

#define MAX_SIGNAL 64

int
pst_exec_words_exit_code(const PstExecPage *page)
{
    switch (page->state) {
    case PST_EXEC_EXITED:
    case PST_EXEC_FAILED:
        return page->status;
    case PST_EXEC_KILLED:
        return 128 + page->signal;
    default:
        return PST_EXEC_EXIT_FAILED;
    }
}

int
pst_exec_words_error_code(const GError *error)
{
    return error->code == PST_ERROR_NOT_ALLOWED || error->code == PST_ERROR_NO_PERMISSION
               ? PST_EXEC_EXIT_NOT_ALLOWED
               : PST_EXEC_EXIT_FAILED;
}

static const char *
explain(const char *why)
{
    static const char *const known[][2] = {
        {"deadline", "killed with all that it started: its time was over (--timeout)"},
        {"abandoned", "killed with all that it started: nobody had asked about it for a minute"},
        {"input-differs", "killed: what it was fed was not what had been announced"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_str_equal(why, known[i][0]))
            return known[i][1];
    return why;
}

char *
pst_exec_words_note(const PstExecPage *page)
{
    if (page->why != NULL)
        return g_strdup(explain(page->why));
    if (page->state == PST_EXEC_KILLED)
        return g_strdup_printf("ended by signal %d (%s)", page->signal, strsignal(page->signal));
    return NULL;
}

/* As text where it is one, else in base64. */
static void
add_stream(JsonObject *json, const char *name, const PstExecWordsStream *stream)
{
    const char *data = (const char *)stream->kept->data;
    gsize len = stream->kept->len;
    g_autofree char *bytes = g_strconcat(name, "_bytes", NULL);
    g_autofree char *truncated = g_strconcat(name, "_truncated", NULL);

    if (len == 0 || g_utf8_validate_len(data, (gssize)len, NULL)) {
        g_autofree char *text = g_strndup(len > 0 ? data : "", len);
        json_object_set_string_member(json, name, text);
    } else {
        g_autofree char *member = g_strconcat(name, "_b64", NULL);
        g_autofree char *text = g_base64_encode(stream->kept->data, len);
        json_object_set_string_member(json, member, text);
    }
    json_object_set_int_member(json, bytes, (gint64)stream->bytes);
    json_object_set_boolean_member(json, truncated, stream->bytes > len || stream->missed);
}

JsonObject *
pst_exec_words_json(const PstExecPage *page, const char *guest, const char *via,
                    const PstExecWordsStream *streams)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "id", page->id);
    pst_json_set_string(json, "guest", guest);
    pst_json_set_string(json, "via", via);
    pst_json_set_string(json, "state", pst_exec_state_names[page->state]);
    json_object_set_int_member(
        json, "exit_code", page->state == PST_EXEC_RUNNING ? 0 : pst_exec_words_exit_code(page));
    if (page->state == PST_EXEC_EXITED)
        json_object_set_int_member(json, "status", page->status);
    if (page->state == PST_EXEC_KILLED)
        json_object_set_int_member(json, "signal", page->signal);
    pst_json_set_string(json, "why", page->why);
    json_object_set_int_member(json, "took_ms", page->took_ms);
    add_stream(json, "stdout", &streams[PST_EXEC_OUT]);
    add_stream(json, "stderr", &streams[PST_EXEC_ERR]);
    return json;
}

JsonObject *
pst_exec_words_error_json(const char *id, const GError *error)
{
    JsonObject *json = json_object_new();
    JsonObject *what = json_object_new();

    pst_json_set_string(json, "id", id);
    pst_json_set_string(what, "reason", pst_error_reason((PstErrorCode)error->code));
    pst_json_set_string(what, "message", error->message);
    json_object_set_object_member(json, "error", what);
    json_object_set_int_member(json, "exit_code", pst_exec_words_error_code(error));
    return json;
}

int
pst_exec_words_signal(const char *text)
{
    guint64 number = 0;

    if (g_ascii_string_to_unsigned(text, 10, 1, MAX_SIGNAL, &number, NULL))
        return (int)number;
    if (g_ascii_strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (int i = 1; i < NSIG; i++) {
        const char *name = sigabbrev_np(i);
        if (name != NULL && g_ascii_strcasecmp(text, name) == 0)
            return i;
    }
    return 0;
}

static void
append_row(GString *out, const PstExecRow *row)
{
    pst_render_append(out, row->id);
    g_string_append_printf(out, "  %s", pst_exec_state_names[row->state]);
    if (row->status != PST_INT_UNKNOWN || row->signal != PST_INT_UNKNOWN)
        g_string_append_printf(out, " %" G_GINT64_FORMAT,
                               row->status != PST_INT_UNKNOWN ? row->status : row->signal);
    g_string_append(out, "  ");
    pst_render_append(out, row->user != NULL ? row->user : "-");
    g_string_append(out, "  ");
    pst_render_append(out, row->command);
    g_string_append_c(out, '\n');
}

char *
pst_exec_words_list(JsonObject *json, GError **error)
{
    PstExecList *list = pst_fields_decode(&pst_exec_list_fields, json, error);
    GString *out = g_string_new(NULL);

    if (list == NULL)
        return g_string_free(out, TRUE);
    for (guint i = 0; i < list->commands->len; i++)
        append_row(out, list->commands->pdata[i]);
    pst_fields_free(&pst_exec_list_fields, list);
    return g_string_free(out, FALSE);
}
