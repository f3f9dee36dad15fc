// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any line of a PAM file: what is a module has a name, and every return value an action. */
#include <string.h>

#include "guest-shim/pam-env.h"
#include "guest-shim/pam-line.h"
#include "tests/fuzz/fuzz.h"

static void
check_line(const char *text)
{
    g_autoptr(PstPamWords) words = pst_pam_line_parse(text);
    g_auto(GStrv) arguments = pst_pam_line_arguments(words->args);

    g_assert_cmpuint(g_strv_length(arguments), <=, strlen(text));
    if (words->kind == PST_PAM_LINE_FAULTY)
        g_assert_nonnull(words->fault);
    if (words->kind == PST_PAM_LINE_MODULE || words->kind == PST_PAM_LINE_INCLUDE ||
        words->kind == PST_PAM_LINE_SUBSTACK || words->kind == PST_PAM_LINE_INCLUDE_ALL)
        g_assert_nonnull(words->target);
    for (guint i = 0; words->kind == PST_PAM_LINE_MODULE && i < PST_PAM_N_RETURNS; i++) {
        g_assert_cmpint(words->actions[i], >=, PST_PAM_DO_RESET);
        g_assert_cmpint(words->actions[i], <=, 10000);
    }
}

static void
check_env(const char *text, gboolean older)
{
    g_autofree char *name = NULL;
    guint line = 0;

    if (pst_pam_env_read(text, older, &line, &name) == PST_PAM_ENV_PASSES)
        return;
    g_assert_cmpuint(line, >=, 1);
    g_assert_nonnull(name);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup(len > 0 ? (const char *)data : "", len);

    check_line(text);
    check_env(text, FALSE);
    check_env(text, TRUE);
    return 0;
}
