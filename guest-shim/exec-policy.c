// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-policy.h"

#include <string.h>

#include "guest-shim/path-pattern.h"
#include "protocol/error.h"

#define GROUP "exec"
#define WAY_OUT "in the guest's " PST_CONFIG_FILE

/* Where programs are limited: what these say, no program takes for a program or a library. */
static const char *const harmless[] = {"LANG", "LANGUAGE",        "LC_*", "TERM",
                                       "TZ",   "DEBIAN_FRONTEND", NULL};

static char **
read_list(const PstConfig *config, const char *key)
{
    return pst_config_value(config, GROUP, key) != NULL ? pst_config_list(config, GROUP, key, NULL)
                                                        : NULL;
}

/* A pattern that does not begin with a slash would also stand for a program in a user's home. */
static void
check_paths(PstConfig *config, const char *key, char *const *patterns)
{
    for (guint i = 0; patterns != NULL && patterns[i] != NULL; i++)
        if (patterns[i][0] != '/')
            pst_config_complain(config, GROUP, key, "not an absolute path");
}

static PstExecPolicyAllow
read_allow(PstConfig *config)
{
    const char *value = pst_config_value(config, GROUP, "allow");

    if (value == NULL)
        return PST_EXEC_POLICY_UNSET;
    if (g_str_equal(value, "yes"))
        return PST_EXEC_POLICY_YES;
    if (!g_str_equal(value, "no"))
        pst_config_complain(config, GROUP, "allow", "neither yes nor no");
    return PST_EXEC_POLICY_NO;
}

PstExecPolicy *
pst_exec_policy_read(PstConfig *config)
{
    PstExecPolicy *policy = g_new0(PstExecPolicy, 1);

    pst_config_check_keys(config, NULL);
    policy->allow = read_allow(config);
    policy->users = read_list(config, "users");
    policy->programs = read_list(config, "programs");
    policy->folders = read_list(config, "folders");
    policy->environment = read_list(config, "environment");
    check_paths(config, "programs", policy->programs);
    check_paths(config, "folders", policy->folders);
    if (pst_config_problems(config) != NULL)
        policy->problem = g_strdup(pst_config_problems(config)[0]);
    return policy;
}

void
pst_exec_policy_free(PstExecPolicy *policy)
{
    g_strfreev(policy->users);
    g_strfreev(policy->programs);
    g_strfreev(policy->folders);
    g_strfreev(policy->environment);
    g_free(policy->problem);
    g_free(policy);
}

static gboolean
refuse(GError **error, const char *what, const char *name, const char *key)
{
    g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                "the guest does not allow %s %.128s: %s of [exec] " WAY_OUT " would", what, name,
                key);
    return FALSE;
}

gboolean
pst_exec_policy_check(const PstExecPolicy *policy, gboolean unset_is_yes, GError **error)
{
    if (policy->problem != NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                    "nothing is run while the guest's configuration is not understood: %s",
                    policy->problem);
        return FALSE;
    }
    if (policy->allow == PST_EXEC_POLICY_YES ||
        (policy->allow == PST_EXEC_POLICY_UNSET && unset_is_yes))
        return TRUE;
    if (policy->allow == PST_EXEC_POLICY_UNSET)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "the guest does not run commands: allow=yes of [exec] " WAY_OUT " turns it on");
    else
        g_set_error(
            error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
            "the guest's administrator has forbidden commands: allow=no of [exec] " WAY_OUT);
    return FALSE;
}

gboolean
pst_exec_policy_check_user(const PstExecPolicy *policy, const char *name, GError **error)
{
    if (policy->users == NULL || g_strv_contains((const char *const *)policy->users, name))
        return TRUE;
    return refuse(error, "commands as", name, "users");
}

static gboolean
is_below(const char *pattern, const char *path)
{
    return pst_path_pattern_matches(pattern, path, FALSE);
}

gboolean
pst_exec_policy_limits_programs(const PstExecPolicy *policy)
{
    return policy->programs != NULL || policy->folders != NULL;
}

gboolean
pst_exec_policy_check_program(const PstExecPolicy *policy, const char *path, GError **error)
{
    if (!pst_exec_policy_limits_programs(policy))
        return TRUE;
    for (guint i = 0; policy->programs != NULL && policy->programs[i] != NULL; i++)
        if (is_below(policy->programs[i], path))
            return TRUE;
    for (guint i = 0; policy->folders != NULL && policy->folders[i] != NULL; i++)
        if (is_below(policy->folders[i], path))
            return TRUE;
    return refuse(error, "the program", path, "programs or folders");
}

/* KEY is what stands before the `=` of WORD. */
static gboolean
is_named(const char *const *names, const char *word)
{
    gsize len = strcspn(word, "=");

    for (guint i = 0; names[i] != NULL; i++) {
        gsize n = strlen(names[i]);
        gboolean open = n > 0 && names[i][n - 1] == '*';

        n -= open ? 1 : 0;
        if ((open ? len >= n : len == n) && strncmp(names[i], word, n) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
pst_exec_policy_check_environment(const PstExecPolicy *policy, char *const *env, GError **error)
{
    const char *const *names = (const char *const *)policy->environment;

    if (names == NULL && pst_exec_policy_limits_programs(policy))
        names = harmless;
    for (guint i = 0; names != NULL && env != NULL && env[i] != NULL; i++) {
        if (is_named(names, env[i]))
            continue;
        g_autofree char *key = g_strndup(env[i], strcspn(env[i], "="));
        return refuse(error, "the variable", key, "environment");
    }
    return TRUE;
}
