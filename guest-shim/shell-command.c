// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/shell-command.h"

#include <string.h>

#include "protocol/error.h"

#define NAME "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"
#define MAX_FILES 8    /* that read each other, and functions that call each other */
#define MAX_TAILS 8    /* of `command command …` */
#define LONG_S 20      /* a wait that some clients do not stand */
#define TOO_LONG_S 600 /* one that none does */
#define FOR_EVER_S 86400

typedef PstTri (*Command)(PstShellRun *run, const GPtrArray *words, guint line);

static const char *
word_at(const GPtrArray *words, guint i)
{
    return i < words->len ? words->pdata[i] : "";
}

static GPtrArray *
tail_of(const GPtrArray *words, guint from)
{
    GPtrArray *tail = g_ptr_array_new();

    for (guint i = from; i < words->len; i++)
        g_ptr_array_add(tail, words->pdata[i]);
    return tail;
}

static PstTri
run_tail(PstShellRun *run, const GPtrArray *words, guint from, guint line)
{
    g_autoptr(GPtrArray) tail = tail_of(words, from);
    PstTri status = PST_TRI_UNKNOWN;

    if (run->tails < MAX_TAILS && tail->len > 0) {
        run->tails++;
        status = pst_shell_command_run(run, tail, line);
        run->tails--;
    }
    return status;
}

/* The end of the shell itself: harm to who reads this, and none to who waits for it. */
static void
end(PstShellRun *run, guint line)
{
    if (run->apart > 0)
        pst_shell_run_return(run, FALSE);
    else if (run->kind == PST_SHELL_START_BASHRC)
        pst_shell_run_end(run, line, FALSE);
    else
        pst_shell_run_return(run, TRUE);
}

static PstTri
do_exit(PstShellRun *run, const GPtrArray *words G_GNUC_UNUSED, guint line)
{
    end(run, line);
    return PST_TRI_UNKNOWN;
}

/* Without a program it only redirects. */
static PstTri
do_exec(PstShellRun *run, const GPtrArray *words, guint line)
{
    guint from = 1;

    while (g_str_has_prefix(word_at(words, from), "-"))
        from += g_str_equal(word_at(words, from), "-a") ? 2 : 1;
    g_autofree char *program =
        from < words->len ? pst_shell_value_of(&run->world, words->pdata[from]) : NULL;
    if (from >= words->len || (program != NULL && program[0] == '\0'))
        return PST_TRI_YES;
    if (program == NULL) {
        pst_shell_run_may_end(run, line, FALSE);
        return PST_TRI_UNKNOWN;
    }
    if (run->kind == PST_SHELL_START_SSHRC)
        run_tail(run, words, from, line);
    end(run, line);
    return PST_TRI_UNKNOWN;
}

static PstTri
do_return(PstShellRun *run, const GPtrArray *words G_GNUC_UNUSED, guint line G_GNUC_UNUSED)
{
    run->returned |= !pst_shell_run_is_dead(run);
    pst_shell_run_return(run, FALSE);
    return PST_TRI_UNKNOWN;
}

static PstTri
do_break(PstShellRun *run, const GPtrArray *words G_GNUC_UNUSED, guint line G_GNUC_UNUSED)
{
    if (run->loops == 0 || pst_shell_run_is_dead(run))
        return PST_TRI_YES;
    run->left_loop = TRUE;
    pst_shell_run_return(run, FALSE);
    return PST_TRI_YES;
}

static gboolean
is_harmless_signal(const char *word)
{
    static const char *const harmless[] = {"0", "l", "L", "CONT", "CHLD", "WINCH", "URG"};

    word += word[0] == '-';
    word += g_ascii_strncasecmp(word, "SIG", 3) == 0 ? 3 : 0;
    for (guint i = 0; i < G_N_ELEMENTS(harmless); i++)
        if (g_ascii_strcasecmp(word, harmless[i]) == 0)
            return TRUE;
    return FALSE;
}

/* 0 is everybody of the session, and the parent sshd's own process of it; in a file that sshd runs
 * it is a shell between. */
static PstTri
do_kill(PstShellRun *run, const GPtrArray *words, guint line)
{
    gboolean caught = run->traps && !g_str_equal(word_at(words, 1), "-9") &&
                      !g_str_equal(word_at(words, 1), "-KILL");

    run->unsure += caught;
    for (guint i = 1; i < words->len; i++) {
        g_autofree char *word = g_strdup(words->pdata[i]);
        g_autofree char *bare = g_strdelimit(g_strdup(word), "\"{}", ' ');
        const char *name = g_strstrip(bare);

        gboolean behind = i == 2 && (g_str_equal(word_at(words, 1), "-s") ||
                                     g_str_equal(word_at(words, 1), "-n"));
        if (((i == 1 && word[0] == '-') || behind) && is_harmless_signal(word))
            break;
        if (behind)
            continue;
        if (g_str_equal(word, "0") && i + 1 == words->len)
            pst_shell_run_end(run, line, FALSE);
        if (g_str_equal(name, "$$") || g_str_equal(name, "$ BASHPID") ||
            g_str_equal(name, "$BASHPID"))
            end(run, line);
        if (run->kind == PST_SHELL_START_BASHRC &&
            (g_str_equal(name, "$PPID") || g_str_equal(name, "$ PPID")))
            pst_shell_run_end(run, line, FALSE);
    }
    run->unsure -= caught;
    return PST_TRI_UNKNOWN;
}

/* What is done before each command or after one that fails may be an end. */
static PstTri
do_trap(PstShellRun *run, const GPtrArray *words, guint line)
{
    gboolean each = FALSE;

    run->traps = TRUE;
    for (guint i = 2; i < words->len; i++)
        each |= g_str_equal(words->pdata[i], "DEBUG") || g_str_equal(words->pdata[i], "ERR");
    if (!each || run->kind != PST_SHELL_START_BASHRC ||
        (strstr(words->pdata[1], "exit") == NULL && strstr(words->pdata[1], "kill") == NULL))
        return PST_TRI_YES;
    pst_shell_run_may_end(run, line, FALSE);
    return PST_TRI_YES;
}

static guint64
seconds_of(const char *word)
{
    char *rest;

    if (g_ascii_strncasecmp(word, "inf", 3) == 0)
        return FOR_EVER_S;
    gdouble number = g_ascii_strtod(word, &rest);
    gdouble unit = *rest == 'm' ? 60 : *rest == 'h' ? 3600 : *rest == 'd' ? FOR_EVER_S : 1;
    if (rest == word || !(number >= 0))
        return 0;
    return (guint64)MIN(number * unit, (gdouble)FOR_EVER_S);
}

static PstTri
do_sleep(PstShellRun *run, const GPtrArray *words, guint line)
{
    if (pst_shell_run_is_dead(run))
        return PST_TRI_YES;
    for (guint i = 1; i < words->len; i++)
        run->seconds += seconds_of(words->pdata[i]);
    if (run->seconds >= TOO_LONG_S)
        pst_shell_run_end(run, line, TRUE);
    else if (run->seconds >= LONG_S)
        pst_shell_run_may_end(run, line, TRUE);
    return PST_TRI_YES;
}

/* It waits for more, and there is never an end. */
static PstTri
do_tail(PstShellRun *run, const GPtrArray *words, guint line)
{
    for (guint i = 1; i < words->len; i++)
        if (g_str_equal(words->pdata[i], "-f") || g_str_equal(words->pdata[i], "-F"))
            pst_shell_run_end(run, line, TRUE);
    return PST_TRI_UNKNOWN;
}

static PstTri
do_set(PstShellRun *run, const GPtrArray *words, guint line)
{
    gboolean sure = run->unsure == 0 && !run->may_be_gone && run->apart == 0;

    for (guint i = 1; i < words->len && !pst_shell_run_is_dead(run); i++) {
        const char *word = words->pdata[i];
        gboolean flags = word[0] == '-' && word[1] != '-' && word[1] != 'o';
        const char *name = g_str_equal(word, "-o") ? word_at(words, i + 1) : "";

        if ((word[0] != '-' && word[0] != '+') || g_str_equal(word, "--"))
            pst_shell_run_set(run, "#", NULL); /* or the name of an option */
        if (g_str_equal(word, "--") || (word[0] != '-' && word[0] != '+'))
            break;
        if ((flags && strchr(word, 'n') != NULL) || g_str_equal(name, "noexec"))
            end(run, line); /* nothing more is run, the command neither */
        if ((flags && strchr(word, 'e') != NULL) || g_str_equal(name, "errexit"))
            run->exits_on_error |= sure;
        if ((word[0] == '+' && strchr(word, 'e') != NULL) ||
            (g_str_equal(word, "+o") && g_str_equal(word_at(words, i + 1), "errexit")))
            run->exits_on_error = FALSE;
        i += g_str_equal(word, "-o") || g_str_equal(word, "+o");
    }
    return PST_TRI_YES;
}

static PstTri
do_source(PstShellRun *run, const GPtrArray *words, guint line)
{
    g_autofree char *path =
        words->len > 1 ? pst_shell_value_of(&run->world, words->pdata[1]) : NULL;

    if (path == NULL || path[0] != '/') {
        pst_shell_run_forget(run);
        return PST_TRI_UNKNOWN;
    }
    if (run->files >= MAX_FILES) /* that read each other for ever end in bash's own crash */
        pst_shell_run_may_end(run, line, FALSE);
    if (run->files >= MAX_FILES || pst_shell_run_is_dead(run))
        return PST_TRI_UNKNOWN;
    if (words->len > 2)
        pst_shell_run_set(run, "#", NULL);
    run->files++;
    run->read_file(run, path);
    run->files--;
    return PST_TRI_UNKNOWN;
}

static PstTri
do_test(PstShellRun *run, const GPtrArray *words, guint line G_GNUC_UNUSED)
{
    g_autoptr(GPtrArray) inner = tail_of(words, 1);
    const char *first = words->pdata[0];

    if (first[0] == '[' && inner->len > 0)
        g_ptr_array_remove_index(inner, inner->len - 1);
    return pst_shell_value_test(&run->world, inner, g_str_equal(first, "[["));
}

static PstTri
do_true(PstShellRun *run G_GNUC_UNUSED, const GPtrArray *words G_GNUC_UNUSED,
        guint line G_GNUC_UNUSED)
{
    return PST_TRI_YES;
}

static PstTri
do_false(PstShellRun *run G_GNUC_UNUSED, const GPtrArray *words G_GNUC_UNUSED,
         guint line G_GNUC_UNUSED)
{
    return PST_TRI_NO;
}

static PstTri
do_shopt(PstShellRun *run G_GNUC_UNUSED, const GPtrArray *words, guint line G_GNUC_UNUSED)
{
    return g_str_equal(word_at(words, 1), "-q") && g_str_equal(word_at(words, 2), "login_shell")
               ? PST_TRI_NO
           : g_str_has_prefix(word_at(words, 1), "-q") ? PST_TRI_UNKNOWN
                                                       : PST_TRI_YES;
}

/* Whether a program of that name is where every login looks for it. */
static PstTri
look_up(const PstShellRun *run, const char *name)
{
    static const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin"};

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], name, NULL);
        struct stat st;

        if (name[0] != '\0' && strspn(name, NAME "-.") == strlen(name) &&
            pst_sysroot_stat(run->world.sysroot, path, &st, NULL) && (st.st_mode & 0001) != 0)
            return PST_TRI_YES;
    }
    return PST_TRI_UNKNOWN;
}

static PstTri
do_which(PstShellRun *run, const GPtrArray *words, guint line G_GNUC_UNUSED)
{
    return look_up(run, word_at(words, words->len - 1));
}

static PstTri
do_command(PstShellRun *run, const GPtrArray *words, guint line)
{
    if (g_ascii_strcasecmp(word_at(words, 1), "-v") == 0)
        return look_up(run, word_at(words, 2));
    return run_tail(run, words, g_str_equal(word_at(words, 1), "-p") ? 2 : 1, line);
}

static PstTri
do_rest(PstShellRun *run, const GPtrArray *words, guint line)
{
    return run_tail(run, words, 1, line);
}

/* What it declares is set, too. */
static PstTri
do_export(PstShellRun *run, const GPtrArray *words, guint line G_GNUC_UNUSED)
{
    for (guint i = 1; i < words->len; i++) {
        const char *sign = strchr(words->pdata[i], '=');

        if (sign == NULL)
            continue;
        g_autofree char *name =
            g_strndup(words->pdata[i], (gsize)(sign - (const char *)words->pdata[i]));
        g_autofree char *value = pst_shell_value_of(&run->world, sign + 1);
        pst_shell_run_set(run, name, value);
    }
    return PST_TRI_YES;
}

static PstTri
do_forget(PstShellRun *run, const GPtrArray *words, guint line G_GNUC_UNUSED)
{
    for (guint i = 1; i < words->len; i++)
        pst_shell_run_set(run, words->pdata[i], NULL);
    return PST_TRI_UNKNOWN;
}

/* What it sets is not looked into. */
static PstTri
do_forget_all(PstShellRun *run, const GPtrArray *words G_GNUC_UNUSED, guint line G_GNUC_UNUSED)
{
    pst_shell_run_forget(run);
    return PST_TRI_UNKNOWN;
}

static PstTri
do_unset(PstShellRun *run, const GPtrArray *words, guint line)
{
    for (guint i = 1; i < words->len; i++)
        pst_shell_run_define(run, words->pdata[i], 0);
    return do_forget(run, words, line);
}

static PstTri
do_printf(PstShellRun *run, const GPtrArray *words, guint line G_GNUC_UNUSED)
{
    if (g_str_equal(word_at(words, 1), "-v"))
        pst_shell_run_set(run, word_at(words, 2), NULL);
    return PST_TRI_YES;
}

static const struct {
    const char *name;
    Command command;
} commands[] = {
    {".", do_source},
    {"alias", do_true},
    {"echo", do_true},
    {"printf", do_printf},
    {"umask", do_true},
    {"trap", do_trap},
    {":", do_true},
    {"[", do_test},
    {"[[", do_test},
    {"break", do_break},
    {"builtin", do_rest},
    {"command", do_command},
    {"continue", do_break},
    {"declare", do_export},
    {"eval", do_rest},
    {"exec", do_exec},
    {"exit", do_exit},
    {"export", do_export},
    {"false", do_false},
    {"kill", do_kill},
    {"local", do_export},
    {"read", do_forget},
    {"readonly", do_export},
    {"return", do_return},
    {"set", do_set},
    {"shopt", do_shopt},
    {"sleep", do_sleep},
    {"source", do_source},
    {"tail", do_tail},
    {"test", do_test},
    {"time", do_rest},
    {"true", do_true},
    {"tty", do_false},
    {"type", do_which},
    {"typeset", do_export},
    {"unset", do_unset},
    {"which", do_which},
    {"let", do_forget_all},
    {"mapfile", do_forget_all},
    {"readarray", do_forget_all},
    {"getopts", do_forget_all},
};

/* The number of assignments that WORDS begin with. */
static guint
count_assignments(const GPtrArray *words)
{
    guint n = 0;

    for (; n < words->len; n++) {
        const char *word = words->pdata[n];
        gsize len = strspn(word, NAME);

        if (len == 0 || g_ascii_isdigit(word[0]) || strchr("=+[", word[len]) == NULL ||
            strchr(word, '=') == NULL)
            break;
    }
    return n;
}

static void
assign(PstShellRun *run, const char *word)
{
    gsize len = strspn(word, NAME);
    g_autofree char *name = g_strndup(word, len);
    g_autofree char *value =
        word[len] == '=' ? pst_shell_value_of(&run->world, word + len + 1) : NULL;

    pst_shell_run_set(run, name, value);
}

PstTri
pst_shell_command_run(PstShellRun *run, const GPtrArray *words, guint line)
{
    guint n = count_assignments(words);
    gpointer body;

    for (guint i = 0; i < words->len; i++) /* `((…))`, `${X:=…}` */
        if (g_str_has_prefix(words->pdata[i], "((") || strstr(words->pdata[i], ":=") != NULL)
            pst_shell_run_forget(run);

    if (n == words->len) {
        gboolean plain = TRUE;

        for (guint i = 0; i < n; i++) {
            assign(run, words->pdata[i]);
            plain &= strpbrk(words->pdata[i], "$`") == NULL;
        }
        return plain ? PST_TRI_YES : PST_TRI_UNKNOWN;
    }
    if (n > 0)
        return run_tail(run, words, n, line);
    g_autofree char *name = pst_shell_value_of(&run->world, words->pdata[0]);
    if (name == NULL || pst_shell_run_is_dead(run))
        return PST_TRI_UNKNOWN;
    if (g_hash_table_lookup_extended(run->functions, name, NULL, &body)) {
        if (run->files >= MAX_FILES || body == NULL)
            return PST_TRI_UNKNOWN;
        run->files++;
        pst_shell_run_set(run, "#", NULL);
        run->call(run, GPOINTER_TO_UINT(body));
        run->files--;
        return PST_TRI_UNKNOWN;
    }
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(name, commands[i].name))
            return commands[i].command(run, words, line);
    return PST_TRI_UNKNOWN;
}
