// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/http-response.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_HEAD (64 * 1024)
#define MAX_BODY (64 * 1024 * 1024)
#define HEAD_END "\r\n\r\n"
#define LINE_END "\r\n"

typedef struct {
    guint status;
    gboolean chunked;
    gboolean sized;
    gsize size;
} Head;

typedef enum { MORE, DONE, BAD } Progress;

static gboolean
fail(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "no HTTP response: %s", what);
    return FALSE;
}

void
pst_http_response_free(PstHttpResponse *response)
{
    g_byte_array_unref(response->body);
    g_free(response);
}

static const char *
find(const char *bytes, gsize len, const char *wanted)
{
    return len > 0 ? memmem(bytes, len, wanted, strlen(wanted)) : NULL;
}

/* `HTTP/1.x NNN …` */
static gboolean
read_status(const char *line, Head *head)
{
    if ((!g_str_has_prefix(line, "HTTP/1.1 ") && !g_str_has_prefix(line, "HTTP/1.0 ")) ||
        strlen(line) < 12)
        return FALSE;
    for (guint i = 9; i < 12; i++) {
        if (!g_ascii_isdigit(line[i]))
            return FALSE;
        head->status = head->status * 10 + (guint)g_ascii_digit_value(line[i]);
    }
    return line[12] == '\0' || line[12] == ' ';
}

/* A length that is given twice, or beside chunks, is how responses are smuggled: refused. */
static gboolean
read_field(const char *line, Head *head)
{
    const char *colon = strchr(line, ':');
    guint64 size = 0;

    if (colon == NULL)
        return FALSE;
    g_autofree char *name = g_ascii_strdown(line, colon - line);
    g_autofree char *value = g_strstrip(g_strdup(colon + 1));
    if (g_str_equal(name, "transfer-encoding")) {
        if (head->chunked || g_ascii_strcasecmp(value, "chunked") != 0)
            return FALSE;
        head->chunked = TRUE;
    } else if (g_str_equal(name, "content-length")) {
        if (head->sized || !g_ascii_string_to_unsigned(value, 10, 0, MAX_BODY, &size, NULL))
            return FALSE;
        head->sized = TRUE;
        head->size = (gsize)size;
    }
    return !head->sized || !head->chunked;
}

static gboolean
read_head(const char *bytes, gsize len, Head *head)
{
    g_autofree char *text = g_strndup(bytes, len);
    g_auto(GStrv) lines = g_strsplit(text, LINE_END, -1);

    if (strlen(text) != len || lines[0] == NULL || !read_status(lines[0], head))
        return FALSE;
    for (guint i = 1; lines[i] != NULL; i++)
        if (!read_field(lines[i], head))
            return FALSE;
    return TRUE;
}

/* The size of the chunk at *at in hexadecimal digits, with what may stand behind a semicolon. */
static Progress
read_chunk_size(const char *bytes, gsize len, gsize *at, gsize *size)
{
    const char *end = find(bytes + *at, len - *at, LINE_END);
    char *rest = NULL;

    if (end == NULL)
        return len - *at > 256 ? BAD : MORE;
    g_autofree char *line = g_strndup(bytes + *at, (gsize)(end - bytes) - *at);
    if (!g_ascii_isxdigit(line[0]))
        return BAD;
    guint64 value = g_ascii_strtoull(line, &rest, 16);
    if ((*rest != '\0' && *rest != ';' && *rest != ' ') || value > MAX_BODY)
        return BAD;
    *size = (gsize)value;
    *at = (gsize)(end - bytes) + strlen(LINE_END);
    return DONE;
}

/* What comes behind the last chunk, its trailer, is nobody's concern: the connection is closed. */
static Progress
read_chunks(const char *bytes, gsize len, GByteArray *body)
{
    for (gsize at = 0, size = 0;;) {
        Progress progress = read_chunk_size(bytes, len, &at, &size);

        if (progress != DONE || size == 0)
            return progress;
        if (size > MAX_BODY - MIN(body->len, (guint)MAX_BODY))
            return BAD;
        if (len - at < size + strlen(LINE_END))
            return MORE;
        g_byte_array_append(body, (const guint8 *)bytes + at, (guint)size);
        at += size;
        if (memcmp(bytes + at, LINE_END, strlen(LINE_END)) != 0)
            return BAD;
        at += strlen(LINE_END);
    }
}

static Progress
read_body(const Head *head, const char *bytes, gsize len, gboolean ended, GByteArray *body)
{
    if (head->status == 204 || head->status == 304)
        return DONE;
    if (head->chunked)
        return read_chunks(bytes, len, body);
    if (head->sized ? len < head->size : !ended)
        return MORE;
    if (len > MAX_BODY)
        return BAD;
    g_byte_array_append(body, (const guint8 *)bytes, (guint)(head->sized ? head->size : len));
    return DONE;
}

gboolean
pst_http_response_parse(const char *bytes, gsize len, gboolean ended, PstHttpResponse **response,
                        GError **error)
{
    const char *end = find(bytes, MIN(len, (gsize)MAX_HEAD), HEAD_END);
    g_autoptr(GByteArray) body = g_byte_array_new();
    Head head = {0};

    *response = NULL;
    if (end == NULL)
        return ended || len >= MAX_HEAD ? fail(error, "its head does not end") : TRUE;
    if (!read_head(bytes, (gsize)(end - bytes), &head))
        return fail(error, "its head makes no sense");
    gsize begin = (gsize)(end - bytes) + strlen(HEAD_END);
    Progress progress = read_body(&head, bytes + begin, len - begin, ended, body);
    if (progress == BAD)
        return fail(error, "its body makes no sense");
    if (progress == MORE)
        return ended ? fail(error, "it was cut off") : TRUE;
    g_byte_array_append(body, (const guint8 *)"", 1);
    g_byte_array_set_size(body, body->len - 1);
    *response = g_new0(PstHttpResponse, 1);
    (*response)->status = head.status;
    (*response)->body = g_steal_pointer(&body);
    return TRUE;
}
