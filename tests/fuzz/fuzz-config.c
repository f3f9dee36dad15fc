// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as the guest's configuration: its lists hold no empty items and no separators, its names
 * are those of groups that have a setting, and problems are lines of text. */
#include <string.h>

#include "guest-shim/config.h"
#include "tests/fuzz/fuzz.h"

static void
check_list(const PstConfig *config, const char *group, const char *key)
{
    static const char *const defaults[] = {"a", "b", NULL};
    g_auto(GStrv) list = pst_config_list(config, group, key, defaults);

    for (guint i = 0; list[i] != NULL; i++) {
        g_assert_cmpuint(strlen(list[i]), >, 0);
        g_assert_null(strchr(list[i], ';'));
        g_assert_null(strchr(list[i], '\n'));
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstConfig) config = pst_config_new();

    pst_config_add(config, "FILE", (const char *)data, len);
    check_list(config, "read", "allow");
    check_list(config, "read", "deny");
    g_auto(GStrv) names = pst_config_names(config, "check");
    for (guint i = 0; names[i] != NULL; i++)
        g_assert_cmpuint(strlen(names[i]), >, 0);
    pst_config_check_keys(config, "read");
    const char *const *problems = pst_config_problems(config);
    for (guint i = 0; problems != NULL && problems[i] != NULL; i++)
        g_assert_true(g_str_has_prefix(problems[i], "FILE:"));
    return 0;
}
