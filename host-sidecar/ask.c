// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"

#include <stdio.h>
#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/ask-daemon.h"
#include "host-sidecar/audit.h"
#include "host-sidecar/consult.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/overview.h"
#include "host-sidecar/question.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/vocabulary.h"

static gboolean
write_one(const char *uuid, const char *method, const PstAnswer *answer, gboolean synced,
          gboolean halted, GError **error)
{
    const PstAuditRecord record = {
        pst_audit_caller(), pst_audit_self(), method, uuid, answer, synced, halted};

    return pst_audit_record(&record, error);
}

static void
record_one(const char *uuid, const char *method, const PstAnswer *answer, gboolean synced,
           gboolean halted)
{
    static gboolean said;
    g_autoptr(GError) error = NULL;

    if (write_one(uuid, method, answer, synced, halted, &error))
        return;
    if (!said)
        fprintf(stderr, "postern: %s\n", error->message);
    said = TRUE;
}

void
pst_ask_audit_guest(const PstGuest *guest, const char *method, PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++)
        record_one(guest != NULL ? guest->uuid : NULL, method, answers[i], FALSE, FALSE);
}

static PstAnswer *
describe_act(const char *domain, const PstAskAct *act, gboolean done, const GError *error)
{
    g_autoptr(JsonObject) args =
        act->params != NULL ? pst_json_sorted(act->params) : json_object_new();

    json_object_set_boolean_member(args, "done", done);
    PstAnswer *answer = pst_answer_new(domain, act->name, args);
    answer->error = error != NULL ? g_error_copy(error) : NULL;
    return answer;
}

gboolean
pst_ask_audit_begin(const char *domain, const char *uuid, const char *method, const PstAskAct *act,
                    GError **error)
{
    g_autoptr(PstAnswer) answer = describe_act(domain, act, FALSE, NULL);
    g_autoptr(GError) cause = NULL;

    if (write_one(uuid, method, answer, TRUE, FALSE, &cause))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "nothing was changed, since it could not be recorded before: %s", cause->message);
    return FALSE;
}

void
pst_ask_audit_act(const char *domain, const char *uuid, const char *method, const PstAskAct *act,
                  gboolean done, const GError *error)
{
    g_autoptr(PstAnswer) answer = describe_act(domain, act, done, error);

    record_one(uuid, method, answer, TRUE, act->halted);
}

void
pst_ask_audit(const char *method, PstAnswer *const *answers, guint n)
{
    pst_ask_audit_guest(NULL, method, answers, n);
}

/* A question that got no further than libvirt. */
static void
audit_failure(const char *method, const char *domain, gint64 took_us, const GError *error)
{
    g_autoptr(PstAnswer) answer = pst_answer_new(domain, "-", NULL);

    answer->error = g_error_copy(error);
    answer->took_ms = took_us / 1000;
    pst_ask_audit(method, &answer, 1);
}

PstGuest *
pst_ask_open(const PstOptions *options, const char *method, const char *domain, gint64 deadline_us,
             GError **error)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    g_autoptr(GError) cause = NULL;
    gint64 begun_us = g_get_monotonic_time();
    PstGuest *guest = pst_guest_open(hypervisor, options->uuid != NULL ? options->uuid : domain,
                                     deadline_us, &cause);

    if (guest != NULL)
        return guest;
    if (cause->code == PST_ERROR_DEADLINE)
        cause->code = PST_ERROR_NO_HYPERVISOR;
    audit_failure(method, domain, g_get_monotonic_time() - begun_us, cause);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

PstAnswer **
pst_ask_guest(PstGuest *guest, const char *method, PstAnswer **questions, guint n,
              gint64 deadline_us, const PstInquiryListener *listener, PstReport **host)
{
    /* Before and after: who is interrupted has asked all the same. */
    pst_ask_audit_guest(guest, method, questions, n);
    PstAnswer **answers =
        pst_consult_guest(guest, questions, n, pst_audit_caller(), deadline_us, listener, host);

    pst_ask_audit_guest(guest, method, answers, n);
    pst_consult_harvest(guest, deadline_us);
    return answers;
}

struct PstAsk {
    const PstOptions *options;
    const char *method, *domain;
    gint64 deadline_us;
    gboolean begun;
    PstApiClient *client; /* NULL: this process asks */
    PstGuest *guest;      /* where it does */
    char *name;
};

PstAsk *
pst_ask_new(const PstOptions *options, const char *method, const char *domain, gint64 deadline_us)
{
    PstAsk *ask = g_new0(PstAsk, 1);

    ask->options = options;
    ask->method = method;
    ask->domain = domain;
    ask->deadline_us = deadline_us;
    return ask;
}

void
pst_ask_free(PstAsk *ask)
{
    g_clear_pointer(&ask->client, pst_api_client_free);
    g_clear_pointer(&ask->guest, pst_guest_unref);
    g_free(ask->name);
    g_free(ask);
}

const char *
pst_ask_name(const PstAsk *ask)
{
    return ask->name != NULL ? ask->name : ask->domain;
}

const char *
pst_ask_uri(const PstAsk *ask)
{
    if (ask->client != NULL)
        return pst_api_client_uri(ask->client);
    return ask->guest != NULL ? ask->guest->uri : NULL;
}

/* Takes the questions; those that have an answer in ANSWERS are not asked again. */
static gboolean
ask_here(PstAsk *ask, PstAnswer **questions, guint n, const PstInquiryListener *listener,
         PstAnswer **answers, PstReport **host, GError **error)
{
    g_autofree guint *places = g_new0(guint, n);
    guint n_open = 0;

    if (ask->guest == NULL)
        ask->guest = pst_ask_open(ask->options, ask->method, ask->domain, ask->deadline_us, error);
    if (ask->guest == NULL)
        return FALSE;
    g_free(ask->name);
    ask->name = g_strdup(ask->guest->name);
    PstAnswer **open = g_new0(PstAnswer *, n);
    for (guint i = 0; i < n; i++) {
        if (answers[i] != NULL)
            continue;
        open[n_open] = g_steal_pointer(&questions[i]);
        g_free(open[n_open]->guest);
        open[n_open]->guest = g_strdup(ask->name);
        places[n_open++] = i;
    }
    g_autofree PstAnswer **answered =
        pst_ask_guest(ask->guest, ask->method, open, n_open, ask->deadline_us, listener, host);
    for (guint i = 0; i < n_open; i++) {
        answers[places[i]] = answered[i];
        if (answered[i]->uuid == NULL)
            answered[i]->uuid = g_strdup(ask->guest->uuid);
    }
    if (host != NULL)
        *host = pst_consult_check_recorder(ask->guest, answers, n, *host, ask->deadline_us);
    return TRUE;
}

/* Nobody else can ask then: FALSE. Takes the cause over. */
static gboolean
lose_host(const PstOptions *options, GError *cause, GError **error)
{
    cause->code = PST_ERROR_NO_HYPERVISOR;
    g_propagate_prefixed_error(error, cause, "%s: ", options->host);
    return FALSE;
}

/* FALSE where this process is to ask what is still open, or with the error that ends it. */
static gboolean
ask_daemon(PstAsk *ask, PstAnswer **questions, guint n, const PstInquiryListener *listener,
           PstAnswer **answers, PstReport **host, GError **error)
{
    gboolean lost = FALSE;
    g_autoptr(GError) cause = NULL;

    if (ask->client == NULL && (ask->options->host != NULL || !ask->begun))
        ask->client = pst_ask_daemon_find(ask->options, ask->deadline_us, error);
    ask->begun = TRUE;
    if (ask->client == NULL)
        return FALSE;
    g_clear_pointer(&ask->name, g_free);
    if (pst_ask_daemon_questions(ask->client, ask->method, ask->domain, questions, n, ask->options,
                                 ask->deadline_us, listener, answers, &ask->name, host, &lost,
                                 &cause))
        return TRUE;
    if (lost)
        g_clear_pointer(&ask->client, pst_api_client_free);
    if (lost && ask->options->host != NULL)
        return lose_host(ask->options, g_steal_pointer(&cause), error);
    if (!lost)
        g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

static void
free_all(PstAnswer **answers, guint n)
{
    for (guint i = 0; i < n; i++)
        g_clear_pointer(&answers[i], pst_answer_free);
    g_free(answers);
}

/* A daemon is asked by the word that its grants know. */
static gboolean
is_meant(const PstAsk *ask, PstAnswer *const *answers, guint n, GError **error)
{
    const char *meant = ask->options->uuid;

    for (guint i = 0; meant != NULL && i < n; i++) {
        if (answers[i]->uuid == NULL || g_str_equal(answers[i]->uuid, meant))
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_NO_DOMAIN,
                    "%s: another domain is called so by now than %s, which was meant", ask->domain,
                    meant);
        return FALSE;
    }
    return TRUE;
}

PstAnswer **
pst_ask_questions(PstAsk *ask, PstAnswer **questions, guint n, const PstInquiryListener *listener,
                  PstReport **host, GError **error)
{
    PstAnswer **answers = g_new0(PstAnswer *, n);
    g_autoptr(GError) cause = NULL;
    gboolean answered =
        ask_daemon(ask, questions, n, listener, answers, host, &cause) ||
        (cause == NULL && ask_here(ask, questions, n, listener, answers, host, &cause));

    free_all(questions, n);
    if (answered && is_meant(ask, answers, n, &cause))
        return answers;
    free_all(answers, n);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static GPtrArray *
list_here(const PstOptions *options, gint64 deadline_us, GError **error)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    g_autoptr(GError) cause = NULL;
    GPtrArray *rows = pst_overview_make(hypervisor, deadline_us, &cause);
    guint n = 0;

    if (rows == NULL) {
        if (cause->code == PST_ERROR_DEADLINE)
            cause->code = PST_ERROR_NO_HYPERVISOR;
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    PstAnswer **greetings = pst_overview_greetings(rows, &n);
    pst_ask_audit("list", greetings, n);
    free_all(greetings, n);
    return rows;
}

GPtrArray *
pst_ask_list(const PstOptions *options, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstApiClient) client = pst_ask_daemon_find(options, deadline_us, &cause);
    gboolean lost = client == NULL && cause == NULL;
    g_autoptr(JsonArray) domains =
        client != NULL ? pst_ask_daemon_list(client, deadline_us, &lost, &cause) : NULL;

    if (domains != NULL)
        return pst_overview_from_json(domains, error);
    if (lost && options->host == NULL)
        return list_here(options, deadline_us, error);
    if (lost)
        lose_host(options, g_steal_pointer(&cause), error);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static gboolean
print_answer(const PstOptions *options, PstAnswer *answer, GError **error)
{
    g_autofree char *text = NULL;

    if (options->quiet && pst_answer_status(answer) == PST_STATUS_OK)
        return TRUE;
    if (options->json) {
        g_autoptr(JsonObject) json = pst_answer_to_json(answer);
        text = pst_render_json(json);
    } else if (answer->report != NULL) {
        text = pst_render_answer(answer);
    }
    return text == NULL || pst_output_write(options->output, text, error);
}

gboolean
pst_ask_conclude(const PstOptions *options, PstAnswer *answer, int *exit_code, GError **error)
{
    if (!print_answer(options, answer, error))
        return FALSE;
    if (answer->report == NULL) {
        /* Whatever the guest calls its refusal: the question is open, and the caller made no
         * mistake that a guest could know better than this program. */
        g_autofree char *why = pst_answer_explain(answer);
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s: %s", answer->guest,
                    answer->probe, why);
        return FALSE;
    }
    *exit_code = pst_exit_code_of_status(pst_answer_status(answer));
    return TRUE;
}

gboolean
pst_ask_one(const PstOptions *options, const char *method, const char *domain, const char *probe,
            JsonObject *args, int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);

    if (!pst_question_check(probe, args, error))
        return FALSE;
    PstAnswer **questions = g_new0(PstAnswer *, 1);
    questions[0] = pst_answer_new(domain, probe, args);
    g_autofree PstAnswer **answers = pst_ask_questions(ask, questions, 1, NULL, NULL, error);
    if (answers == NULL)
        return FALSE;
    g_autoptr(PstAnswer) answer = answers[0];
    return pst_ask_conclude(options, answer, exit_code, error);
}

gboolean
pst_ask_access(const PstOptions *options, const char *method, const char *domain, JsonObject *args,
               int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    PstDiagnoseWish wish = {.vantage = args, .probes = pst_access_probes};
    guint n = 0;

    if (!pst_question_check(pst_report_access_kind.name, args, error) ||
        !pst_json_get_bool(args, "passive", PST_JSON_OPTIONAL, &wish.passive, error))
        return FALSE;
    g_autoptr(PstAsk) ask = pst_ask_new(options, method, domain, deadline_us);
    PstAnswer **questions = pst_diagnose_questions(domain, &wish, &n);
    PstAnswer **answers = pst_ask_questions(ask, questions, n, NULL, NULL, error);
    if (answers == NULL)
        return FALSE;
    g_autoptr(PstAnswer) access = pst_access_answer(answers, n, args);

    free_all(answers, n);
    return pst_ask_conclude(options, access, exit_code, error);
}
