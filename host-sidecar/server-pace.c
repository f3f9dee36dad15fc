// SPDX-License-Identifier: LGPL-2.1-or-later
/* The audit's part in how fast callers are served. No answer leaves before the records of it are
 * written, so that what a caller was told is on record whatever ends the process; and who makes
 * more records than the log takes waits alone: it is read from more slowly. */
#include "host-sidecar/server-state.h"

/* So many of a user's records may wait to be written: others' answers wait for them too. */
#define MAX_WAITING 256
/* So many refusals of a user have a record each at once, and then one after the other: the log,
 * which is bounded, is not to be filled up with them. Nobody is made to wait for that: others of
 * the same user, who did nothing, would wait as well. */
#define REFUSALS 2000
#define REFUSAL_US (G_USEC_PER_SEC / 2)

gboolean
pst_server_pace_is_idle(const PstServerAccount *account)
{
    return account->held_until == 0 && account->refused_us <= g_get_monotonic_time();
}

void
pst_server_pace_free(gpointer data)
{
    g_free(data);
}

static gboolean
is_held(const PstServerAccount *account)
{
    return account->held_until > 0;
}

/* Whoever is let go may send so much that it is held again. */
static void
hold(const PstServerAccount *account)
{
    GHashTableIter iter;
    gpointer caller;

    g_hash_table_iter_init(&iter, account->server->callers);
    while (g_hash_table_iter_next(&iter, NULL, &caller))
        if (((PstServerCaller *)caller)->uid == account->uid)
            pst_peer_hold(((PstServerCaller *)caller)->peer, is_held(account));
}

void
pst_server_pace_admit(PstServerCaller *caller)
{
    pst_peer_hold(caller->peer, is_held(pst_server_state_account(caller->server, caller->uid)));
}

/* ---- what is to be written */

void
pst_server_pace_recorded(PstServerCaller *caller, guint64 number, guint n_waiting)
{
    PstServerAccount *account = pst_server_state_account(caller->server, caller->uid);

    if (number <= caller->server->recorded)
        return;
    caller->unwritten = number;
    pst_peer_cork(caller->peer, TRUE);
    if (n_waiting <= MAX_WAITING)
        return;
    account->held_until = number;
    hold(account);
}

void
pst_server_recorded(PstServer *server, guint64 number)
{
    GHashTableIter iter;
    gpointer item;

    server->recorded = number;
    g_hash_table_iter_init(&iter, server->callers);
    while (g_hash_table_iter_next(&iter, NULL, &item)) {
        PstServerCaller *caller = item;

        if (caller->unwritten == 0 || caller->unwritten > number)
            continue;
        caller->unwritten = 0;
        pst_peer_cork(caller->peer, FALSE);
    }
    g_hash_table_iter_init(&iter, server->accounts);
    while (g_hash_table_iter_next(&iter, NULL, &item)) {
        PstServerAccount *account = item;

        if (account->held_until == 0 || account->held_until > number)
            continue;
        account->held_until = 0;
        hold(account);
    }
}

guint
pst_server_n_untold(const PstServer *server)
{
    GHashTableIter iter;
    gpointer caller;
    guint n = 0;

    g_hash_table_iter_init(&iter, server->callers);
    while (g_hash_table_iter_next(&iter, NULL, &caller))
        n += ((PstServerCaller *)caller)->unwritten > 0 ||
             pst_peer_has_output(((PstServerCaller *)caller)->peer);
    return n;
}

/* ---- what is refused */

gboolean
pst_server_pace_pay(PstServerCaller *caller, guint n)
{
    PstServerAccount *account = pst_server_state_account(caller->server, caller->uid);
    gint64 now_us = g_get_monotonic_time();
    gint64 paid_us = MAX(account->refused_us, now_us) + n * REFUSAL_US;

    if (paid_us - now_us > REFUSALS * REFUSAL_US)
        return FALSE;
    account->refused_us = paid_us;
    return TRUE;
}
