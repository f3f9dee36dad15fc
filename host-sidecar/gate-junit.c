// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/gate.h"
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

static char *
name_of(const PstGateOutcome *outcome)
{
    if (outcome->subject == NULL)
        return g_strdup(outcome->expectation);
    return g_strdup_printf("%s %s", outcome->expectation, outcome->subject);
}

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
        append_text(out, "remedy", root->remedy);
    }
    for (guint i = 0; outcome->files != NULL && i < outcome->files->len; i++)
        append_text(out, "changed", ((PstGateFile *)outcome->files->pdata[i])->path);
    for (guint i = 0; outcome->lines != NULL && i < outcome->lines->len; i++)
        append_text(out, "journal", ((PstGateLine *)outcome->lines->pdata[i])->message);
}

static void
append_case(GString *out, const PstGateVerdict *verdict, const PstGateOutcome *outcome)
{
    g_autofree char *name = name_of(outcome);
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

static void
append_counts(GString *out, const PstGateVerdict *verdict, gint64 took_us)
{
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\"",
                           verdict->broken->len + verdict->unchecked->len + verdict->held->len,
                           count(verdict, "failure"), count(verdict, "error"));
    append_seconds(out, took_us);
}

char *
pst_gate_to_junit(const PstGateVerdict *verdict, GDateTime *now, gint64 took_us)
{
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    const GPtrArray *const lists[] = {verdict->broken, verdict->unchecked, verdict->held};
    g_autoptr(GDateTime) utc = g_date_time_to_utc(now);
    g_autofree char *timestamp = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");

    append_counts(out, verdict, took_us);
    g_string_append(out, ">\n  <testsuite");
    append_attribute(out, "name", verdict->policy);
    append_counts(out, verdict, took_us);
    g_string_append_printf(out, " skipped=\"%u\"", count(verdict, "skipped"));
    append_attribute(out, "timestamp", timestamp);
    append_attribute(out, "hostname", verdict->guest);
    g_string_append(out, ">\n    <properties>\n      <property name=\"result\"");
    append_attribute(out, "value", pst_gate_result_names[verdict->result]);
    g_string_append(out, "/>\n      <property name=\"summary\"");
    append_attribute(out, "value", verdict->summary);
    g_string_append(out, "/>\n    </properties>\n");
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; j < lists[i]->len; j++)
            append_case(out, verdict, lists[i]->pdata[j]);
    g_string_append(out, "  </testsuite>\n</testsuites>\n");
    return g_string_free(out, FALSE);
}
