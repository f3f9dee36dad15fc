// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a shim says that was started anew between its hello and the questions. */
#include "host-sidecar/converse.h"

#include <string.h>

#include "protocol/error.h"
#include "tests/unit/make-inquiry.h"

#define GUEST "c4a5a0d2-0000-4000-8000-0000000000aa"
#define HELLO                                                                                      \
    "{\"protocol\":1,\"shim\":\"x\",\"boot_id\":\"00000000-0000-0000-0000-000000000000\","         \
    "\"machine_id\":\"00000000000000000000000000000000\",\"boottime_us\":1,\"realtime_us\":1,"     \
    "\"capabilities\":[]}"

#define ERROR(code, reason)                                                                        \
    "{\"code\":" code ",\"message\":\"no\",\"data\":{\"reason\":\"" reason "\"}}"

/* What each request but the hello is answered with. */
typedef struct {
    const char *error;
    PstCarrierReceive receive;
    gpointer user_data;
    GDestroyNotify free_data;
} Script;

static gpointer
open_port(const PstGuest *guest, PstCarrierReceive receive, gpointer user_data,
          GDestroyNotify free_data, gint64 deadline_us G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    Script *script = (Script *)guest;

    script->receive = receive;
    script->user_data = user_data;
    script->free_data = free_data;
    return script;
}

static gboolean
send_bytes(gpointer stream, const guint8 *data, gsize len, GError **error G_GNUC_UNUSED)
{
    Script *script = stream;
    g_autofree char *text = g_strndup((const char *)data, len);
    const char *id = strstr(text, "\"id\":\"");

    g_assert_nonnull(id);
    g_autofree char *number = g_strndup(id + 6, strcspn(id + 6, "\""));
    gboolean hello = strstr(text, "\"method\":\"hello\"") != NULL;
    g_autofree char *frame =
        g_strdup_printf("\x1e{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"%s\":%s}\n", number,
                        hello ? "result" : "error", hello ? HELLO : script->error);
    script->receive((const guint8 *)frame, strlen(frame), NULL, script->user_data);
    return TRUE;
}

static void
close_port(gpointer stream)
{
    Script *script = stream;

    script->free_data(script->user_data);
}

static const PstCarrier carrier = {open_port, send_bytes, NULL, close_port};

/* Whether the conversation came to its end, and whether it answered the questions. */
static void
check(const char *answer, gboolean answered)
{
    Script script = {.error = answer};
    const PstCarrierEnd end = {&carrier, (const PstGuest *)&script, GUEST, "web", NULL};
    g_autoptr(PstInquiry) inquiry = make_inquiry(5 * G_USEC_PER_SEC);
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_converse(&end, inquiry, NULL, &error) == answered);
    g_assert_true(pst_inquiry_is_settled(inquiry) == answered);
    if (answered)
        return;
    g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
    g_assert_nonnull(strstr(error->message, "started anew"));
}

static void
test_unknown_session(void)
{
    check(ERROR("-32600", "invalid-request"), FALSE);
}

/* Any other error is an answer. */
static void
test_other_error(void)
{
    check(ERROR("-32602", "invalid-params"), TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/converse/unknown-session", test_unknown_session);
    g_test_add_func("/converse/other-error", test_other_error);
    return g_test_run();
}
