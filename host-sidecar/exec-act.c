// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exec-act.h"

#include "host-sidecar/answer.h"
#include "host-sidecar/exec-agent.h"
#include "host-sidecar/exec-call.h"
#include "protocol/error.h"
#include "protocol/exec-list.h"
#include "protocol/json.h"

const char *const pst_exec_act_start_params[] = {
    "id",           "argv",       "argv_b64",  "env",       "env_b64", "user",
    "cwd",          "timeout_ms", "wait_ms",   "detach",    "input",   "input_bytes",
    "input_sha256", "input_at",   "input_b64", "input_end", NULL};
const char *const pst_exec_act_page_params[] = {
    "id", "out", "err", "wait_ms", "join", "input_at", "input_b64", "input_end", NULL};
const char *const pst_exec_act_signal_params[] = {"id", "signal", NULL};
const char *const pst_exec_act_list_params[] = {NULL};
const char *const pst_exec_act_send_params[] = {"id", "input_b64", "input_sha256", "input_end",
                                                NULL};

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "%s", why);
    return FALSE;
}

gboolean
pst_exec_act_check_start(JsonObject *params, GError **error)
{
    g_autoptr(PstExecStart) start = pst_exec_start_read(params, error);

    if (start == NULL)
        return FALSE;
    if (start->has_input && !start->detach &&
        (start->input_bytes < 0 || start->input_sha256 == NULL))
        return refuse(error, "'input' needs 'input_bytes' and 'input_sha256': what is fed is "
                             "recorded beforehand");
    return TRUE;
}

gboolean
pst_exec_act_check_page(JsonObject *params, GError **error)
{
    g_auto(PstExecAsk) ask = {.wait_ms = 0};

    return pst_exec_ask_read(params, &ask, error);
}

gboolean
pst_exec_act_check_signal(JsonObject *params, GError **error)
{
    PstExecSignal wish;

    return pst_exec_signal_read(params, &wish, error);
}

/* The digest is what the audit has of it. */
gboolean
pst_exec_act_check_send(JsonObject *params, GError **error)
{
    g_auto(PstExecAsk) ask = {.wait_ms = 0};
    const char *sha256 = NULL;

    if (!pst_exec_ask_read(params, &ask, error) ||
        !pst_json_get_string(params, "input_sha256", PST_JSON_OPTIONAL, &sha256, error))
        return FALSE;
    if (ask.input.data == NULL)
        return ask.input.end || refuse(error, "there is nothing to be sent");
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, ask.input.data);
    return g_strcmp0(sha256, digest) == 0 ||
           refuse(error, "'input_sha256' is not the digest of 'input_b64'");
}

/* Takes JSON over. */
static JsonObject *
add_way(const PstGuest *guest, PstVia via, JsonObject *json)
{
    pst_json_set_string(json, "guest", guest->name);
    pst_json_set_string(json, "via", pst_answer_via_names[via]);
    return json;
}

static JsonObject *
page_to_json(const PstGuest *guest, PstVia via, const PstExecPage *page)
{
    return add_way(guest, via, pst_exec_page_result(page));
}

/* ---- by the guest's agent, where the channel is shut ---- */

/* A request on its way by one and then by the other. */
typedef struct {
    PstGuest *guest;
    gint64 deadline_us, channel_us; /* of both, and of the first */
    gboolean agent;                 /* the second is allowed, and open */
} Ways;

/* Half of the time is the agent's, where it may be needed. */
static Ways
find_ways(PstGuest *guest, gint64 deadline_us)
{
    gint64 now_us = g_get_monotonic_time();
    gboolean agent =
        guest->xml.agent == PST_GUEST_XML_PORT_CONNECTED && pst_exec_agent_is_allowed();

    return (Ways){guest, deadline_us, agent ? now_us + (deadline_us - now_us) / 2 : deadline_us,
                  agent};
}

/* Whether it is the way that failed, and not the guest that refused. */
static gboolean
is_shut(const GError *error)
{
    switch (error->code) {
    case PST_ERROR_NOT_ALLOWED:
    case PST_ERROR_INVALID_PARAMS:
    case PST_ERROR_BUSY:
    case PST_ERROR_NO_DOMAIN:
    case PST_ERROR_NO_PERMISSION:
        return FALSE;
    default:
        return TRUE;
    }
}

/* CAUSE, which is taken over, is why not by the channel. */
static JsonObject *
ask_agent(const Ways *ways, const char *method, JsonObject *params, GError *cause, gboolean *maybe,
          GError **error)
{
    g_autoptr(GError) own = NULL, first = cause;
    JsonObject *result;

    if (!is_shut(first)) {
        g_propagate_error(error, g_steal_pointer(&first));
        return NULL;
    }
    if (!ways->agent) {
        g_propagate_prefixed_error(error, g_steal_pointer(&first), "%s",
                                   pst_exec_agent_is_allowed()
                                       ? "by the channel, and no agent runs in the guest: "
                                       : "by the channel (agent=yes of [exec] in the host's "
                                         "configuration would let the guest's agent do it): ");
        return NULL;
    }
    result = pst_exec_agent_ask(ways->guest, method, params, ways->deadline_us, maybe, &own);
    if (result != NULL)
        return result;
    g_set_error(error, PST_ERROR, own->code, "by the agent: %s; by the channel: %s", own->message,
                first->message);
    return NULL;
}

static PstExecPage *
start_by_agent(const Ways *ways, PstExecStart *start, GError *cause, gboolean *maybe,
               GError **error)
{
    /* That was the channel's. */
    start->not_after_us = 0;
    g_autoptr(JsonObject) params = pst_exec_start_params(start);
    g_autoptr(JsonObject) result = ask_agent(ways, PST_EXEC_START, params, cause, maybe, error);
    PstExecPage *page = result != NULL ? pst_exec_call_read(result, start->id, error) : NULL;

    /* It is the answer that is wrong. */
    *maybe = *maybe || (result != NULL && page == NULL);
    return page;
}

void
pst_exec_act_conclude(GError *cause, gboolean maybe, const char *id)
{
    if (maybe) {
        g_prefix_error(&cause,
                       "it may have been started, and will not be once more (exec attach %s "
                       "tells): ",
                       id);
        if (cause->code == PST_ERROR_PATH_SHUT)
            cause->code = PST_ERROR_UNAVAILABLE;
    } else if (is_shut(cause)) {
        cause->code = PST_ERROR_PATH_SHUT;
    }
}

JsonObject *
pst_exec_act_start(PstGuest *guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    g_autoptr(PstExecStart) start = pst_exec_start_read(params, error);
    const Ways ways = find_ways(guest, deadline_us);
    PstVia via = PST_VIA_CHANNEL;
    gboolean maybe = FALSE;
    GError *cause = NULL;

    if (start == NULL || !pst_guest_check_running(guest, error))
        return NULL;
    start->wait_ms = MIN(start->wait_ms, PST_EXEC_CALL_WAIT_MS);
    g_autoptr(PstExecPage) page =
        pst_exec_call_start(guest, start, ways.channel_us, &maybe, &cause);
    if (page == NULL && !maybe) {
        via = PST_VIA_AGENT;
        page = start_by_agent(&ways, start, g_steal_pointer(&cause), &maybe, &cause);
    }
    if (page != NULL)
        return page_to_json(guest, via, page);
    pst_exec_act_conclude(cause, maybe, start->id);
    g_propagate_error(error, cause);
    return NULL;
}

/* By whichever way: it may be asked as often as one likes. */
static PstExecPage *
ask_page(const Ways *ways, const PstExecAsk *ask, PstVia *via, GError **error)
{
    GError *cause = NULL;
    gboolean maybe = FALSE;
    PstExecPage *page = pst_exec_call_page(ways->guest, ask, ways->channel_us, &cause);

    *via = PST_VIA_CHANNEL;
    if (page != NULL)
        return page;
    *via = PST_VIA_AGENT;
    g_autoptr(JsonObject) params = pst_exec_ask_params(ask);
    g_autoptr(JsonObject) result = ask_agent(ways, PST_EXEC_PAGE, params, cause, &maybe, error);
    return result != NULL ? pst_exec_call_read(result, ask->id, error) : NULL;
}

JsonObject *
pst_exec_act_page(PstGuest *guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    g_auto(PstExecAsk) ask = {.wait_ms = 0};
    const Ways ways = find_ways(guest, deadline_us);
    PstVia via = PST_VIA_CHANNEL;

    if (!pst_exec_ask_read(params, &ask, error) || !pst_guest_check_running(guest, error))
        return NULL;
    ask.wait_ms = MIN(ask.wait_ms, PST_EXEC_CALL_WAIT_MS);
    g_autoptr(PstExecPage) page = ask_page(&ways, &ask, &via, error);
    return page != NULL ? page_to_json(guest, via, page) : NULL;
}

/* Of a signal and a list: RESULT and CAUSE, which are taken over, are the channel's. */
static JsonObject *
ask_either(const Ways *ways, const char *method, JsonObject *params, JsonObject *result,
           GError *cause, PstVia *via, GError **error)
{
    gboolean maybe = FALSE;

    *via = result != NULL ? PST_VIA_CHANNEL : PST_VIA_AGENT;
    return result != NULL ? result : ask_agent(ways, method, params, cause, &maybe, error);
}

JsonObject *
pst_exec_act_signal(PstGuest *guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    const Ways ways = find_ways(guest, deadline_us);
    PstVia via = PST_VIA_CHANNEL;
    GError *cause = NULL;
    PstExecSignal wish;

    if (!pst_exec_signal_read(params, &wish, error) || !pst_guest_check_running(guest, error))
        return NULL;
    g_autoptr(JsonObject) own = pst_exec_signal_params(&wish);
    JsonObject *sent = pst_exec_call_signal(guest, &wish, ways.channel_us, &cause);
    g_autoptr(JsonObject) told = ask_either(&ways, PST_EXEC_SIGNAL, own, sent, cause, &via, error);
    gboolean was_sent = FALSE;
    if (told == NULL || !pst_json_get_bool(told, "sent", PST_JSON_REQUIRED, &was_sent, error))
        return NULL;
    JsonObject *result = json_object_new();
    json_object_set_boolean_member(result, "sent", was_sent);
    return add_way(guest, via, result);
}

/* How it is now, without taking any of its output away. */
static PstExecPage *
ask_after(const Ways *ways, const PstExecAsk *ask, PstVia *via, GError **error)
{
    g_autoptr(PstExecPage) page = ask_page(ways, ask, via, error);

    if (page == NULL || page->state == PST_EXEC_RUNNING)
        return g_steal_pointer(&page);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "it does not run any more: it is %s",
                pst_exec_state_names[page->state]);
    return NULL;
}

JsonObject *
pst_exec_act_send(PstGuest *guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    g_auto(PstExecAsk) ask = {.wait_ms = 0}, before = {.wait_ms = 0};
    const Ways ways = find_ways(guest, deadline_us);
    PstVia via = PST_VIA_CHANNEL;

    if (!pst_exec_ask_read(params, &ask, error) || !pst_guest_check_running(guest, error))
        return NULL;
    g_strlcpy(before.id, ask.id, sizeof(before.id));
    g_autoptr(PstExecPage) page = ask_after(&ways, &before, &via, error);
    if (page == NULL)
        return NULL;
    ask.wait_ms = PST_EXEC_CALL_WAIT_MS;
    ask.input.at = page->input;
    gint64 len = ask.input.data != NULL ? (gint64)g_bytes_get_size(ask.input.data) : 0;
    do {
        g_clear_pointer(&page, pst_exec_page_free);
        page = ask_after(&ways, &ask, &via, error);
        if (page != NULL && page->input >= ask.input.at + len)
            return page_to_json(guest, via, page);
    } while (page != NULL && g_get_monotonic_time() < deadline_us);
    if (page != NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                    "the command has not read what it was fed before: this was not sent");
    return NULL;
}

JsonObject *
pst_exec_act_list(PstGuest *guest, JsonObject *params G_GNUC_UNUSED, gint64 deadline_us,
                  GError **error)
{
    const Ways ways = find_ways(guest, deadline_us);
    g_autoptr(JsonObject) own = json_object_new();
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    PstVia via = PST_VIA_CHANNEL;
    GError *cause = NULL;

    if (!pst_guest_check_running(guest, error))
        return NULL;
    JsonObject *listed = pst_exec_call_list(guest, ways.channel_us, &cause);
    g_autoptr(JsonObject) told = ask_either(&ways, PST_EXEC_LIST, own, listed, cause, &via, error);
    gpointer list = told != NULL ? pst_fields_decode(&pst_exec_list_fields, told, error) : NULL;
    if (list == NULL)
        return NULL;
    JsonObject *result = pst_fields_encode(&pst_exec_list_fields, list, &cut);
    pst_fields_free(&pst_exec_list_fields, list);
    return add_way(guest, via, result);
}
