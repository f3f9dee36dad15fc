// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/server.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-sidecar/caller.h"
#include "host-sidecar/server-state.h"
#include "protocol/error.h"
#include "protocol/hello.h"
#include "protocol/json.h"
#include "protocol/nearest.h"

/* When nothing can be accepted: no descriptor is left. */
#define ACCEPT_PAUSE_MS 500

static void
drop_account_if_empty(PstServer *server, guint uid)
{
    const PstServerAccount *account = pst_server_state_account(server, uid);

    if (account->callers == 0 && account->requests == 0 && pst_server_pace_is_idle(account))
        g_hash_table_remove(server->accounts, GUINT_TO_POINTER(uid));
}

/* ---- the life of a caller */

static gboolean
on_silence(gpointer data)
{
    PstServerCaller *caller = data;

    pst_server_state_clear_source(&caller->silence_source);
    pst_peer_end(caller->peer);
    return G_SOURCE_REMOVE;
}

/* Who has not said hello has a place that another could use. */
static void
await_hello(PstServerCaller *caller)
{
    caller->silence_source = pst_server_state_attach(
        caller->server, g_timeout_source_new_seconds(PST_SERVER_SILENCE_S), on_silence, caller);
}

static void
free_caller(gpointer data)
{
    PstServerCaller *caller = data;
    PstServer *server = caller->server;

    pst_server_state_clear_source(&caller->silence_source);
    g_ptr_array_unref(caller->requests);
    pst_peer_free(caller->peer);
    pst_server_state_account(server, caller->uid)->callers--;
    drop_account_if_empty(server, caller->uid);
    g_free(caller->groups);
    g_free(caller->name);
    g_free(caller->executable);
    g_free(caller);
}

static void
on_peer_gone(gpointer data)
{
    PstServerCaller *caller = data;

    g_hash_table_remove(caller->server->callers, &caller->number);
}

static void
on_peer_finished(gpointer data)
{
    pst_server_state_end_if_finished(data);
}

/* ---- methods */

static gboolean
say_hello(PstServerCaller *caller, PstMessage *message, GError **error)
{
    g_autoptr(PstHelloParams) params = pst_hello_read_request(message->params, error);
    g_autoptr(JsonObject) result = json_object_new();
    JsonArray *capabilities = json_array_new();
    const PstServerDoor *door = caller->server->door;

    for (guint i = 0; i < door->n_methods; i++)
        json_array_add_string_element(capabilities, door->methods[i].name);
    json_object_set_int_member(result, "protocol", PST_HELLO_PROTOCOL);
    json_object_set_string_member(result, "daemon", PST_VERSION);
    pst_json_set_string(result, "uri", caller->server->uri);
    json_object_set_array_member(result, "capabilities", capabilities);
    if (params == NULL)
        return FALSE;
    if (!g_str_equal(params->session, message->id.session)) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'session' is not the one in 'id'");
        return FALSE;
    }
    pst_server_state_clear_source(&caller->silence_source);
    g_ptr_array_set_size(caller->requests, 0);
    g_strlcpy(caller->session, params->session, sizeof(caller->session));
    pst_server_state_send_result(caller, &message->id, result);
    return TRUE;
}

static const PstServerMethod *
find_method(const PstServerDoor *door, const char *name)
{
    for (guint i = 0; i < door->n_methods; i++)
        if (g_str_equal(door->methods[i].name, name))
            return &door->methods[i];
    return NULL;
}

static gboolean
refuse_unknown(const PstServerDoor *door, const char *method, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    g_ptr_array_add(names, (gpointer) "hello");
    for (guint i = 0; i < door->n_methods; i++)
        if (door->methods[i].run != NULL)
            g_ptr_array_add(names, (gpointer)door->methods[i].name);
    g_autofree char *hint = pst_nearest_hint(method, (const char *const *)names->pdata, names->len);
    g_set_error(error, PST_ERROR, PST_ERROR_UNKNOWN_METHOD, "unknown method '%.64s'%s", method,
                hint);
    return FALSE;
}

static gboolean
run_method(PstServerCaller *caller, PstMessage *message, gboolean *recorded, GError **error)
{
    const PstServerDoor *door = caller->server->door;

    if (g_str_equal(message->method, "hello"))
        return say_hello(caller, message, error);
    const PstServerMethod *method = find_method(door, message->method);
    if (method == NULL || method->run == NULL)
        return refuse_unknown(door, message->method, error);
    if (caller->session[0] == '\0') {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_REQUEST, "say hello first");
        return FALSE;
    }
    *recorded = method->records;
    return method->run(caller, message, error);
}

static void
hear(PstServerCaller *caller, PstMessage *message)
{
    const PstServerMethod *method = find_method(caller->server->door, message->method);

    if (method != NULL && method->hear != NULL)
        method->hear(caller, message);
}

static void
on_message(PstMessage *message, gpointer data)
{
    PstServerCaller *caller = data;
    g_autoptr(GError) error = NULL;
    gboolean recorded = FALSE;

    if (message->type == PST_MESSAGE_NOTIFICATION)
        hear(caller, message);
    if (message->type != PST_MESSAGE_REQUEST)
        return;
    /* What belongs to another conversation is dropped. */
    if (!g_str_equal(message->method, "hello") && caller->session[0] != '\0' &&
        !g_str_equal(message->id.session, caller->session))
        return;
    if (run_method(caller, message, &recorded, &error))
        return;
    if (!recorded)
        pst_server_state_audit_message(caller, message, error);
    pst_server_state_send_error(caller, &message->id, error);
}

static void
on_unreadable(const GError *error, gpointer data)
{
    pst_server_state_send_error(data, NULL, error);
}

/* ---- those who come */

static void
turn_away(PstServerCaller *caller, const char *why)
{
    g_autoptr(GError) error = g_error_new_literal(PST_ERROR, PST_ERROR_BUSY, why);

    pst_server_turned_note(caller->server, PST_SERVER_TURNED_AWAY, caller->uid, caller->pid, 1,
                           why);
    pst_server_state_send_error(caller, NULL, error);
    pst_peer_end(caller->peer);
}

static void
admit(PstServer *server, int fd)
{
    static const PstPeerListener listener = {on_message, on_unreadable, on_peer_finished,
                                             on_peer_gone};
    struct ucred credentials = {0, (uid_t)-1, (gid_t)-1};
    socklen_t len = sizeof(credentials);
    PstServerCaller *caller = g_new0(PstServerCaller, 1);

    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len);
    caller->server = server;
    caller->number = ++server->last_number;
    caller->uid = credentials.uid;
    caller->pid = credentials.pid;
    caller->groups = pst_caller_groups(fd, credentials.gid, &caller->n_groups);
    caller->requests = g_ptr_array_new_with_free_func(pst_server_requests_free);
    caller->peer = pst_peer_new(fd, server->context, &listener, caller);
    PstServerAccount *account = pst_server_state_account(server, caller->uid);
    account->callers++;
    g_hash_table_insert(server->callers, &caller->number, caller);
    if (g_hash_table_size(server->callers) > server->limits.callers)
        turn_away(caller, "as many callers are connected as may be");
    else if (account->callers > server->limits.callers_of_user)
        turn_away(caller, "this user has as many connections as one may have");
    else
        server->backend.name(caller->number, fd, server->backend.user_data);
}

void
pst_server_named(PstServer *server, guint64 number, const char *name, const char *executable)
{
    PstServerCaller *caller = g_hash_table_lookup(server->callers, &number);

    if (caller == NULL)
        return;
    if (name == NULL) {
        turn_away(caller, "who calls could not be found out");
        return;
    }
    caller->name = g_strdup(name);
    caller->executable = g_strdup(executable);
    await_hello(caller);
    pst_server_pace_admit(caller);
    pst_peer_read(caller->peer);
}

static gboolean on_connection(gint listener, GIOCondition condition, gpointer data);

static void
accept_from_now_on(PstServer *server)
{
    server->accept_source =
        pst_server_state_attach(server, g_unix_fd_source_new(server->listener, G_IO_IN),
                                G_SOURCE_FUNC(on_connection), server);
}

static gboolean
on_pause_over(gpointer data)
{
    PstServer *server = data;

    pst_server_state_clear_source(&server->pause_source);
    accept_from_now_on(server);
    return G_SOURCE_REMOVE;
}

static gboolean
on_connection(gint listener, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    PstServer *server = data;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0) {
        admit(server, fd);
        return G_SOURCE_CONTINUE;
    }
    /* Whoever waits would wake this up again at once. */
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        pst_server_state_clear_source(&server->accept_source);
        server->pause_source = pst_server_state_attach(
            server, g_timeout_source_new(ACCEPT_PAUSE_MS), on_pause_over, server);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- the whole */

PstServer *
pst_server_new(GMainContext *context, const char *uri, const PstServerLimits *limits,
               const PstServerDoor *door, const PstServerBackend *backend)
{
    PstServer *server = g_new0(PstServer, 1);

    server->door = door;
    server->context = g_main_context_ref(context);
    server->uri = g_strdup(uri);
    server->limits = *limits;
    server->backend = *backend;
    server->flights = pst_flights_new(backend->ask, backend->user_data);
    server->listener = -1;
    server->callers = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_caller);
    server->accounts = g_hash_table_new_full(NULL, NULL, NULL, pst_server_pace_free);
    for (guint kind = 0; kind < PST_SERVER_TURNED_KINDS; kind++)
        server->turned[kind] = g_hash_table_new_full(NULL, NULL, NULL, pst_server_turned_free);
    server->lists = g_ptr_array_new_with_free_func(pst_server_requests_free_list);
    server->sweeps = g_ptr_array_new_with_free_func(pst_server_sweeps_free);
    return server;
}

void
pst_server_stop_listening(PstServer *server)
{
    pst_server_state_clear_source(&server->accept_source);
    pst_server_state_clear_source(&server->pause_source);
    if (server->listener >= 0)
        close(server->listener);
    server->listener = -1;
    pst_server_turned_flush(server);
}

void
pst_server_free(PstServer *server)
{
    pst_server_stop_listening(server);
    for (guint kind = 0; kind < PST_SERVER_TURNED_KINDS; kind++)
        g_hash_table_unref(server->turned[kind]);
    g_hash_table_unref(server->callers);
    g_ptr_array_unref(server->lists);
    g_ptr_array_unref(server->sweeps);
    pst_flights_free(server->flights);
    g_hash_table_unref(server->accounts);
    g_clear_pointer(&server->grants, pst_grants_free);
    g_main_context_unref(server->context);
    g_free(server->uri);
    g_free(server);
}

void
pst_server_set_limits(PstServer *server, const PstServerLimits *limits)
{
    server->limits = *limits;
}

void
pst_server_set_grants(PstServer *server, PstGrants *grants)
{
    g_clear_pointer(&server->grants, pst_grants_free);
    server->grants = grants;
}

void
pst_server_listen(PstServer *server, int fd)
{
    server->listener = fd;
    accept_from_now_on(server);
}

PstFlights *
pst_server_flights(PstServer *server)
{
    return server->flights;
}

guint
pst_server_n_awaited(const PstServer *server)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, server->callers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const PstServerCaller *caller = value;

        for (guint i = 0; i < caller->requests->len; i++)
            n += ((const PstServerRequest *)caller->requests->pdata[i])->hearing == NULL;
    }
    return n;
}

gboolean
pst_server_is_idle(const PstServer *server)
{
    return g_hash_table_size(server->callers) == 0;
}
