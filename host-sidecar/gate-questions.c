// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/gate-facts.h"
#include "host-sidecar/gate-judges.h"
#include "host-sidecar/gate-questions.h"
#include "protocol/report-changes.h"
#include "protocol/report-firewall.h"
#include "protocol/report-journal.h"
#include "protocol/report-network.h"
#include "protocol/report-services.h"
#include "protocol/vocabulary.h"

/* By these a failure is explained, and it is told whether the guest is still on its way. */
static const char *const always[] = {"changes", "services", "system", NULL};

static void
need(gboolean *needed, const char *probe)
{
    for (guint i = 0; i < pst_vocabulary_n; i++)
        if (g_str_equal(pst_vocabulary[i]->name, probe))
            needed[i] = TRUE;
}

static void
need_all(gboolean *needed, const char *const *probes)
{
    for (; *probes != NULL; probes++)
        need(needed, *probes);
}

static void
need_of_finding(gboolean *needed, const char *pattern)
{
    const char *end = strpbrk(pattern, ".");
    g_autofree char *prefix =
        end != NULL ? g_strndup(pattern, (gsize)(end - pattern)) : g_strdup("*");

    for (guint i = 0; i < pst_vocabulary_n; i++)
        needed[i] |= g_pattern_match_simple(prefix, pst_vocabulary[i]->name);
    if (g_pattern_match_simple(prefix, "access"))
        need_all(needed, pst_access_probes);
}

/* What has to be told which file is meant is asked about none. */
static gboolean
takes_what(const PstReportKind *kind)
{
    for (guint i = 0; i < kind->args->n_rows; i++)
        if (kind->args->rows[i].required)
            return TRUE;
    return FALSE;
}

static void
need_of_rule(gboolean *needed, const PstPolicyRule *rule)
{
    switch (rule->kind) {
    case PST_POLICY_LOGIN:
    case PST_POLICY_ROOT:
    case PST_POLICY_WAY:
        need_all(needed, pst_access_probes);
        break;
    case PST_POLICY_NO_LOST_PORT:
        need(needed, "firewall");
        need(needed, "network");
        break;
    case PST_POLICY_PORT:
        need(needed, "network");
        break;
    case PST_POLICY_CHECK:
        need(needed, "checks");
        break;
    case PST_POLICY_SETTING:
        need(needed, pst_gate_settings_probe(rule->subject));
        break;
    case PST_POLICY_NO_FINDING:
    case PST_POLICY_NO_NEW_FINDING:
        for (guint i = 0; i < pst_vocabulary_n; i++)
            needed[i] = !takes_what(pst_vocabulary[i]);
        break;
    case PST_POLICY_FORBIDDEN:
        need_of_finding(needed, rule->subject);
        break;
    case PST_POLICY_UNIT_ACTIVE:
    case PST_POLICY_UNIT_INACTIVE:
    case PST_POLICY_NO_FAILED_UNIT:
    case PST_POLICY_NO_NEW_FAILED_UNIT:
    case PST_POLICY_NO_LOST_UNIT:
    case PST_POLICY_JOURNAL:
    case PST_POLICY_FILES:
        break;
    }
}

char **
pst_gate_questions_probes(const PstPolicyRule *rule)
{
    g_autofree gboolean *needed = g_new0(gboolean, pst_vocabulary_n);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    need_of_rule(needed, rule);
    switch (rule->kind) {
    case PST_POLICY_UNIT_ACTIVE:
    case PST_POLICY_UNIT_INACTIVE:
    case PST_POLICY_NO_FAILED_UNIT:
    case PST_POLICY_NO_NEW_FAILED_UNIT:
    case PST_POLICY_NO_LOST_UNIT:
        need(needed, "services");
        break;
    case PST_POLICY_JOURNAL:
        need(needed, "journal");
        break;
    case PST_POLICY_FILES:
        need(needed, "changes");
        break;
    case PST_POLICY_PORT:
    case PST_POLICY_NO_LOST_PORT:
        need(needed, "firewall");
        break;
    default:
        break;
    }
    for (guint i = 0; i < pst_vocabulary_n; i++)
        if (needed[i] && !pst_vocabulary[i]->derived)
            g_strv_builder_add(names, pst_vocabulary[i]->name);
    return g_strv_builder_end(names);
}

/* ---- the questions ---- */

static char **
probes_of(const PstGateCase *one)
{
    g_autofree gboolean *needed = g_new0(gboolean, pst_vocabulary_n);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    gboolean joins = pst_gate_facts_joins_journal(one);

    need_all(needed, always);
    for (guint i = 0; i < one->policy->rules->len; i++)
        need_of_rule(needed, one->policy->rules->pdata[i]);
    for (guint i = 0; i < pst_vocabulary_n; i++)
        if (needed[i] && !(joins && pst_vocabulary[i] == &pst_report_journal_kind))
            g_strv_builder_add(names, pst_vocabulary[i]->name);
    return g_strv_builder_end(names);
}

static char *
units_of(const PstPolicy *policy)
{
    GString *units = g_string_new(NULL);

    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];
        if (rule->kind == PST_POLICY_UNIT_ACTIVE || rule->kind == PST_POLICY_UNIT_INACTIVE)
            g_string_append_printf(units, "%s%s", units->len > 0 ? "," : "", rule->subject);
    }
    return g_string_free(units, FALSE);
}

typedef struct {
    const PstGateCase *one;
    GPtrArray *questions;
} Asking;

static void
ask(const Asking *asking, const PstReportKind *kind, JsonObject *args)
{
    g_autoptr(JsonObject) owned = args;

    g_ptr_array_add(asking->questions, pst_answer_new(asking->one->guest, kind->name, owned));
}

static void
ask_of_rule(const Asking *asking, const PstPolicyRule *rule)
{
    const PstGateCase *one = asking->one;

    if (rule->kind == PST_POLICY_PORT)
        ask(asking, &pst_report_firewall_kind,
            pst_gate_facts_port_args(one, rule->number,
                                     g_str_has_suffix(rule->subject, "/udp") ? "udp" : "tcp"));
    else if (rule->kind == PST_POLICY_JOURNAL)
        ask(asking, &pst_report_journal_kind, pst_gate_facts_journal_args(one, rule->number));
    else if (rule->kind == PST_POLICY_FILES)
        ask(asking, &pst_report_changes_kind, pst_gate_facts_files_args(one));
}

static guint
place_of(const PstAnswer *question)
{
    guint i = 0;

    while (i < pst_vocabulary_n && !g_str_equal(pst_vocabulary[i]->name, question->probe))
        i++;
    return i;
}

/* As a diagnosis asks: what takes long is not begun last. */
static int
compare_places(gconstpointer a, gconstpointer b)
{
    guint first = place_of(*(const PstAnswer *const *)a);
    guint second = place_of(*(const PstAnswer *const *)b);

    return first < second ? -1 : first > second;
}

PstAnswer **
pst_gate_questions(const PstGateCase *one, guint *n)
{
    g_auto(GStrv) probes = probes_of(one);
    g_autofree char *units = units_of(one->policy);
    g_autoptr(JsonObject) nobody = json_object_new();
    const PstDiagnoseWish wish = {
        .vantage = one->vantage != NULL ? one->vantage : nobody,
        .passive = one->passive,
        .units = units,
        .probes = (const char *const *)probes,
    };
    guint n_base = 0;
    g_autofree PstAnswer **base = pst_diagnose_questions(one->guest, &wish, &n_base);
    const Asking asking = {one, g_ptr_array_new()};

    for (guint i = 0; i < n_base; i++)
        g_ptr_array_add(asking.questions, base[i]);
    for (guint i = 0; i < one->policy->rules->len; i++)
        ask_of_rule(&asking, one->policy->rules->pdata[i]);
    JsonObject *place = pst_gate_facts_place_args(one);
    if (place != NULL)
        ask(&asking, &pst_report_journal_kind, place);
    g_ptr_array_sort(asking.questions, compare_places);
    *n = asking.questions->len;
    return (PstAnswer **)g_ptr_array_free(asking.questions, FALSE);
}

/* What became of those that ran is told of each by name alone. */
static void
ask_of_units(const Asking *asking)
{
    g_autoptr(GPtrArray) units = pst_gate_judges_former_units(asking->one);
    JsonArray *names = json_array_new();
    JsonObject *args = json_object_new();

    for (guint i = 0; i < units->len; i++)
        json_array_add_string_element(names, units->pdata[i]);
    json_object_set_array_member(args, "units", names);
    if (units->len > 0)
        ask(asking, &pst_report_services_kind, args);
    else
        json_object_unref(args);
}

PstAnswer **
pst_gate_questions_further(const PstGateCase *one, guint *n)
{
    g_autoptr(GPtrArray) ports = pst_gate_judges_former_ports(one);
    const Asking asking = {one, g_ptr_array_new()};

    for (guint i = 0; i < ports->len; i++) {
        const PstNetworkListening *row = ports->pdata[i];

        ask(&asking, &pst_report_firewall_kind,
            pst_gate_facts_port_args(one, row->port, row->protocol));
    }
    ask_of_units(&asking);
    *n = asking.questions->len;
    return (PstAnswer **)g_ptr_array_free(asking.questions, FALSE);
}

PstAnswer **
pst_gate_questions_unanswered(const PstGateCase *one, const GError *cause, guint *n)
{
    PstAnswer **questions = pst_gate_questions_further(one, n);

    for (guint i = 0; i < *n; i++)
        questions[i]->error = g_error_copy(cause);
    return questions;
}
