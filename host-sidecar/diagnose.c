// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/diagnose.h"

#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/causes.h"
#include "host-sidecar/vantage.h"
#include "host-sidecar/words.h"
#include "protocol/json.h"
#include "protocol/report-host.h"
#include "protocol/report-services.h"
#include "protocol/vocabulary.h"

static gboolean
takes(const PstReportKind *kind, const char *argument)
{
    for (guint i = 0; i < kind->args->n_rows; i++)
        if (g_str_equal(kind->args->rows[i].name, argument))
            return TRUE;
    return FALSE;
}

/* What has to be told first which file is meant is no part of a diagnosis. */
static gboolean
needs_argument(const PstReportKind *kind)
{
    for (guint i = 0; i < kind->args->n_rows; i++)
        if (kind->args->rows[i].required)
            return TRUE;
    return FALSE;
}

/* What leaves a trace and can't do without is not asked; what is derived is nobody's to answer. */
static gboolean
is_asked(const PstReportKind *kind, const PstDiagnoseWish *wish)
{
    if (kind->derived || needs_argument(kind) ||
        (wish->probes != NULL && !g_strv_contains(wish->probes, kind->name)))
        return FALSE;
    return !wish->passive || kind->footprint[0] == '\0' || takes(kind, "passive");
}

static JsonObject *
arguments_of(const PstReportKind *kind, const PstDiagnoseWish *wish)
{
    JsonObject *args = json_object_new();

    pst_vantage_apply(wish->vantage, kind, args);
    if (wish->passive && takes(kind, "passive"))
        json_object_set_boolean_member(args, "passive", TRUE);
    if (takes(kind, "host_realtime_us"))
        json_object_set_int_member(args, "host_realtime_us", g_get_real_time());
    if (kind == &pst_report_services_kind)
        pst_words_add_list(args, "units", wish->units);
    return args;
}

PstAnswer **
pst_diagnose_questions(const char *guest, const PstDiagnoseWish *wish, guint *n)
{
    PstAnswer **questions = g_new0(PstAnswer *, pst_vocabulary_n);

    *n = 0;
    for (guint i = 0; i < pst_vocabulary_n; i++) {
        const PstReportKind *kind = pst_vocabulary[i];

        if (!is_asked(kind, wish))
            continue;
        g_autoptr(JsonObject) args = arguments_of(kind, wish);
        questions[(*n)++] = pst_answer_new(guest, kind->name, args);
    }
    return questions;
}

PstAnswer **
pst_diagnose_derive(PstAnswer **answers, guint *n, const PstDiagnoseWish *wish)
{
    PstAnswer *access = pst_access_answer(answers, *n, wish->vantage);

    answers = g_renew(PstAnswer *, answers, *n + 1);
    answers[(*n)++] = access;
    return answers;
}

gboolean
pst_diagnose_is_answered(PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++)
        if (answers[i]->via >= PST_VIA_VOLUME)
            return FALSE;
    return TRUE;
}

PstAnswer **
pst_diagnose_add_host(PstAnswer **answers, guint *n, const char *guest, PstReport *host)
{
    g_autoptr(PstReport) report = host;

    if (report == NULL || report->status == PST_STATUS_OK)
        return answers;
    answers = g_renew(PstAnswer *, answers, *n + 1);
    memmove(answers + 1, answers, *n * sizeof *answers);
    answers[0] = pst_answer_new(guest, pst_report_host_kind.name, NULL);
    answers[0]->via = PST_VIA_HOST;
    answers[0]->report = g_steal_pointer(&report);
    (*n)++;
    return answers;
}

static void
count_finding(PstDiagnosis *diagnosis, const PstFinding *finding)
{
    diagnosis->n_critical += finding->severity == PST_SEVERITY_CRITICAL;
    diagnosis->n_warning += finding->severity == PST_SEVERITY_WARNING;
    diagnosis->n_unknown += finding->severity == PST_SEVERITY_UNKNOWN;
}

/* A report that is worse than its findings, or has none, counts once more. */
static void
count_report(PstDiagnosis *diagnosis, const PstAnswer *answer)
{
    const PstReport *report = answer->report;
    PstStatus status = pst_answer_status(answer);
    int worst = PST_SEVERITY_INFORMATION;

    for (guint i = 0; i < report->findings->len; i++) {
        count_finding(diagnosis, report->findings->pdata[i]);
        worst = MAX(worst, ((PstFinding *)report->findings->pdata[i])->severity);
    }
    if ((int)status <= worst)
        return;
    diagnosis->n_critical += status == PST_STATUS_CRITICAL;
    diagnosis->n_warning += status == PST_STATUS_WARNING;
    diagnosis->n_unknown += status == PST_STATUS_UNKNOWN;
}

PstDiagnosis
pst_diagnose_judge(PstAnswer *const *answers, guint n)
{
    PstDiagnosis diagnosis = {.status = PST_STATUS_OK};
    g_autoptr(GArray) causes = pst_causes_order(answers, n);

    if (causes->len > 0)
        diagnosis.first = g_array_index(causes, PstCause, 0).finding;
    for (guint i = 0; i < n; i++) {
        diagnosis.status = MAX(diagnosis.status, pst_answer_status(answers[i]));
        if (answers[i]->report != NULL)
            count_report(&diagnosis, answers[i]);
        else
            diagnosis.n_unknown++;
    }
    return diagnosis;
}

static void
append_count(GString *out, guint n, const char *word)
{
    if (n > 0)
        g_string_append_printf(out, "%s%u %s", out->len > 0 ? ", " : "", n, word);
}

char *
pst_diagnose_summary(const PstDiagnosis *diagnosis)
{
    g_autoptr(GString) counts = g_string_new(NULL);

    append_count(counts, diagnosis->n_critical, "critical");
    append_count(counts, diagnosis->n_unknown, "unknown");
    append_count(counts, diagnosis->n_warning, diagnosis->n_warning == 1 ? "warning" : "warnings");
    if (counts->len == 0)
        return g_strdup("nothing is wrong");
    if (diagnosis->first == NULL)
        return g_strdup(counts->str);
    return g_strdup_printf("%s; first: %s", counts->str, diagnosis->first->message);
}

JsonObject *
pst_diagnose_verdict_to_json(const char *guest, PstAnswer *const *answers, guint n)
{
    PstDiagnosis diagnosis = pst_diagnose_judge(answers, n);
    g_autofree char *summary = pst_diagnose_summary(&diagnosis);
    JsonObject *json = json_object_new();
    g_autoptr(GArray) causes = pst_causes_order(answers, n);

    pst_json_set_string(json, "guest", guest);
    json_object_set_string_member(json, "status", pst_report_status_names[diagnosis.status]);
    pst_json_set_string(json, "summary", summary);
    json_object_set_array_member(json, "causes", pst_causes_to_json(causes));
    return json;
}

JsonObject *
pst_diagnose_to_json(const char *guest, PstAnswer *const *answers, guint n)
{
    JsonObject *json = pst_diagnose_verdict_to_json(guest, answers, n);
    JsonArray *array = json_array_new();

    for (guint i = 0; i < n; i++)
        json_array_add_object_element(array, pst_answer_to_json(answers[i]));
    json_object_set_array_member(json, "answers", array);
    return json;
}
