// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/sim-peers.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "protocol/call.h"
#include "protocol/frame.h"
#include "protocol/hello.h"
#include "protocol/json.h"

#define PIECE (16 * 1024)
#define MAX_EVENTS 64

/* Cut off, not JSON, no object, twice the same member, an interrupted frame. */
#define BAD_FRAMES "\x1e{\"a\":1\n\x1e{a}\n\x1e[]\n\x1e{\"a\":1,\"a\":1}\n\x1e{\"a\":\x1e\n"

typedef struct Peers Peers;

typedef struct {
    Peers *peers;
    const PstSimPeer *script;
    PstFrameReader *reader;
    GByteArray *out;
    PstMessageId posed; /* of a posing one: whose ids it uses */
    gboolean floods;
    gboolean watches_room; /* epoll tells when it can write */
} Peer;

typedef struct {
    Peer *peer;
    gint64 due_us;
    char *text;
} Late;

struct Peers {
    int epoll;
    GQueue late;             /* of Late, the first one due in front */
    PstMessageId last_hello; /* of whomever was greeted last */
};

/* ---- what it says ---- */

static gint64
clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static char *
hello_text(const PstMessageId *id)
{
    const char *const methods[] = {"probe", "ping", NULL};
    PstHello hello = {
        .protocol = PST_HELLO_PROTOCOL,
        .shim = (char *)"script",
        .boot_id = (char *)"11111111-2222-3333-4444-555555555555",
        .machine_id = (char *)"0123456789abcdef0123456789abcdef",
        .boottime_us = clock_us(CLOCK_BOOTTIME),
        .realtime_us = clock_us(CLOCK_REALTIME),
        .capabilities = (char **)methods,
    };
    g_autoptr(JsonObject) result = pst_hello_answer(&hello);

    return pst_message_result(id, result);
}

/* One finding that names the guest's interface, and nothing else that is wrong. */
static char *
report_text(const Peer *peer, const char *probe)
{
    const char *link = peer->script->link;
    g_autofree char *finding =
        g_str_equal(probe, "network")
            ? g_strdup_printf("{\"id\":\"network.link-down\",\"severity\":\"critical\",\"message\":"
                              "\"interface %s is switched off\",\"evidence\":{\"path\":"
                              "\"/sys/class/net/%s\"}}",
                              link, link)
            : g_strdup("");

    return g_strdup_printf("{\"probe\":\"%s\",\"status\":\"%s\",\"summary\":\"a script's\","
                           "\"findings\":[%s],\"data\":{},\"took_ms\":0,\"truncated\":false}",
                           probe, *finding != '\0' ? "critical" : "ok", finding);
}

static const char *
probe_of(const PstMessage *message)
{
    PstCall call;

    return pst_call_read(message->params, &call, NULL) ? call.name : "system";
}

static char *
answer_text(const Peer *peer, const PstMessage *message)
{
    const PstMessageId *id = &message->id;
    PstMessageId posed = peer->posed;

    if (g_str_equal(message->method, "hello"))
        return hello_text(id);
    posed.number = message->id.number;
    if (peer->script->kind == PST_SIM_POSING)
        id = &posed;
    if (!g_str_equal(message->method, "probe"))
        return pst_message_result_text(id, "{}", strlen("{}"));
    const char *probe = probe_of(message);
    if (peer->script->kind == PST_SIM_LYING)
        probe = g_str_equal(probe, "storage") ? "memory" : "storage";
    g_autofree char *report = report_text(peer, probe);
    return pst_message_result_text(id, report, strlen(report));
}

/* ---- what it does ---- */

static void
watch(Peer *peer)
{
    gboolean wants = peer->out->len > 0 || peer->floods;
    struct epoll_event event = {EPOLLIN | (wants ? EPOLLOUT : 0), {.ptr = peer}};

    if (wants == peer->watches_room)
        return;
    peer->watches_room = wants;
    epoll_ctl(peer->peers->epoll, EPOLL_CTL_MOD, peer->script->fd, &event);
}

/* Sends what there is room for. */
static void
flush(Peer *peer)
{
    gssize n = 1;

    while (n > 0 && (peer->out->len > 0 || peer->floods)) {
        while (peer->floods && peer->out->len < PIECE)
            g_byte_array_append(peer->out, (const guint8 *)BAD_FRAMES, strlen(BAD_FRAMES));
        n = send(peer->script->fd, peer->out->data, peer->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            g_byte_array_remove_range(peer->out, 0, (guint)n);
    }
    watch(peer);
}

static void
say(Peer *peer, const char *text)
{
    pst_frame_append(peer->out, text, strlen(text));
    flush(peer);
}

static void
say_late(Peer *peer, char *text)
{
    Late *late = g_new0(Late, 1);

    *late = (Late){peer, g_get_monotonic_time() + PST_SIM_SLOW_MS * 1000, text};
    g_queue_push_tail(&peer->peers->late, late);
}

static void
greeted(Peer *peer, const PstMessage *message)
{
    peer->posed = peer->peers->last_hello;
    /* The first of all has nobody to pose as. */
    if (peer->posed.session[0] == '\0')
        pst_message_new_session(peer->posed.session);
    peer->peers->last_hello = message->id;
    peer->floods = peer->script->kind == PST_SIM_FLOODING;
}

static void
handle(Peer *peer, const PstMessage *message)
{
    if (message->type != PST_MESSAGE_REQUEST || peer->script->kind == PST_SIM_SILENT)
        return;
    g_autofree char *text = answer_text(peer, message);
    if (peer->script->kind == PST_SIM_SLOW && g_str_equal(message->method, "probe"))
        say_late(peer, g_steal_pointer(&text));
    else
        say(peer, text);
    if (g_str_equal(message->method, "hello")) {
        greeted(peer, message);
        flush(peer);
    }
}

static void
feed(Peer *peer, const guint8 *data, gsize len)
{
    while (len > 0) {
        const char *text;
        gsize text_len;
        gsize n = pst_frame_reader_take(peer->reader, data, len, &text, &text_len);

        data += n;
        len -= n;
        g_autoptr(JsonObject) json =
            text != NULL ? pst_json_parse_validated(text, text_len, NULL) : NULL;
        g_autoptr(PstMessage) message = json != NULL ? pst_message_decode(json, NULL) : NULL;
        if (message != NULL)
            handle(peer, message);
    }
}

/* A channel that has ended is not looked at again. */
static void
take(Peer *peer, guint32 events)
{
    guint8 buffer[PIECE];
    gssize n = -1;

    if ((events & EPOLLOUT) != 0)
        flush(peer);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
        return;
    n = recv(peer->script->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (n > 0)
        feed(peer, buffer, (gsize)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        epoll_ctl(peer->peers->epoll, EPOLL_CTL_DEL, peer->script->fd, NULL);
}

/* Says what is due; returns for how many milliseconds nothing is, or -1. */
static int
say_due(Peers *peers)
{
    Late *late;

    while ((late = g_queue_peek_head(&peers->late)) != NULL) {
        gint64 left_us = late->due_us - g_get_monotonic_time();

        if (left_us > 0)
            return (int)(left_us / 1000) + 1;
        g_queue_pop_head(&peers->late);
        say(late->peer, late->text);
        g_free(late->text);
        g_free(late);
    }
    return -1;
}

static void
serve(Peers *peers)
{
    struct epoll_event events[MAX_EVENTS];

    for (;;) {
        int n = epoll_wait(peers->epoll, events, MAX_EVENTS, say_due(peers));

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                return;
            take(events[i].data.ptr, events[i].events);
        }
    }
}

void
pst_sim_peers_serve(const PstSimPeer *scripts, guint n, int until)
{
    Peers peers = {.epoll = epoll_create1(EPOLL_CLOEXEC), .late = G_QUEUE_INIT};
    struct epoll_event end = {EPOLLIN, {.ptr = NULL}};
    g_autofree Peer *all = g_new0(Peer, n + 1);

    epoll_ctl(peers.epoll, EPOLL_CTL_ADD, until, &end);
    for (guint i = 0; i < n; i++) {
        struct epoll_event event = {EPOLLIN, {.ptr = &all[i]}};

        all[i].peers = &peers;
        all[i].script = &scripts[i];
        all[i].reader = pst_frame_reader_new(&pst_validate_from_host);
        all[i].out = g_byte_array_new();
        epoll_ctl(peers.epoll, EPOLL_CTL_ADD, scripts[i].fd, &event);
    }
    serve(&peers);
    for (guint i = 0; i < n; i++) {
        pst_frame_reader_free(all[i].reader);
        g_byte_array_unref(all[i].out);
        close(scripts[i].fd);
    }
    while (!g_queue_is_empty(&peers.late)) {
        Late *late = g_queue_pop_head(&peers.late);
        g_free(late->text);
        g_free(late);
    }
    close(peers.epoll);
}
