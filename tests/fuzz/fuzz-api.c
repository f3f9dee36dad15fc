// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a caller sends to the host's API socket, and what it is sent: any bytes, as a stream of
 * frames. A request that was accepted, written and read again is the same request; so is an answer.
 */
#include <string.h>

#include "host-sidecar/api-request.h"
#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/message.h"
#include "tests/fuzz/fuzz.h"

static void
try_ask(JsonObject *params)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstApiAsk) ask = pst_api_request_read_ask(params, &error);

    g_assert_cmpint(ask == NULL, ==, error != NULL);
    if (ask == NULL)
        return;
    g_assert_cmpuint(ask->n, >=, 1);
    g_assert_cmpuint(ask->n, <=, PST_LIMIT_API_QUESTIONS);
    g_assert_cmpint(ask->deadline_ms, >=, 1);
    g_assert_cmpint(ask->deadline_ms, <=, PST_LIMIT_DEADLINE_MAX_MS);
    g_autoptr(JsonObject) written = pst_api_request_ask(ask);
    g_autoptr(PstApiAsk) again = pst_api_request_read_ask(written, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < ask->n; i++) {
        g_autofree char *key = pst_api_request_key(ask->domain, ask->questions[i]);
        g_autofree char *same = pst_api_request_key(again->domain, again->questions[i]);
        g_assert_cmpstr(key, ==, same);
    }
}

static void
try_answer(JsonObject *params)
{
    JsonObject *json = NULL;

    if (!pst_json_get_object(params, "answer", PST_JSON_REQUIRED, &json, NULL))
        return;
    g_autoptr(PstAnswer) answer = pst_answer_from_json(json, NULL, NULL);
    if (answer == NULL)
        return;
    g_autoptr(JsonObject) written = pst_answer_to_json(answer);
    g_autoptr(PstAnswer) again = pst_answer_from_json(written, NULL, NULL);
    g_assert_nonnull(again);
    g_assert_cmpint(again->via, ==, answer->via);
    g_assert_cmpint(pst_answer_status(again), ==, pst_answer_status(answer));
}

static void
try_text(const char *text, gsize len)
{
    g_autoptr(JsonObject) json = pst_json_parse_validated(text, len, NULL);
    g_autoptr(PstMessage) message = json != NULL ? pst_message_decode(json, NULL) : NULL;

    if (message == NULL)
        return;
    try_ask(message->params);
    if (message->params != NULL)
        try_answer(message->params);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstFrameReader) reader = pst_frame_reader_new(&pst_validate_to_api);

    while (len > 0) {
        const char *text = NULL;
        gsize text_len = 0;
        gsize n = pst_frame_reader_take(reader, data, len, &text, &text_len);

        data += n;
        len -= n;
        if (text != NULL)
            try_text(text, text_len);
    }
    return 0;
}
