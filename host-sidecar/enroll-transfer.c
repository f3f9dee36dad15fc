// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-transfer.h"

#include "protocol/error.h"
#include "protocol/json.h"

static gboolean
open_file(const PstEnrollAgent *agent, const char *path, const char *mode, gint64 *handle,
          GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();

    json_object_set_string_member(arguments, "path", path);
    json_object_set_string_member(arguments, "mode", mode);
    g_autoptr(JsonObject) answer =
        agent->ask(agent->agent, "guest-file-open", arguments, agent->deadline_us, error);
    if (answer == NULL)
        return FALSE;
    return (pst_json_get_int(answer, "return", PST_JSON_REQUIRED, handle, NULL) && *handle >= 0) ||
           pst_enroll_agent_break_off(error, "guest-file-open");
}

/* guest-file-flush and guest-file-close, which return nothing. */
static gboolean
say_to_file(const PstEnrollAgent *agent, const char *command, gint64 handle, GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();

    json_object_set_int_member(arguments, "handle", handle);
    g_autoptr(JsonObject) answer = pst_enroll_agent_ask(agent, command, arguments, error);
    return answer != NULL;
}

/* As much of the LEN bytes as the agent takes. */
static gboolean
write_some(const PstEnrollAgent *agent, gint64 handle, const guint8 *bytes, gsize len, gsize *taken,
           GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    g_autofree char *text = g_base64_encode(bytes, len);
    gint64 count = 0;

    json_object_set_int_member(arguments, "handle", handle);
    json_object_set_string_member(arguments, "buf-b64", text);
    g_autoptr(JsonObject) told = pst_enroll_agent_ask(agent, "guest-file-write", arguments, error);
    if (told == NULL)
        return FALSE;
    if (!pst_json_get_int(told, "count", PST_JSON_REQUIRED, &count, NULL) || count <= 0 ||
        count > (gint64)len)
        return pst_enroll_agent_break_off(error, "guest-file-write");
    *taken = (gsize)count;
    return TRUE;
}

static gboolean
write_all(const PstEnrollAgent *agent, gint64 handle, GBytes *bytes, GError **error)
{
    gsize len = 0, at = 0, taken = 0;
    const guint8 *data = g_bytes_get_data(bytes, &len);

    for (at = 0; at < len; at += taken)
        if (!write_some(agent, handle, data + at, MIN(len - at, PST_ENROLL_TRANSFER_PIECE), &taken,
                        error))
            return FALSE;
    return say_to_file(agent, "guest-file-flush", handle, error);
}

gboolean
pst_enroll_transfer_put(const PstEnrollAgent *agent, const char *path, GBytes *bytes,
                        GError **error)
{
    gint64 handle = 0;

    if (!open_file(agent, path, "w", &handle, error))
        return FALSE;
    gboolean written = write_all(agent, handle, bytes, error);
    /* Also where that failed: the agent would keep it open. Its first failure is told. */
    gboolean closed = say_to_file(agent, "guest-file-close", handle, written ? error : NULL);
    return written && closed;
}

/* One piece; its end is one of no bytes. */
static gboolean
read_some(const PstEnrollAgent *agent, gint64 handle, GByteArray *bytes, gboolean *end,
          GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    const char *text = NULL;
    gint64 count = 0;
    gsize len = 0;

    json_object_set_int_member(arguments, "handle", handle);
    json_object_set_int_member(arguments, "count", PST_ENROLL_TRANSFER_PIECE);
    g_autoptr(JsonObject) told = pst_enroll_agent_ask(agent, "guest-file-read", arguments, error);
    if (told == NULL)
        return FALSE;
    if (!pst_json_get_int(told, "count", PST_JSON_REQUIRED, &count, NULL) ||
        !pst_json_get_string(told, "buf-b64", PST_JSON_REQUIRED, &text, NULL) ||
        !pst_json_get_bool(told, "eof", PST_JSON_REQUIRED, end, NULL))
        return pst_enroll_agent_break_off(error, "guest-file-read");
    g_autofree guchar *data = g_base64_decode(text, &len);
    if (count < 0 || (gsize)count != len || len > PST_ENROLL_TRANSFER_PIECE)
        return pst_enroll_agent_break_off(error, "guest-file-read");
    g_byte_array_append(bytes, data, (guint)len);
    *end |= len == 0;
    return TRUE;
}

static GBytes *
read_all(const PstEnrollAgent *agent, const char *path, gint64 handle, gsize max, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    gboolean end = FALSE;

    while (!end) {
        if (!read_some(agent, handle, bytes, &end, error))
            return NULL;
        if (bytes->len > max) {
            g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE,
                        "%s in the guest has more than %" G_GSIZE_FORMAT " bytes", path, max);
            return NULL;
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

GBytes *
pst_enroll_transfer_get(const PstEnrollAgent *agent, const char *path, gsize max, GError **error)
{
    gint64 handle = 0;

    if (!open_file(agent, path, "r", &handle, error))
        return NULL;
    GBytes *bytes = read_all(agent, path, handle, max, error);
    say_to_file(agent, "guest-file-close", handle, NULL);
    return bytes;
}
