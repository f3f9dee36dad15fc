// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/policy-text.h"
#include "host-sidecar/policy.h"

typedef struct {
    const PstPolicy *policy;
    GDateTime *now;
    GStrvBuilder *problems;
} Lint;

G_GNUC_PRINTF(2, 3)
static void
complain(const Lint *lint, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    g_autofree char *line = g_strdup_vprintf(format, words);
    va_end(words);
    g_strv_builder_add(lint->problems, line);
}

/* Whether a pattern takes all that may stand there, be it BRIEF or LENGTHY, which nobody writes. */
static gboolean
takes_all(const char *pattern, const char *brief, const char *lengthy)
{
    return g_pattern_match_simple(pattern, brief) && g_pattern_match_simple(pattern, lengthy);
}

/* Only what is expected of findings by their severity heeds it. */
static gboolean
is_heeded(const PstPolicy *policy)
{
    return pst_policy_has(policy, PST_POLICY_NO_FINDING) ||
           pst_policy_has(policy, PST_POLICY_NO_NEW_FINDING);
}

/* Whether what it covers counts all the same: what is unknown does as what is critical. */
static gboolean
still_counts(const PstPolicyException *exception, const PstPolicyRule *rule)
{
    int severity =
        exception->word == PST_POLICY_ALLOW ? PST_SEVERITY_INFORMATION : exception->severity;

    return severity >= rule->number ||
           (severity == PST_SEVERITY_UNKNOWN && rule->number == PST_SEVERITY_CRITICAL);
}

/* An exception that takes nothing from what counts, or all of it. */
static void
lint_weight(const Lint *lint, const PstPolicyException *exception)
{
    const GPtrArray *rules = lint->policy->rules;
    gboolean downgrades = exception->word == PST_POLICY_DOWNGRADE;
    gboolean all =
        exception->what == NULL && takes_all(exception->id, "\001.\001", "\001\001.\001\001");
    gboolean of_use = FALSE;

    for (guint i = 0; i < rules->len; i++) {
        const PstPolicyRule *rule = rules->pdata[i];
        g_autofree char *title = pst_policy_rule_title(rule);

        if ((rule->kind != PST_POLICY_NO_FINDING && rule->kind != PST_POLICY_NO_NEW_FINDING) ||
            still_counts(exception, rule))
            continue;
        of_use = TRUE;
        if (all)
            complain(lint, "[finding %s]: it takes all that may be found: nothing can break %s",
                     exception->pattern, title);
    }
    if (downgrades && exception->severity == PST_SEVERITY_INFORMATION)
        complain(lint, "[finding %s] to: information counts for nothing: say verdict=allow",
                 exception->pattern);
    if (downgrades && !of_use && is_heeded(lint->policy))
        complain(lint, "[finding %s] to: %s counts all the same: it downgrades nothing",
                 exception->pattern, pst_finding_severity_names[exception->severity]);
}

static void
lint_exception(const Lint *lint, const PstPolicyException *exception)
{
    if (exception->word == PST_POLICY_FORBID)
        return;
    if (!pst_policy_exception_holds(exception, lint->now))
        complain(lint, "[finding %s] until: %04d-%02d-%02d is over: it counts again",
                 exception->pattern, g_date_get_year(&exception->until),
                 g_date_get_month(&exception->until), g_date_get_day(&exception->until));
    if (!g_date_valid(&exception->until) && !exception->for_good)
        complain(
            lint,
            "[finding %s]: it has no until=: nobody will look at it again; say a day, or never",
            exception->pattern);
    if (exception->reason == NULL || exception->reason[0] == '\0')
        complain(lint, "[finding %s]: it has no reason=", exception->pattern);
    if (!is_heeded(lint->policy))
        complain(lint,
                 "[finding %s]: nothing is expected that it could be an exception of; say none= or "
                 "no-new= in [findings]",
                 exception->pattern);
    lint_weight(lint, exception);
    if (exception->word == PST_POLICY_ALLOW &&
        (g_pattern_match_simple(exception->id, "access.no-login") ||
         g_pattern_match_simple(exception->id, "access.no-root")) &&
        (pst_policy_has(lint->policy, PST_POLICY_LOGIN) ||
         pst_policy_has(lint->policy, PST_POLICY_ROOT)))
        complain(lint,
                 "[finding %s]: allowing it does not let anybody in: [reachable] fails all "
                 "the same",
                 exception->pattern);
}

/* What is forbidden of one thing only may well be let pass of all others. */
static gboolean
clash(const PstPolicyException *lets, const PstPolicyException *forbids)
{
    gboolean same = g_pattern_match_simple(forbids->id, lets->id) ||
                    g_pattern_match_simple(lets->id, forbids->id);

    if (forbids->what == NULL || lets->what == NULL)
        return same && forbids->what == NULL;
    return same && (g_pattern_match_simple(forbids->what, lets->what) ||
                    g_pattern_match_simple(lets->what, forbids->what));
}

/* Allowed and forbidden at once: the one that forbids wins. */
static void
lint_exceptions(const Lint *lint)
{
    const GPtrArray *exceptions = lint->policy->exceptions;

    for (guint i = 0; i < exceptions->len; i++) {
        const PstPolicyException *one = exceptions->pdata[i];

        lint_exception(lint, one);
        for (guint j = 0; one->word == PST_POLICY_FORBID && j < exceptions->len; j++) {
            const PstPolicyException *other = exceptions->pdata[j];

            if (other->word != PST_POLICY_FORBID && clash(other, one))
                complain(lint,
                         "[finding %s] and [finding %s]: what the one lets pass the other "
                         "forbids",
                         other->pattern, one->pattern);
        }
    }
}

static gboolean
contradict(const PstPolicyRule *a, const PstPolicyRule *b)
{
    if (a->kind == PST_POLICY_UNIT_ACTIVE && b->kind == PST_POLICY_UNIT_INACTIVE)
        return g_str_equal(a->subject, b->subject);
    if (a->kind == PST_POLICY_WAY && b->kind == PST_POLICY_ROOT)
        return !b->wanted && g_str_equal(a->subject, "sudo");
    if (a->kind == PST_POLICY_WAY && b->kind == PST_POLICY_LOGIN)
        return !b->wanted && g_str_has_prefix(a->subject, "ssh-");
    return FALSE;
}

static gboolean
repeats(const PstPolicyRule *a, const PstPolicyRule *b)
{
    return a->kind == b->kind && a->subject != NULL && g_strcmp0(a->subject, b->subject) == 0;
}

/* Whether all that breaks B breaks A. */
static gboolean
says_more(const PstPolicyRule *a, const PstPolicyRule *b)
{
    if (a->kind == PST_POLICY_NO_FAILED_UNIT)
        return b->kind == PST_POLICY_NO_NEW_FAILED_UNIT;
    return a->kind == PST_POLICY_NO_FINDING && b->kind == PST_POLICY_NO_NEW_FINDING &&
           a->number <= b->number;
}

static void
lint_rules(const Lint *lint)
{
    const GPtrArray *rules = lint->policy->rules;

    for (guint i = 0; i < rules->len; i++) {
        g_autofree char *title = pst_policy_rule_title(rules->pdata[i]);

        for (guint j = 0; j < rules->len; j++) {
            g_autofree char *other = pst_policy_rule_title(rules->pdata[j]);

            if (contradict(rules->pdata[i], rules->pdata[j]))
                complain(lint, "%s and %s: the two contradict each other", title, other);
            if (j > i && repeats(rules->pdata[i], rules->pdata[j]))
                complain(lint, "%s: it is said twice", title);
            if (says_more(rules->pdata[i], rules->pdata[j]))
                complain(lint, "%s: %s says it already", other, title);
        }
    }
}

/* Those of a list that stand in it before; settings are the same in whatever case. */
static void
lint_twice(const Lint *lint, const char *key, char *const *list, gboolean any_case)
{
    for (guint i = 0; list[i] != NULL; i++) {
        gboolean twice = FALSE;

        for (guint j = 0; j < i && !twice; j++)
            twice = any_case ? g_ascii_strcasecmp(list[i], list[j]) == 0
                             : g_str_equal(list[i], list[j]);
        if (twice)
            complain(lint, "%s: %s: it is said twice", key, list[i]);
    }
}

static void
lint_lists(const Lint *lint)
{
    const PstPolicy *policy = lint->policy;

    lint_twice(lint, "[units] except", policy->failed_except, FALSE);
    lint_twice(lint, "[journal] units", policy->journal_units, FALSE);
    lint_twice(lint, "[journal] except", policy->journal_except, FALSE);
    lint_twice(lint, "[files] except", policy->files_except, FALSE);
}

/* Nobody has to say that nothing is expected, but over what a file before says. */
static void
lint_idle(const Lint *lint)
{
    const GPtrArray *idle = lint->policy->idle;

    for (guint i = 0; i < idle->len; i++)
        complain(lint, "%s: no says nothing: leave it out, or in a drop-in say it empty",
                 (const char *)idle->pdata[i]);
}

/* What is misspelt is a unit that is nowhere: it is inactive for good. */
static void
lint_unit(const Lint *lint, const char *key, const char *unit)
{
    g_autofree char *why = pst_policy_text_why_odd_unit(unit);

    if (why != NULL)
        complain(lint, "%s: %s is taken for a service%s", key, unit, why);
    if (strstr(unit, "@.") != NULL)
        complain(lint, "%s: %s is a template, and no unit: name one that is made of it", key, unit);
}

static void
lint_units(const Lint *lint)
{
    const PstPolicy *policy = lint->policy;

    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];
        g_autofree char *key = g_strdup_printf("%s.%s", rule->group, rule->key);

        if (rule->kind == PST_POLICY_UNIT_ACTIVE || rule->kind == PST_POLICY_UNIT_INACTIVE)
            lint_unit(lint, key, rule->subject);
    }
    for (char **unit = policy->failed_except; *unit != NULL; unit++) {
        lint_unit(lint, "[units] except", *unit);
        if (takes_all(*unit, "\001", "\001\001"))
            complain(lint, "[units] except: %s takes all units: any may be failed", *unit);
    }
    for (char **unit = policy->journal_units; *unit != NULL; unit++)
        lint_unit(lint, "[journal] units", *unit);
}

static void
lint_journal(const Lint *lint)
{
    const PstPolicy *policy = lint->policy;
    gboolean asked = pst_policy_has(policy, PST_POLICY_JOURNAL);

    for (char **except = policy->journal_except; *except != NULL; except++)
        if (takes_all(*except, "\001: \001", "\001\001: \001\001"))
            complain(lint, "[journal] except: %s takes all entries: none can break it", *except);
    if (!asked && (policy->journal_except[0] != NULL || policy->journal_units[0] != NULL))
        complain(lint, "[journal]: with priority=none units= and except= say nothing");
    if (!asked && policy->since != NULL && !pst_policy_has(policy, PST_POLICY_FILES))
        complain(lint, "[journal] since: nothing is expected of the journal, nor of files");
}

static void
lint_value(const Lint *lint, const PstPolicyRule *rule, const char *value)
{
    g_autofree char *why = pst_policy_text_why_never(rule->subject, value);

    if (why != NULL)
        complain(lint, "settings %s: it is never '%s'%s", rule->subject, value, why);
}

/* A value that no guest ever tells fails every guest, and all that there are fail none. */
static void
lint_settings(const Lint *lint)
{
    const GPtrArray *rules = lint->policy->rules;

    for (guint i = 0; i < rules->len; i++) {
        const PstPolicyRule *rule = rules->pdata[i];

        if (rule->kind != PST_POLICY_SETTING)
            continue;
        g_autofree char *key = g_strdup_printf("settings %s", rule->subject);
        lint_twice(lint, key, rule->values, TRUE);
        for (char **value = rule->values; *value != NULL; value++)
            lint_value(lint, rule, *value);
        if (rule->values[0] == NULL)
            lint_value(lint, rule, "");
        if (pst_policy_text_has_all(rule->subject, rule->values))
            complain(lint, "settings %s: these are all that there are: it is always one of them",
                     rule->subject);
    }
}

/* How long a path is without the slashes at its end: none is left of the root. */
static gsize
length_of(const char *path)
{
    gsize len = strlen(path);

    while (len > 0 && path[len - 1] == '/')
        len--;
    return len;
}

static gboolean
covers(const char *pattern, const char *below)
{
    g_autofree char *inside = g_strdup_printf("%.*s/x", (int)length_of(below), below);

    return g_pattern_match_simple(pattern, inside);
}

/* Or is the same. */
static gboolean
lies_below(const char *path, const char *below)
{
    gsize len = length_of(below);

    return strncmp(path, below, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* What a wider one, or the same before it, says as well. */
static void
lint_below(const Lint *lint, guint of)
{
    char *const *below = lint->policy->below;

    for (guint i = 0; below[i] != NULL; i++) {
        gboolean same = length_of(below[i]) == length_of(below[of]);

        if (i == of || !lies_below(below[of], below[i]) || (same && i > of))
            continue;
        if (same)
            complain(lint, "[files] below: %s: it is said twice", below[of]);
        else
            complain(lint, "[files] below: %s is below %s, which says it already", below[of],
                     below[i]);
        return;
    }
}

static void
lint_files(const Lint *lint)
{
    const PstPolicy *policy = lint->policy;

    for (guint i = 0; policy->below[i] != NULL; i++)
        lint_below(lint, i);
    for (char **below = policy->below; *below != NULL; below++)
        if (strpbrk(*below, "*?[") != NULL)
            complain(lint, "[files] below: %s is a path as it stands, and no pattern", *below);
    for (char **except = policy->files_except; *except != NULL; except++) {
        gboolean of_use = FALSE;

        for (char **below = policy->below; *below != NULL; below++) {
            of_use |= lies_below(*except, *below) || covers(*except, *below);
            if (covers(*except, *below))
                complain(lint, "[files] except: %s takes all that is below %s", *except, *below);
        }
        if (g_str_has_suffix(*except, "/"))
            complain(lint, "[files] except: %s is no file; %s* is all that is in it", *except,
                     *except);
        else if (!of_use)
            complain(lint, "[files] except: %s is below none of below=", *except);
    }
}

/* A program that comes by a key has lost its way in with that, whatever else lets in. */
static void
lint_login(const Lint *lint)
{
    const PstPolicy *policy = lint->policy;
    gboolean wanted = FALSE, told = policy->who.key != NULL || policy->who.as != NULL;

    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];

        wanted |= rule->kind == PST_POLICY_LOGIN && rule->wanted;
        told |= rule->kind == PST_POLICY_WAY && g_str_has_prefix(rule->subject, "ssh-");
    }
    if (wanted && !told && policy->who.user != NULL)
        complain(lint, "reachable.login: no key is named, so that a password counts as well: say "
                       "key=, or in ways= which of ssh-key and ssh-password");
}

static void
lint_unchecked(const Lint *lint)
{
    const GPtrArray *rules = lint->policy->rules;
    gboolean all = TRUE;

    for (guint i = 0; i < rules->len; i++)
        all &= ((PstPolicyRule *)rules->pdata[i])->unchecked == PST_POLICY_UNCHECKED_IGNORED;
    if (all)
        complain(lint, "unchecked=ignore everywhere: nothing has to be checked");
}

char **
pst_policy_lint(const PstPolicy *policy, GDateTime *now)
{
    g_autoptr(GStrvBuilder) problems = g_strv_builder_new();
    const Lint lint = {policy, now, problems};

    lint_rules(&lint);
    lint_lists(&lint);
    lint_idle(&lint);
    lint_units(&lint);
    lint_journal(&lint);
    lint_settings(&lint);
    lint_files(&lint);
    lint_exceptions(&lint);
    lint_login(&lint);
    lint_unchecked(&lint);
    return g_strv_builder_end(problems);
}
