// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a conversation begins, over a carrier that follows a script. */
#include "host-sidecar/channel.h"

#include <string.h>

#include "host-sidecar/turn.h"
#include "protocol/error.h"

#define HELLO                                                                                      \
    "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"protocol\":1,\"shim\":\"x\","            \
    "\"boot_id\":\"00000000-0000-0000-0000-000000000000\","                                        \
    "\"machine_id\":\"00000000000000000000000000000000\",\"boottime_us\":1,\"realtime_us\":1,"     \
    "\"capabilities\":[]}}\n"

/* Its turn is one of the whole machine: another run of this may hold that of the same guest. */
static char *guest_id;

/* What becomes of each opened port. */
typedef enum { SILENT, ANSWERS, MUMBLES, REFUSED } Port;

typedef struct {
    const Port *ports;
    gboolean served;
    gboolean slow; /* that is told only when nobody waits for it any longer */
    guint n_opened, n_closed, n_asked;
    Port port;
    char session[PST_SESSION_DIGITS + 1];
    PstCarrierReceive receive;
    gpointer user_data;
    GDestroyNotify free_data;
} Script;

static gpointer
open_port(const PstGuest *guest, PstCarrierReceive receive, gpointer user_data,
          GDestroyNotify free_data, gint64 deadline_us G_GNUC_UNUSED, GError **error)
{
    Script *script = (Script *)guest;

    g_assert_cmpuint(script->n_opened, ==, script->n_closed);
    script->port = script->ports[script->n_opened];
    if (script->port == REFUSED) {
        free_data(user_data);
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "refused");
        return NULL;
    }
    script->n_opened++;
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

    if (script->port == MUMBLES)
        script->receive((const guint8 *)"late\n", 5, NULL, script->user_data);
    if (script->port != ANSWERS)
        return TRUE;
    const char *id = strstr(text, "\"id\":\"");
    g_assert_nonnull(id);
    g_autofree char *session = g_strndup(id + 6, strcspn(id + 6, "\""));
    g_autofree char *hello = g_strdup_printf(HELLO, session);
    g_strlcpy(script->session, session, sizeof(script->session));
    script->receive((const guint8 *)hello, strlen(hello), NULL, script->user_data);
    return TRUE;
}

static gboolean
is_served(const PstGuest *guest, gint64 deadline_us)
{
    Script *script = (Script *)guest;

    script->n_asked++;
    while (script->slow && g_get_monotonic_time() < deadline_us)
        g_usleep(1000);
    return script->served;
}

static void
close_port(gpointer stream)
{
    Script *script = stream;

    script->n_closed++;
    script->free_data(script->user_data);
}

static const PstCarrier carrier = {open_port, send_bytes, is_served, close_port};

/* As if nobody had opened its port in vain. */
static void
note_answer(void)
{
    g_autoptr(PstTurn) turn =
        pst_turn_take(guest_id, g_get_monotonic_time() + G_USEC_PER_SEC, NULL);

    g_assert_nonnull(turn);
    pst_turn_note_answer(turn);
}

/* How many ports were opened; *CODE is the error's, 0 for none. */
static guint
open_with(const Port *ports, gboolean served, gint64 patience_us, int *code)
{
    Script script = {.ports = ports, .served = served};
    const PstCarrierEnd end = {&carrier, (const PstGuest *)&script, guest_id, "web", NULL};
    g_autoptr(GError) error = NULL;
    gint64 deadline_us = g_get_monotonic_time() + patience_us;
    PstChannel *channel = pst_channel_open(&end, deadline_us, &error);

    g_assert_cmpint(channel == NULL, ==, error != NULL);
    g_assert_cmpint(g_get_monotonic_time(), <, deadline_us + 5 * G_USEC_PER_SEC);
    *code = error != NULL ? error->code : 0;
    if (channel != NULL)
        pst_channel_free(channel);
    g_assert_cmpuint(script.n_opened, ==, script.n_closed);
    return script.n_opened;
}

/* A port from which nothing comes at all is opened once more, and only once; one from which
 * anything comes is not, nor one whose QEMU stands still: it would keep what is opened. */
static void
test_silence(void)
{
    static const struct {
        Port ports[3];
        gboolean served;
        guint n_opened;
        int code;
    } cases[] = {
        {{ANSWERS}, TRUE, 1, 0},
        {{SILENT, ANSWERS}, TRUE, 2, 0},
        {{SILENT, SILENT, ANSWERS}, TRUE, 2, PST_ERROR_DEADLINE},
        {{SILENT, ANSWERS}, FALSE, 1, PST_ERROR_DEADLINE},
        {{MUMBLES, ANSWERS}, TRUE, 1, PST_ERROR_DEADLINE},
        {{SILENT, REFUSED}, TRUE, 1, PST_ERROR_PATH_SHUT},
        {{REFUSED}, TRUE, 0, PST_ERROR_PATH_SHUT},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        int code = -1;

        g_test_message("case %u", i);
        note_answer();
        g_assert_cmpuint(open_with(cases[i].ports, cases[i].served, 3 * G_USEC_PER_SEC, &code), ==,
                         cases[i].n_opened);
        g_assert_cmpint(code, ==, cases[i].code);
    }
}

/* Who has less time than that waits for it all. */
static void
test_short(void)
{
    static const Port ports[] = {SILENT, ANSWERS};
    int code = 0;

    note_answer();
    g_assert_cmpuint(open_with(ports, TRUE, G_USEC_PER_SEC / 2, &code), ==, 1);
    g_assert_cmpint(code, ==, PST_ERROR_DEADLINE);
}

typedef struct {
    gint64 sum, host_us;
    char *ended;
    guint n_ended, n_released, n_on_end;
} Told;

static void
count_event(const PstChannel *channel, const PstEvent *event, gpointer user_data)
{
    Told *told = user_data;

    told->sum += event->seq;
    told->host_us = pst_channel_host_time_us(channel, event->boottime_us);
}

static void
note_end(const char *reason, gpointer user_data)
{
    Told *told = user_data;

    told->n_ended++;
    told->ended = g_strdup(reason);
}

static void
note_release(gpointer user_data)
{
    ((Told *)user_data)->n_released++;
}

static void
note_on_end(gpointer user_data)
{
    ((Told *)user_data)->n_on_end++;
}

static const PstChannelListener listener = {count_event, note_end, note_release};

static void
feed_event(const Script *script, gint64 seq)
{
    g_autofree char *id = g_strdup_printf("%s-1", script->session);
    PstEvent event = {.id = id, .seq = seq};
    g_autofree char *text = pst_event_to_text(&event, "{\"event\":\"oom-kill\",\"message\":\"m\"}");
    g_autofree char *frame = g_strdup_printf("\x1e%s\n", text);

    script->receive((const guint8 *)frame, strlen(frame), NULL, script->user_data);
}

static void
test_events(void)
{
    static const Port ports[] = {ANSWERS};
    Script script = {.ports = ports, .served = TRUE};
    const PstCarrierEnd end = {&carrier, (const PstGuest *)&script, guest_id, "web", NULL};
    gint64 begun_us = g_get_monotonic_time();
    PstChannel *channel = pst_channel_open(&end, begun_us + G_USEC_PER_SEC, NULL);
    Told told = {0};

    g_assert_nonnull(channel);
    feed_event(&script, 1);
    g_assert_false(pst_channel_is_listened_to(channel));
    pst_channel_listen(channel, &listener, &told);
    g_assert_true(pst_channel_is_listened_to(channel));
    feed_event(&script, 10);
    feed_event(&script, 100);
    g_assert_cmpint(told.sum, ==, 110);
    /* The hello says that the guest's clock stood at 1. */
    g_assert_cmpint(told.host_us, >=, begun_us - 1);
    g_assert_cmpint(told.host_us, <=, g_get_monotonic_time());
    pst_channel_on_end(channel, note_on_end, &told);
    g_assert_true(pst_channel_is_open(channel));
    script.receive(NULL, 0, "it was reset", script.user_data);
    script.receive(NULL, 0, "and once more", script.user_data);
    feed_event(&script, 1000);
    g_assert_false(pst_channel_is_open(channel));
    g_assert_cmpint(told.sum, ==, 110);
    pst_channel_free(channel);
    g_assert_cmpstr(told.ended, ==, "it was reset");
    g_assert_cmpuint(told.n_ended, ==, 1);
    g_assert_cmpuint(told.n_released, ==, 1);
    g_assert_cmpuint(told.n_on_end, ==, 1);
    g_free(told.ended);
}

/* Whoever listens is told where the channel is let go of as it is. */
static void
test_freed(void)
{
    static const Port ports[] = {ANSWERS};
    Script script = {.ports = ports, .served = TRUE};
    const PstCarrierEnd end = {&carrier, (const PstGuest *)&script, guest_id, "web", NULL};
    PstChannel *channel = pst_channel_open(&end, g_get_monotonic_time() + G_USEC_PER_SEC, NULL);
    Told told = {0};

    g_assert_nonnull(channel);
    pst_channel_listen(channel, &listener, &told);
    pst_channel_free(channel);
    g_assert_cmpuint(told.n_ended, ==, 1);
    g_assert_cmpuint(told.n_released, ==, 1);
    g_free(told.ended);
}

/* Who had no time to wait for it asks the monitor all the same where not a byte came: what asks in
 * vain keeps the next one from the port. */
static void
test_sign(void)
{
    static const struct {
        Port port;
        guint n_asked;
    } cases[] = {{SILENT, 1}, {MUMBLES, 0}, {ANSWERS, 0}, {REFUSED, 0}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Port ports[] = {cases[i].port};
        Script script = {.ports = ports, .served = FALSE};
        const PstCarrierEnd end = {&carrier, (const PstGuest *)&script, guest_id, "web"};

        note_answer();
        PstChannel *channel =
            pst_channel_open(&end, g_get_monotonic_time() + 100 * G_GINT64_CONSTANT(1000), NULL);

        g_test_message("case %u", i);
        g_assert_cmpuint(script.n_asked, ==, cases[i].n_asked);
        if (channel != NULL)
            pst_channel_free(channel);
    }
}

/* Where its port was opened in vain, its monitor is asked before it is opened again, which has half
 * of the time; what it says is for the carrier to see. */
static void
test_opened_in_vain(void)
{
    static const struct {
        Port before;
        gboolean slow;
        guint n_asked;
    } cases[] = {{SILENT, FALSE, 1}, {SILENT, TRUE, 1}, {MUMBLES, FALSE, 1}, {ANSWERS, FALSE, 0}};
    static const Port answers[] = {ANSWERS};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Port before[] = {cases[i].before};
        Script script = {.ports = answers, .slow = cases[i].slow};
        const PstCarrierEnd end = {&carrier, (const PstGuest *)&script, guest_id, "web"};
        gint64 begun_us = g_get_monotonic_time();
        int code = 0;

        g_test_message("case %u", i);
        note_answer();
        open_with(before, FALSE, 50 * G_GINT64_CONSTANT(1000), &code);
        g_autoptr(PstTurn) turn = pst_turn_take(guest_id, begun_us + G_USEC_PER_SEC, NULL);
        PstChannel *channel = pst_channel_open_in_turn(
            &end, g_steal_pointer(&turn), g_get_monotonic_time() + 2 * G_USEC_PER_SEC, NULL);
        g_assert_nonnull(channel);
        g_assert_cmpuint(script.n_asked, ==, cases[i].n_asked);
        g_assert_cmpint(g_get_monotonic_time(), <, begun_us + 2 * G_USEC_PER_SEC);
        pst_channel_free(channel);
    }
}

/* Without time to find out, it is not opened. */
static void
test_no_time(void)
{
    static const Port silent[] = {SILENT}, answers[] = {ANSWERS};
    int code = 0;

    note_answer();
    open_with(silent, FALSE, 50 * G_GINT64_CONSTANT(1000), &code);
    g_assert_cmpuint(open_with(answers, FALSE, -1, &code), ==, 0);
    g_assert_cmpint(code, ==, PST_ERROR_DEADLINE);
}

int
main(int argc, char **argv)
{
    g_autofree char *own = guest_id = g_uuid_string_random();

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/channel/silence", test_silence);
    g_test_add_func("/channel/events", test_events);
    g_test_add_func("/channel/freed", test_freed);
    g_test_add_func("/channel/short", test_short);
    g_test_add_func("/channel/sign", test_sign);
    g_test_add_func("/channel/opened-in-vain", test_opened_in_vain);
    g_test_add_func("/channel/no-time", test_no_time);
    return g_test_run();
}
