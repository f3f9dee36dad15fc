// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as sshd_config, and as a process title: every directive can be found again, and what a
 * title hands on to another program is about algorithms alone. */
#include <string.h>

#include "guest-shim/sshd-effective.h"
#include "guest-shim/sshd-pattern.h"
#include "guest-shim/sshd-title.h"
#include "tests/fuzz/fuzz.h"

static void
check_directive(const PstSshdConfig *config, const PstSshdDirective *directive)
{
    static const char *const groups[] = {"wheel", NULL};
    const PstSshdConnection connection = {"user", groups, "192.0.2.1", 22};
    gboolean certain;
    g_autoptr(GPtrArray) lines =
        pst_sshd_config_for(config, &connection, directive->keyword, &certain);
    g_autoptr(PstSshdEffective) effective = pst_sshd_effective_read(&connection, config);
    g_auto(GStrv) words = pst_sshd_effective_words(effective, directive->keyword);

    g_assert_cmpint(directive->line, >, 0);
    if (directive->conditions == NULL)
        g_assert_true(lines->len > 0);
    g_assert_cmpint(pst_sshd_effective_knows(effective, directive->keyword), ==, certain);
    for (guint i = 0; i < MIN(g_strv_length(words), 8); i++) {
        pst_sshd_pattern_match_user("user", "192.0.2.1", words[i]);
        pst_sshd_pattern_match_address("2001:db8::1", words[i]);
        g_assert_true(pst_sshd_pattern_match(words[i], "*"));
    }
}

static void
check_title(const char *title)
{
    g_auto(GStrv) options = pst_sshd_title_options(title);
    gint64 now, some, full;

    for (guint i = 0; options[i] != NULL; i++) {
        g_assert_true(g_str_has_prefix(options[i], "-o"));
        g_assert_null(strpbrk(options[i], " /$`;|&<>\"'\\\n"));
    }
    pst_sshd_title_startups(title, &now, &some, &full);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup((const char *)data, len);
    g_autoptr(PstSshdConfig) config = pst_sshd_config_parse(text, "/etc/ssh/sshd_config");
    const GPtrArray *all = pst_sshd_config_all(config);

    /* A few of them: each is looked up among all. */
    for (guint i = 0; i < MIN(all->len, 32); i++)
        check_directive(config, all->pdata[i]);
    check_title(text);
    return 0;
}
