// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as a policy: an error says something; what is read is a policy whose rules have
 * titles, whose lists hold no empty items, and which can be linted. */
#include <string.h>

#include "host-sidecar/policy.h"
#include "tests/fuzz/fuzz.h"

static void
check_list(char *const *list)
{
    for (; *list != NULL; list++)
        g_assert_cmpuint(strlen(*list), >, 0);
}

static void
check_policy(const PstPolicy *policy)
{
    g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 27, 12, 0, 0);
    g_auto(GStrv) problems = pst_policy_lint(policy, now);
    g_autoptr(GError) error = NULL;

    check_list(policy->journal_except);
    check_list(policy->failed_except);
    check_list(policy->below);
    check_list(policy->files_except);
    check_list(policy->journal_units);
    check_list(problems);
    for (guint i = 0; i < policy->rules->len; i++) {
        g_autofree char *title = pst_policy_rule_title(policy->rules->pdata[i]);
        g_assert_cmpuint(strlen(title), >, 0);
    }
    if (pst_policy_check(policy, &error))
        g_assert_cmpuint(policy->rules->len, >, 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;

    if (!g_key_file_load_from_data(file, (const char *)data, len, G_KEY_FILE_NONE, NULL))
        return 0;
    g_autoptr(PstPolicy) policy = pst_policy_read(file, "fuzzed", &error);
    if (policy != NULL)
        check_policy(policy);
    else
        g_assert_true(error->message[0] != '\0');
    return 0;
}
