// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/dispatcher.h"

#include <malloc.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/exec-relay.h"
#include "guest-shim/probe.h"
#include "guest-shim/worker.h"
#include "protocol/call.h"
#include "protocol/exec.h"
#include "protocol/finding-catalogue.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/nearest.h"
#include "protocol/vocabulary.h"

/* A `probe` that waits for a worker, or has one. */
typedef struct {
    PstDispatcher *dispatcher;
    PstMessageId id;
    const PstProbe *probe;
    gpointer args;
    gint64 deadline_us;
    char *caller; /* NULL where the host does not say */
    PstWorker *worker;
} Job;

/* A request about a command, which waits to be handed on, or for its answer. */
typedef struct {
    PstDispatcher *dispatcher;
    PstMessage *message;
    PstExecRelay *relay; /* NULL: it waits */
} Errand;

struct PstDispatcher {
    const PstSysroot *sysroot;
    PstDispatcherReply reply;
    gpointer user_data;
    gsize max_report; /* 0: what a frame can hold */
    GQueue jobs;      /* of Job, in the order of their coming */
    GQueue errands;   /* of Errand, the same */
    guint n_running;
    guint expiry; /* the source for the first deadline of those that wait; 0 where none waits */
    guint rest;   /* the source that follows the last answer; 0 where none is due */
};

typedef void (*MethodRun)(PstDispatcher *dispatcher, PstMessage *message);

static void run_ping(PstDispatcher *dispatcher, PstMessage *message);
static void run_describe(PstDispatcher *dispatcher, PstMessage *message);
static void run_probe(PstDispatcher *dispatcher, PstMessage *message);
static void run_cancel(PstDispatcher *dispatcher, PstMessage *message);
static void run_subscribe(PstDispatcher *dispatcher, PstMessage *message);

static const struct {
    const char *name;
    PstMessageType type;
    MethodRun run;
} methods[] = {
    {"ping", PST_MESSAGE_REQUEST, run_ping},
    {"describe", PST_MESSAGE_REQUEST, run_describe},
    {"probe", PST_MESSAGE_REQUEST, run_probe},
    {"cancel", PST_MESSAGE_NOTIFICATION, run_cancel},
    {PST_DISPATCHER_SUBSCRIBE, PST_MESSAGE_REQUEST, run_subscribe},
};

const char *const pst_dispatcher_methods[] = {
    "ping", "describe", "probe", "cancel", PST_DISPATCHER_SUBSCRIBE, NULL};

G_STATIC_ASSERT(G_N_ELEMENTS(methods) == G_N_ELEMENTS(pst_dispatcher_methods) - 1);

PstDispatcher *
pst_dispatcher_new(const PstSysroot *sysroot, PstDispatcherReply reply, gpointer user_data)
{
    PstDispatcher *dispatcher = g_new0(PstDispatcher, 1);

    dispatcher->sysroot = sysroot;
    dispatcher->reply = reply;
    dispatcher->user_data = user_data;
    g_queue_init(&dispatcher->jobs);
    g_queue_init(&dispatcher->errands);
    return dispatcher;
}

void
pst_dispatcher_set_max_report(PstDispatcher *dispatcher, gsize bytes)
{
    dispatcher->max_report = bytes;
}

static void
free_job(Job *job)
{
    pst_fields_free(job->probe->kind->args, job->args);
    g_free(job->caller);
    g_free(job);
}

static gboolean on_rest(gpointer user_data);

static void
rest_if_idle(PstDispatcher *dispatcher)
{
    if (pst_dispatcher_is_idle(dispatcher) && dispatcher->rest == 0)
        dispatcher->rest = g_idle_add(on_rest, dispatcher);
}

/* What was handed on goes on: whoever wants to know asks again. */
static void
drop_errand(Errand *errand)
{
    g_queue_remove(&errand->dispatcher->errands, errand);
    g_clear_pointer(&errand->relay, pst_exec_relay_cancel);
    pst_message_free(errand->message);
    g_free(errand);
}

static void
drop_job(PstDispatcher *dispatcher, Job *job)
{
    if (job->worker != NULL) {
        pst_worker_cancel(job->worker);
        dispatcher->n_running--;
    }
    g_queue_remove(&dispatcher->jobs, job);
    free_job(job);
    rest_if_idle(dispatcher);
}

static void
stop_expiry(PstDispatcher *dispatcher)
{
    if (dispatcher->expiry != 0)
        g_source_remove(dispatcher->expiry);
    dispatcher->expiry = 0;
}

/* At rest the shim is to weigh nothing: what a large report needed goes back to the guest. Not
 * before the worker that wrote it is freed, and the frame that carried it. */
static gboolean
on_rest(gpointer user_data)
{
    PstDispatcher *dispatcher = user_data;

    dispatcher->rest = 0;
    malloc_trim(0);
    return G_SOURCE_REMOVE;
}

static void
stop_rest(PstDispatcher *dispatcher)
{
    if (dispatcher->rest != 0)
        g_source_remove(dispatcher->rest);
    dispatcher->rest = 0;
}

void
pst_dispatcher_clear(PstDispatcher *dispatcher)
{
    stop_expiry(dispatcher);
    while (!g_queue_is_empty(&dispatcher->jobs))
        drop_job(dispatcher, g_queue_peek_head(&dispatcher->jobs));
    while (!g_queue_is_empty(&dispatcher->errands))
        drop_errand(g_queue_peek_head(&dispatcher->errands));
}

void
pst_dispatcher_free(PstDispatcher *dispatcher)
{
    pst_dispatcher_clear(dispatcher);
    stop_rest(dispatcher);
    g_free(dispatcher);
}

gboolean
pst_dispatcher_is_idle(const PstDispatcher *dispatcher)
{
    return dispatcher->jobs.length == 0 && dispatcher->errands.length == 0;
}

static void
answer_error(PstDispatcher *dispatcher, const PstMessageId *id, const GError *error)
{
    g_autofree char *text = pst_message_error(id, error);

    dispatcher->reply(text, dispatcher->user_data);
}

static void
answer(PstDispatcher *dispatcher, const PstMessageId *id, JsonObject *result)
{
    g_autofree char *text = pst_message_result(id, result);

    dispatcher->reply(text, dispatcher->user_data);
}

/* Without a JSON tree, because how fast this is says how fast the door is. */
static void
run_ping(PstDispatcher *dispatcher, PstMessage *message)
{
    g_autofree char *text = pst_message_result_text(&message->id, "{}", 2);

    dispatcher->reply(text, dispatcher->user_data);
}

static JsonObject *
describe_kind(const PstReportKind *kind)
{
    JsonObject *json = pst_vocabulary_describe(kind);

    json_object_set_array_member(json, "findings", pst_finding_catalogue_ids(kind->name));
    return json;
}

static void
run_describe(PstDispatcher *dispatcher, PstMessage *message)
{
    g_autoptr(JsonObject) result = json_object_new();
    g_autoptr(GError) error = NULL;
    JsonArray *probes = json_array_new();
    const char *name = NULL;
    gboolean ok = message->params == NULL ||
                  pst_json_get_string(message->params, "name", PST_JSON_OPTIONAL, &name, &error);

    json_object_set_array_member(result, "probes", probes);
    if (!ok || (name != NULL && pst_probe_require(name, &error) == NULL)) {
        answer_error(dispatcher, &message->id, error);
        return;
    }
    for (guint i = 0; i < pst_probe_table_n; i++)
        if (name == NULL || g_str_equal(name, pst_probe_table[i].kind->name))
            json_array_add_object_element(probes, describe_kind(pst_probe_table[i].kind));
    answer(dispatcher, &message->id, result);
}

/* The call's deadline on CLOCK_BOOTTIME, never later than PST_LIMIT_DEADLINE_MAX_MS from now. */
static gint64
deadline_of(const PstCall *call)
{
    gint64 now_us = pst_boot_clock_us();
    gint64 left_us = call->not_after_us > 0 ? call->not_after_us - now_us
                                            : call->not_after_realtime_us - g_get_real_time();

    return now_us + MIN(left_us, PST_LIMIT_DEADLINE_MAX_MS * G_GINT64_CONSTANT(1000));
}

static gboolean
has_room(const PstDispatcher *dispatcher, GError **error)
{
    if (dispatcher->jobs.length + dispatcher->errands.length < PST_LIMIT_IN_FLIGHT)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "%d requests are in flight already",
                PST_LIMIT_IN_FLIGHT);
    return FALSE;
}

static Job *
read_job(PstDispatcher *dispatcher, PstMessage *message, GError **error)
{
    g_autoptr(JsonObject) no_args = json_object_new();
    const PstProbe *probe;
    PstCall call;

    if (!pst_call_read(message->params, &call, error))
        return NULL;
    probe = pst_probe_require(call.name, error);
    if (probe == NULL)
        return NULL;
    gpointer args =
        pst_fields_decode_exact(probe->kind->args, call.args != NULL ? call.args : no_args, error);
    if (args == NULL) {
        g_prefix_error(error, "probe %s: ", probe->kind->name);
        return NULL;
    }
    if (!has_room(dispatcher, error)) {
        pst_fields_free(probe->kind->args, args);
        return NULL;
    }

    Job *job = g_new0(Job, 1);
    job->dispatcher = dispatcher;
    job->id = message->id;
    job->probe = probe;
    job->args = args;
    job->deadline_us = deadline_of(&call);
    job->caller = g_strdup(call.caller);
    return job;
}

static void
run_probe(PstDispatcher *dispatcher, PstMessage *message)
{
    g_autoptr(GError) error = NULL;
    Job *job = read_job(dispatcher, message, &error);

    if (job == NULL)
        answer_error(dispatcher, &message->id, error);
    else
        g_queue_push_tail(&dispatcher->jobs, job);
}

static void
run_exec(PstDispatcher *dispatcher, PstMessage *message)
{
    g_autoptr(GError) error = NULL;

    if (!has_room(dispatcher, &error)) {
        answer_error(dispatcher, &message->id, error);
        return;
    }
    Errand *errand = g_new0(Errand, 1);
    errand->dispatcher = dispatcher;
    errand->message = pst_message_copy(message);
    g_queue_push_tail(&dispatcher->errands, errand);
}

static void
on_relayed(const char *text, const GError *error, gpointer user_data)
{
    Errand *errand = user_data;
    PstDispatcher *dispatcher = errand->dispatcher;

    errand->relay = NULL;
    if (text != NULL)
        dispatcher->reply(text, dispatcher->user_data);
    else
        answer_error(dispatcher, &errand->message->id, error);
    drop_errand(errand);
    rest_if_idle(dispatcher);
}

/* Hands on what came since. */
static void
run_errands(PstDispatcher *dispatcher)
{
    for (GList *item = dispatcher->errands.head, *next; item != NULL; item = next) {
        g_autoptr(GError) error = NULL;
        Errand *errand = item->data;

        next = item->next;
        if (errand->relay != NULL)
            continue;
        errand->relay =
            pst_exec_relay_start(dispatcher->sysroot, errand->message, on_relayed, errand, &error);
        if (errand->relay != NULL)
            continue;
        answer_error(dispatcher, &errand->message->id, error);
        drop_errand(errand);
    }
}

/* What is cancelled is not answered: its caller no longer listens. */
static void
run_cancel(PstDispatcher *dispatcher, PstMessage *message)
{
    const char *text = NULL;
    PstMessageId id;

    if (message->params == NULL ||
        !pst_json_get_string(message->params, "id", PST_JSON_REQUIRED, &text, NULL) ||
        !pst_message_parse_id(text, &id))
        return;
    for (GList *item = dispatcher->jobs.head; item != NULL; item = item->next) {
        Job *job = item->data;
        if (job->id.number == id.number && g_str_equal(job->id.session, id.session)) {
            drop_job(dispatcher, job);
            return;
        }
    }
    for (GList *item = dispatcher->errands.head; item != NULL; item = item->next) {
        Errand *errand = item->data;
        if (errand->message->id.number == id.number &&
            g_str_equal(errand->message->id.session, id.session)) {
            drop_errand(errand);
            return;
        }
    }
}

/* A session that can tell of events takes it before it gets here. */
static void
run_subscribe(PstDispatcher *dispatcher, PstMessage *message)
{
    g_autoptr(GError) error =
        g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "events are told on a channel alone");

    answer_error(dispatcher, &message->id, error);
}

void
pst_dispatcher_take(PstDispatcher *dispatcher, PstMessage *message)
{
    for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (methods[i].type == message->type && g_str_equal(methods[i].name, message->method)) {
            methods[i].run(dispatcher, message);
            return;
        }
    }
    if (message->type != PST_MESSAGE_REQUEST)
        return;
    if (g_str_has_prefix(message->method, PST_EXEC_PREFIX)) {
        run_exec(dispatcher, message);
        return;
    }

    g_autofree char *hint =
        pst_nearest_hint(message->method, pst_dispatcher_methods, G_N_ELEMENTS(methods));
    g_autoptr(GError) error = g_error_new(PST_ERROR, PST_ERROR_UNKNOWN_METHOD,
                                          "unknown method '%.64s'%s", message->method, hint);
    answer_error(dispatcher, &message->id, error);
}

static void
on_done(PstWorker *worker G_GNUC_UNUSED, const char *text, gsize len, const GError *error,
        gpointer user_data)
{
    Job *job = user_data;
    PstDispatcher *dispatcher = job->dispatcher;

    if (error != NULL) {
        answer_error(dispatcher, &job->id, error);
    } else {
        g_autofree char *frame = pst_message_result_text(&job->id, text, len);
        dispatcher->reply(frame, dispatcher->user_data);
    }
    dispatcher->n_running--;
    g_queue_remove(&dispatcher->jobs, job);
    free_job(job);
    pst_dispatcher_run(dispatcher);
    rest_if_idle(dispatcher);
}

/* It is no longer there when its caller hears of it, who may ask the next thing at once. */
static void
refuse_job(PstDispatcher *dispatcher, Job *job, const GError *error)
{
    g_queue_remove(&dispatcher->jobs, job);
    answer_error(dispatcher, &job->id, error);
    free_job(job);
    rest_if_idle(dispatcher);
}

static gboolean
is_late(const Job *job, GError **error)
{
    if (job->deadline_us > pst_boot_clock_us())
        return FALSE;
    g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                "probe %s was not started: its deadline had passed", job->probe->kind->name);
    return TRUE;
}

static gboolean
start_job(PstDispatcher *dispatcher, Job *job, GError **error)
{
    PstProbeContext context = {dispatcher->sysroot, job->deadline_us, job->caller,
                               dispatcher->max_report, &job->id};

    if (is_late(job, error))
        return FALSE;
    job->worker = pst_worker_start(job->probe, job->args, &context, on_done, job, error);
    if (job->worker == NULL)
        return FALSE;
    dispatcher->n_running++;
    return TRUE;
}

/* The first that waits, but one whose answer depends on how fast the guest is before all others:
 * these take longest, and what is patient fits beside them. */
static Job *
next_waiting(PstDispatcher *dispatcher)
{
    Job *first = NULL;

    for (GList *item = dispatcher->jobs.head; item != NULL; item = item->next) {
        Job *job = item->data;

        if (job->worker == NULL && !job->probe->patient)
            return job;
        if (job->worker == NULL && first == NULL)
            first = job;
    }
    return first;
}

static gboolean
on_expiry(gpointer user_data)
{
    PstDispatcher *dispatcher = user_data;

    dispatcher->expiry = 0;
    pst_dispatcher_run(dispatcher);
    return G_SOURCE_REMOVE;
}

/* Answers those that wait and whose deadline has passed, and wakes up for the next of them: there
 * is a timer only while somebody waits for a worker. */
static void
expire_waiting(PstDispatcher *dispatcher)
{
    gint64 first_us = G_MAXINT64;

    stop_expiry(dispatcher);
    for (GList *item = dispatcher->jobs.head, *next; item != NULL; item = next) {
        g_autoptr(GError) error = NULL;
        Job *job = item->data;

        next = item->next;
        if (job->worker != NULL)
            continue;
        if (is_late(job, &error)) {
            refuse_job(dispatcher, job, error);
        } else {
            first_us = MIN(first_us, job->deadline_us);
        }
    }
    if (first_us < G_MAXINT64)
        dispatcher->expiry = g_timeout_add(
            (guint)MAX(0, (first_us - pst_boot_clock_us()) / 1000 + 1), on_expiry, dispatcher);
}

void
pst_dispatcher_run(PstDispatcher *dispatcher)
{
    Job *job;

    while (dispatcher->n_running < PST_LIMIT_WORKERS && (job = next_waiting(dispatcher)) != NULL) {
        g_autoptr(GError) error = NULL;
        if (!start_job(dispatcher, job, &error))
            refuse_job(dispatcher, job, error);
    }
    run_errands(dispatcher);
    expire_waiting(dispatcher);
}
