// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/policy.h"

#include <string.h>

#include "host-sidecar/policy-keys.h"
#include "host-sidecar/policy-text.h"
#include "protocol/error.h"
#include "protocol/nearest.h"

#define FINDING "finding "

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
    if (!pst_policy_keys_unchecked(file, "policy", &unchecked, error))
        return NULL;
    for (char **title = titles; *title != NULL; title++)
        if (!read_title(file, *title, policy, unchecked, error))
            return NULL;
    return g_steal_pointer(&policy);
}
