// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/server.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-sidecar/api-client.h"
#include "host-sidecar/caller.h"
#include "host-sidecar/grants-names.h"
#include "host-sidecar/loop-tell.h"
#include "host-sidecar/peer.h"
#include "protocol/error.h"
#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define SESSION "0123456789abcdef0123456789abcdef"
#define PATIENCE_US (10 * G_USEC_PER_SEC)

typedef struct {
    GMainContext *context;
    PstServer *server;
    char *folder, *path;
    guint64 jobs[64], list, sweep;
    guint n_jobs, n_watches, n_lists, n_sweeps;
    guint sweep_uid, other_uid; /* who besides this process calls; 0: nobody */
    GString *records;           /* of the audit: `CALLER VERB PROBE RESULT\n` */
    guint64 n_records, n_written;
    gboolean log_stands; /* nothing is written until on_written() is called */
    gboolean nameless;
    PstServerRequest *watcher; /* NULL: nobody watches */
    char *watched;             /* what it named, with commas; "all" */
} World;

static inline void
on_ask(const PstFlightsJob *job, gpointer data)
{
    World *world = data;

    world->jobs[world->n_jobs++ % G_N_ELEMENTS(world->jobs)] = job->number;
}

static inline void
on_watch(gpointer data)
{
    ((World *)data)->n_watches++;
}

static inline void
on_list(guint64 number, gint64 deadline_us G_GNUC_UNUSED, gpointer data)
{
    World *world = data;

    world->list = number;
    world->n_lists++;
}

static inline void
on_sweep(guint64 number, guint uid, const char *caller, gint64 deadline_us G_GNUC_UNUSED,
         gpointer data)
{
    World *world = data;

    g_assert_nonnull(strstr(caller, "uid "));
    world->sweep = number;
    world->sweep_uid = uid;
    world->n_sweeps++;
}

static inline void
on_name(guint64 number, int fd, gpointer data)
{
    World *world = data;
    g_auto(PstCaller) caller = {0};

    g_assert_true(pst_caller_read(fd, &caller, NULL));
    g_autofree char *name = pst_caller_describe(&caller);
    pst_server_named(world->server, number, world->nameless ? NULL : name, caller.executable);
}

static inline gpointer
on_hear(const char *const *domains, PstServerRequest *request, gpointer data)
{
    World *world = data;

    g_assert_null(world->watcher);
    world->watcher = request;
    g_free(world->watched);
    world->watched = domains != NULL ? g_strjoinv(",", (char **)domains) : g_strdup("all");
    return request;
}

static inline void
on_unhear(gpointer hearing, gpointer data)
{
    World *world = data;

    g_assert_true(hearing == world->watcher);
    world->watcher = NULL;
}

static inline gboolean
on_written(gpointer data)
{
    World *world = data;

    world->n_written = world->n_records;
    pst_server_recorded(world->server, world->n_written);
    return G_SOURCE_REMOVE;
}

static inline guint64
on_audit(const PstAuditCaller *caller, const char *verb, PstAnswer *const *answers, guint n,
         guint *n_waiting, gpointer data)
{
    World *world = data;
    const PstAuditProcess *process = &caller->process;

    gboolean other = world->other_uid != 0 && process->uid == world->other_uid;
    g_assert_true(other || process->uid == getuid());
    g_assert_cmpint(process->pid, ==, getpid());
    /* In sum, nobody is looked up. */
    gboolean in_sum = g_str_equal(verb, "connect") || g_str_equal(verb, "refused");
    if (!other && !in_sum) {
        g_autofree char *executable = g_file_read_link("/proc/self/exe", NULL);
        g_assert_cmpint(process->gid, ==, getgid());
        g_assert_cmpstr(process->executable, ==, executable);
    }

    for (guint i = 0; i < n; i++)
        g_string_append_printf(world->records, "%s|%s|%s|%s|%s\n", caller->words, verb,
                               answers[i]->guest, answers[i]->probe,
                               answers[i]->error != NULL
                                   ? pst_error_reason((PstErrorCode)answers[i]->error->code)
                                   : "-");
    world->n_records += n;
    if (!world->log_stands)
        pst_loop_tell(world->context, on_written, world, NULL);
    if (n_waiting != NULL)
        *n_waiting = (guint)(world->n_records - world->n_written);
    return world->n_records;
}

static inline void
set_up(World *world, gconstpointer limits)
{
    const PstServerBackend backend = {on_ask,   on_watch, on_list,   on_sweep, on_name,
                                      on_audit, on_hear,  on_unhear, world};
    const PstServerLimits usual = PST_SERVER_LIMITS_DEFAULT;
    g_autoptr(GError) error = NULL;

    world->context = g_main_context_new();
    world->folder = g_dir_make_tmp("server-XXXXXX", NULL);
    world->path = g_build_filename(world->folder, "s", NULL);
    world->records = g_string_new(NULL);
    world->server =
        pst_server_new(world->context, "test:///default", limits != NULL ? limits : &usual,
                       &pst_server_diagnose_door, &backend);
    int fd = pst_server_bind(world->path, &error);
    g_assert_no_error(error);
    pst_server_listen(world->server, fd);
}

static inline void
tear_down(World *world, gconstpointer limits G_GNUC_UNUSED)
{
    pst_server_free(world->server);
    g_main_context_unref(world->context);
    g_string_free(world->records, TRUE);
    g_free(world->watched);
    g_unlink(world->path);
    g_rmdir(world->folder);
    g_free(world->path);
    g_free(world->folder);
}

/* A caller in this same thread. */
typedef struct {
    World *world;
    int fd;
    PstFrameReader *reader;
    guint8 bytes[16384]; /* read, and not taken yet */
    gsize at, len;
    gboolean ended;
} Client;

static inline void
turn(World *world)
{
    for (guint i = 0; i < 50 && g_main_context_iteration(world->context, FALSE); i++)
        continue;
}

static inline void
dial(World *world, Client *client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_strlcpy(address.sun_path, world->path, sizeof(address.sun_path));
    *client = (Client){.world = world,
                       .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                       .reader = pst_frame_reader_new(&pst_validate_from_api)};
    g_assert_cmpint(connect(client->fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
}

static inline void
ring_off(Client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    pst_frame_reader_free(client->reader);
}

static inline void
put(Client *client, const char *bytes, gsize len)
{
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

    while (len > 0 && g_get_monotonic_time() < end_us) {
        gssize n = send(client->fd, bytes, len, MSG_NOSIGNAL);

        if (n > 0) {
            bytes += n;
            len -= (gsize)n;
        } else if (errno != EAGAIN) {
            return;
        }
        turn(client->world);
    }
}

static inline void
say(Client *client, gint64 number, const char *method, const char *params)
{
    g_autofree char *frame =
        g_strdup_printf("\x1e{\"jsonrpc\":\"2.0\",\"id\":\"" SESSION "-%" G_GINT64_FORMAT
                        "\",\"method\":\"%s\",\"params\":%s}\n",
                        number, method, params);

    put(client, frame, strlen(frame));
}

/* The next message; NULL where the server has hung up. */
static inline PstMessage *
next(Client *client)
{
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;

    while (g_get_monotonic_time() < end_us) {
        const char *text = NULL;
        gsize len = 0;

        if (client->at == client->len) {
            gssize n = recv(client->fd, client->bytes, sizeof(client->bytes), 0);

            if (n == 0 || (n < 0 && errno != EAGAIN)) {
                client->ended = TRUE;
                return NULL;
            }
            client->at = 0;
            client->len = n > 0 ? (gsize)n : 0;
            if (n < 0) {
                g_main_context_iteration(client->world->context, FALSE);
                continue;
            }
        }
        client->at += pst_frame_reader_take(client->reader, client->bytes + client->at,
                                            client->len - client->at, &text, &len);
        if (text == NULL)
            continue;
        g_autoptr(JsonObject) json = pst_json_parse_validated(text, len, NULL);
        PstMessage *message = pst_message_decode(json, NULL);
        g_assert_nonnull(message);
        return message;
    }
    g_error("no message in time");
}

static inline void
check_error(Client *client, PstErrorCode code)
{
    g_autoptr(PstMessage) message = next(client);

    g_assert_nonnull(message);
    g_assert_cmpint(message->type, ==, PST_MESSAGE_ERROR);
    g_assert_cmpstr(message->reason, ==, pst_error_reason(code));
}

static inline void
check_hung_up(Client *client)
{
    g_autoptr(PstMessage) message = NULL;

    while ((message = next(client)) != NULL)
        g_clear_pointer(&message, pst_message_free);
    g_assert_true(client->ended);
}

static inline void
greet(Client *client)
{
    const char *uri = NULL;

    say(client, 0, "hello", "{\"session\":\"" SESSION "\",\"protocol\":[1]}");
    g_autoptr(PstMessage) message = next(client);
    g_assert_nonnull(message);
    g_assert_cmpint(message->type, ==, PST_MESSAGE_RESULT);
    g_assert_true(pst_json_get_string(message->result, "uri", PST_JSON_REQUIRED, &uri, NULL));
    g_assert_cmpstr(uri, ==, "test:///default");
}

static inline void
arrive(World *world, Client *client)
{
    dial(world, client);
    greet(client);
}

/* The user UID too may connect, and ask everything. For root. */
static inline void
admit_also(World *world, guint uid)
{
    g_autoptr(GKeyFile) config = g_key_file_new();

    world->other_uid = uid;
    g_assert_cmpint(g_chmod(world->folder, 0755), ==, 0);
    g_assert_cmpint(g_chmod(world->path, 0666), ==, 0);
    pst_server_set_grants(world->server, pst_grants_read(config, pst_grants_names_find, NULL));
}

/* A caller of the user UID: the kernel notes who it is when the connection is made. */
static inline void
arrive_as(World *world, Client *client, guint uid)
{
    g_assert_cmpint(seteuid(uid), ==, 0);
    dial(world, client);
    g_assert_cmpint(seteuid(0), ==, 0);
    greet(client);
}

#define ASK "{\"domain\":\"web\",\"deadline_ms\":30000,\"questions\":[{\"probe\":\"system\"}]}"

#define ASK_OTHER "{\"domain\":\"db\",\"deadline_ms\":30000,\"questions\":[{\"probe\":\"system\"}]}"

static inline void
answer_job(World *world, guint i)
{
    g_autoptr(PstAnswer) answer = pst_answer_new("web", "system", NULL);

    answer->error = g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "no path");
    pst_flights_answered(pst_server_flights(world->server), world->jobs[i], 0, answer, 0);
    pst_flights_ended(pst_server_flights(world->server), world->jobs[i], "web", NULL, NULL, 0);
}

static inline void
check_method(Client *client, const char *method)
{
    g_autoptr(PstMessage) message = next(client);

    g_assert_nonnull(message);
    g_assert_cmpint(message->type, ==, PST_MESSAGE_NOTIFICATION);
    g_assert_cmpstr(message->method, ==, method);
}

static inline void
check_result(Client *client, gint64 number)
{
    g_autoptr(PstMessage) message = next(client);

    g_assert_nonnull(message);
    g_assert_cmpint(message->type, ==, PST_MESSAGE_RESULT);
    g_assert_cmpint(message->id.number, ==, number);
}

static inline guint
count(const char *text, const char *part)
{
    guint n = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}
