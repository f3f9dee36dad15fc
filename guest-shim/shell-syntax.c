// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/shell-syntax.h"

#include <string.h>

#include "guest-shim/shell-command.h"

#define MAX_NESTING 64
#define MAX_STEPS 200000

/* A recursive descent that runs as it reads. Where nothing is to be run it only reads. */

static PstTri run_command(PstShellRun *run);

static const char *
text_at(const PstShellRun *run)
{
    return run->at < run->words->len ? ((PstShellWord *)run->words->pdata[run->at])->text : "";
}

static gboolean
is_op(const PstShellRun *run, const char *op)
{
    const PstShellWord *word = run->at < run->words->len ? run->words->pdata[run->at] : NULL;

    return word != NULL && word->is_op && g_str_equal(word->text, op);
}

static gboolean
is_word(const PstShellRun *run, const char *text)
{
    const PstShellWord *word = run->at < run->words->len ? run->words->pdata[run->at] : NULL;

    return word != NULL && !word->is_op && g_str_equal(word->text, text);
}

static void
expect(PstShellRun *run, gboolean found)
{
    if (found)
        run->at++;
    else
        run->broken = TRUE;
}

static void
skip_lines(PstShellRun *run)
{
    while (is_op(run, "\n"))
        run->at++;
}

static gboolean
ends_list(const PstShellRun *run)
{
    static const char *const words[] = {"then", "elif", "else", "fi", "do", "done", "esac", "}"};
    static const char *const ops[] = {")", ";;", ";&", ";;&"};

    if (run->broken || run->at >= run->words->len)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (is_word(run, words[i]))
            return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(ops); i++)
        if (is_op(run, ops[i]))
            return TRUE;
    return FALSE;
}

/* ---- branches ---- */

/* What may be run, or not. Returns what leave() has to know. */
static gboolean
enter(PstShellRun *run, PstTri whether)
{
    run->skipped += whether == PST_TRI_NO;
    run->unsure += whether == PST_TRI_UNKNOWN;
    return run->gone;
}

static void
leave(PstShellRun *run, PstTri whether, gboolean gone_before)
{
    run->skipped -= whether == PST_TRI_NO;
    run->unsure -= whether == PST_TRI_UNKNOWN;
    if (whether != PST_TRI_UNKNOWN || gone_before)
        return;
    /* Whoever went another way is still there; after a return nobody is sure to be. */
    run->may_be_gone |= run->gone && !run->gone_for_good;
    run->gone = run->gone_for_good = FALSE;
}

static PstTri
run_branch(PstShellRun *run, PstTri whether)
{
    gboolean gone = enter(run, whether);
    PstTri status = pst_shell_syntax_list(run);

    leave(run, whether, gone);
    return status;
}

static PstTri
both(PstTri a, PstTri b)
{
    if (a == PST_TRI_NO || b == PST_TRI_NO)
        return PST_TRI_NO;
    return a == PST_TRI_YES && b == PST_TRI_YES ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

static PstTri
negate(PstTri tri)
{
    return tri == PST_TRI_UNKNOWN ? tri : PST_TRI(tri == PST_TRI_NO);
}

/* ---- compound commands ---- */

static PstTri
run_condition(PstShellRun *run)
{
    run->conditions++;
    PstTri status = pst_shell_syntax_list(run);
    run->conditions--;
    return status;
}

static void
run_if(PstShellRun *run)
{
    PstTri left = PST_TRI_YES; /* whether it comes to this branch */

    do {
        run->at++; /* if, elif */
        gboolean gone = enter(run, left);
        PstTri status = run_condition(run);
        leave(run, left, gone);
        expect(run, is_word(run, "then"));
        run_branch(run, both(left, status));
        left = both(left, negate(status));
    } while (is_word(run, "elif"));
    if (is_word(run, "else")) {
        run->at++;
        run_branch(run, left);
    }
    expect(run, is_word(run, "fi"));
}

/* `:`, `true` or a `sleep` alone, and nothing in the loop that leaves it. */
static gboolean
is_endless(const PstShellRun *run, guint condition, guint body, guint end)
{
    static const char *const leaving[] = {"break", "return", "exit", "exec", "kill", NULL};
    const PstShellWord *word = run->words->pdata[condition];

    if (!g_str_equal(word->text, ":") && !g_str_equal(word->text, "true") &&
        !g_str_equal(word->text, "sleep"))
        return FALSE;
    if (body - condition > 3)
        return FALSE;
    for (guint i = body; i < end && i < run->words->len; i++)
        if (g_strv_contains(leaving, ((PstShellWord *)run->words->pdata[i])->text))
            return FALSE;
    return TRUE;
}

static void
run_body(PstShellRun *run, PstTri whether)
{
    gboolean gone = run->gone, may = run->may_be_gone, returned = run->returned;

    run->loops++;
    run->returned = FALSE;
    expect(run, is_word(run, "do"));
    run_branch(run, whether);
    expect(run, is_word(run, "done"));
    run->loops--;
    if (run->left_loop) { /* a `break` ends the loop, and nothing else */
        run->left_loop = FALSE;
        run->gone = gone;
        run->may_be_gone = may || run->returned;
    }
    run->returned |= returned;
}

static void
run_while(PstShellRun *run, gboolean until)
{
    guint line = ((PstShellWord *)run->words->pdata[run->at])->line;

    run->at++;
    guint condition = run->at;
    PstTri status = run_condition(run);
    guint body = run->at;
    run_body(run, until ? negate(status) : status);
    if (!run->broken && !until && is_endless(run, condition, body, run->at))
        pst_shell_run_end(run, line, TRUE);
}

static void
run_for(PstShellRun *run)
{
    PstTri whether = PST_TRI_UNKNOWN;
    gboolean asks = is_word(run, "select");

    run->at++;
    if (run->at < run->words->len)
        pst_shell_run_set(run, text_at(run), NULL);
    run->at++;
    skip_lines(run);
    if (is_word(run, "in")) {
        run->at++;
        whether = PST_TRI_NO;
        for (; run->at < run->words->len && !is_op(run, ";") && !is_op(run, "\n"); run->at++)
            whether = strpbrk(text_at(run), "$`*?[") != NULL && whether != PST_TRI_YES
                          ? PST_TRI_UNKNOWN
                          : PST_TRI_YES;
    }
    if (is_op(run, ";"))
        run->at++;
    skip_lines(run);
    run_body(run, asks ? PST_TRI_UNKNOWN : whether);
}

static void
run_case(PstShellRun *run)
{
    PstTri left = PST_TRI_YES;

    run->at++;
    g_autofree char *value = pst_shell_value_of(&run->world, text_at(run));
    run->at++;
    skip_lines(run);
    expect(run, is_word(run, "in"));
    skip_lines(run);
    while (!run->broken && run->at < run->words->len && !is_word(run, "esac")) {
        PstTri matches = PST_TRI_NO;

        if (is_op(run, "("))
            run->at++;
        while (run->at < run->words->len && !is_op(run, ")")) {
            if (!is_op(run, "|")) {
                PstTri one = pst_shell_value_matches(&run->world, value, text_at(run));
                matches = negate(both(negate(matches), negate(one)));
            }
            run->at++;
        }
        expect(run, is_op(run, ")"));
        run_branch(run, both(left, matches));
        left = both(left, negate(matches));
        /* Those that go on in the next branch are rare. */
        if (is_op(run, ";&") || is_op(run, ";;&"))
            run->broken = TRUE;
        if (is_op(run, ";;"))
            run->at++;
        else if (!is_word(run, "esac"))
            run->broken = TRUE;
        skip_lines(run);
    }
    expect(run, is_word(run, "esac"));
}

/* A process of its own: what it ends is itself. */
static PstTri
run_apart(PstShellRun *run, PstTri (*part)(PstShellRun *))
{
    gboolean gone = run->gone, for_good = run->gone_for_good, may = run->may_be_gone;

    run->apart++;
    PstTri status = part(run);
    run->apart--;
    run->gone = gone;
    run->gone_for_good = for_good;
    run->may_be_gone = may;
    return status;
}

static void
define(PstShellRun *run, const char *name)
{
    skip_lines(run);
    guint body = run->at;
    run->skipped++;
    run_command(run);
    run->skipped--;
    if (!run->broken)
        pst_shell_run_define(run, name, body);
}

static PstTri
run_simple(PstShellRun *run)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    guint line = run->at < run->words->len ? ((PstShellWord *)run->words->pdata[run->at])->line : 0;
    gboolean doubled = is_word(run, "[[");

    for (; run->at < run->words->len; run->at++) {
        const PstShellWord *word = run->words->pdata[run->at];
        gboolean redirects = word->is_op && strpbrk(word->text, "<>") != NULL;

        if (doubled) {
            g_ptr_array_add(words, word->text);
            doubled = !g_str_equal(word->text, "]]");
        } else if (redirects) {
            run->at++; /* and what it leads to */
        } else if (word->is_op) {
            break;
        } else {
            g_ptr_array_add(words, word->text);
        }
    }
    if (words->len == 1 && is_op(run, "(")) { /* NAME () */
        run->at++;
        expect(run, is_op(run, ")"));
        if (!run->broken)
            define(run, words->pdata[0]);
        return PST_TRI_YES;
    }
    if (is_op(run, "(") || doubled || words->len == 0)
        run->broken = words->len == 0 ? run->broken : TRUE;
    run->steps += words->len;
    if (run->broken || words->len == 0)
        return PST_TRI_UNKNOWN;
    return pst_shell_command_run(run, words, line);
}

static PstTri
run_command(PstShellRun *run)
{
    PstTri status = PST_TRI_UNKNOWN;

    if (++run->nesting > MAX_NESTING || ++run->steps > MAX_STEPS)
        run->broken = TRUE;
    if (run->broken || run->at >= run->words->len) {
        run->nesting--;
        return status;
    }
    guint before = run->at;
    if (is_word(run, "coproc")) {
        run->broken = TRUE;
    } else if (is_word(run, "!")) {
        run->at++;
        status = negate(run_command(run));
    } else if (is_word(run, "if")) {
        run_if(run);
    } else if (is_word(run, "while") || is_word(run, "until")) {
        run_while(run, is_word(run, "until"));
    } else if (is_word(run, "for") || is_word(run, "select")) {
        run_for(run);
    } else if (is_word(run, "case")) {
        run_case(run);
    } else if (is_word(run, "{")) {
        run->at++;
        status = pst_shell_syntax_list(run);
        expect(run, is_word(run, "}"));
    } else if (is_op(run, "(")) {
        run->at++;
        status = run_apart(run, pst_shell_syntax_list);
        expect(run, is_op(run, ")"));
    } else if (is_word(run, "function")) {
        run->at++;
        g_autofree char *name = g_strdup(text_at(run));
        run->at++;
        if (is_op(run, "(")) {
            run->at++;
            expect(run, is_op(run, ")"));
        }
        define(run, name);
    } else {
        status = run_simple(run);
    }
    /* Redirections behind a compound command. */
    while (run->at < run->words->len && ((PstShellWord *)run->words->pdata[run->at])->is_op &&
           strpbrk(text_at(run), "<>") != NULL)
        run->at += 2;
    if (run->at == before)
        run->broken = TRUE;
    run->nesting--;
    return status;
}

/* Whether what begins here ends in a `|`, or in a `&`, is only known behind it: it is read first,
 * and what was found is kept. */
static guint
peek(PstShellRun *run, GHashTable *kept, PstTri (*part)(PstShellRun *))
{
    guint from = run->at;
    gpointer end = g_hash_table_lookup(kept, GUINT_TO_POINTER(from + 1));

    if (end != NULL)
        return GPOINTER_TO_UINT(end);
    run->skipped++;
    part(run);
    run->skipped--;
    g_hash_table_insert(kept, GUINT_TO_POINTER(from + 1), GUINT_TO_POINTER(MAX(run->at, 1)));
    guint at = run->at;
    run->at = from;
    return at;
}

static PstTri
run_pipeline(PstShellRun *run)
{
    PstTri status;
    guint end = peek(run, run->commands, run_command);

    if (run->broken)
        return PST_TRI_UNKNOWN;
    if (pst_shell_run_is_dead(run)) {
        run->at = end;
        status = PST_TRI_UNKNOWN;
    } else {
        const PstShellWord *next = end < run->words->len ? run->words->pdata[end] : NULL;
        gboolean piped =
            next != NULL && next->is_op && next->text[0] == '|' && next->text[1] != '|';

        status = piped ? run_apart(run, run_command) : run_command(run);
    }
    gboolean first = TRUE;
    while (!run->broken && (is_op(run, "|") || is_op(run, "|&"))) {
        run->at++;
        skip_lines(run);
        status = run_apart(run, run_command);
        first = FALSE;
    }
    return first ? status : PST_TRI_UNKNOWN;
}

static PstTri
run_and_or(PstShellRun *run)
{
    PstTri status = run_pipeline(run);

    while (!run->broken && (is_op(run, "&&") || is_op(run, "||"))) {
        gboolean is_and = is_op(run, "&&");
        PstTri whether = is_and ? status : negate(status);

        run->at++;
        skip_lines(run);
        gboolean gone = enter(run, whether);
        PstTri next = run_pipeline(run);
        leave(run, whether, gone);
        if (whether == PST_TRI_YES)
            status = next;
        else if (whether == PST_TRI_UNKNOWN)
            status = is_and ? both(status, next) : negate(both(negate(status), negate(next)));
    }
    return status;
}

/* Of what is in it is told where it stands. */
static gboolean
is_compound(const PstShellRun *run, guint at)
{
    static const char *const words[] = {"if",       "while", "until", "for",    "select", "case",
                                        "function", "{",     ".",     "source", NULL};
    const PstShellWord *word = run->words->pdata[at];
    const PstShellWord *next = at + 1 < run->words->len ? run->words->pdata[at + 1] : NULL;

    return g_strv_contains(words, word->text) || (next != NULL && g_str_equal(next->text, "("));
}

/* `A && B`, `A || B`: what fails in A ends nothing. */
static gboolean
has_parts(const PstShellRun *run, guint from, guint end)
{
    for (guint i = from; i < end && i < run->words->len; i++) {
        const PstShellWord *word = run->words->pdata[i];

        if (word->is_op && (g_str_equal(word->text, "&&") || g_str_equal(word->text, "||")))
            return TRUE;
    }
    return FALSE;
}

PstTri
pst_shell_syntax_list(PstShellRun *run)
{
    PstTri status = PST_TRI_YES;

    while (run->at < run->words->len && (is_op(run, "\n") || !ends_list(run))) {
        if (is_op(run, "\n")) {
            run->at++;
            continue;
        }
        guint from = run->at, end = peek(run, run->lists, run_and_or);
        if (run->broken)
            break;
        gboolean background = end < run->words->len &&
                              g_str_equal(((PstShellWord *)run->words->pdata[end])->text, "&");
        gboolean let_fail = !is_compound(run, from) && has_parts(run, from, end);
        run->conditions += let_fail;
        if (background || pst_shell_run_is_dead(run))
            run->at = end;
        else
            status = run_and_or(run);
        run->conditions -= let_fail;
        if (background)
            status = PST_TRI_YES;
        if (status != PST_TRI_YES && run->exits_on_error && run->conditions == 0 && end > from &&
            !is_compound(run, from) && !let_fail)
            pst_shell_run_fail(run, from, status);
        if (is_op(run, ";") || is_op(run, "&"))
            run->at++;
        else if (!is_op(run, "\n") && !ends_list(run))
            run->broken = TRUE;
    }
    return status;
}

PstTri
pst_shell_syntax_command(PstShellRun *run)
{
    return run_command(run);
}
