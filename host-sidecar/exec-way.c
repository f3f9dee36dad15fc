// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exec-way.h"

#include "host-sidecar/ask-daemon.h"
#include "host-sidecar/ask-recover.h"
#include "host-sidecar/ask.h"
#include "host-sidecar/config.h"
#include "host-sidecar/exec-act.h"
#include "host-sidecar/server-settings.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define METHOD "exec"
#define PAGE "exec-page"
/* The door's last word comes some time after the deadline: it is written down before. */
#define LAST_WORD_US (3 * (gint64)G_USEC_PER_SEC)
/* What it says in all: pages are counted together. */
#define MAX_ANSWER (8 * 1024 * 1024)

struct PstExecWay {
    const PstOptions *options;
    const char *domain;
    char *socket;
    gboolean by_door, shut;
    PstApiClient *client; /* NULL: to be reached anew */
    PstGuest *guest;      /* NULL: by the door */
    gboolean has_ended;   /* the command, and that was recorded */
};

typedef JsonObject *(*Act)(PstGuest *guest, JsonObject *params, gint64 deadline_us, GError **error);

static const struct {
    const char *name;
    Act act;
    gboolean recorded; /* before it begins, and what came of it */
} methods[] = {
    {"exec", pst_exec_act_start, TRUE},         {PAGE, pst_exec_act_page, FALSE},
    {"exec-signal", pst_exec_act_signal, TRUE}, {"exec-send", pst_exec_act_send, TRUE},
    {"exec-list", pst_exec_act_list, FALSE},
};

static gboolean
reach(PstExecWay *way, gint64 deadline_us)
{
    if (way->client == NULL)
        way->client = pst_ask_daemon_reach(way->options, way->socket, deadline_us, &way->shut);
    if (way->client != NULL)
        pst_api_client_set_max_answer(way->client, MAX_ANSWER);
    return way->client != NULL;
}

PstExecWay *
pst_exec_way_new(const PstOptions *options, const char *domain, gint64 deadline_us, GError **error)
{
    g_autoptr(PstExecWay) way = g_new0(PstExecWay, 1);
    /* Whoever needs more of a configuration that can't be read says so. */
    g_autoptr(GKeyFile) config = pst_config_load(NULL);
    GError *cause = NULL;

    way->options = options;
    way->domain = domain;
    way->socket = pst_server_settings_recover_socket(config);
    way->by_door = reach(way, deadline_us);
    if (way->by_door)
        return g_steal_pointer(&way);
    way->guest = pst_ask_open(options, METHOD, domain, deadline_us, &cause);
    if (way->guest != NULL)
        return g_steal_pointer(&way);
    if (way->shut)
        cause = pst_ask_recover_explain(cause);
    g_propagate_error(error, cause);
    return NULL;
}

void
pst_exec_way_free(PstExecWay *way)
{
    g_free(way->socket);
    g_clear_pointer(&way->client, pst_api_client_free);
    g_clear_pointer(&way->guest, pst_guest_unref);
    g_free(way);
}

static JsonObject *
call_door(PstExecWay *way, const char *method, JsonObject *params, gint64 deadline_us,
          gboolean *lost, GError **error)
{
    gboolean broken = FALSE;

    if (!reach(way, deadline_us)) {
        *lost = TRUE;
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the recovery door is not there");
        return NULL;
    }
    pst_json_set_string(params, "domain", way->domain);
    pst_json_set_string(params, "uuid", way->options->uuid);
    json_object_set_int_member(
        params, "deadline_ms",
        CLAMP((deadline_us - g_get_monotonic_time()) / 1000, 1, PST_LIMIT_DEADLINE_MAX_MS));
    JsonObject *result = pst_api_client_call(
        way->client, method, params, deadline_us + LAST_WORD_US, NULL, NULL, &broken, error);
    if (broken) {
        *lost = TRUE;
        g_prefix_error(error, "the recovery door was lost on the way: ");
        g_clear_pointer(&way->client, pst_api_client_free);
    }
    return result;
}

/* What is fed is recorded by its digest. */
static JsonObject *
recorded_params(JsonObject *params)
{
    JsonObject *kept = pst_json_sorted(params);

    json_object_remove_member(kept, "input_b64");
    return kept;
}

/* What came of it, as the door records it. */
static void
add_outcome(JsonObject *kept, JsonObject *result)
{
    static const char *const told[] = {"state", "status", "signal", "why", "via"};

    for (guint i = 0; i < G_N_ELEMENTS(told); i++)
        if (json_object_has_member(result, told[i]))
            json_object_set_member(kept, told[i],
                                   json_node_copy(json_object_get_member(result, told[i])));
}

/* Whether RESULT is the first that tells of its end. */
static gboolean
tells_end(PstExecWay *way, guint method, JsonObject *result)
{
    const char *state = NULL;

    if (way->has_ended || result == NULL || !g_str_equal(methods[method].name, PAGE) ||
        !pst_json_get_string(result, "state", PST_JSON_REQUIRED, &state, NULL))
        return FALSE;
    way->has_ended = !g_str_equal(state, pst_exec_state_names[PST_EXEC_RUNNING]);
    return way->has_ended;
}

static JsonObject *
call_here(PstExecWay *way, guint method, JsonObject *params, gint64 deadline_us, GError **error)
{
    PstGuest *guest = way->guest;
    g_autoptr(JsonObject) kept = recorded_params(params);
    const PstAskAct act = {methods[method].name, kept};
    g_autoptr(GError) cause = NULL;

    if (methods[method].recorded &&
        !pst_ask_audit_begin(guest->name, guest->uuid, METHOD, &act, error))
        return NULL;
    pst_json_set_string(params, "caller", pst_audit_caller());
    JsonObject *result = methods[method].act(guest, params, deadline_us, &cause);
    if (result != NULL)
        add_outcome(kept, result);
    if (methods[method].recorded || tells_end(way, method, result))
        pst_ask_audit_act(guest->name, guest->uuid, METHOD, &act, result != NULL, cause);
    if (result == NULL)
        g_propagate_error(error, g_steal_pointer(&cause));
    return result;
}

JsonObject *
pst_exec_way_call(PstExecWay *way, const char *method, JsonObject *params, gint64 deadline_us,
                  gboolean *lost, GError **error)
{
    g_autoptr(JsonObject) own = params;
    gboolean unused = FALSE;
    guint i = 0;

    if (way->by_door)
        return call_door(way, method, own, deadline_us, lost != NULL ? lost : &unused, error);
    while (!g_str_equal(methods[i].name, method))
        i++;
    return call_here(way, i, own, deadline_us, error);
}
