// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask-act.h"

#include <signal.h>

#include "host-sidecar/ask.h"
#include "protocol/json.h"

/* In the middle of it, as between stopping a guest and starting it, nobody interrupts. */
static const int held[] = {SIGINT, SIGTERM, SIGHUP};

static void
hold_signals(sighandler_t *former)
{
    for (guint i = 0; i < G_N_ELEMENTS(held); i++)
        former[i] = signal(held[i], SIG_IGN);
}

static void
release_signals(const sighandler_t *former)
{
    for (guint i = 0; i < G_N_ELEMENTS(held); i++)
        signal(held[i], former[i]);
}

static JsonObject *
act_here(const PstOptions *options, const char *domain, const PstAskActWish *wish,
         gint64 deadline_us, GError **error)
{
    g_autoptr(PstGuest) guest = pst_ask_open(options, wish->method, domain, deadline_us, error);
    const PstAskAct act = {wish->method, wish->params};
    sighandler_t former[G_N_ELEMENTS(held)];
    g_autoptr(GError) cause = NULL;

    if (guest == NULL)
        return NULL;
    if (!pst_ask_audit_begin(guest->name, guest->uuid, wish->method, &act, error))
        return NULL;
    hold_signals(former);
    JsonObject *result = wish->run(guest, wish->wish, deadline_us, &cause);
    pst_ask_audit_act(guest->name, guest->uuid, wish->method, &act, result != NULL, cause);
    release_signals(former);
    if (result == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return result;
}

JsonObject *
pst_ask_act(const PstOptions *options, const char *domain, const PstAskActWish *wish,
            gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) params = pst_json_sorted(wish->params);
    g_autoptr(GError) cause = NULL;
    JsonObject *result = NULL;

    pst_json_set_string(params, "domain", domain);
    PstAskRecover asked =
        pst_ask_recover(options, wish->method, params, deadline_us, &result, error);
    if (asked == PST_ASK_RECOVER_DONE)
        return result;
    if (asked == PST_ASK_RECOVER_FAILED)
        return NULL;
    result = act_here(options, domain, wish, deadline_us, &cause);
    if (result == NULL && asked == PST_ASK_RECOVER_SHUT)
        cause = pst_ask_recover_explain(g_steal_pointer(&cause));
    if (result == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return result;
}
