// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-condition.h"

#include <fnmatch.h>
#include <string.h>

#include "guest-shim/pam-line.h"

static const char *const flags[] = {"debug",         "use_uid", "quiet", "quiet_fail",
                                    "quiet_success", "audit",   NULL};

/* What an attribute is, "" for none; NULL where it is not known, or there is no such attribute. */
static char *
attribute(const PstPamSubject *subject, const PstAccount *user, const char *name)
{
    static const char *const names[] = {"login", "name", "user", NULL};
    static const char *const homes[] = {"home", "dir", "homedir", NULL};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    const PstPamOrigin *origin = &subject->origin;

    if (g_strv_contains(names, lower))
        return g_strdup(user->name);
    if (g_strv_contains(homes, lower))
        return g_strdup(user->home);
    if (g_str_equal(lower, "shell"))
        return g_strdup(user->shell);
    if (g_str_equal(lower, "uid"))
        return g_strdup_printf("%" G_GINT64_FORMAT, user->uid);
    if (g_str_equal(lower, "gid"))
        return g_strdup_printf("%" G_GINT64_FORMAT, user->gid);
    if (g_str_equal(lower, "service"))
        return g_strdup(subject->service);
    if (g_str_equal(lower, "rhost"))
        return g_strdup(origin->remote ? origin->name : "");
    return NULL;
}

static PstTri
in_list(const char *value, const char *list)
{
    g_auto(GStrv) items = g_strsplit(list, ":", -1);

    return PST_TRI(g_strv_contains((const char *const *)items, value));
}

static PstTri
compare(const char *relation, const char *left, const char *right)
{
    gint64 a, b;

    if (!g_ascii_string_to_signed(left, 10, G_MININT64, G_MAXINT64, &a, NULL) ||
        !g_ascii_string_to_signed(right, 10, G_MININT64, G_MAXINT64, &b, NULL))
        return PST_TRI_UNKNOWN;
    if (g_str_equal(relation, "eq"))
        return PST_TRI(a == b);
    if (g_str_equal(relation, "ne"))
        return PST_TRI(a != b);
    if (g_str_equal(relation, "<") || g_str_equal(relation, "lt"))
        return PST_TRI(a < b);
    if (g_str_equal(relation, "<=") || g_str_equal(relation, "le"))
        return PST_TRI(a <= b);
    if (g_str_equal(relation, ">") || g_str_equal(relation, "gt"))
        return PST_TRI(a > b);
    if (g_str_equal(relation, ">=") || g_str_equal(relation, "ge"))
        return PST_TRI(a >= b);
    return PST_TRI_UNKNOWN;
}

static PstTri
holds_of_text(const char *relation, const char *left, const char *right)
{
    if (g_str_equal(relation, "="))
        return PST_TRI(g_str_equal(left, right));
    if (g_str_equal(relation, "!="))
        return PST_TRI(!g_str_equal(left, right));
    if (g_str_equal(relation, "=~") || g_str_equal(relation, "glob"))
        return PST_TRI(fnmatch(right, left, 0) == 0);
    if (g_str_equal(relation, "!~") || g_str_equal(relation, "noglob"))
        return PST_TRI(fnmatch(right, left, 0) != 0);
    if (g_str_equal(relation, "in"))
        return in_list(left, right);
    if (g_str_equal(relation, "notin"))
        return pst_pam_subject_not(in_list(left, right));
    return compare(relation, left, right);
}

static PstTri
holds(const PstPamSubject *subject, gboolean of_asking, char **words)
{
    const PstAccount *user = of_asking ? subject->asking : subject->user;
    const GArray *groups = of_asking ? subject->asking_groups : subject->groups;
    g_autofree char *relation = g_ascii_strdown(words[1], -1);

    if (user == NULL)
        return PST_TRI_UNKNOWN;
    if (g_str_equal(relation, "ingroup"))
        return pst_pam_subject_in_group(subject, groups, words[2]);
    if (g_str_equal(relation, "notingroup"))
        return pst_pam_subject_not(pst_pam_subject_in_group(subject, groups, words[2]));
    g_autofree char *left = attribute(subject, user, words[0]);
    return left != NULL ? holds_of_text(relation, left, words[2]) : PST_TRI_UNKNOWN;
}

static int
fail(const PstPamSubject *subject, const PstPamLine *line, char **words, PstPamRuling *ruling)
{
    return pst_pam_ruling_set(ruling, PST_PAM_AUTH_ERR, line->file, line->line, line->text,
                              g_strdup_printf("pam_succeed_if wants of %s that: %s %s %s",
                                              subject->user->name, words[0], words[1], words[2]));
}

int
pst_pam_condition_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    gboolean of_asking = g_strv_contains((const char *const *)words, "use_uid");
    char *condition[3] = {NULL, NULL, NULL};
    gboolean unsure = FALSE;
    guint n = 0;

    for (guint i = 0; words[i] != NULL; i++) {
        if (g_strv_contains(flags, words[i]))
            continue;
        condition[n++] = words[i];
        if (n < G_N_ELEMENTS(condition))
            continue;
        PstTri found = holds(subject, of_asking, condition);
        if (found == PST_TRI_NO && !unsure)
            return fail(subject, line, condition, ruling);
        unsure |= found != PST_TRI_YES;
        n = 0;
    }
    return ruling->answer = unsure || n > 0 ? PST_PAM_ANY : PST_PAM_SUCCESS;
}
