// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/policy.h"

#include <string.h>

#include "host-sidecar/policy-keys.h"
#include "host-sidecar/policy-text.h"
#include "protocol/error.h"
#include "protocol/finding-catalogue.h"
#include "protocol/nearest.h"
#include "protocol/report-doctor.h"
#include "protocol/report-host.h"
#include "protocol/vocabulary.h"

#define FINDING "finding "
/* Of how many the probe `services` tells whatever their state. */
#define MAX_UNITS 64

const char *const pst_policy_unchecked_names[] = {"could-not-check", "fail", "ignore", NULL};
static const char *const words[] = {"allow", "downgrade", "forbid", NULL};

/* ---- the parts ---- */

static void
free_rule(gpointer data)
{
    PstPolicyRule *rule = data;

    g_free(rule->subject);
    g_strfreev(rule->values);
    g_free(rule);
}

static void
free_exception(gpointer data)
{
    PstPolicyException *exception = data;

    g_free(exception->pattern);
    g_free(exception->id);
    g_free(exception->what);
    g_free(exception->reason);
    g_free(exception);
}

void
pst_policy_free(PstPolicy *policy)
{
    g_free(policy->name);
    g_free(policy->sha256);
    g_free(policy->description);
    g_free(policy->since);
    pst_vantage_words_clear(&policy->who);
    g_strfreev(policy->journal_except);
    g_strfreev(policy->failed_except);
    g_strfreev(policy->below);
    g_strfreev(policy->files_except);
    g_strfreev(policy->journal_units);
    g_ptr_array_unref(policy->rules);
    g_ptr_array_unref(policy->exceptions);
    g_ptr_array_unref(policy->idle);
    g_free(policy);
}

/* ---- [finding ID] ---- */

static gboolean
set_text(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
    return TRUE;
}

static gboolean
read_exception_key(PstPolicyException *exception, const char *key, const char *value,
                   GError **error)
{
    static const char *const keys[] = {"verdict", "to", "reason", "until", "unchecked"};
    int place = 0;

    if (g_str_equal(key, "verdict")) {
        if (!pst_policy_text_word(value, words, &place, error))
            return FALSE;
        exception->word = (PstPolicyWord)place;
        return TRUE;
    }
    exception->has_to |= g_str_equal(key, "to");
    if (g_str_equal(key, "to"))
        return pst_policy_text_word(value, pst_finding_severity_names, &exception->severity, error);
    if (g_str_equal(key, "reason"))
        return set_text(&exception->reason, value);
    if (g_str_equal(key, "until")) {
        exception->for_good = g_str_equal(value, "never");
        return exception->for_good || pst_policy_text_date(value, &exception->until, error);
    }
    if (g_str_equal(key, "unchecked"))
        return TRUE;
    g_autofree char *hint = pst_nearest_hint(key, keys, G_N_ELEMENTS(keys));
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "this key is not known%s", hint);
    return FALSE;
}

static gboolean
read_exception(GKeyFile *file, const char *title, PstPolicy *policy, PstPolicyUnchecked unchecked,
               GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, title, NULL, NULL);
    PstPolicyException *exception = g_new0(PstPolicyException, 1);
    PstPolicyReading reading = {policy, "finding", "forbid", unchecked, 0};

    g_ptr_array_add(policy->exceptions, exception);
    g_date_clear(&exception->until, 1);
    exception->word = PST_POLICY_ALLOW;
    exception->severity = PST_SEVERITY_WARNING;
    if (!pst_policy_text_finding(title + strlen(FINDING), exception, error)) {
        g_prefix_error(error, "[%s]: ", title);
        return FALSE;
    }
    for (char **key = keys; key != NULL && *key != NULL; key++) {
        g_autofree char *value = pst_policy_keys_value(file, title, *key, error);

        if (value == NULL || !read_exception_key(exception, *key, value, error)) {
            g_prefix_error(error, "[%s] %s: ", title, *key);
            return FALSE;
        }
    }
    if (!pst_policy_keys_unchecked(file, title, &reading.unchecked, error))
        return FALSE;
    if (exception->word == PST_POLICY_FORBID)
        pst_policy_keys_add_rule(&reading, PST_POLICY_FORBIDDEN, g_strdup(exception->pattern));
    return TRUE;
}

/* ---- the whole ---- */

/* A key file may have any bytes in a title, and a pattern of GLib's that is no text ends the
 * program. */
static gboolean
read_title(GKeyFile *file, const char *title, PstPolicy *policy, PstPolicyUnchecked unchecked,
           GError **error)
{
    if (!g_utf8_validate(title, -1, NULL)) {
        g_autofree char *valid = g_utf8_make_valid(title, -1);
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "[%s]: this is no text", valid);
        return FALSE;
    }
    if (g_str_has_prefix(title, FINDING))
        return read_exception(file, title, policy, unchecked, error);
    return pst_policy_keys_read(file, title, policy, unchecked, error);
}

PstPolicy *
pst_policy_read(GKeyFile *file, const char *name, GError **error)
{
    g_auto(GStrv) titles = g_key_file_get_groups(file, NULL);
    g_autoptr(PstPolicy) policy = g_new0(PstPolicy, 1);
    PstPolicyUnchecked unchecked = PST_POLICY_UNCHECKED_OPEN;

    policy->name = g_strdup(name);
    policy->journal_except = g_new0(char *, 1);
    policy->failed_except = g_new0(char *, 1);
    policy->below = g_new0(char *, 1);
    policy->files_except = g_new0(char *, 1);
    policy->journal_units = g_new0(char *, 1);
    policy->rules = g_ptr_array_new_with_free_func(free_rule);
    policy->exceptions = g_ptr_array_new_with_free_func(free_exception);
    policy->idle = g_ptr_array_new_with_free_func(g_free);
    if (!pst_policy_keys_unchecked(file, "policy", &unchecked, error))
        return NULL;
    for (char **title = titles; *title != NULL; title++)
        if (!read_title(file, *title, policy, unchecked, error))
            return NULL;
    return g_steal_pointer(&policy);
}

/* ---- what a rule says ---- */

char *
pst_policy_rule_title(const PstPolicyRule *rule)
{
    if (rule->kind == PST_POLICY_SETTING) /* whose key is its subject */
        return g_strdup_printf("%s.%s", rule->group, rule->subject);
    return g_strdup_printf("%s.%s%s%s", rule->group, rule->key, rule->subject != NULL ? " " : "",
                           rule->subject != NULL ? rule->subject : "");
}

gboolean
pst_policy_has(const PstPolicy *policy, PstPolicyKind kind)
{
    for (guint i = 0; i < policy->rules->len; i++)
        if (((PstPolicyRule *)policy->rules->pdata[i])->kind == kind)
            return TRUE;
    return FALSE;
}

gboolean
pst_policy_needs_user(const PstPolicy *policy)
{
    return pst_policy_has(policy, PST_POLICY_LOGIN) || pst_policy_has(policy, PST_POLICY_ROOT) ||
           pst_policy_has(policy, PST_POLICY_WAY);
}

static gboolean
needs_baseline(PstPolicyKind kind)
{
    return kind == PST_POLICY_NO_NEW_FINDING || kind == PST_POLICY_NO_LOST_PORT ||
           kind == PST_POLICY_NO_LOST_UNIT;
}

static gboolean
needs_moment(const PstPolicy *policy, PstPolicyKind kind)
{
    return kind == PST_POLICY_NO_NEW_FAILED_UNIT ||
           ((kind == PST_POLICY_JOURNAL || kind == PST_POLICY_FILES) && policy->since == NULL);
}

const PstPolicyRule *
pst_policy_compares(const PstPolicy *policy, gboolean *alone)
{
    const PstPolicyRule *found = NULL;

    *alone = FALSE;
    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];

        if (needs_baseline(rule->kind)) {
            *alone = TRUE;
            return rule;
        }
        if (found == NULL && needs_moment(policy, rule->kind))
            found = rule;
    }
    return found;
}

/* ---- exceptions ---- */

gboolean
pst_policy_exception_holds(const PstPolicyException *exception, GDateTime *now)
{
    GDate today;

    if (!g_date_valid(&exception->until))
        return TRUE;
    g_date_clear(&today, 1);
    g_date_set_dmy(&today, (GDateDay)g_date_time_get_day_of_month(now),
                   (GDateMonth)g_date_time_get_month(now), (GDateYear)g_date_time_get_year(now));
    return g_date_compare(&today, &exception->until) <= 0;
}

static gboolean
is_about(const PstEvidence *evidence, const char *what)
{
    const char *const subjects[] = {evidence->path, evidence->unit, evidence->user, evidence->name};

    for (guint i = 0; i < G_N_ELEMENTS(subjects); i++)
        if (subjects[i] != NULL && g_pattern_match_simple(what, subjects[i]))
            return TRUE;
    return FALSE;
}

gboolean
pst_policy_exception_matches(const PstPolicyException *exception, const PstFinding *finding)
{
    return g_pattern_match_simple(exception->id, finding->id) &&
           (exception->what == NULL ||
            (finding->evidence != NULL && is_about(finding->evidence, exception->what)));
}

/* ---- whether it is whole ---- */

/* All of them are one question, which takes no more. */
static gboolean
has_too_many_units(const PstPolicy *policy)
{
    guint n = 0;

    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];
        n += rule->kind == PST_POLICY_UNIT_ACTIVE || rule->kind == PST_POLICY_UNIT_INACTIVE;
    }
    return n > MAX_UNITS;
}

static gboolean
has_what_excepts_nothing(const PstPolicy *policy, const char **why)
{
    if (policy->files_except[0] != NULL && !pst_policy_has(policy, PST_POLICY_FILES))
        *why = "[files] except: there is no below= that it could be an exception of";
    else if (policy->failed_except[0] != NULL &&
             !pst_policy_has(policy, PST_POLICY_NO_FAILED_UNIT) &&
             !pst_policy_has(policy, PST_POLICY_NO_NEW_FAILED_UNIT) &&
             !pst_policy_has(policy, PST_POLICY_NO_LOST_UNIT))
        *why = "[units] except: there is no no-failed=, no-new-failed= or no-lost= that it could "
               "be an exception of";
    else if (policy->rules->len == 0)
        *why = "it expects nothing: every guest would pass";
    return *why != NULL;
}

/* Whether a gate asks the probe that such an id is of. */
static gboolean
is_asked_for(const char *id)
{
    for (guint i = 0; i < pst_vocabulary_n; i++) {
        const PstReportKind *kind = pst_vocabulary[i];
        g_autofree char *prefix = g_strconcat(kind->name, ".", NULL);
        gboolean asked = kind != &pst_report_host_kind && kind != &pst_report_doctor_kind;

        if (!g_str_has_prefix(id, prefix))
            continue;
        for (guint j = 0; j < kind->args->n_rows; j++)
            asked &= !kind->args->rows[j].required;
        return asked;
    }
    return FALSE;
}

static gboolean
is_looked_for(const PstPolicyException *exception)
{
    for (guint i = 0; i < pst_finding_catalogue_n; i++) {
        const char *id = pst_finding_catalogue[i].id;
        if (g_pattern_match_simple(exception->id, id) && is_asked_for(id))
            return TRUE;
    }
    return FALSE;
}

/* Why no such group can be; a drop-in may say a part of it. */
static const char *
why_not(const PstPolicyException *exception)
{
    if (exception->word != PST_POLICY_DOWNGRADE && exception->has_to)
        return "to= goes with verdict=downgrade";
    if (exception->word != PST_POLICY_FORBID)
        return NULL;
    if (g_date_valid(&exception->until))
        return "until= goes with verdict=allow and verdict=downgrade";
    return is_looked_for(exception)
               ? NULL
               : "no gate looks for that: what the host sees is only looked at where the guest "
                 "does not answer, and no single file is asked for";
}

static gboolean
check_exceptions(const PstPolicy *policy, GError **error)
{
    for (guint i = 0; i < policy->exceptions->len; i++) {
        const PstPolicyException *exception = policy->exceptions->pdata[i];
        const char *why = why_not(exception);

        if (why == NULL)
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "[finding %s]: %s", exception->pattern, why);
        return FALSE;
    }
    return TRUE;
}

gboolean
pst_policy_check(const PstPolicy *policy, GError **error)
{
    const char *why = NULL;

    if (!check_exceptions(policy, error))
        return FALSE;

    if (has_too_many_units(policy)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "[units]: say at most %d units, active= and inactive= together", MAX_UNITS);
        return FALSE;
    }
    if (!has_what_excepts_nothing(policy, &why))
        return TRUE;
    g_set_error_literal(error, PST_ERROR, PST_ERROR_USAGE, why);
    return FALSE;
}
