// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate-facts.h"
#include "host-sidecar/html-escape.h"

/* JUnit's XML, which no standard defines: the elements and attributes that its consumers agree on
 * (the schema of Apache Ant's junitreport task). A guest's text can hold what XML has no way to
 * say; html-escape.c makes it visible. */

static void
append_attribute(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, " %s=\"", name);
    pst_html_escape_append(out, value != NULL ? value : "", FALSE);
    g_string_append_c(out, '"');
}

static void
append_seconds(GString *out, gint64 took_us)
{
    g_string_append_printf(out, " time=\"%" G_GINT64_FORMAT ".%03d\"", took_us / G_USEC_PER_SEC,
                           (int)(took_us % G_USEC_PER_SEC / 1000));
}

/* ---- names: consumers take two cases of one name for one ---- */

/* Those of which there is a case for each that breaks them. */
static gboolean
has_many(const PstGateOutcome *outcome)
{
    static const char *const many[] = {"units.no-failed", "units.no-new-failed", "units.no-lost",
                                       NULL};

    return g_str_has_prefix(outcome->expectation, "finding") ||
           g_strv_contains(many, outcome->expectation);
}

static void
append_finding_name(GString *name, const PstFinding *finding)
{
    const PstEvidence *evidence = finding->evidence;
    const char *what = NULL;

    if (evidence != NULL)
        what = evidence->path != NULL   ? evidence->path
               : evidence->unit != NULL ? evidence->unit
               : evidence->name != NULL ? evidence->name
                                        : evidence->user;
    g_string_append_printf(name, " %s", finding->id);
    if (what != NULL)
        g_string_append_printf(name, "@%s", what);
}

/* The same from one run to the next, so that a history can be kept of it. */
static GString *
name_of(const PstGateOutcome *outcome)
{
    g_autofree char *title = pst_gate_outcome_title(outcome);
    GString *name = g_string_new(title);

    if (outcome->which != NULL)
        g_string_append_printf(name, " %s", outcome->which);
    if (outcome->which != NULL || outcome->state == PST_GATE_HELD || !has_many(outcome))
        return name;
    if (outcome->unit != NULL && g_str_has_prefix(outcome->expectation, "units."))
        g_string_append_printf(name, " %s", outcome->unit);
    else if (outcome->finding != NULL)
        append_finding_name(name, outcome->finding);
    else if (outcome->probe != NULL)
        g_string_append_printf(name, " %s", outcome->probe);
    return name;
}

/* What is still the same is numbered. NAMES are those that were given. */
static char *
unique_name_of(const PstGateOutcome *outcome, GHashTable *names)
{
    GString *name = name_of(outcome);
    gsize len = name->len;

    for (guint n = 2; !g_hash_table_add(names, g_strdup(name->str)); n++) {
        g_string_truncate(name, len);
        g_string_append_printf(name, " (%u)", n);
    }
    return g_string_free(name, FALSE);
}

/* ---- cases ---- */

static const char *
element_of(const PstGateOutcome *outcome)
{
    if (outcome->state == PST_GATE_BROKEN || outcome->unchecked == PST_POLICY_UNCHECKED_FAILS)
        return "failure";
    return outcome->unchecked == PST_POLICY_UNCHECKED_IGNORED ? "skipped" : "error";
}

static void
append_text(GString *out, const char *word, const char *text)
{
    if (text == NULL)
        return;
    g_string_append_printf(out, "%s: ", word);
    pst_html_escape_append(out, text, FALSE);
    g_string_append_c(out, '\n');
}

static void
append_details(GString *out, const PstGateOutcome *outcome)
{
    const PstFinding *root = outcome->root != NULL ? outcome->root : outcome->finding;

    append_text(out, "probe", outcome->probe);
    append_text(out, "via", outcome->via);
    append_text(out, "unit", outcome->unit);
    if (root != NULL) {
        append_text(out, "because", root->message);
        append_text(out, "finding", root->id);
        append_text(out, "at", root->evidence != NULL ? root->evidence->path : NULL);
        g_autofree char *undo = pst_gate_undo_words(root->undo);
        append_text(out, undo != NULL ? "undo" : "remedy", undo != NULL ? undo : root->remedy);
    }
    for (guint i = 0; outcome->files != NULL && i < outcome->files->len; i++)
        append_text(out, "changed", ((PstGateFile *)outcome->files->pdata[i])->path);
    for (guint i = 0; outcome->lines != NULL && i < outcome->lines->len; i++)
        append_text(out, "journal", ((PstGateLine *)outcome->lines->pdata[i])->message);
}

static void
append_case(GString *out, const PstGateVerdict *verdict, const PstGateOutcome *outcome,
            GHashTable *names)
{
    g_autofree char *name = unique_name_of(outcome, names);
    const char *element = element_of(outcome);

    g_string_append(out, "    <testcase");
    append_attribute(out, "name", name);
    append_attribute(out, "classname", verdict->policy);
    append_seconds(out, 0);
    if (outcome->state == PST_GATE_HELD) {
        g_string_append(out, "/>\n");
        return;
    }
    g_string_append_printf(out, ">\n      <%s", element);
    append_attribute(out, "message", outcome->message);
    if (!g_str_equal(element, "skipped"))
        append_attribute(out, "type",
                         outcome->state == PST_GATE_BROKEN && outcome->finding != NULL
                             ? outcome->finding->id
                             : (outcome->state == PST_GATE_BROKEN ? "broken" : "unchecked"));
    g_string_append_c(out, '>');
    if (!g_str_equal(element, "skipped"))
        append_details(out, outcome);
    g_string_append_printf(out, "</%s>\n    </testcase>\n", element);
}

static guint
count(const PstGateVerdict *verdict, const char *element)
{
    const GPtrArray *const lists[] = {verdict->broken, verdict->unchecked};
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; j < lists[i]->len; j++)
            n += g_str_equal(element_of(lists[i]->pdata[j]), element);
    return n;
}

/* Whether there is no verdict, and no case that says so: what may be ignored is green, and so is
 * nothing at all. */
static gboolean
is_silent(const PstGateVerdict *verdict)
{
    return (verdict->result == PST_GATE_COULD_NOT_CHECK ||
            verdict->result == PST_GATE_NOT_CHECKABLE) &&
           count(verdict, "failure") + count(verdict, "error") == 0;
}

typedef struct {
    guint tests, failures, errors, skipped;
    gint64 took_us;
} Counts;

static void
append_counts(GString *out, const Counts *counts)
{
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"", counts->tests,
                           counts->failures, counts->errors);
    append_seconds(out, counts->took_us);
}

static Counts
counts_of(const PstGateVerdict *verdict, gint64 took_us)
{
    guint silent = is_silent(verdict) ? 1 : 0;

    return (Counts){
        .tests = verdict->broken->len + verdict->unchecked->len + verdict->held->len + silent,
        .failures = count(verdict, "failure"),
        .errors = count(verdict, "error") + silent,
        .skipped = count(verdict, "skipped"),
        .took_us = took_us,
    };
}

/* The case of what is not there: a verdict. */
static void
append_no_verdict(GString *out, const char *policy, const char *type, const char *message)
{
    g_string_append(out, "    <testcase name=\"verdict\"");
    append_attribute(out, "classname", policy);
    append_seconds(out, 0);
    g_string_append(out, ">\n      <error");
    append_attribute(out, "message", message);
    append_attribute(out, "type", type);
    g_string_append(out, "/>\n    </testcase>\n");
}

/* ---- properties ---- */

static void
append_property(GString *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_string_append(out, "      <property");
    append_attribute(out, "name", name);
    append_attribute(out, "value", value);
    g_string_append(out, "/>\n");
}

/* Of several each has a number: consumers keep one of a name. */
static void
append_numbered(GString *out, const char *name, guint number, const char *value)
{
    g_autofree char *own = g_strdup_printf("%s-%u", name, number);

    append_property(out, own, value);
}

static void
append_excuse(GString *out, guint number, const PstGateExcuse *excuse)
{
    g_autofree char *text = g_strdup_printf(
        "[%s] %s%s%s%s%s", excuse->finding, excuse->message, excuse->reason != NULL ? " -- " : "",
        excuse->reason != NULL ? excuse->reason : "", excuse->until != NULL ? ", until " : "",
        excuse->until != NULL ? excuse->until : "");

    append_numbered(out, excuse->expired == PST_TRI_YES ? "expired-exception" : "exception", number,
                    text);
}

static void
append_properties(GString *out, const PstGateVerdict *verdict)
{
    g_string_append(out, "    <properties>\n");
    append_property(out, "result", pst_gate_result_names[verdict->result]);
    append_property(out, "summary", verdict->summary);
    append_property(out, "via", verdict->via);
    append_property(out, "settled", pst_gate_may_change(verdict) ? "false" : "true");
    append_property(out, "moving", verdict->moving);
    for (guint i = 0; verdict->notes != NULL && verdict->notes[i] != NULL; i++)
        append_numbered(out, "note", i + 1, verdict->notes[i]);
    for (guint i = 0; verdict->excused != NULL && i < verdict->excused->len; i++)
        append_excuse(out, i + 1, verdict->excused->pdata[i]);
    g_string_append(out, "    </properties>\n");
}

/* ---- all of it ---- */

static GString *
begin(const char *policy, const char *guest, const Counts *counts, GDateTime *now)
{
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    g_autoptr(GDateTime) utc = g_date_time_to_utc(now);
    g_autofree char *timestamp = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");

    append_counts(out, counts);
    g_string_append(out, ">\n  <testsuite");
    append_attribute(out, "name", policy);
    append_counts(out, counts);
    g_string_append_printf(out, " skipped=\"%u\"", counts->skipped);
    append_attribute(out, "timestamp", timestamp);
    append_attribute(out, "hostname", guest);
    g_string_append(out, ">\n");
    return out;
}

static char *
end(GString *out)
{
    g_string_append(out, "  </testsuite>\n</testsuites>\n");
    return g_string_free(out, FALSE);
}

char *
pst_gate_to_junit(const PstGateVerdict *verdict, GDateTime *now, gint64 took_us)
{
    const GPtrArray *const lists[] = {verdict->broken, verdict->unchecked, verdict->held};
    const Counts counts = counts_of(verdict, took_us);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GString *out = begin(verdict->policy, verdict->guest, &counts, now);

    append_properties(out, verdict);
    if (is_silent(verdict))
        append_no_verdict(out, verdict->policy, pst_gate_result_names[verdict->result],
                          verdict->summary);
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; j < lists[i]->len; j++)
            append_case(out, verdict, lists[i]->pdata[j], names);
    return end(out);
}

char *
pst_gate_error_to_junit(const char *policy, const char *guest, const GError *error, GDateTime *now)
{
    const Counts counts = {.tests = 1, .errors = 1};
    GString *out = begin(policy, guest, &counts, now);

    append_no_verdict(out, policy, "no-verdict", error->message);
    return end(out);
}
