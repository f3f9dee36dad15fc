// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/health-sight.h"

#include <string.h>

#include "host-sidecar/causes.h"
#include "host-sidecar/diagnose.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/report-host.h"
#include "protocol/report-storage.h"

/* As the host's own judgement has it (host-judge.c). */
#define JOB_LONG_MS 10000
/* Of a domain's problems: a guest could tell any number. */
#define MAX_PROBLEMS 200
#define MAX_ID 100
#define MAX_TEXT 400

const char *const pst_condition_names[] = {
    [PST_CONDITION_ANSWERS] = "answers",
    [PST_CONDITION_FROZEN] = "frozen",
    [PST_CONDITION_SILENT] = "silent",
    [PST_CONDITION_PAUSED] = "paused",
    [PST_CONDITION_MIGRATING] = "migrating",
    [PST_CONDITION_HELD] = "held",
    [PST_CONDITION_SAVED] = "saved",
    [PST_CONDITION_OFF] = "off",
    [PST_CONDITION_CRASHED] = "crashed",
    [PST_CONDITION_UNSEEN] = "unseen",
    NULL,
};

static const PstField problem_rows[] = {
    PST_REQUIRED_STRING(PstProblem, id, "the finding"),
    PST_ENUM(PstProblem, severity, pst_finding_severity_names, "as it was found"),
    PST_REQUIRED_STRING(PstProblem, message, "one line"),
    PST_STRING(PstProblem, subject, "the unit, path or user that it is about"),
    PST_STRING(PstProblem, cause, "the root cause that it follows from"),
    PST_INT(PstProblem, used_percent, "of a file system"),
    PST_ENUM(PstProblem, counted, pst_finding_severity_names, "as it counts"),
    PST_STRING(PstProblem, excuse, "why it counts less than it was found"),
    PST_BOOL(PstProblem, fresh, "the last sweep did not tell it"),
};
const PstFields pst_problem_fields = PST_FIELDS(PstProblem, problem_rows);

PstHealthSight *
pst_health_sight_new(const char *name)
{
    PstHealthSight *sight = g_new0(PstHealthSight, 1);

    sight->name = g_strdup(name);
    sight->run = PST_INT_UNKNOWN;
    sight->answered_us = PST_INT_UNKNOWN;
    sight->job_ms = PST_INT_UNKNOWN;
    return sight;
}

static void
drop_last(GPtrArray *problems)
{
    pst_fields_free(&pst_problem_fields, g_ptr_array_steal_index(problems, problems->len - 1));
}

void
pst_health_sight_free(PstHealthSight *sight)
{
    g_free(sight->name);
    g_free(sight->uuid);
    g_free(sight->state);
    g_free(sight->reason);
    g_free(sight->via);
    g_free(sight->why);
    g_free(sight->summary);
    g_strfreev(sight->looked);
    g_free(sight->job);
    while (sight->problems != NULL && sight->problems->len > 0)
        drop_last(sight->problems);
    g_clear_pointer(&sight->problems, g_ptr_array_unref);
    g_free(sight);
}

/* The last makes room where there are too many. */
static PstProblem *
add(PstHealthSight *sight, const char *id, int severity, const char *message)
{
    if (sight->problems != NULL && sight->problems->len >= MAX_PROBLEMS)
        drop_last(sight->problems);
    PstProblem *problem = pst_fields_append(&pst_problem_fields, &sight->problems);
    problem->id = pst_json_clean_cut(id, MAX_ID, NULL);
    problem->severity = severity;
    problem->counted = severity;
    problem->message = pst_json_clean_cut(message, MAX_TEXT, NULL);
    return problem;
}

PstProblem *
pst_health_sight_add(PstHealthSight *sight, const char *id, PstSeverity severity,
                     const char *format, ...)
{
    va_list words;

    va_start(words, format);
    g_autofree char *message = g_strdup_vprintf(format, words);
    va_end(words);
    return add(sight, id, severity, message);
}

/* ---- from answers ---- */

static const char *
subject_of(const PstEvidence *evidence)
{
    if (evidence == NULL)
        return NULL;
    if (evidence->unit != NULL)
        return evidence->unit;
    return evidence->path != NULL ? evidence->path : evidence->user;
}

/* As df(1) counts. */
static gint64
used_percent(const PstStorageMount *mount)
{
    gint64 used = mount->used_bytes, left = mount->available_bytes;

    if (used < 0 || left < 0 || used > PST_LIMIT_INTEGER || left > PST_LIMIT_INTEGER ||
        used + left == 0)
        return PST_INT_UNKNOWN;
    return (used * 100 + used + left - 1) / (used + left);
}

static gint64
find_percent(const PstCause *cause)
{
    const PstReport *report = cause->answer->report;
    const PstEvidence *evidence = cause->finding->evidence;

    if (report->kind != &pst_report_storage_kind || report->data == NULL || evidence == NULL ||
        !g_str_equal(cause->finding->id, "storage.nearly-full"))
        return PST_INT_UNKNOWN;
    const GPtrArray *mounts = ((const PstStorageData *)report->data)->mounts;
    for (guint i = 0; mounts != NULL && i < mounts->len; i++) {
        const PstStorageMount *mount = mounts->pdata[i];
        if (mount->path != NULL && g_strcmp0(mount->path, evidence->path) == 0)
            return used_percent(mount);
    }
    return PST_INT_UNKNOWN;
}

static void
add_finding(PstHealthSight *sight, const PstCause *cause)
{
    const PstFinding *finding = cause->finding;
    PstProblem *problem = add(sight, finding->id, finding->severity, finding->message);
    const char *subject = subject_of(finding->evidence);

    if (subject != NULL)
        problem->subject = pst_json_clean_cut(subject, MAX_TEXT, NULL);
    if (cause->root != finding)
        problem->cause = pst_json_clean_cut(cause->root->id, MAX_ID, NULL);
    problem->used_percent = find_percent(cause);
}

static gboolean
is_from_guest(const PstAnswer *answer)
{
    return answer->via < PST_VIA_VOLUME && answer->report != NULL;
}

static gboolean
could_look(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (g_str_has_suffix(((PstFinding *)report->findings->pdata[i])->id, ".could-not-look"))
            return FALSE;
    return !report->truncated;
}

/* A report that is worse than its findings say, and a question without an answer. */
static void
add_unexplained(PstHealthSight *sight, const PstAnswer *answer)
{
    const PstReport *report = answer->report;
    g_autofree char *id = g_strdup_printf("%s.could-not-look", answer->probe);
    int worst = PST_SEVERITY_INFORMATION;

    if (report == NULL) {
        g_autofree char *why = g_strdup_printf("%s: %s", answer->probe, answer->error->message);
        add(sight, id, PST_SEVERITY_UNKNOWN, why);
        return;
    }
    for (guint i = 0; i < report->findings->len; i++)
        worst = MAX(worst, ((PstFinding *)report->findings->pdata[i])->severity);
    if ((int)pst_answer_status(answer) > worst)
        add(sight, id, (int)pst_answer_status(answer), report->summary);
}

static void
note_paths(PstHealthSight *sight, PstAnswer *const *answers, guint n)
{
    GStrvBuilder *looked = g_strv_builder_new();
    int best = PST_VIA_NONE;

    for (guint i = 0; i < n; i++) {
        if (!is_from_guest(answers[i]))
            continue;
        best = MIN(best, answers[i]->via);
        if (could_look(answers[i]->report))
            g_strv_builder_add(looked, answers[i]->probe);
    }
    sight->looked = g_strv_builder_end(looked);
    g_strv_builder_unref(looked);
    sight->answered = best < PST_VIA_VOLUME;
    if (sight->answered)
        sight->via = g_strdup(pst_answer_via_names[best]);
}

/* Where nobody in it could be asked, because another had the turn or no port is held, it was not
 * silent; and one that only was too late is asked again at once. */
static gboolean
was_silent(const PstReport *host)
{
    const PstHostData *data = host != NULL ? host->data : NULL;

    return data == NULL || (data->asked != PST_TRI_NO && data->answered != PST_TRI_YES);
}

static void
add_causes(PstHealthSight *sight, PstAnswer *const *answers, guint n)
{
    g_autoptr(GArray) causes = pst_causes_order(answers, n);

    for (guint i = 0; i < causes->len; i++)
        add_finding(sight, &g_array_index(causes, PstCause, i));
}

/* What became of each path into the guest; what was seen from outside is told anyway. */
static char *
paths_of(const PstAnswer *answer)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; answer->attempts != NULL && i < answer->attempts->len; i++) {
        const PstAttempt *attempt = answer->attempts->pdata[i];

        if (attempt->via < PST_VIA_VOLUME)
            g_string_append_printf(out, "%s%s: %s", out->len > 0 ? "; " : "",
                                   pst_answer_via_names[attempt->via], attempt->reason);
    }
    return g_string_free(out, FALSE);
}

/* The questions went the same ways: the first that has an error tells it for all. */
static void
note_why(PstHealthSight *sight, PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n && sight->why == NULL; i++) {
        if (answers[i]->error == NULL)
            continue;
        g_autofree char *paths = paths_of(answers[i]);
        sight->why =
            pst_json_clean_cut(*paths != '\0' ? paths : answers[i]->error->message, MAX_TEXT, NULL);
    }
}

static void
read_host(PstHealthSight *sight, const PstReport *host)
{
    const PstHostData *data = host->data;

    if (data == NULL)
        return;
    g_free(sight->state);
    g_free(sight->reason);
    sight->state = g_strdup(data->state);
    sight->reason = g_strdup(data->reason);
    if (data->job != NULL && data->job->operation != NULL) {
        g_free(sight->job);
        sight->job = g_strdup(data->job->operation);
        sight->job_ms = data->job->running_ms;
    }
}

void
pst_health_sight_take(PstHealthSight *sight, PstAnswer **answers, guint n, PstReport *host)
{
    sight->asked = n > 0;
    note_paths(sight, answers, n);
    sight->missed = sight->asked && !sight->answered && was_silent(host);
    if (sight->answered)
        sight->answered_us = g_get_real_time();
    else
        note_why(sight, answers, n);
    if (host != NULL)
        read_host(sight, host);
    if (n > 0 && pst_diagnose_is_answered(answers, n))
        g_clear_pointer(&host, pst_report_free);
    if (sight->answered) {
        PstDiagnosis diagnosis = pst_diagnose_judge(answers, n);
        g_autofree char *summary = pst_diagnose_summary(&diagnosis);
        sight->summary = pst_json_clean_cut(summary, MAX_TEXT, NULL);
    }
    /* Of a guest that says nothing at all it is enough to say that. */
    guint n_told = sight->answered ? n : 0;
    for (guint i = n_told; i < n; i++)
        pst_answer_free(answers[i]);
    answers = pst_diagnose_add_host(answers, &n_told, sight->name, host);
    add_causes(sight, answers, n_told);
    for (guint i = 0; i < n_told; i++) {
        add_unexplained(sight, answers[i]);
        pst_answer_free(answers[i]);
    }
    g_free(answers);
}

void
pst_health_sight_note_job(PstHealthSight *sight, const char *operation, gint64 running_ms)
{
    if (sight->job != NULL)
        return;
    sight->job = g_strdup(operation);
    sight->job_ms = running_ms;
    if (running_ms >= JOB_LONG_MS)
        pst_health_sight_add(sight, "host.job", PST_SEVERITY_WARNING,
                             "libvirt has been at a %s of the domain for %" G_GINT64_FORMAT " s",
                             operation, running_ms / 1000);
}

/* ---- what it is doing ---- */

static gboolean
has_problem(const PstHealthSight *sight, const char *id)
{
    for (guint i = 0; sight->problems != NULL && i < sight->problems->len; i++)
        if (g_str_equal(((PstProblem *)sight->problems->pdata[i])->id, id))
            return TRUE;
    return FALSE;
}

void
pst_health_sight_rush(PstHealthSight *sight, const char *why)
{
    sight->missed = FALSE;
    /* More time had changed nothing. */
    if (has_problem(sight, "host.nobody-listens"))
        return;
    sight->rushed = TRUE;
    /* What says that it is silent says too much. */
    for (guint i = sight->problems != NULL ? sight->problems->len : 0; i > 0; i--) {
        PstProblem *problem = sight->problems->pdata[i - 1];
        if (!g_str_equal(problem->id, "host.no-answer"))
            continue;
        pst_fields_free(&pst_problem_fields, problem);
        g_ptr_array_remove_index(sight->problems, i - 1);
    }
    pst_health_sight_add(sight, "host.could-not-look", PST_SEVERITY_UNKNOWN,
                         "%s: say a longer --deadline", why);
}

static gboolean
is_migrating(const PstHealthSight *sight)
{
    return (sight->job != NULL && g_str_has_prefix(sight->job, "migration")) ||
           g_strcmp0(sight->reason, "for a migration") == 0 ||
           g_strcmp0(sight->reason, "for a post-copy migration") == 0;
}

/* What libvirt itself does, and ends. */
static gboolean
is_held(const char *reason)
{
    static const char *const reasons[] = {"to be saved", "to be dumped",        "for a snapshot",
                                          "starting",    "while it shuts down", NULL};

    return reason != NULL && g_strv_contains(reasons, reason);
}

static PstCondition
paused_as(const PstHealthSight *sight)
{
    if (is_migrating(sight))
        return PST_CONDITION_MIGRATING;
    if (g_strcmp0(sight->reason, "panicked") == 0 || g_strcmp0(sight->reason, "I/O error") == 0)
        return PST_CONDITION_CRASHED;
    return is_held(sight->reason) ? PST_CONDITION_HELD : PST_CONDITION_PAUSED;
}

static PstCondition
off_as(const PstHealthSight *sight)
{
    if (g_strcmp0(sight->reason, "saved") == 0)
        return PST_CONDITION_SAVED;
    return g_strcmp0(sight->reason, "crashed") == 0 ? PST_CONDITION_CRASHED : PST_CONDITION_OFF;
}

PstCondition
pst_health_sight_condition(const PstHealthSight *sight)
{
    if (sight->state == NULL)
        return PST_CONDITION_UNSEEN;
    if (sight->answered)
        return has_problem(sight, "storage.frozen") ? PST_CONDITION_FROZEN : PST_CONDITION_ANSWERS;
    if (g_str_equal(sight->state, "paused"))
        return paused_as(sight);
    if (g_str_equal(sight->state, "off"))
        return off_as(sight);
    if (g_str_equal(sight->state, "shutting down"))
        return PST_CONDITION_HELD;
    if (g_str_equal(sight->state, "suspended"))
        return PST_CONDITION_PAUSED;
    if (g_str_equal(sight->state, "crashed"))
        return PST_CONDITION_CRASHED;
    if (!g_str_equal(sight->state, "running"))
        return PST_CONDITION_UNSEEN;
    if (is_migrating(sight))
        return PST_CONDITION_MIGRATING;
    return sight->rushed ? PST_CONDITION_UNSEEN : PST_CONDITION_SILENT;
}
