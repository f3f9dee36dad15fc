// SPDX-License-Identifier: LGPL-2.1-or-later
/* Channels that are kept, over a carrier that is a shim of a few lines. */
#include "host-sidecar/channel-keep.h"

#include <string.h>

#include "host-sidecar/turn.h"
#include "protocol/error.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)
#define ANSWER                                                                                     \
    "\x1e{\"jsonrpc\":\"2.0\",\"id\":\"%.*s\",\"result\":{\"protocol\":1,\"shim\":\"x\","          \
    "\"boot_id\":\"00000000-0000-0000-0000-000000000000\","                                        \
    "\"machine_id\":\"00000000000000000000000000000000\",\"boottime_us\":%" G_GINT64_FORMAT        \
    ",\"realtime_us\":1,\"capabilities\":[]%s}}\n"

typedef struct {
    GMutex lock;
    guint n_opened, n_closed, n_hellos;
    char session[PST_SESSION_DIGITS + 1]; /* that is under way */
    gint64 clock_us;
    gboolean silent, restarted, old;
    PstCarrierReceive receive;
    gpointer user_data;
    GDestroyNotify free_data;
} Shim;

typedef struct {
    GMainContext *context;
    gint over, n_turns;
    GThread *thread;
    PstChannelKeep *keep;
    Shim shim;
    char *uuid;
    PstCarrierEnd end;
} World;

/* They live as long as the process. */
static GPtrArray *keeps;

static gint64
until(void)
{
    return g_get_monotonic_time() + PATIENCE_US;
}

static gpointer
open_port(const PstGuest *guest, PstCarrierReceive receive, gpointer user_data,
          GDestroyNotify free_data, gint64 deadline_us G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    Shim *shim = (Shim *)guest;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&shim->lock);

    g_assert_cmpuint(shim->n_opened, ==, shim->n_closed);
    shim->n_opened++;
    shim->receive = receive;
    shim->user_data = user_data;
    shim->free_data = free_data;
    return shim;
}

static gboolean
send_bytes(gpointer stream, const guint8 *data, gsize len, GError **error G_GNUC_UNUSED)
{
    Shim *shim = stream;
    g_autofree char *text = g_strndup((const char *)data, len);
    const char *id = strstr(text, "\"id\":\"");
    const char *session = strstr(text, "\"session\":\"");

    g_assert_true(id != NULL && session != NULL);
    id += strlen("\"id\":\"");
    session += strlen("\"session\":\"");
    shim->n_hellos++;
    if (shim->silent)
        return TRUE;
    gboolean resumed =
        !shim->restarted && !shim->old && strncmp(session, shim->session, PST_SESSION_DIGITS) == 0;
    g_strlcpy(shim->session, session, sizeof(shim->session));
    shim->restarted = FALSE;
    g_autofree char *answer = g_strdup_printf(ANSWER, (int)strcspn(id, "\""), id, shim->clock_us,
                                              resumed ? ",\"resumed\":true" : "");
    shim->receive((const guint8 *)answer, strlen(answer), NULL, shim->user_data);
    return TRUE;
}

static void
close_port(gpointer stream)
{
    Shim *shim = stream;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&shim->lock);

    shim->n_closed++;
    shim->free_data(shim->user_data);
}

static const PstCarrier carrier = {open_port, send_bytes, NULL, close_port};

static guint
n_closed(World *world)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->shim.lock);

    return world->shim.n_closed;
}

static gpointer
run(gpointer data)
{
    World *world = data;

    while (!g_atomic_int_get(&world->over)) {
        g_main_context_iteration(world->context, TRUE);
        g_atomic_int_inc(&world->n_turns);
    }
    return NULL;
}

static void
set_up(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_mutex_init(&world->shim.lock);
    world->shim.clock_us = 1;
    world->uuid = g_uuid_string_random();
    world->context = g_main_context_new();
    world->keep = pst_channel_keep_new(world->context, &error);
    g_assert_no_error(error);
    g_ptr_array_add(keeps, world->keep);
    world->thread = g_thread_new("loop", run, world);
    world->end =
        (PstCarrierEnd){&carrier, (const PstGuest *)&world->shim, world->uuid, "web", world->keep};
}

static void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    gint64 until_us = until();

    pst_channel_keep_let_go(world->keep, world->uuid);
    while (n_closed(world) < world->shim.n_opened && g_get_monotonic_time() < until_us)
        g_usleep(1000);
    g_assert_cmpuint(n_closed(world), ==, world->shim.n_opened);
    g_atomic_int_set(&world->over, TRUE);
    g_main_context_wakeup(world->context);
    g_thread_join(world->thread);
    g_main_context_unref(world->context);
    g_free(world->uuid);
}

static void
talk(World *world, gboolean settled)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&world->end, until(), &error);

    g_assert_no_error(error);
    g_assert_nonnull(pst_channel_keep_open(loan, until(), &error));
    g_assert_no_error(error);
    if (settled)
        pst_channel_keep_settle(loan);
}

typedef struct {
    char *ended;
} Told;

static void
note_event(const PstChannel *channel G_GNUC_UNUSED, const PstEvent *event G_GNUC_UNUSED,
           gpointer user_data G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

static void
note_end(const char *reason, gpointer user_data)
{
    Told *told = user_data;

    g_assert_null(told->ended);
    told->ended = g_strdup(reason);
}

static void
release_nothing(gpointer user_data G_GNUC_UNUSED)
{
}

/* Somebody listens over the channel that is kept. */
static void
listen_to(World *world, Told *told)
{
    static const PstChannelListener listener = {note_event, note_end, release_nothing};
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&world->end, until(), NULL);
    PstChannel *channel = pst_channel_keep_open(loan, until(), NULL);

    g_assert_nonnull(channel);
    pst_channel_listen(channel, &listener, told);
    pst_channel_keep_settle(loan);
}

static gpointer
free_later(gpointer turn)
{
    g_usleep(300000);
    pst_turn_free(turn);
    return NULL;
}

static void
await_closed(World *world, guint n)
{
    gint64 until_us = until();

    while (n_closed(world) < n) {
        g_assert_cmpint(g_get_monotonic_time(), <, until_us);
        g_usleep(1000);
    }
    g_assert_cmpuint(n_closed(world), ==, n);
}

static void
test_kept(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    for (guint i = 0; i < 10; i++)
        talk(world, TRUE);
    g_assert_cmpuint(world->shim.n_opened, ==, 1);
    g_assert_cmpuint(world->shim.n_hellos, ==, 10);
    g_assert_cmpuint(pst_channel_keep_count(world->keep), ==, 1);
    /* Whoever keeps one sleeps. */
    g_usleep(100000);
    gint n_turns = g_atomic_int_get(&world->n_turns);
    g_usleep(300000);
    g_assert_cmpint(g_atomic_int_get(&world->n_turns), <=, n_turns + 2);
    /* What is still to be answered would be taken for an answer to the next question. */
    talk(world, FALSE);
    g_assert_cmpuint(n_closed(world), ==, 1);
    g_assert_cmpuint(pst_channel_keep_count(world->keep), ==, 0);
}

/* What has just answered need not be asked whether it is there. */
static void
test_recent(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    gint64 begun_us = g_get_monotonic_time();

    talk(world, TRUE);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&world->end, until(), NULL);
        const PstChannel *channel = pst_channel_keep_recent(loan);
        if (channel == NULL)
            g_assert_cmpint(g_get_monotonic_time() - begun_us, >=, PST_CHANNEL_KEEP_RECENT_US);
        else
            g_assert_cmpstr(pst_channel_hello(channel)->shim, ==, "x");
        pst_channel_keep_settle(loan);
    }
    g_usleep(PST_CHANNEL_KEEP_RECENT_US);
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&world->end, until(), NULL);
    g_assert_null(pst_channel_keep_recent(loan));
    g_assert_cmpuint(world->shim.n_hellos, ==, 1);
    g_assert_nonnull(pst_channel_keep_open(loan, until(), NULL));
    g_assert_cmpuint(world->shim.n_hellos, ==, 2);
}

/* However fast one follows another: what the guest's clock was is not leaned on for ever. */
static void
test_recent_clock(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    gboolean recent = TRUE;

    talk(world, TRUE);
    gint64 greeted_us = g_get_monotonic_time();
    while (recent) {
        g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&world->end, until(), NULL);
        gint64 took_us = g_get_monotonic_time() - greeted_us;
        recent = pst_channel_keep_recent(loan) != NULL;
        g_assert_true(!recent || took_us < PST_CHANNEL_KEEP_CLOCK_US);
        pst_channel_keep_settle(loan);
        g_usleep(1000);
    }
}

/* A guest that was paused fell behind: a deadline in its time is reckoned from now on. */
static void
test_clock(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    talk(world, TRUE);
    world->shim.clock_us = 77 * G_USEC_PER_SEC;
    g_autoptr(PstChannelLoan) loan = pst_channel_keep_borrow(&world->end, until(), NULL);
    gint64 before_us = g_get_monotonic_time();
    const PstChannel *channel = pst_channel_keep_open(loan, until(), NULL);
    gint64 time_us = pst_channel_guest_time_us(channel, before_us);
    g_assert_cmpint(time_us, <=, 77 * G_USEC_PER_SEC);
    g_assert_cmpint(time_us, >, 70 * G_USEC_PER_SEC);
}

static void
test_another_shim(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Told told = {0};

    talk(world, TRUE);
    listen_to(world, &told);
    world->shim.restarted = TRUE;
    talk(world, TRUE);
    g_assert_cmpuint(world->shim.n_opened, ==, 2);
    g_assert_cmpstr(told.ended, ==, "the shim was started anew");
    g_free(told.ended);
    talk(world, TRUE);
    g_assert_cmpuint(world->shim.n_opened, ==, 2);
    /* One that has never heard of sessions that go on is opened each time. */
    world->shim.old = TRUE;
    talk(world, TRUE);
    talk(world, TRUE);
    g_assert_cmpuint(world->shim.n_opened, ==, 4);
}

static void
test_silent(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    talk(world, TRUE);
    world->shim.silent = TRUE;
    g_autoptr(PstChannelLoan) loan =
        pst_channel_keep_borrow(&world->end, g_get_monotonic_time() + G_USEC_PER_SEC, &error);
    g_assert_null(pst_channel_keep_open(loan, g_get_monotonic_time() + G_USEC_PER_SEC / 2, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_DEADLINE);
    world->shim.silent = FALSE;
}

/* What ends while nobody has it is let go of at once, with the guest's turn. */
static void
test_ended(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    talk(world, TRUE);
    world->shim.receive(NULL, 0, "it was reset", world->shim.user_data);
    await_closed(world, 1);
    g_autoptr(PstTurn) turn = pst_turn_take(world->uuid, until(), NULL);
    g_assert_nonnull(turn);
}

static char *self;

/* Another process, which takes the turn and gives it back. */
static gpointer
take_turn(gpointer data)
{
    const World *world = data;
    const char *const argv[] = {self, "--take", world->uuid, NULL};
    g_autoptr(GError) error = NULL;
    int status = -1;

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status,
                 &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    return NULL;
}

/* It waits for the turn no longer than it takes to close the channel. */
static void
test_wanted(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    Told told = {0};

    talk(world, TRUE);
    listen_to(world, &told);
    take_turn(world);
    g_assert_cmpuint(n_closed(world), ==, 1);
    g_assert_cmpstr(told.ended, ==, "another process talks to it");
    g_free(told.ended);
    talk(world, TRUE);
    g_assert_cmpuint(world->shim.n_opened, ==, 2);
    g_assert_cmpuint(pst_channel_keep_count(world->keep), ==, 1);
}

/* The same while somebody here has it: it is not kept then. */
static void
test_wanted_while_lent(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    PstChannelLoan *loan = pst_channel_keep_borrow(&world->end, until(), NULL);

    g_assert_nonnull(pst_channel_keep_open(loan, until(), NULL));
    GThread *other = g_thread_new("other", take_turn, world);
    g_usleep(200000);
    pst_channel_keep_settle(loan);
    pst_channel_keep_return(loan);
    g_thread_join(other);
    g_assert_cmpuint(n_closed(world), ==, 1);
}

/* Who waits here for another process does not take that for a wish of another's. */
static void
test_own_want(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    PstTurn *turn = pst_turn_take(world->uuid, until(), NULL);
    GThread *later = g_thread_new("later", free_later, turn);

    talk(world, TRUE);
    g_thread_join(later);
    g_usleep(100000);
    g_assert_cmpuint(pst_channel_keep_count(world->keep), ==, 1);
}

/* Two of this process: one after the other, over one channel. */
static void
test_alone(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    PstChannelLoan *loan = pst_channel_keep_borrow(&world->end, until(), NULL);

    g_assert_nonnull(pst_channel_keep_open(loan, until(), NULL));
    g_assert_null(pst_channel_keep_borrow(&world->end, g_get_monotonic_time() + 50000, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    pst_channel_keep_settle(loan);
    pst_channel_keep_return(loan);
    talk(world, TRUE);
    g_assert_cmpuint(world->shim.n_opened, ==, 1);
}

#define ADD(name, function) g_test_add(name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 3 && g_str_equal(argv[1], "--take")) {
        PstTurn *turn = pst_turn_take(argv[2], until(), NULL);
        if (turn == NULL)
            return 1;
        pst_turn_free(turn);
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    keeps = g_ptr_array_new();
    ADD("/channel-keep/kept", test_kept);
    ADD("/channel-keep/recent", test_recent);
    ADD("/channel-keep/recent-clock", test_recent_clock);
    ADD("/channel-keep/clock", test_clock);
    ADD("/channel-keep/another-shim", test_another_shim);
    ADD("/channel-keep/silent", test_silent);
    ADD("/channel-keep/ended", test_ended);
    ADD("/channel-keep/wanted", test_wanted);
    ADD("/channel-keep/wanted-while-lent", test_wanted_while_lent);
    ADD("/channel-keep/own-want", test_own_want);
    ADD("/channel-keep/alone", test_alone);
    return g_test_run();
}
