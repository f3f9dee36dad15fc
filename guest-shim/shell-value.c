// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/shell-value.h"

#include <fnmatch.h>
#include <string.h>

#include "guest-shim/path-access.h"
#include "protocol/error.h"

#define MAX_VALUE 4096
#define NAME "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

/* ---- values ---- */

/* NULL where it is not known. */
static const char *
variable(const PstShellWorld *world, const char *name)
{
    static const char some[] = {PST_SHELL_VALUE_SOME, '\0'};
    static const char *const unset[] = {"PS1", "SSH_TTY", "TMUX", "STY", "XDG_VTNR", NULL};
    static const char *const set[] = {"SSH_CONNECTION", "SSH_CLIENT", NULL};
    static const char *const set_by_bash[] = {"BASH", "BASH_VERSION", "BASH_VERSINFO",
                                              "BASH_EXECUTION_STRING", NULL};
    gpointer own;

    if (g_hash_table_lookup_extended(world->variables, name, NULL, &own))
        return own;
    if (g_strv_contains(unset, name))
        return "";
    if (g_strv_contains(set, name) || (world->is_bash && g_strv_contains(set_by_bash, name)))
        return some;
    if (g_str_equal(name, "HOME"))
        return world->user->home;
    if (g_str_equal(name, "USER") || g_str_equal(name, "LOGNAME"))
        return world->user->name;
    if (g_str_equal(name, "#"))
        return "0";
    if (g_str_equal(name, "-"))
        return world->is_bash ? "hBc" : "";
    return g_str_equal(name, "TERM") && world->is_bash ? "dumb" : NULL;
}

/* Steps over `$NAME`, `${NAME}` or `${NAME:-}`; FALSE where its value is not known. */
static gboolean
expand(const PstShellWorld *world, const char **at, GString *out)
{
    gboolean braced = (*at)[1] == '{';
    const char *name = *at + 1 + braced;
    gsize len = strspn(name, NAME);

    if (len == 0 && (name[0] == '-' || name[0] == '#'))
        len = 1;
    if (len == 0)
        return FALSE;
    g_autofree char *word = g_strndup(name, len);
    const char *value = variable(world, word);
    const char *end = name + len;
    if (braced) {
        /* A default that is empty changes nothing. */
        end += strspn(end, ":") <= 1 ? strspn(end, ":") : 0;
        if (*end == '-')
            end++;
        if (*end != '}')
            return FALSE;
        end++;
    }
    if (value == NULL)
        return FALSE;
    g_string_append(out, value);
    *at = end;
    return TRUE;
}

/* Steps over a part between single quotes, or over a letter behind a backslash. */
static void
take_literal(const char **at, GString *out)
{
    if (**at == '\\') {
        (*at)++;
        if (**at != '\0')
            g_string_append_c(out, *(*at)++);
        return;
    }
    gsize len = strcspn(*at + 1, "'");
    g_string_append_len(out, *at + 1, (gssize)len);
    *at += len + 1;
    *at += **at == '\'';
}

char *
pst_shell_value_of(const PstShellWorld *world, const char *word)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean quoted = FALSE;
    const char *at = word;

    if (at[0] == '~' && (at[1] == '/' || at[1] == '\0')) {
        if (world->user->home == NULL)
            return NULL;
        g_string_append(out, world->user->home);
        at++;
    }
    while (*at != '\0') {
        if (out->len > MAX_VALUE)
            return NULL;
        if (*at == '"') {
            quoted = !quoted;
            at++;
        } else if (*at == '\\' || (*at == '\'' && !quoted)) {
            take_literal(&at, out);
        } else if (*at == '`' || (!quoted && strchr("<>(", *at) != NULL)) {
            return NULL;
        } else if (*at == '$') {
            if (!expand(world, &at, out))
                return NULL;
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return g_strdup(out->str);
}

PstTri
pst_shell_value_matches(const PstShellWorld *world, const char *value, const char *word)
{
    g_autofree char *pattern = pst_shell_value_of(world, word);

    if (g_str_equal(word, "*"))
        return PST_TRI_YES;
    if (value == NULL || pattern == NULL || strchr(value, PST_SHELL_VALUE_SOME) != NULL ||
        strchr(pattern, PST_SHELL_VALUE_SOME) != NULL)
        return PST_TRI_UNKNOWN;
    /* What is quoted means itself, and is told from what is not by nothing here. */
    if (strpbrk(word, "'\"\\") != NULL && strpbrk(pattern, "*?[") != NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(fnmatch(pattern, value, 0) == 0);
}

/* ---- tests ---- */

static PstTri
negate(PstTri tri)
{
    return tri == PST_TRI_UNKNOWN ? tri : PST_TRI(tri == PST_TRI_NO);
}

gboolean
pst_shell_value_may_read(const PstShellWorld *world, const char *path)
{
    struct stat st;
    g_autofree char *bar = pst_path_access_unreadable(world->sysroot, path, world->user->uid,
                                                      world->user->groups, &st);

    return bar == NULL;
}

static PstTri
test_file(const PstShellWorld *world, char what, const char *path)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    if (path[0] != '/' || strchr(path, PST_SHELL_VALUE_SOME) != NULL)
        return path[0] == '\0' ? PST_TRI_NO : PST_TRI_UNKNOWN;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *bar =
        pst_path_access_shut(world->sysroot, folder, world->user->uid, world->user->groups, &st);
    if (bar != NULL)
        return PST_TRI_NO;
    if (!pst_sysroot_stat(world->sysroot, path, &st, &cause))
        return cause->code == PST_ERROR_ABSENT ? PST_TRI_NO : PST_TRI_UNKNOWN;
    switch (what) {
    case 'e':
        return PST_TRI_YES;
    case 'f':
        return PST_TRI(S_ISREG(st.st_mode));
    case 'd':
        return PST_TRI(S_ISDIR(st.st_mode));
    case 's':
        return PST_TRI(st.st_size > 0);
    case 'r':
        return PST_TRI(pst_shell_value_may_read(world, path));
    case 'x':
        return (st.st_mode & 0001) != 0 ? PST_TRI_YES : PST_TRI_UNKNOWN;
    default:
        return PST_TRI_UNKNOWN;
    }
}

static PstTri
test_one(const PstShellWorld *world, const char *op, const char *word)
{
    g_autofree char *value = pst_shell_value_of(world, word);

    if (strlen(op) != 2 || op[0] != '-')
        return PST_TRI_UNKNOWN;
    if (op[1] == 't') /* a command has no terminal */
        return PST_TRI_NO;
    if (value == NULL)
        return PST_TRI_UNKNOWN;
    if (op[1] == 'n' || op[1] == 'z')
        return PST_TRI((value[0] != '\0') == (op[1] == 'n'));
    return test_file(world, op[1], value);
}

static PstTri
test_numbers(const char *a, const char *op, const char *b)
{
    static const char *const ops[] = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge", NULL};
    gint64 x, y;

    if (a == NULL || b == NULL || !g_strv_contains(ops, op) ||
        !g_ascii_string_to_signed(a, 10, G_MININT32, G_MAXINT32, &x, NULL) ||
        !g_ascii_string_to_signed(b, 10, G_MININT32, G_MAXINT32, &y, NULL))
        return PST_TRI_UNKNOWN;
    if (op[1] == 'e' || op[1] == 'n')
        return PST_TRI((x == y) == (op[1] == 'e'));
    gboolean equal = op[2] == 'e' && x == y;
    return PST_TRI(equal || (op[1] == 'l' ? x < y : x > y));
}

static PstTri
test_two(const PstShellWorld *world, const char *a, const char *op, const char *b, gboolean doubled)
{
    g_autofree char *left = pst_shell_value_of(world, a), *right = pst_shell_value_of(world, b);
    gboolean unlike = g_str_equal(op, "!=");

    if (!unlike && !g_str_equal(op, "=") && !g_str_equal(op, "=="))
        return test_numbers(left, op, right);
    PstTri same = PST_TRI_UNKNOWN;
    if (doubled)
        same = pst_shell_value_matches(world, left, b);
    else if (left != NULL && right != NULL && strchr(left, PST_SHELL_VALUE_SOME) == NULL &&
             strchr(right, PST_SHELL_VALUE_SOME) == NULL)
        same = PST_TRI(g_str_equal(left, right));
    return unlike ? negate(same) : same;
}

/* `[ $A ]`: what is empty and not quoted is no word at all. */
static gboolean
vanishes(const PstShellWorld *world, const char *word)
{
    g_autofree char *value = word[0] == '$' ? pst_shell_value_of(world, word) : NULL;

    return value != NULL && value[0] == '\0';
}

/* What has no `and` and no `or` in it. */
static PstTri
test_plain(const PstShellWorld *world, const GPtrArray *words, gboolean doubled)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    gboolean negated = FALSE;
    PstTri answer = PST_TRI_UNKNOWN;

    for (guint i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];

        if (i == 0 && g_str_equal(word, "!") && words->len > 1)
            negated = TRUE;
        else if (doubled || !vanishes(world, word))
            g_ptr_array_add(left, (gpointer)word);
    }
    if (left->len == 0)
        answer = words->len == 0 ? PST_TRI_UNKNOWN : PST_TRI_NO;
    else if (left->len == 1 && !doubled && ((const char *)left->pdata[0])[0] == '-')
        answer = PST_TRI_YES; /* `[ -n $PS1 ]` */
    else if (left->len == 1)
        answer = test_one(world, "-n", left->pdata[0]);
    else if (left->len == 2)
        answer = test_one(world, left->pdata[0], left->pdata[1]);
    else if (left->len == 3)
        answer = test_two(world, left->pdata[0], left->pdata[1], left->pdata[2], doubled);
    return negated ? negate(answer) : answer;
}

static gboolean
is_join(const char *word, gboolean doubled, gboolean of_and)
{
    return g_str_equal(word, doubled ? (of_and ? "&&" : "||") : (of_and ? "-a" : "-o"));
}

/* Its parts, between `or`s or `and`s: the latter bind more. */
static PstTri
test_joined(const PstShellWorld *world, const GPtrArray *words, gboolean doubled, gboolean of_and)
{
    g_autoptr(GPtrArray) part = g_ptr_array_new();
    PstTri deciding = of_and ? PST_TRI_NO : PST_TRI_YES, sum = negate(deciding);

    for (guint i = 0; i <= words->len; i++) {
        if (i < words->len && !is_join(words->pdata[i], doubled, of_and)) {
            g_ptr_array_add(part, words->pdata[i]);
            continue;
        }
        PstTri one =
            of_and ? test_plain(world, part, doubled) : test_joined(world, part, doubled, TRUE);
        if (one == deciding)
            return deciding;
        if (one == PST_TRI_UNKNOWN)
            sum = one;
        g_ptr_array_set_size(part, 0);
    }
    return sum;
}

/* In `[` it is quoted, or it would be the shell's. */
static gboolean
is_bracket(const char *word)
{
    static const char *const brackets[] = {"(",   ")",     "\\(",   "\\)", "'('",
                                           "')'", "\"(\"", "\")\"", NULL};

    return g_strv_contains(brackets, word);
}

PstTri
pst_shell_value_test(const PstShellWorld *world, const GPtrArray *words, gboolean doubled)
{
    for (guint i = 0; i < words->len; i++)
        if (is_bracket(words->pdata[i]))
            return PST_TRI_UNKNOWN;
    return test_joined(world, words, doubled, FALSE);
}
