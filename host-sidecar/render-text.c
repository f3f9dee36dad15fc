// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/causes.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* What a screen has room for: so many causes whole, so many more in a line each, and so many lines
 * of what follows from them; --json has all. */
#define MAX_WHOLE 5
#define MAX_MORE 15
#define MAX_SYMPTOMS 10

static void
render_attempt(GString *out, const PstAttempt *attempt)
{
    g_string_append_printf(out, "%-9s not via %s: ", "", pst_answer_via_names[attempt->via]);
    pst_render_quote(out, attempt->reason);
    if (attempt->took_ms > 0)
        g_string_append_printf(out, " (after %" G_GINT64_FORMAT " ms)", attempt->took_ms);
    g_string_append_c(out, '\n');
}

static gboolean
has_attempt(const GPtrArray *seen, const PstAttempt *attempt)
{
    for (guint i = 0; i < seen->len; i++) {
        const PstAttempt *other = seen->pdata[i];
        if (other->via == attempt->via && g_str_equal(other->reason, attempt->reason))
            return TRUE;
    }
    return FALSE;
}

/* What shut the better paths, each reason once. */
static void
render_attempts(GString *out, PstAnswer *const *answers, guint n)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new();

    for (guint i = 0; i < n; i++) {
        for (guint j = 0; answers[i]->attempts != NULL && j < answers[i]->attempts->len; j++) {
            PstAttempt *attempt = answers[i]->attempts->pdata[j];
            if (has_attempt(seen, attempt))
                continue;
            g_ptr_array_add(seen, attempt);
            render_attempt(out, attempt);
        }
    }
}

static void
render_unanswered(GString *out, const PstAnswer *answer)
{
    g_string_append_printf(out, "%-9s %s: ", "UNKNOWN", answer->probe);
    pst_render_quote(out, answer->error->message);
    g_string_append_printf(out, " [%s]\n", pst_error_reason((PstErrorCode)answer->error->code));
}

static void
render_as_of(GString *out, int via, gint64 age_ms, gint64 no_news_ms)
{
    g_autofree char *ago = pst_render_ago(age_ms * 1000);

    /* What a daemon had a moment ago. */
    if (via == PST_VIA_VOLUME || (via <= PST_VIA_AGENT_BUILTIN && age_ms >= 1000))
        g_string_append_printf(out, ", as of %s", ago);
    if (via == PST_VIA_VOLUME && no_news_ms != PST_INT_UNKNOWN) {
        g_autofree char *still = pst_render_ago(no_news_ms * 1000);
        g_string_append_printf(out, ", no new finding %s", still);
    }
}

/* A report that is not ok and names no reason must not vanish from the screen. */
static void
render_unexplained(GString *out, const PstAnswer *answer)
{
    const PstReport *report = answer->report;
    PstStatus status = pst_answer_status(answer);

    if (status == PST_STATUS_OK)
        return;
    for (guint i = 0; i < report->findings->len; i++)
        if (((PstFinding *)report->findings->pdata[i])->severity > PST_SEVERITY_INFORMATION)
            return;
    g_string_append_printf(out, "%-9s %s", pst_render_severity_words[status], answer->probe);
    render_as_of(out, answer->via, answer->age_ms, answer->no_news_ms);
    g_string_append(out, ": ");
    pst_render_quote(out, report->summary);
    g_string_append_c(out, '\n');
}

/* How many of each kind there were, and how many had no room. */
typedef struct {
    guint n_causes, n_symptoms, n_left_out;
} Room;

/* What is to be mended whole, what follows from it in a line. */
static void
render_cause(GString *out, const PstCause *cause, Room *room)
{
    const char *from = cause->cause != NULL ? cause->cause->id : cause->finding->caused_by;

    gint64 as_of_ms = cause->answer->via == PST_VIA_VOLUME ? cause->answer->age_ms : 0;
    gboolean root = cause->cause == NULL;
    guint n = root ? room->n_causes++ : room->n_symptoms++;

    if (root && n < MAX_WHOLE)
        pst_render_finding(out, cause->finding, from, &cause->dating, as_of_ms);
    else if (n < (root ? MAX_WHOLE + MAX_MORE : MAX_SYMPTOMS))
        pst_render_finding_line(out, cause->finding, from, as_of_ms);
    else
        room->n_left_out++;
}

/* What could not be looked at for a reason that is told: its probe's name says it all. */
static gboolean
is_unlooked(const PstCause *cause)
{
    return cause->cause != NULL && cause->finding->severity == PST_SEVERITY_UNKNOWN &&
           g_str_has_suffix(cause->finding->id, ".could-not-look");
}

/* The one at *AT and its like right behind it in one line; *AT is left at the last of them. */
static void
render_unlooked(GString *out, const GArray *causes, guint *at)
{
    const PstFinding *from = g_array_index(causes, PstCause, *at).cause;

    g_string_append_printf(out, "%-9s not looked at: ", "UNKNOWN");
    for (gboolean more = TRUE; more; *at += more) {
        const PstCause *cause = &g_array_index(causes, PstCause, *at);
        const PstCause *next = *at + 1 < causes->len ? cause + 1 : NULL;

        more = next != NULL && is_unlooked(next) && next->cause == from;
        g_string_append_printf(out, "%s%s", cause->answer->probe, more ? ", " : "; follows from ");
    }
    pst_render_append(out, from->id);
    g_string_append_c(out, '\n');
}

static void
render_causes(GString *out, PstAnswer *const *answers, guint n)
{
    g_autoptr(GArray) causes = pst_causes_order(answers, n);
    Room room = {0};

    for (guint i = 0; i < causes->len; i++) {
        const PstCause *cause = &g_array_index(causes, PstCause, i);

        /* The matrix above has said it already. */
        if (pst_render_access_data(cause->answer) != NULL)
            continue;
        if (is_unlooked(cause))
            render_unlooked(out, causes, &i);
        else
            render_cause(out, cause, &room);
    }
    if (room.n_left_out > 0)
        g_string_append_printf(out, "%-9s and %u more: --json has them\n", "", room.n_left_out);
}

static gboolean
is_sound(const PstAnswer *answer)
{
    return answer->report != NULL && pst_answer_status(answer) == PST_STATUS_OK &&
           pst_render_access_data(answer) == NULL;
}

/* Their names, where there is something to mend; else a line for each. */
static void
render_sound(GString *out, PstAnswer *const *answers, guint n, gboolean all)
{
    const char *between = "";

    for (guint i = 0; i < n; i++) {
        if (!is_sound(answers[i]))
            continue;
        if (all) {
            g_string_append_printf(out, "%-9s %s: ", "ok", answers[i]->probe);
            pst_render_quote(out, answers[i]->report->summary);
            g_string_append_c(out, '\n');
            continue;
        }
        if (*between == '\0')
            g_string_append_printf(out, "%-9s ", "ok");
        g_string_append_printf(out, "%s%s", between, answers[i]->probe);
        between = ", ";
    }
    if (*between != '\0')
        g_string_append_c(out, '\n');
}

/* By which paths the answers came, each named once, with the age of the oldest that came by it. */
static void
render_ways(GString *out, PstAnswer *const *answers, guint n)
{
    gboolean seen[PST_VIA_NONE + 1] = {FALSE};
    gint64 oldest_ms[PST_VIA_NONE + 1] = {0};

    for (guint i = 0; i < n; i++)
        oldest_ms[answers[i]->via] = MAX(oldest_ms[answers[i]->via], answers[i]->age_ms);
    for (guint i = 0; i < n; i++) {
        int via = answers[i]->via;

        if (answers[i]->report == NULL || seen[via])
            continue;
        seen[via] = TRUE;
        g_string_append_printf(out, ", via %s", pst_answer_via_names[via]);
        render_as_of(out, via, oldest_ms[via], pst_answer_no_news_ms(answers, n));
    }
}

char *
pst_render_diagnosis(const char *guest, PstAnswer *const *answers, guint n)
{
    PstDiagnosis diagnosis = pst_diagnose_judge(answers, n);
    g_autofree char *summary = pst_diagnose_summary(&diagnosis);
    GString *out = g_string_new(NULL);

    pst_render_append(out, guest);
    g_string_append_printf(out, ": %s", pst_report_status_names[diagnosis.status]);
    render_ways(out, answers, n);
    g_string_append(out, ": ");
    pst_render_quote(out, summary);
    g_string_append_c(out, '\n');

    pst_render_access(out, answers, n);
    render_causes(out, answers, n);
    for (guint i = 0; i < n; i++) {
        if (answers[i]->report == NULL)
            render_unanswered(out, answers[i]);
        else
            render_unexplained(out, answers[i]);
    }
    render_sound(out, answers, n, diagnosis.status == PST_STATUS_OK);
    render_attempts(out, answers, n);
    return g_string_free(out, FALSE);
}

char *
pst_render_answer(PstAnswer *answer)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, answer->guest);
    g_string_append_printf(out, ": %s %s", answer->probe,
                           pst_report_status_names[pst_answer_status(answer)]);
    if (answer->report == NULL) {
        g_string_append_c(out, '\n');
        render_unanswered(out, answer);
        render_attempts(out, &answer, 1);
        return g_string_free(out, FALSE);
    }

    g_autoptr(JsonObject) json = pst_report_to_json(answer->report);
    JsonObject *data = NULL;
    g_string_append_printf(out, ", via %s, %" G_GINT64_FORMAT " ms",
                           pst_answer_via_names[answer->via], answer->report->took_ms);
    if (answer->via == PST_VIA_VOLUME)
        render_as_of(out, answer->via, answer->age_ms, answer->no_news_ms);
    g_string_append(out, ": ");
    pst_render_quote(out, answer->report->summary);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < answer->report->findings->len; i++) {
        const PstFinding *finding = answer->report->findings->pdata[i];
        PstDating dating = pst_dating_find(&answer, 1, answer, finding);

        pst_render_finding(out, finding, finding->caused_by, &dating, 0);
    }
    if (pst_json_get_object(json, "data", PST_JSON_REQUIRED, &data, NULL)) {
        if (answer->report->kind == &pst_report_host_kind) {
            json_object_remove_member(data, "lifecycle");
            pst_render_lifecycle(out, answer->report->data);
        }
        pst_render_data(out, data, 0);
    }
    render_attempts(out, &answer, 1);
    return g_string_free(out, FALSE);
}
