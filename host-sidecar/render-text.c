// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/causes.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define INDENT "          "
/* What is quoted of a line of evidence on a screen; --json has the whole. */
#define MAX_QUOTE 160

static const char *const severity_words[] = {
    [PST_SEVERITY_INFORMATION] = "note",
    [PST_SEVERITY_WARNING] = "WARNING",
    [PST_SEVERITY_UNKNOWN] = "UNKNOWN",
    [PST_SEVERITY_CRITICAL] = "CRITICAL",
};

/* Escaped first and cut then: what a guest's program wrote need not be UTF-8. */
static void
append_quote(GString *out, const char *text)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);
    glong n = g_utf8_strlen(escaped, -1);

    g_string_append_len(out, escaped,
                        g_utf8_offset_to_pointer(escaped, MIN(n, MAX_QUOTE)) - escaped);
    if (n > MAX_QUOTE)
        g_string_append(out, " …");
}

static void
append_word(GString *line, const char *word, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_printf(line, "%s%s ", line->len > 0 ? ", " : "", word);
    append_quote(line, value);
}

/* `path:line, mode …`: where it is, and what was seen there. */
static void
render_evidence(GString *out, const PstEvidence *evidence)
{
    g_autoptr(GString) line = g_string_new(NULL);

    if (evidence->path != NULL)
        pst_render_append(line, evidence->path);
    if (evidence->path != NULL && evidence->line != PST_INT_UNKNOWN)
        g_string_append_printf(line, ":%" G_GINT64_FORMAT, evidence->line);
    append_word(line, "mode", evidence->mode);
    append_word(line, "owner", evidence->owner);
    append_word(line, "expected", evidence->expected);
    append_word(line, "unit", evidence->unit);
    append_word(line, "command", evidence->command);
    if (evidence->exit_status != PST_INT_UNKNOWN)
        g_string_append_printf(line, "%sexit status %" G_GINT64_FORMAT, line->len > 0 ? ", " : "",
                               evidence->exit_status);
    if (line->len > 0)
        g_string_append_printf(out, INDENT "at %s\n", line->str);
    if (evidence->text != NULL) {
        g_string_append(out, INDENT "> ");
        append_quote(out, evidence->text);
        g_string_append_c(out, '\n');
    }
    if (evidence->error != NULL && *evidence->error != '\0') {
        g_string_append(out, INDENT "says: ");
        append_quote(out, evidence->error);
        g_string_append_c(out, '\n');
    }
}

static void
render_since(GString *out, const PstDating *dating)
{
    g_autofree char *text = pst_dating_text(dating);

    if (text == NULL)
        return;
    g_string_append(out, INDENT "since: ");
    append_quote(out, text);
    g_string_append_c(out, '\n');
}

/* CAUSE is the id of what it follows from, or NULL. */
static void
render_finding(GString *out, const PstFinding *finding, const char *cause, const PstDating *dating)
{
    g_string_append_printf(out, "%-9s ", severity_words[finding->severity]);
    pst_render_append(out, finding->message);
    g_string_append(out, " [");
    pst_render_append(out, finding->id);
    g_string_append(out, "]\n");
    if (cause != NULL) {
        g_string_append(out, INDENT "follows from ");
        pst_render_append(out, cause);
        g_string_append_c(out, '\n');
    }
    if (finding->evidence != NULL)
        render_evidence(out, finding->evidence);
    render_since(out, dating);
    if (finding->remedy != NULL) {
        g_string_append(out, INDENT "remedy: ");
        append_quote(out, finding->remedy);
        g_string_append_c(out, '\n');
    }
}

static void
render_attempt(GString *out, const PstAttempt *attempt)
{
    g_string_append_printf(out, "%-9s not via %s: ", "", pst_answer_via_names[attempt->via]);
    append_quote(out, attempt->reason);
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
    append_quote(out, answer->error->message);
    g_string_append_printf(out, " [%s]\n", pst_error_reason((PstErrorCode)answer->error->code));
}

/* A report that is not ok and names no reason must not vanish from the screen. */
static void
render_unexplained(GString *out, const PstAnswer *answer)
{
    const PstReport *report = answer->report;

    if (report->status == PST_STATUS_OK)
        return;
    for (guint i = 0; i < report->findings->len; i++)
        if (((PstFinding *)report->findings->pdata[i])->severity > PST_SEVERITY_INFORMATION)
            return;
    g_string_append_printf(out, "%-9s %s: ", severity_words[report->status], answer->probe);
    append_quote(out, report->summary);
    g_string_append_c(out, '\n');
}

static void
render_causes(GString *out, PstAnswer *const *answers, guint n)
{
    g_autoptr(GArray) causes = pst_causes_order(answers, n);

    for (guint i = 0; i < causes->len; i++) {
        const PstCause *cause = &g_array_index(causes, PstCause, i);

        /* The matrix above has said it already. */
        if (pst_render_access_data(cause->answer) != NULL)
            continue;
        render_finding(out, cause->finding,
                       cause->cause != NULL ? cause->cause->id : cause->finding->caused_by,
                       &cause->dating);
    }
}

static void
render_sound(GString *out, PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++) {
        if (answers[i]->report == NULL || pst_answer_status(answers[i]) != PST_STATUS_OK ||
            pst_render_access_data(answers[i]) != NULL)
            continue;
        g_string_append_printf(out, "%-9s %s: ", "ok", answers[i]->probe);
        append_quote(out, answers[i]->report->summary);
        g_string_append_c(out, '\n');
    }
}

/* By which paths the answers came, each named once. */
static void
render_ways(GString *out, PstAnswer *const *answers, guint n)
{
    gboolean seen[PST_VIA_NONE + 1] = {FALSE};

    for (guint i = 0; i < n; i++) {
        if (answers[i]->report == NULL || seen[answers[i]->via])
            continue;
        seen[answers[i]->via] = TRUE;
        g_string_append_printf(out, ", via %s", pst_answer_via_names[answers[i]->via]);
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
    append_quote(out, summary);
    g_string_append_c(out, '\n');

    pst_render_access(out, answers, n);
    render_causes(out, answers, n);
    for (guint i = 0; i < n; i++) {
        if (answers[i]->report == NULL)
            render_unanswered(out, answers[i]);
        else
            render_unexplained(out, answers[i]);
    }
    render_sound(out, answers, n);
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
    g_string_append_printf(out,
                           ", via %s, %" G_GINT64_FORMAT " ms: ", pst_answer_via_names[answer->via],
                           answer->report->took_ms);
    append_quote(out, answer->report->summary);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < answer->report->findings->len; i++) {
        const PstFinding *finding = answer->report->findings->pdata[i];
        PstDating dating = pst_dating_find(&answer, 1, answer, finding);

        render_finding(out, finding, finding->caused_by, &dating);
    }
    if (pst_json_get_object(json, "data", PST_JSON_REQUIRED, &data, NULL))
        pst_render_data(out, data, 0);
    render_attempts(out, &answer, 1);
    return g_string_free(out, FALSE);
}
