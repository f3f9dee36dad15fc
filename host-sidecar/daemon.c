// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/daemon.h"

#include <stdio.h>
#include <string.h>

#include "host-sidecar/audit-writer.h"
#include "host-sidecar/channel-keep.h"
#include "host-sidecar/consult.h"
#include "host-sidecar/daemon-events.h"
#include "host-sidecar/health-make.h"
#include "host-sidecar/loop-tell.h"
#include "host-sidecar/naming.h"
#include "host-sidecar/overview.h"
#include "host-sidecar/task.h"
#include "host-sidecar/watch-hub.h"
#include "protocol/error.h"
#include "protocol/json.h"

struct PstDaemon {
    GMainContext *context;
    PstHypervisor *hypervisor;
    PstServer *server;
    PstAuditWriter *audit;
    PstDaemonEvents *events;
    PstWatchHub *hub;
};

/* ---- between the threads */

/* What happened in a task, for the loop. JsonObjects are not shared between threads: what is in
 * here was made by the task, and is the loop's from now on. */
typedef struct {
    PstDaemon *daemon;
    guint64 number;
    guint place;
    PstAnswer *answer;
    char *guest;
    JsonObject *host;
    GError *error;
    JsonObject *health;
    JsonArray *domains;
    PstAnswer **records;
    guint n_records;
} News;

static void
free_news(gpointer data)
{
    News *news = data;

    g_clear_pointer(&news->answer, pst_answer_free);
    g_clear_pointer(&news->host, json_object_unref);
    g_clear_pointer(&news->health, json_object_unref);
    g_clear_pointer(&news->domains, json_array_unref);
    for (guint i = 0; i < news->n_records; i++)
        pst_answer_free(news->records[i]);
    g_free(news->records);
    g_clear_error(&news->error);
    g_free(news->guest);
    g_free(news);
}

static News *
new_news(PstDaemon *daemon, guint64 number)
{
    News *news = g_new0(News, 1);

    news->daemon = daemon;
    news->number = number;
    return news;
}

static void
tell(News *news, GSourceFunc function)
{
    pst_loop_tell(news->daemon->context, function, news, free_news);
}

static gboolean
on_answered(gpointer data)
{
    const News *news = data;

    pst_flights_answered(pst_server_flights(news->daemon->server), news->number, news->place,
                         news->answer, g_get_monotonic_time());
    return G_SOURCE_REMOVE;
}

static gboolean
on_ended(gpointer data)
{
    const News *news = data;

    pst_flights_ended(pst_server_flights(news->daemon->server), news->number, news->guest,
                      news->host, news->error, g_get_monotonic_time());
    return G_SOURCE_REMOVE;
}

static gboolean
on_listed(gpointer data)
{
    const News *news = data;

    pst_server_listed(news->daemon->server, news->number, news->domains, news->records,
                      news->n_records, news->error);
    return G_SOURCE_REMOVE;
}

static gboolean
on_swept(gpointer data)
{
    const News *news = data;

    pst_server_swept(news->daemon->server, news->number, news->health, news->domains, news->records,
                     news->n_records, news->error);
    return G_SOURCE_REMOVE;
}

/* A copy that shares nothing with ANSWER. */
static PstAnswer *
copy_whole(const PstAnswer *answer)
{
    g_autofree char *text = pst_json_to_text(answer->args, NULL);
    PstAnswer *copy = pst_answer_copy(answer);
    JsonObject *args = pst_json_parse(text, strlen(text), &pst_validate_to_api, NULL);

    json_object_unref(copy->args);
    copy->args = args != NULL ? args : json_object_new();
    return copy;
}

/* What libvirt did not tell in time, it did not tell. */
static void
blame_hypervisor(GError *error)
{
    if (error != NULL && error->code == PST_ERROR_DEADLINE)
        error->code = PST_ERROR_NO_HYPERVISOR;
}

/* ---- a conversation */

typedef struct {
    PstDaemon *daemon;
    guint64 number;
    char *domain, *caller;
    gint64 deadline_us;
    gboolean with_host;
    PstAnswer **questions; /* taken over by the inquiry, which gives them back as the answers */
    guint n;
    PstAnswer **places; /* the same, by place: where each stands */
    gboolean *told;
} Conversation;

static void
free_conversation(gpointer data)
{
    Conversation *conversation = data;

    for (guint i = 0; i < conversation->n; i++)
        pst_answer_free(conversation->places[i]);
    g_free(conversation->questions);
    g_free(conversation->places);
    g_free(conversation->told);
    g_free(conversation->domain);
    g_free(conversation->caller);
    g_free(conversation);
}

static void
tell_place(Conversation *conversation, guint place)
{
    if (conversation->told[place])
        return;
    conversation->told[place] = TRUE;
    News *news = new_news(conversation->daemon, conversation->number);
    news->place = place;
    news->answer = copy_whole(conversation->places[place]);
    tell(news, on_answered);
}

static void
on_told(PstAnswer *answer, gpointer data)
{
    Conversation *conversation = data;

    for (guint i = 0; i < conversation->n; i++)
        if (conversation->places[i] == answer)
            tell_place(conversation, i);
}

static void
end(Conversation *conversation, const char *guest, const PstReport *host, const GError *error)
{
    News *news = new_news(conversation->daemon, conversation->number);

    news->guest = g_strdup(guest);
    news->host = host != NULL ? pst_report_to_json(host) : NULL;
    news->error = error != NULL ? g_error_copy(error) : NULL;
    tell(news, on_ended);
}

static gpointer
converse(gpointer data, GError **unused G_GNUC_UNUSED)
{
    Conversation *conversation = data;
    const PstInquiryListener listener = {on_told, conversation};
    g_autoptr(GError) error = NULL;
    g_autoptr(PstGuest) guest = pst_guest_open(
        conversation->daemon->hypervisor, conversation->domain, conversation->deadline_us, &error);
    PstReport *host = NULL;

    if (guest == NULL) {
        blame_hypervisor(error);
        end(conversation, NULL, NULL, error);
        return NULL;
    }
    for (guint i = 0; i < conversation->n; i++) {
        g_free(conversation->questions[i]->guest);
        conversation->questions[i]->guest = g_strdup(guest->name);
        conversation->questions[i]->uuid = g_strdup(guest->uuid);
    }
    g_autofree PstAnswer **answers = pst_consult_guest(
        guest, g_steal_pointer(&conversation->questions), conversation->n, conversation->caller,
        conversation->deadline_us, &listener, conversation->with_host ? &host : NULL);
    for (guint i = 0; i < conversation->n; i++)
        tell_place(conversation, i);
    if (conversation->with_host)
        host = pst_consult_check_recorder(guest, answers, conversation->n, host,
                                          conversation->deadline_us);
    end(conversation, guest->name, host, NULL);
    g_clear_pointer(&host, pst_report_free);
    pst_consult_harvest(guest, conversation->deadline_us);
    return NULL;
}

static void
begin_conversation(const PstFlightsJob *job, gpointer user_data)
{
    Conversation *conversation = g_new0(Conversation, 1);
    g_autoptr(GError) error = NULL;

    conversation->daemon = user_data;
    conversation->number = job->number;
    conversation->domain = g_strdup(job->domain);
    conversation->caller = g_strdup(job->caller);
    conversation->deadline_us = job->deadline_us;
    conversation->with_host = job->with_host;
    conversation->n = job->n;
    conversation->questions = g_new0(PstAnswer *, job->n);
    conversation->told = g_new0(gboolean, job->n);
    for (guint i = 0; i < job->n; i++)
        conversation->questions[i] = copy_whole(job->questions[i]);
    conversation->places = g_memdup2(conversation->questions, job->n * sizeof(PstAnswer *));
    if (pst_task_start(converse, conversation, free_conversation, "conversation", &error))
        return;
    News *news = new_news(user_data, job->number);
    news->error = g_steal_pointer(&error);
    tell(news, on_ended);
}

/* ---- the list of domains */

typedef struct {
    PstDaemon *daemon;
    guint64 number;
    gint64 deadline_us;
} Listing;

static gpointer
list_domains(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const Listing *listing = data;
    News *news = new_news(listing->daemon, listing->number);
    GPtrArray *rows =
        pst_overview_make(listing->daemon->hypervisor, listing->deadline_us, &news->error);

    blame_hypervisor(news->error);
    if (rows != NULL) {
        news->domains = pst_overview_to_json(rows);
        news->records = pst_overview_greetings(rows, &news->n_records);
        pst_overview_free(rows);
    }
    tell(news, on_listed);
    return NULL;
}

static void
begin_list(guint64 number, gint64 deadline_us, gpointer user_data)
{
    Listing *listing = g_new0(Listing, 1);
    g_autoptr(GError) error = NULL;

    *listing = (Listing){user_data, number, deadline_us};
    if (pst_task_start(list_domains, listing, g_free, "list", &error))
        return;
    News *news = new_news(user_data, number);
    news->error = g_steal_pointer(&error);
    tell(news, on_listed);
}

/* ---- a sweep over them */

typedef struct {
    PstDaemon *daemon;
    guint64 number;
    guint uid;
    char *caller;
    gint64 deadline_us;
} Sweeping;

static void
free_sweeping(gpointer data)
{
    Sweeping *sweeping = data;

    g_free(sweeping->caller);
    g_free(sweeping);
}

static gpointer
sweep_domains(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const Sweeping *sweeping = data;
    News *news = new_news(sweeping->daemon, sweeping->number);
    g_autofree char *owner = g_strdup_printf("%u", sweeping->uid);
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    const PstHealthMaking making = {
        .hypervisor = sweeping->daemon->hypervisor,
        .verb = "health",
        .caller = sweeping->caller,
        .owner = owner,
        .deadline_us = sweeping->deadline_us,
    };
    g_autoptr(PstHealth) health = pst_health_make(&making, records, &news->error);

    if (health != NULL)
        news->health = pst_health_to_parts(health, &news->domains);
    news->n_records = records->len;
    news->records = (PstAnswer **)g_ptr_array_steal(records, NULL);
    tell(news, on_swept);
    return NULL;
}

static void
begin_sweep(guint64 number, guint uid, const char *caller, gint64 deadline_us, gpointer user_data)
{
    Sweeping *sweeping = g_new0(Sweeping, 1);
    g_autoptr(GError) error = NULL;

    *sweeping = (Sweeping){user_data, number, uid, g_strdup(caller), deadline_us};
    if (pst_task_start(sweep_domains, sweeping, free_sweeping, "sweep", &error))
        return;
    News *news = new_news(user_data, number);
    news->error = g_steal_pointer(&error);
    tell(news, on_swept);
}

/* ---- who calls */

static void
begin_naming(guint64 number, int fd, gpointer user_data)
{
    PstDaemon *daemon = user_data;

    pst_naming_begin(daemon->context, daemon->server, number, fd);
}

static void
complain(const GError *error)
{
    fprintf(stderr, "posternd: %s\n", error->message);
}

static guint64
write_records(const PstAuditCaller *caller, const char *verb, PstAnswer *const *answers, guint n,
              guint *n_waiting, gpointer user_data)
{
    PstDaemon *daemon = user_data;
    guint64 number = 0;

    for (guint i = 0; i < n; i++)
        number = pst_audit_writer_add(daemon->audit, caller, verb, answers[i], n_waiting);
    return number;
}

static void
tell_recorded(guint64 number, gpointer user_data)
{
    pst_server_recorded(((PstDaemon *)user_data)->server, number);
}

static void
watch(gpointer user_data)
{
    pst_daemon_events_want(((PstDaemon *)user_data)->events);
}

/* ---- who watches */

static gpointer
hear(const char *const *domains, PstServerRequest *request, gpointer user_data)
{
    PstDaemon *daemon = user_data;
    const PstWatchWanted wanted = {domains, pst_server_may_watch, pst_server_watched, request};

    return pst_watch_hub_want(daemon->hub, &wanted);
}

static void
unhear(gpointer hearing, gpointer user_data)
{
    pst_watch_hub_unwant(((PstDaemon *)user_data)->hub, hearing);
}

static void
keep_channels(PstDaemon *daemon)
{
    g_autoptr(GError) error = NULL;
    PstChannelKeep *keep = pst_channel_keep_new(daemon->context, &error);

    if (keep == NULL)
        complain(error);
    pst_hypervisor_set_keep(daemon->hypervisor, keep);
    daemon->hub = pst_watch_hub_new(daemon->context, daemon->hypervisor);
}

PstDaemon *
pst_daemon_new(GMainContext *context, const char *uri, const PstServerLimits *limits)
{
    PstDaemon *daemon = g_new0(PstDaemon, 1);
    const PstServerBackend backend = {
        begin_conversation, watch, begin_list, begin_sweep, begin_naming,
        write_records,      hear,  unhear,     daemon};
    const PstAuditWriterFuncs audit = {pst_audit_record, complain, tell_recorded, context, daemon};

    daemon->context = g_main_context_ref(context);
    daemon->audit = pst_audit_writer_new(&audit);
    daemon->hypervisor = pst_hypervisor_new(uri);
    keep_channels(daemon);
    daemon->server = pst_server_new(context, uri, limits, &pst_server_diagnose_door, &backend);
    daemon->events = pst_daemon_events_new(context, daemon->hypervisor,
                                           pst_flights_recent(pst_server_flights(daemon->server)));
    return daemon;
}

PstServer *
pst_daemon_server(PstDaemon *daemon)
{
    return daemon->server;
}

gboolean
pst_daemon_flush(PstDaemon *daemon, gint64 deadline_us)
{
    return pst_audit_writer_flush(daemon->audit, deadline_us);
}
