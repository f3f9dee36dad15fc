// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string.h>

#include "host-sidecar/client.h"
#include "protocol/frame.h"
#include "protocol/json.h"

/* The guest's end of a client, by hand: what it was sent is read here, and what it is fed is
 * written word by word. */

/* The session in the last frame of SENT. */
static inline char *
session_in(const GByteArray *sent)
{
    g_autofree char *text = g_strndup((const char *)sent->data, sent->len);
    char *id = strrchr(text, PST_FRAME_RS);

    id = strstr(id, "\"id\":\"");
    g_assert_nonnull(id);
    return g_strndup(id + strlen("\"id\":\""), PST_SESSION_DIGITS);
}

static inline void
feed_bytes(PstClient *client, const char *bytes, gsize len, gsize piece)
{
    for (gsize at = 0; at < len; at += piece)
        pst_client_feed(client, (const guint8 *)bytes + at, MIN(piece, len - at));
}

static inline void
feed_text(PstClient *client, const char *text)
{
    g_autofree char *frame = g_strdup_printf("\x1e%s\n", text);

    feed_bytes(client, frame, strlen(frame), strlen(frame));
}

/* The text of an answer whose result is {"n": VALUE}. */
static inline char *
answer_text(const char *session, gint64 number, int value)
{
    return g_strdup_printf("{\"jsonrpc\":\"2.0\",\"id\":\"%s-%" G_GINT64_FORMAT
                           "\",\"result\":{\"n\":%d}}",
                           session, number, value);
}

static inline void
feed_answer(PstClient *client, const char *session, gint64 number, int value)
{
    g_autofree char *text = answer_text(session, number, value);

    feed_text(client, text);
}

/* Takes the answer to NUMBER, which must be there and say VALUE. */
static inline void
assert_answer(PstClient *client, gint64 number, gint64 value)
{
    g_autoptr(PstMessage) answer = pst_client_take(client, number);
    gint64 found = -1;

    g_assert_nonnull(answer);
    g_assert_cmpint(answer->type, ==, PST_MESSAGE_RESULT);
    g_assert_true(pst_json_get_int(answer->result, "n", PST_JSON_REQUIRED, &found, NULL));
    g_assert_cmpint(found, ==, value);
}
