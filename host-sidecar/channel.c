// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/channel.h"

#include "host-sidecar/turn.h"
#include "protocol/error.h"

/* QEMU hears of no close while its guest is paused, and then holds back what the guest writes
 * before the next one opens the channel: docs/decisions/streams.md. Opened anew, all of it comes.
 */
#define SILENCE_US (2 * G_USEC_PER_SEC)
/* To reach the monitor, where nobody waits for what it says. */
#define SIGN_US (50 * G_GINT64_CONSTANT(1000))

/* What the thread that reads and the channel's owner share. */
typedef struct {
    gint references;
    GMutex lock;
    GCond changed;
    PstClient *client;
    gboolean heard;      /* anything at all came */
    char *ended;         /* why nothing more will come; NULL while it may */
    PstChannel *channel; /* for its listener; NULL: there is none */
    PstChannelListener listener;
    gpointer listener_data;
    void (*on_end)(gpointer user_data); /* NULL: nobody, or told already */
    gpointer on_end_data;
} Shared;

struct PstChannel {
    PstTurn *turn;
    const PstCarrier *carrier;
    gpointer stream; /* the carrier's; NULL until it is open */
    Shared *shared;
    PstHello *hello;
    /* The guest's CLOCK_BOOTTIME, and the host's monotonic clock when it was read; written by the
     * owner with the channel locked. */
    gint64 guest_us, read_us;
};

static void
unref_shared(gpointer data)
{
    Shared *shared = data;

    if (!g_atomic_int_dec_and_test(&shared->references))
        return;
    pst_client_free(shared->client);
    g_free(shared->ended);
    g_mutex_clear(&shared->lock);
    g_cond_clear(&shared->changed);
    g_free(shared);
}

static Shared *
new_shared(void)
{
    Shared *shared = g_new0(Shared, 1);

    shared->references = 1;
    g_mutex_init(&shared->lock);
    g_cond_init(&shared->changed);
    shared->client = pst_client_new();
    return shared;
}

/* The lock is held. */
static void
tell_end(Shared *shared, const char *reason)
{
    void (*on_end)(gpointer user_data) = g_steal_pointer(&shared->on_end);

    if (shared->channel != NULL) {
        shared->channel = NULL;
        pst_client_listen(shared->client, NULL, NULL);
        shared->listener.ended(reason, shared->listener_data);
        shared->listener.release(shared->listener_data);
    }
    if (on_end != NULL)
        on_end(shared->on_end_data);
}

static void
on_receive(const guint8 *data, gsize len, const char *ended, gpointer user_data)
{
    Shared *shared = user_data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&shared->lock);

    shared->heard = shared->heard || ended == NULL;
    if (ended == NULL)
        pst_client_feed(shared->client, data, len);
    else if (shared->ended == NULL)
        shared->ended = g_strdup(ended);
    g_autoptr(GError) broken = NULL;
    if (ended != NULL)
        tell_end(shared, ended);
    else if (!pst_client_check(shared->client, &broken))
        tell_end(shared, broken->message);
    g_cond_signal(&shared->changed);
}

static int
take_any(Shared *shared, const gint64 *numbers, guint n, PstMessage **answer)
{
    for (guint i = 0; i < n; i++) {
        *answer = numbers[i] >= 0 ? pst_client_take(shared->client, numbers[i]) : NULL;
        if (*answer != NULL)
            return (int)i;
    }
    return -1;
}

int
pst_channel_wait(PstChannel *channel, const gint64 *numbers, guint n, gint64 deadline_us,
                 PstMessage **answer, GError **error)
{
    Shared *shared = channel->shared;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&shared->lock);

    for (;;) {
        int i = take_any(shared, numbers, n, answer);
        if (i >= 0)
            return i;
        if (!pst_client_check(shared->client, error))
            return -1;
        if (shared->ended != NULL) {
            g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the channel ended: %s",
                        shared->ended);
            return -1;
        }
        if (!g_cond_wait_until(&shared->changed, &shared->lock, deadline_us)) {
            g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE, "the shim did not answer in time");
            return -1;
        }
    }
}

static void
on_event(const PstEvent *event, gpointer user_data)
{
    const Shared *shared = user_data;

    shared->listener.event(shared->channel, event, shared->listener_data);
}

void
pst_channel_listen(PstChannel *channel, const PstChannelListener *listener, gpointer user_data)
{
    Shared *shared = channel->shared;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&shared->lock);

    shared->channel = channel;
    shared->listener = *listener;
    shared->listener_data = user_data;
    pst_client_listen(shared->client, on_event, shared);
    if (shared->ended != NULL)
        tell_end(shared, shared->ended);
}

gboolean
pst_channel_is_listened_to(const PstChannel *channel)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&channel->shared->lock);

    return channel->shared->channel != NULL;
}

void
pst_channel_on_end(PstChannel *channel, void (*ended)(gpointer user_data), gpointer user_data)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&channel->shared->lock);

    channel->shared->on_end = ended;
    channel->shared->on_end_data = user_data;
}

gboolean
pst_channel_is_open(const PstChannel *channel)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&channel->shared->lock);

    return channel->shared->ended == NULL && pst_client_check(channel->shared->client, NULL);
}

gint64
pst_channel_request(PstChannel *channel, const char *method, JsonObject *params, GError **error)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();
    gint64 number;

    g_mutex_lock(&channel->shared->lock);
    number = pst_client_request(channel->shared->client, method, params, frame, error);
    g_mutex_unlock(&channel->shared->lock);
    if (number < 0 || !channel->carrier->send(channel->stream, frame->data, frame->len, error))
        return -1;
    return number;
}

/* The guest read its clock a little earlier: so every deadline comes out a little shorter, and
 * never longer than its caller waits. */
static void
set_clock(PstChannel *channel, gint64 boottime_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&channel->shared->lock);

    channel->guest_us = boottime_us;
    channel->read_us = g_get_monotonic_time();
}

static gboolean
read_hello(PstChannel *channel, PstMessage *answer, GError **error)
{
    if (answer->type == PST_MESSAGE_ERROR) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "the shim refuses to talk: %s",
                    answer->error->message);
        return FALSE;
    }
    channel->hello = pst_hello_read_answer(answer->result, error);
    if (channel->hello == NULL)
        return FALSE;
    set_clock(channel, channel->hello->boottime_us);
    return TRUE;
}

/* Opens the port and says hello; returns its number or -1. */
static gint64
begin(PstChannel *channel, const PstCarrierEnd *end, gint64 deadline_us, GError **error)
{
    g_autoptr(GByteArray) frame = g_byte_array_new();

    channel->shared = new_shared();
    g_atomic_int_inc(&channel->shared->references);
    channel->stream = end->carrier->open(end->guest, on_receive, channel->shared, unref_shared,
                                         deadline_us, error);
    if (channel->stream == NULL)
        return -1;
    g_mutex_lock(&channel->shared->lock);
    gint64 number = pst_client_hello(channel->shared->client, end->name, frame);
    g_mutex_unlock(&channel->shared->lock);
    return channel->carrier->send(channel->stream, frame->data, frame->len, error) ? number : -1;
}

static gboolean
await_hello(PstChannel *channel, gint64 number, gint64 deadline_us, GError **error)
{
    g_autoptr(PstMessage) answer = NULL;

    return pst_channel_wait(channel, &number, 1, deadline_us, &answer, error) >= 0 &&
           read_hello(channel, answer, error);
}

static gboolean
has_heard(Shared *shared)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&shared->lock);

    return shared->heard;
}

static void
end_stream(PstChannel *channel)
{
    if (channel->shared != NULL) {
        g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&channel->shared->lock);
        tell_end(channel->shared, "it was let go of");
    }
    if (channel->stream != NULL)
        channel->carrier->close(channel->stream);
    channel->stream = NULL;
    g_clear_pointer(&channel->shared, unref_shared);
}

/* A QEMU that stands still has taken nothing, and the next who opens its port must not wait for it:
 * what asks its monitor in vain tells them so. */
static void
leave_a_sign(const PstChannel *channel, const PstCarrierEnd *end)
{
    if (end->carrier->is_served != NULL && !has_heard(channel->shared))
        end->carrier->is_served(end->guest, g_get_monotonic_time() + SIGN_US);
}

/* Who opened it last got no answer, and may have ended before anybody knew why. A QEMU that stands
 * still is found by what asks its monitor in vain (stream.c); so that is done first, and has half
 * of the time: libvirt itself may be slow, which shuts nothing. */
static gboolean
ask_first(const PstChannel *channel, const PstCarrierEnd *end, gint64 deadline_us, GError **error)
{
    gint64 now_us = g_get_monotonic_time();

    if (!pst_turn_note_opening(channel->turn) || end->carrier->is_served == NULL)
        return TRUE;
    end->carrier->is_served(end->guest, now_us + (deadline_us - now_us) / 2);
    if (g_get_monotonic_time() < deadline_us)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                "its port was opened in vain before, and no time was left to try again");
    return FALSE;
}

/* Where not a byte comes for a while, once more from the beginning. */
static gboolean
greet(PstChannel *channel, const PstCarrierEnd *end, gint64 deadline_us, GError **error)
{
    gint64 number = begin(channel, end, deadline_us, error);
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + SILENCE_US);
    g_autoptr(GError) cause = NULL;

    if (number < 0)
        return FALSE;
    if (await_hello(channel, number, until_us, &cause))
        return TRUE;
    if (!g_error_matches(cause, PST_ERROR, PST_ERROR_DEADLINE) || until_us >= deadline_us) {
        leave_a_sign(channel, end);
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if ((end->carrier->is_served == NULL || end->carrier->is_served(end->guest, deadline_us)) &&
        !has_heard(channel->shared)) {
        end_stream(channel);
        number = begin(channel, end, deadline_us, error);
    }
    return number >= 0 && await_hello(channel, number, deadline_us, error);
}

PstChannel *
pst_channel_open(const PstCarrierEnd *end, gint64 deadline_us, GError **error)
{
    PstTurn *turn = pst_turn_take(end->uuid, deadline_us, error);

    return turn != NULL ? pst_channel_open_in_turn(end, turn, deadline_us, error) : NULL;
}

PstChannel *
pst_channel_open_in_turn(const PstCarrierEnd *end, PstTurn *turn, gint64 deadline_us,
                         GError **error)
{
    g_autoptr(PstChannel) channel = g_new0(PstChannel, 1);

    channel->turn = turn;
    channel->carrier = end->carrier;
    if (!ask_first(channel, end, deadline_us, error) || !greet(channel, end, deadline_us, error))
        return NULL;
    pst_turn_note_answer(channel->turn);
    return g_steal_pointer(&channel);
}

void
pst_channel_free(PstChannel *channel)
{
    end_stream(channel);
    g_clear_pointer(&channel->hello, pst_hello_free);
    g_clear_pointer(&channel->turn, pst_turn_free);
    g_free(channel);
}

void
pst_channel_tell_end(PstChannel *channel, const char *reason)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&channel->shared->lock);

    tell_end(channel->shared, reason);
}

PstTurn *
pst_channel_free_in_turn(PstChannel *channel)
{
    PstTurn *turn = g_steal_pointer(&channel->turn);

    pst_channel_free(channel);
    return turn;
}

/* A shim that was started since, or is from before this was thought of, begins a new session: then
 * the channel is opened anew. */
gboolean
pst_channel_renew(PstChannel *channel, const char *name, gint64 deadline_us, GError **error)
{
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + SILENCE_US);
    g_autoptr(PstHello) before = g_steal_pointer(&channel->hello);
    g_autoptr(GByteArray) frame = g_byte_array_new();

    g_mutex_lock(&channel->shared->lock);
    gint64 number = pst_client_hello_again(channel->shared->client, name, frame, error);
    g_mutex_unlock(&channel->shared->lock);
    if (number < 0 || !channel->carrier->send(channel->stream, frame->data, frame->len, error) ||
        !await_hello(channel, number, until_us, error))
        return FALSE;
    if (channel->hello->resumed != PST_TRI_YES) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the shim was started anew");
        return FALSE;
    }
    pst_turn_note_answer(channel->turn);
    return TRUE;
}

const PstHello *
pst_channel_hello(const PstChannel *channel)
{
    return channel->hello;
}

gint64
pst_channel_greeted_us(const PstChannel *channel)
{
    return channel->read_us;
}

gint64
pst_channel_guest_time_us(const PstChannel *channel, gint64 monotonic_us)
{
    return channel->guest_us + (monotonic_us - channel->read_us);
}

gint64
pst_channel_host_time_us(const PstChannel *channel, gint64 boottime_us)
{
    return channel->read_us + (boottime_us - channel->guest_us);
}
