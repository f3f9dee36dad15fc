// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/access.h"

#include "host-sidecar/access-steps.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define MAX_STEPS 10

const char *const pst_access_probes[] = {"network", "firewall", "ssh",    "account",
                                         "pam",     "sudo",     "memory", NULL};

typedef enum {
    SSH_KEY,
    SSH_PASSWORD,
    CONSOLE,
    SUDO,
} Way;

static const struct {
    const char *name;
    PstAccessStepKind steps[MAX_STEPS]; /* up to PST_ACCESS_N_STEPS */
} ways[] = {
    [SSH_KEY] = {"ssh-key",
                 {PST_ACCESS_NETWORK, PST_ACCESS_FIREWALL, PST_ACCESS_SSHD, PST_ACCESS_ALGORITHMS,
                  PST_ACCESS_USER, PST_ACCESS_KEY, PST_ACCESS_ACCOUNT_KEY, PST_ACCESS_PAM_KEY,
                  PST_ACCESS_N_STEPS}},
    [SSH_PASSWORD] = {"ssh-password",
                      {PST_ACCESS_NETWORK, PST_ACCESS_FIREWALL, PST_ACCESS_SSHD,
                       PST_ACCESS_ALGORITHMS, PST_ACCESS_USER, PST_ACCESS_PASSWORD,
                       PST_ACCESS_ACCOUNT_PASSWORD, PST_ACCESS_PAM_PASSWORD,
                       PST_ACCESS_MEMORY_PASSWORD, PST_ACCESS_N_STEPS}},
    [CONSOLE] = {"console",
                 {PST_ACCESS_ACCOUNT_CONSOLE, PST_ACCESS_PAM_CONSOLE, PST_ACCESS_MEMORY_PASSWORD,
                  PST_ACCESS_N_STEPS}},
    [SUDO] = {"sudo", {PST_ACCESS_SUDO, PST_ACCESS_N_STEPS}},
};

/* A way with the step that decides it. */
typedef struct {
    const PstAccessWay *way;
    const PstAccessStep *decisive; /* NULL where it is open */
    gboolean unlooked;             /* unknown, and because somebody could not look */
} Judged;

/* The first step that shuts it, else the first that nobody can tell. */
static void
decide(PstAccessWay *way, Judged *judged)
{
    way->verdict = PST_ACCESS_OPEN;
    for (guint i = 0; i < way->steps->len; i++) {
        const PstAccessStep *step = way->steps->pdata[i];

        if (step->verdict == PST_ACCESS_OPEN ||
            (step->verdict == PST_ACCESS_UNKNOWN && judged->decisive != NULL))
            continue;
        way->verdict = step->verdict;
        judged->decisive = step;
        if (step->verdict == PST_ACCESS_SHUT)
            break;
    }
    if (judged->decisive != NULL)
        way->because = g_strdup(judged->decisive->reason);
}

const char *
pst_access_note(const PstAccessWay *way)
{
    const char *note = NULL;

    if (way == NULL || way->verdict != PST_ACCESS_OPEN)
        return NULL;
    for (guint i = 0; note == NULL && way->steps != NULL && i < way->steps->len; i++)
        note = ((PstAccessStep *)way->steps->pdata[i])->note;
    return note;
}

static Judged
judge_way(const PstAccessFacts *facts, Way which, PstAccessData *data)
{
    PstAccessWay *way = pst_fields_append(&pst_report_access_way_fields, &data->ways);
    Judged judged = {.way = way};

    way->way = g_strdup(ways[which].name);
    for (guint i = 0; ways[which].steps[i] != PST_ACCESS_N_STEPS; i++) {
        PstAccessStep *step = pst_fields_append(&pst_report_access_step_fields, &way->steps);
        gboolean looked = pst_access_steps_judge(facts, ways[which].steps[i], step);

        judged.unlooked |= !looked && step->verdict == PST_ACCESS_UNKNOWN;
    }
    decide(way, &judged);
    return judged;
}

/* One open way is enough; with none, one that is unknown keeps the answer open. */
static int
either(int a, int b)
{
    if (a == PST_ACCESS_OPEN || b == PST_ACCESS_OPEN)
        return PST_ACCESS_OPEN;
    return a == PST_ACCESS_SHUT && b == PST_ACCESS_SHUT ? PST_ACCESS_SHUT : PST_ACCESS_UNKNOWN;
}

static void
blame(PstReport *report, const char *id, const Judged *judged, const char *what)
{
    const PstAccessData *data = report->data;
    PstFinding *finding = pst_report_add(report, id, PST_SEVERITY_CRITICAL, "%s %s: %s", data->user,
                                         what, judged->decisive->reason);

    finding->caused_by = g_strdup(judged->decisive->finding);
    finding->evidence->user = g_strdup(data->user);
}

static void
doubt(PstReport *report, const Judged *judged, const char *what)
{
    const PstAccessData *data = report->data;
    PstFinding *finding = pst_report_add(
        report, "access.could-not-tell", PST_SEVERITY_UNKNOWN, "whether %s %s is not known: %s",
        data->user, what, judged->decisive != NULL ? judged->decisive->reason : "nobody looked");

    finding->caused_by = judged->decisive != NULL ? g_strdup(judged->decisive->finding) : NULL;
    finding->evidence->user = g_strdup(data->user);
}

/* Who names a key comes by it: that a password would be taken is of no use to a program. */
static void
judge_login(PstReport *report, const Judged *key, const Judged *password, gboolean by_key)
{
    PstAccessData *data = report->data;
    const Judged *other = by_key ? key : password;

    data->login = either(key->way->verdict, other->way->verdict);
    if (data->login == PST_ACCESS_SHUT)
        blame(report, "access.no-login", key,
              by_key ? "can't get in by SSH with the key" : "can't get in by SSH");
    else if (data->login == PST_ACCESS_UNKNOWN && (key->unlooked || other->unlooked))
        doubt(report, key->unlooked ? key : other, "can get in by SSH");
}

static void
judge_root(PstReport *report, const Judged *sudo)
{
    PstAccessData *data = report->data;

    data->root = sudo->way->verdict;
    if (data->root == PST_ACCESS_SHUT)
        blame(report, "access.no-root", sudo, "can't become root");
    else if (data->root == PST_ACCESS_UNKNOWN && sudo->unlooked)
        doubt(report, sudo, "can become root");
}

static char *
summary_of(const PstAccessData *data)
{
    if (data->user == NULL)
        return g_strdup("no user was named");
    if (data->login == PST_ACCESS_OPEN && data->root == PST_ACCESS_OPEN)
        return g_strdup_printf("%s can log in by SSH and become root", data->user);
    return g_strdup_printf("login of %s by SSH: %s; root by sudo: %s", data->user,
                           pst_report_access_verdicts[data->login],
                           pst_report_access_verdicts[data->root]);
}

static void
read_vantage(JsonObject *vantage, PstAccessData *data)
{
    const char *user = NULL, *from = NULL;

    pst_json_get_string(vantage, "user", PST_JSON_NULLABLE, &user, NULL);
    pst_json_get_string(vantage, "from", PST_JSON_NULLABLE, &from, NULL);
    pst_json_get_int(vantage, "port", PST_JSON_NULLABLE, &data->port, NULL);
    data->user = g_strdup(user);
    data->from = g_strdup(from);
}

static gboolean
names_key(JsonObject *vantage)
{
    const char *key = NULL;

    pst_json_get_string(vantage, "key", PST_JSON_NULLABLE, &key, NULL);
    return key != NULL;
}

PstReport *
pst_access_derive(PstAnswer *const *answers, guint n, JsonObject *vantage)
{
    PstReport *report = pst_report_new(&pst_report_access_kind);
    PstAccessData *data = report->data;

    read_vantage(vantage, data);
    if (data->user != NULL) {
        const PstAccessFacts facts = {answers, n, data->user, data->from, data->port};
        Judged key = judge_way(&facts, SSH_KEY, data);
        Judged password = judge_way(&facts, SSH_PASSWORD, data);

        judge_way(&facts, CONSOLE, data);
        Judged sudo = judge_way(&facts, SUDO, data);
        judge_login(report, &key, &password, names_key(vantage));
        judge_root(report, &sudo);
    }
    g_autofree char *summary = summary_of(data);
    pst_report_conclude(report, summary);
    return report;
}

PstAnswer *
pst_access_answer(PstAnswer *const *answers, guint n, JsonObject *vantage)
{
    const char *guest = n > 0 ? answers[0]->guest : NULL;
    PstAnswer *access = pst_answer_new(guest, pst_report_access_kind.name, vantage);
    gboolean any = FALSE;

    access->via = PST_VIA_CHANNEL;
    for (guint i = 0; i < n; i++) {
        if (answers[i]->report == NULL)
            continue;
        any = TRUE;
        access->via = MAX(access->via, answers[i]->via);
        access->age_ms = MAX(access->age_ms, answers[i]->age_ms);
    }
    access->no_news_ms = pst_answer_no_news_ms(answers, n);
    if (any) {
        access->report = pst_access_derive(answers, n, vantage);
    } else {
        access->via = PST_VIA_NONE;
        access->error = g_error_new_literal(PST_ERROR, PST_ERROR_UNAVAILABLE,
                                            "no probe answered that it could be derived from");
    }
    return access;
}
