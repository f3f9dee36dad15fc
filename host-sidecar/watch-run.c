// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-run.h"

#include "host-sidecar/ask-daemon.h"
#include "host-sidecar/ask.h"
#include "host-sidecar/channel-keep.h"
#include "host-sidecar/watch-hub.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* To find the daemon, by ssh perhaps. */
#define FIND_US (10 * G_USEC_PER_SEC)
#define FIRST_PAUSE_US (500 * G_GINT64_CONSTANT(1000))
#define MAX_PAUSE_US (15 * G_USEC_PER_SEC)

typedef struct {
    const PstOptions *options;
    const char *const *domains;
    PstWatchPrint *print;
    gint64 deadline_us;
    PstApiClient *client; /* while the daemon tells */
    gint64 lost_us;       /* the host's real time since which it does not; 0: it does */
    GMainLoop *loop;      /* where it is done in this process */
    gboolean over;
} Watch;

static gint64
deadline_of(const PstOptions *options)
{
    gint64 now_us = g_get_monotonic_time();

    return options->deadline_us < G_MAXINT64 - now_us ? now_us + options->deadline_us : G_MAXINT64;
}

static void
print_own(Watch *watch, const char *event, const char *message)
{
    g_autoptr(PstWatchEvent) own =
        pst_watch_event_new(g_get_real_time(), PST_WATCH_POSTERN, event, message);

    if (watch->lost_us != 0)
        own->since_us = watch->lost_us;
    watch->over |= !pst_watch_print(watch->print, own);
}

/* ---- by the daemon */

static void
take_event(const char *method, JsonObject *params, gpointer data)
{
    Watch *watch = data;
    JsonObject *json = NULL;

    if (watch->over || !g_str_equal(method, "event") ||
        !pst_json_get_object(params, "event", PST_JSON_REQUIRED, &json, NULL))
        return;
    g_autoptr(PstWatchEvent) event = pst_watch_event_from_json(json, NULL);
    if (event == NULL || pst_watch_print(watch->print, event))
        return;
    watch->over = TRUE;
    pst_api_client_hang_up(watch->client);
}

static JsonObject *
params_of(const Watch *watch)
{
    JsonObject *params = json_object_new();
    JsonArray *names = json_array_new();

    for (guint i = 0; watch->domains != NULL && watch->domains[i] != NULL; i++)
        json_array_add_string_element(names, watch->domains[i]);
    if (watch->domains != NULL)
        json_object_set_array_member(params, "domains", json_array_ref(names));
    json_array_unref(names);
    return params;
}

/* Until it is over, or the daemon has gone: FALSE with what it refuses. */
static gboolean
listen_to_daemon(Watch *watch, GError **error)
{
    g_autoptr(JsonObject) params = params_of(watch);
    g_autoptr(GError) cause = NULL;
    gboolean lost = FALSE;

    pst_api_client_set_max_answer(watch->client, G_MAXSIZE);
    g_autoptr(JsonObject) result = pst_api_client_call(
        watch->client, "watch", params, watch->deadline_us, take_event, watch, &lost, &cause);
    if (watch->over || g_get_monotonic_time() >= watch->deadline_us) {
        watch->over = TRUE;
        return TRUE;
    }
    if (!lost && result == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    g_autofree char *message = g_strdup_printf(
        "nothing is told any more: %s", cause != NULL ? cause->message : "the daemon has ended it");
    print_own(watch, PST_WATCH_DAEMON_LOST, message);
    watch->lost_us = g_get_real_time();
    return TRUE;
}

static gboolean
find_daemon(Watch *watch, GError **error)
{
    gint64 until_us = MIN(watch->deadline_us, g_get_monotonic_time() + FIND_US);

    watch->client = pst_ask_daemon_find(watch->options, until_us, error);
    return watch->client != NULL;
}

/* Where one was there before: until it is again. */
static gboolean
await_daemon(Watch *watch)
{
    gint64 pause_us = FIRST_PAUSE_US;

    while (!watch->over) {
        gint64 now_us = g_get_monotonic_time();

        if (watch->deadline_us - now_us <= pause_us) {
            g_usleep((gulong)MAX(0, watch->deadline_us - now_us));
            break;
        }
        g_usleep((gulong)pause_us);
        if (find_daemon(watch, NULL)) {
            print_own(watch, PST_WATCH_DAEMON_BACK,
                      "the daemon tells again; what happened meanwhile is not known to it");
            watch->lost_us = 0;
            return TRUE;
        }
        pause_us = MIN(pause_us * 2, MAX_PAUSE_US);
    }
    return FALSE;
}

static gboolean
watch_by_daemon(Watch *watch, GError **error)
{
    do {
        gboolean heard = listen_to_daemon(watch, error);

        g_clear_pointer(&watch->client, pst_api_client_free);
        if (!heard)
            return FALSE;
    } while (!watch->over && await_daemon(watch));
    g_clear_pointer(&watch->client, pst_api_client_free);
    return TRUE;
}

/* ---- in this process */

static void
print_here(const PstWatchEvent *event, gpointer data)
{
    Watch *watch = data;

    if (watch->over || pst_watch_print(watch->print, event))
        return;
    watch->over = TRUE;
    g_main_loop_quit(watch->loop);
}

static gboolean
on_deadline(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

/* Not by a timeout, whose milliseconds are 32 bits. */
static GSource *
end_at(GMainContext *context, gint64 deadline_us, GMainLoop *loop)
{
    GSource *source = g_timeout_source_new(0);

    g_source_set_ready_time(source, deadline_us < G_MAXINT64 ? deadline_us : -1);
    g_source_set_callback(source, on_deadline, loop, NULL);
    g_source_attach(source, context);
    return source;
}

/* As the daemon does: one record for each domain that was named, or one for all. */
static void
audit(const Watch *watch)
{
    const char *const all[] = {"-", NULL};
    const char *const *domains = watch->domains != NULL ? watch->domains : all;

    for (; *domains != NULL; domains++) {
        g_autoptr(PstAnswer) record = pst_answer_new(*domains, "watch", NULL);
        pst_ask_audit_guest(NULL, "watch", &record, 1);
    }
}

/* libvirt has to be there at the beginning: later it is waited for. What keeps the channels lives
 * as long as the process. */
static gboolean
watch_here(Watch *watch, GError **error)
{
    const PstWatchWanted wanted = {watch->domains, NULL, print_here, watch};
    gint64 until_us = MIN(watch->deadline_us, g_get_monotonic_time() + FIND_US);
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(watch->options->connect);
    g_autofree char *uri = pst_hypervisor_ask_uri(hypervisor, until_us, error);
    GMainContext *context = g_main_context_new();
    PstChannelKeep *keep = uri != NULL ? pst_channel_keep_new(context, error) : NULL;

    if (keep == NULL)
        return FALSE;
    pst_hypervisor_set_keep(hypervisor, keep);
    audit(watch);
    watch->loop = g_main_loop_new(context, FALSE);
    g_autoptr(GSource) end = end_at(context, watch->deadline_us, watch->loop);
    g_autoptr(PstWatchHub) hub = pst_watch_hub_new(context, hypervisor);
    PstWatchWant *want = pst_watch_hub_want(hub, &wanted);
    if (!watch->over)
        g_main_loop_run(watch->loop);
    pst_watch_hub_unwant(hub, want);
    g_source_destroy(end);
    g_main_loop_unref(watch->loop);
    return TRUE;
}

gboolean
pst_watch_run(const PstOptions *options, const char *const *domains, PstWatchPrint *print,
              GError **error)
{
    Watch watch = {.options = options,
                   .domains = domains,
                   .print = print,
                   .deadline_us = deadline_of(options)};
    g_autoptr(GError) cause = NULL;
    gboolean found = find_daemon(&watch, &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (!(found ? watch_by_daemon(&watch, error) : watch_here(&watch, error)))
        return FALSE;
    if (print->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&print->error));
    return FALSE;
}
