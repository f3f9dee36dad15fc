// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain-tail.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host-sidecar/chain.h"
#include "protocol/json.h"

/* What is looked at of it: more than writers that are killed one after the other leave. */
#define WINDOW (8 * PST_CHAIN_LINE_BYTES)

static GString *
read_at(int fd, gint64 offset, gsize len)
{
    GString *bytes = g_string_sized_new(len);
    gssize n = 1;

    while (bytes->len < len && n != 0) {
        n = pread(fd, bytes->str + bytes->len, len - bytes->len, offset + (gint64)bytes->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_string_free(bytes, TRUE);
            return NULL;
        }
        bytes->len += (gsize)n;
    }
    bytes->str[bytes->len] = '\0';
    return bytes;
}

static gboolean
follows(const char *line, gsize len, const PstChainHead *head)
{
    PstChainLink link;

    return pst_chain_line_read(line, len, &link) && link.seq == head->seq + 1 &&
           g_str_equal(link.prev, head->sha256);
}

static void
step(PstChainHead *head, const char *line, gsize len)
{
    head->seq++;
    head->bytes += (gint64)len + 1;
    pst_chain_line_digest(line, len, head->sha256);
}

/* What is left of the file behind the lines that were taken, where the window begins: one that is
 * torn, behind it perhaps its seal whose writer was killed in its turn, or what is foreign. */
static void
judge_rest(const GString *window, gsize left, PstChainTail *tail)
{
    const char *end = memchr(window->str, '\n', window->len);
    gsize torn = end != NULL ? (gsize)(end - window->str) : left;

    *tail = (PstChainTail){0};
    if (left == window->len && end != NULL && torn > 0 && torn <= PST_CHAIN_LINE_BYTES &&
        left > torn + 1 && pst_chain_line_may_be_event(end + 1, left - torn - 1)) {
        tail->spare = left - torn;
        tail->torn = torn;
        pst_chain_line_digest(window->str, torn, tail->torn_sha256);
        return;
    }
    tail->foreign =
        left > PST_CHAIN_LINE_BYTES || (left > 0 && memchr(window->str, '\n', window->len) != NULL);
    tail->torn = tail->foreign ? 0 : left;
    pst_chain_line_digest(window->str, tail->torn, tail->torn_sha256);
}

/* The beginning of a line whose writer was killed, and behind it the event by which the next writer
 * sealed it, who was killed before the head told of that. */
static gboolean
is_sealed(const char *torn, gsize torn_len, const char *event, gsize len, const PstChainHead *head)
{
    char digest[PST_CHAIN_DIGITS + 1];
    const char *name = NULL, *sha256 = NULL;

    if (!follows(event, len, head))
        return FALSE;
    g_autoptr(JsonObject) json = pst_json_parse(event, len, &pst_validate_from_guest, NULL);
    pst_chain_line_digest(torn, torn_len, digest);
    return json != NULL && pst_json_get_string(json, "event", PST_JSON_REQUIRED, &name, NULL) &&
           g_str_equal(name, "torn") &&
           pst_json_get_string(json, "sha256", PST_JSON_REQUIRED, &sha256, NULL) &&
           g_str_equal(sha256, digest);
}

/* Takes one line, or a torn one with its seal. Returns what is behind it, AT where none follows. */
static const char *
take_line(const char *at, const char *stop, gboolean is_last, PstChainHead *head)
{
    const char *end = memchr(at, '\n', (gsize)(stop - at));
    const char *line_end = end != NULL ? end : stop;

    /* All of a line but its line feed the next writer gives it. */
    if ((end != NULL || is_last) && follows(at, (gsize)(line_end - at), head)) {
        step(head, at, (gsize)(line_end - at));
        return end != NULL ? end + 1 : stop;
    }
    if (end == NULL || end + 1 == stop)
        return at;
    const char *event = end + 1, *event_end = memchr(event, '\n', (gsize)(stop - event));
    gsize len = (gsize)((event_end != NULL ? event_end : stop) - event);
    if ((event_end == NULL && !is_last) || !is_sealed(at, (gsize)(end - at), event, len, head))
        return at;
    head->bytes += end + 1 - at;
    step(head, event, len);
    return event_end != NULL ? event_end + 1 : stop;
}

/* Takes the lines of the chain that the window begins with. */
static void
take_lines(const GString *window, gboolean is_last, PstChainHead *head)
{
    const char *at = window->str, *stop = at + window->len, *before = NULL;

    while (at < stop && at != before) {
        before = at;
        at = take_line(at, stop, is_last, head);
    }
}

static gboolean
is_open(int fd, gint64 size, gboolean *open)
{
    char last = '\n';

    if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
        return FALSE;
    *open = last != '\n';
    return TRUE;
}

gboolean
pst_chain_tail_take(int fd, gint64 size, PstChainHead *head, PstChainTail *tail)
{
    gint64 from = -1;

    *tail = (PstChainTail){0};
    while (head->bytes > from && head->bytes < size) {
        from = head->bytes;
        g_autoptr(GString) window = read_at(fd, from, (gsize)MIN(size - from, WINDOW));
        if (window == NULL)
            return FALSE;
        take_lines(window, from + (gint64)window->len == size, head);
        judge_rest(window, head->bytes == from ? (gsize)(size - from) : 0, tail);
    }
    return is_open(fd, size, &tail->open);
}

static guint64
first_seq(int fd, gint64 size)
{
    g_autoptr(GString) bytes = read_at(fd, 0, (gsize)MIN(size, PST_CHAIN_LINE_BYTES));
    const char *end = bytes != NULL ? memchr(bytes->str, '\n', bytes->len) : NULL;
    PstChainLink link;

    return end != NULL && pst_chain_line_read(bytes->str, (gsize)(end - bytes->str), &link)
               ? link.seq
               : 0;
}

gboolean
pst_chain_tail_recover(int fd, gint64 size, PstChainHead *head)
{
    gint64 from = MAX(size - WINDOW, 0);
    g_autoptr(GString) bytes = read_at(fd, from, (gsize)(size - from));
    PstChainLink link;

    if (bytes == NULL)
        return FALSE;
    for (gsize end = bytes->len; end > 0; end--) {
        if (bytes->str[end - 1] != '\n')
            continue;
        const char *before = memrchr(bytes->str, '\n', end - 1);
        gsize start = before != NULL ? (gsize)(before + 1 - bytes->str) : 0;
        if (!pst_chain_line_read(bytes->str + start, end - 1 - start, &link))
            continue;
        head->seq = link.seq;
        pst_chain_line_digest(bytes->str + start, end - 1 - start, head->sha256);
        head->bytes = from + (gint64)end;
        head->first = first_seq(fd, size);
        return TRUE;
    }
    return FALSE;
}
