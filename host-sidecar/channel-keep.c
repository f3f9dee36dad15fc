// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/channel-keep.h"

#include "host-sidecar/task.h"
#include "host-sidecar/turn-want.h"
#include "protocol/error.h"

#define GIVE_WAY_US (50 * 1000)

struct PstChannelKeep {
    GMutex lock;
    GCond given_back;
    GHashTable *places; /* of Place, by UUID */
    GSource *timer;     /* looks for what is to be closed */
    PstTurnWants *wants;
    gboolean deaf; /* nobody would tell that another process waits: nothing is kept */
};

/* A guest's. */
typedef struct {
    char *uuid;
    PstChannel *channel; /* while it is kept and nobody has it */
    gint64 since_us;     /* it was given back */
    guint n_waiting;
    gboolean taken;
    const char *unwelcome; /* why what is taken is not to be kept; NULL: it may */
} Place;

struct PstChannelLoan {
    PstCarrierEnd end;
    Place *place;  /* NULL: nothing is kept */
    PstTurn *turn; /* until there is a channel */
    PstChannel *channel;
    gint64 since_us; /* the channel was given back, after an answer; 0: it is another one */
    gboolean settled;
};

static void
free_place(gpointer data)
{
    Place *place = data;

    g_free(place->uuid);
    g_free(place);
}

/* ---- what is let go of */

static gpointer
close_channel(gpointer channel, GError **error G_GNUC_UNUSED)
{
    pst_channel_free(channel);
    return NULL;
}

/* Closing waits for libvirt. Where no thread is to be had it waits here. */
static void
close_all(GPtrArray *channels)
{
    for (guint i = 0; i < channels->len; i++)
        if (!pst_task_start(close_channel, channels->pdata[i], NULL, "close", NULL))
            pst_channel_free(channels->pdata[i]);
}

static void
drop_if_empty(PstChannelKeep *keep, const Place *place)
{
    if (!place->taken && place->n_waiting == 0 && place->channel == NULL)
        g_hash_table_remove(keep->places, place->uuid);
}

static gboolean
is_counted(const Place *place)
{
    return place->channel != NULL && !pst_channel_is_listened_to(place->channel);
}

/* Those that are over; *NEXT_US becomes when the next one will be, or -1. */
static GPtrArray *
take_over(PstChannelKeep *keep, gint64 now_us, gint64 *next_us)
{
    GPtrArray *over = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    *next_us = -1;
    g_hash_table_iter_init(&iter, keep->places);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Place *place = value;
        gint64 until_us = place->since_us + PST_CHANNEL_KEEP_IDLE_US;

        if (place->channel == NULL)
            continue;
        if (keep->deaf || !pst_channel_is_open(place->channel) ||
            (is_counted(place) && until_us <= now_us)) {
            g_ptr_array_add(over, g_steal_pointer(&place->channel));
            if (!place->taken && place->n_waiting == 0)
                g_hash_table_iter_remove(&iter);
        } else if (is_counted(place)) {
            *next_us = *next_us < 0 ? until_us : MIN(*next_us, until_us);
        }
    }
    return over;
}

static gboolean
on_timer(gpointer data)
{
    PstChannelKeep *keep = data;
    gint64 next_us = -1;

    g_mutex_lock(&keep->lock);
    /* Before the look: what ends meanwhile sets it anew. */
    g_source_set_ready_time(keep->timer, -1);
    g_autoptr(GPtrArray) over = take_over(keep, g_get_monotonic_time(), &next_us);
    if (next_us >= 0)
        g_source_set_ready_time(keep->timer, next_us);
    g_mutex_unlock(&keep->lock);
    close_all(over);
    return G_SOURCE_CONTINUE;
}

/* Runs with the channel locked, in whatever thread: nothing may be locked here that is held while a
 * channel is. */
static void
on_channel_end(gpointer data)
{
    const PstChannelKeep *keep = data;

    g_source_set_ready_time(keep->timer, 0);
}

static void
let_go(PstChannelKeep *keep, const char *uuid, const char *reason)
{
    g_autoptr(GPtrArray) over = g_ptr_array_new();

    g_mutex_lock(&keep->lock);
    Place *place = g_hash_table_lookup(keep->places, uuid);
    if (place != NULL) {
        place->unwelcome = place->taken ? reason : NULL;
        if (place->channel != NULL) {
            pst_channel_tell_end(place->channel, reason);
            g_ptr_array_add(over, g_steal_pointer(&place->channel));
        }
        drop_if_empty(keep, place);
    }
    g_mutex_unlock(&keep->lock);
    close_all(over);
}

void
pst_channel_keep_let_go(PstChannelKeep *keep, const char *uuid)
{
    let_go(keep, uuid, "it is not wanted any more");
}

static void
on_wanted(const char *name, gpointer data)
{
    PstChannelKeep *keep = data;

    if (name != NULL) {
        let_go(keep, name, "another process talks to it");
        return;
    }
    g_mutex_lock(&keep->lock);
    keep->deaf = TRUE;
    g_mutex_unlock(&keep->lock);
    g_source_set_ready_time(keep->timer, 0);
}

/* ---- the whole */

/* GLib's own source for time sets it anew after each call. */
static gboolean
dispatch(GSource *source G_GNUC_UNUSED, GSourceFunc callback, gpointer data)
{
    return callback(data);
}

static GSourceFuncs timer_funcs = {.dispatch = dispatch};

PstChannelKeep *
pst_channel_keep_new(GMainContext *context, GError **error)
{
    g_autofree char *folder = pst_turn_folder(error);
    PstChannelKeep *keep = g_new0(PstChannelKeep, 1);

    if (folder != NULL)
        keep->wants = pst_turn_want_hear(folder, context, on_wanted, keep, error);
    if (keep->wants == NULL) {
        g_free(keep);
        return NULL;
    }
    g_mutex_init(&keep->lock);
    g_cond_init(&keep->given_back);
    keep->places = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_place);
    keep->timer = g_source_new(&timer_funcs, sizeof(GSource));
    g_source_set_callback(keep->timer, on_timer, keep, NULL);
    g_source_attach(keep->timer, context);
    return keep;
}

guint
pst_channel_keep_count(PstChannelKeep *keep)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&keep->lock);
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, keep->places);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        n += ((const Place *)value)->channel != NULL;
    return n;
}

/* ---- a loan */

static Place *
place_of(PstChannelKeep *keep, const char *uuid)
{
    Place *place = g_hash_table_lookup(keep->places, uuid);

    if (place == NULL) {
        place = g_new0(Place, 1);
        place->uuid = g_strdup(uuid);
        g_hash_table_insert(keep->places, place->uuid, place);
    }
    return place;
}

/* FALSE with PST_ERROR_BUSY. */
static gboolean
take_place(PstChannelLoan *loan, gint64 deadline_us, GError **error)
{
    PstChannelKeep *keep = loan->end.keep;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&keep->lock);
    Place *place = place_of(keep, loan->end.uuid);

    place->n_waiting++;
    while (place->taken && g_cond_wait_until(&keep->given_back, &keep->lock, deadline_us))
        continue;
    place->n_waiting--;
    if (place->taken) {
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                    "others talk to this guest, and none was done in time");
        return FALSE;
    }
    place->taken = TRUE;
    place->unwelcome = NULL;
    loan->place = place;
    loan->channel = g_steal_pointer(&place->channel);
    if (loan->channel == NULL)
        return TRUE;
    loan->since_us = place->since_us;
    pst_channel_on_end(loan->channel, NULL, NULL);
    return TRUE;
}

PstChannelLoan *
pst_channel_keep_borrow(const PstCarrierEnd *end, gint64 deadline_us, GError **error)
{
    g_autoptr(PstChannelLoan) loan = g_new0(PstChannelLoan, 1);

    loan->end = *end;
    if (end->keep != NULL && !take_place(loan, deadline_us, error))
        return NULL;
    if (loan->channel == NULL)
        loan->turn = pst_turn_take(end->uuid, deadline_us, error);
    return loan->channel != NULL || loan->turn != NULL ? g_steal_pointer(&loan) : NULL;
}

/* A QEMU that stands still takes no connection: that is for the caller of the carrier to know, and
 * here it has been asked in vain already. */
static gboolean
may_open_anew(const PstCarrierEnd *end, GError *cause, gint64 deadline_us, GError **error)
{
    if (!g_error_matches(cause, PST_ERROR, PST_ERROR_DEADLINE) ||
        (g_get_monotonic_time() < deadline_us &&
         (end->carrier->is_served == NULL || end->carrier->is_served(end->guest, deadline_us)))) {
        g_error_free(cause);
        return TRUE;
    }
    g_propagate_error(error, cause);
    return FALSE;
}

PstChannel *
pst_channel_keep_open(PstChannelLoan *loan, gint64 deadline_us, GError **error)
{
    GError *cause = NULL;

    loan->since_us = 0;
    if (loan->channel != NULL &&
        pst_channel_renew(loan->channel, loan->end.name, deadline_us, &cause))
        return loan->channel;
    if (loan->channel != NULL) {
        pst_channel_tell_end(loan->channel, cause->message);
        loan->turn = pst_channel_free_in_turn(g_steal_pointer(&loan->channel));
        if (!may_open_anew(&loan->end, cause, deadline_us, error))
            return NULL;
    }
    loan->channel =
        pst_channel_open_in_turn(&loan->end, g_steal_pointer(&loan->turn), deadline_us, error);
    return loan->channel;
}

PstChannel *
pst_channel_keep_recent(const PstChannelLoan *loan)
{
    gint64 now_us = g_get_monotonic_time();

    return loan->since_us > 0 && now_us < loan->since_us + PST_CHANNEL_KEEP_RECENT_US &&
                   now_us < pst_channel_greeted_us(loan->channel) + PST_CHANNEL_KEEP_CLOCK_US &&
                   pst_channel_is_open(loan->channel)
               ? loan->channel
               : NULL;
}

void
pst_channel_keep_settle(PstChannelLoan *loan)
{
    loan->settled = TRUE;
}

/* Makes room for one more. */
static void
evict(PstChannelKeep *keep, GPtrArray *over)
{
    Place *oldest = NULL;
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, keep->places);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Place *place = value;

        if (!is_counted(place))
            continue;
        n++;
        if (oldest == NULL || place->since_us < oldest->since_us)
            oldest = place;
    }
    if (n <= PST_CHANNEL_KEEP_MAX || oldest == NULL)
        return;
    g_ptr_array_add(over, g_steal_pointer(&oldest->channel));
    drop_if_empty(keep, oldest);
}

static void
keep_channel(PstChannelKeep *keep, PstChannelLoan *loan, GPtrArray *over)
{
    Place *place = loan->place;

    place->channel = g_steal_pointer(&loan->channel);
    place->since_us = g_get_monotonic_time();
    pst_channel_on_end(place->channel, on_channel_end, keep);
    /* The timer finds what has ended before it could say so. */
    g_source_set_ready_time(keep->timer, 0);
    evict(keep, over);
}

static void
leave_place(PstChannelLoan *loan)
{
    PstChannelKeep *keep = loan->end.keep;
    g_autoptr(GPtrArray) over = g_ptr_array_new();

    g_mutex_lock(&keep->lock);
    Place *place = loan->place;
    if (loan->channel != NULL && loan->settled && place->unwelcome == NULL && !keep->deaf)
        keep_channel(keep, loan, over);
    else if (loan->channel != NULL && place->unwelcome != NULL)
        pst_channel_tell_end(loan->channel, place->unwelcome);
    g_mutex_unlock(&keep->lock);

    /* Whoever waits here would find the turn taken otherwise. */
    g_clear_pointer(&loan->channel, pst_channel_free);
    g_clear_pointer(&loan->turn, pst_turn_free);
    /* The kernel wakes the other process up and hands it nothing: one of this process, which is
     * faster, would have the turn again each time. */
    if (place->unwelcome != NULL)
        g_usleep(GIVE_WAY_US);

    g_mutex_lock(&keep->lock);
    place->taken = FALSE;
    g_cond_broadcast(&keep->given_back);
    drop_if_empty(keep, place);
    g_mutex_unlock(&keep->lock);
    close_all(over);
}

void
pst_channel_keep_return(PstChannelLoan *loan)
{
    if (loan->place != NULL)
        leave_place(loan);
    g_clear_pointer(&loan->channel, pst_channel_free);
    g_clear_pointer(&loan->turn, pst_turn_free);
    g_free(loan);
}
