// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/shell-words.h"

#include <string.h>

#define MAX_WORDS 50000
#define MAX_NESTING 32
#define NAME "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

typedef struct {
    const char *at;
    guint line;
    guint broken;
    GPtrArray *words;
    GQueue ends; /* of char *: what the here-documents of this line end by */
} Lexer;

static void
word_free(gpointer data)
{
    PstShellWord *word = data;

    g_free(word->text);
    g_free(word);
}

static void
add(Lexer *lexer, const char *start, gsize len, guint line, gboolean is_op)
{
    PstShellWord *word = g_new0(PstShellWord, 1);

    word->text = g_strndup(start, len);
    word->line = line;
    word->is_op = is_op;
    g_ptr_array_add(lexer->words, word);
    if (lexer->words->len >= MAX_WORDS)
        lexer->broken = lexer->line;
}

static void
step(Lexer *lexer)
{
    lexer->line += *lexer->at == '\n';
    lexer->at += *lexer->at != '\0';
}

static void skip_nested(Lexer *lexer, char close, guint depth);

/* Over what a quotation mark, a backslash or a dollar sign begins, or over one letter. */
static void
skip_piece(Lexer *lexer, guint depth)
{
    char first = *lexer->at;

    step(lexer);
    if (first == '\\') {
        step(lexer);
    } else if (first == '\'') {
        while (*lexer->at != '\0' && *lexer->at != '\'')
            step(lexer);
        if (*lexer->at == '\0')
            lexer->broken = lexer->line;
        step(lexer);
    } else if (first == '"' || first == '`') {
        skip_nested(lexer, first, depth + 1);
    } else if (first == '$' && (*lexer->at == '(' || *lexer->at == '{')) {
        char close = *lexer->at == '(' ? ')' : '}';
        step(lexer);
        skip_nested(lexer, close, depth + 1);
    }
}

/* Over all that is before CLOSE, and over it. */
static void
skip_nested(Lexer *lexer, char close, guint depth)
{
    guint open = 1;

    if (depth > MAX_NESTING)
        lexer->broken = lexer->line;
    while (lexer->broken == 0 && *lexer->at != '\0') {
        if (*lexer->at == close && --open == 0) {
            step(lexer);
            return;
        }
        open += close == ')' && *lexer->at == '(';
        /* Within double quotes a single one means itself. */
        if (close == '"' && *lexer->at == '\'')
            step(lexer);
        else
            skip_piece(lexer, depth);
    }
    if (lexer->broken == 0)
        lexer->broken = lexer->line;
}

static void
skip_documents(Lexer *lexer)
{
    while (!g_queue_is_empty(&lexer->ends)) {
        g_autofree char *end = g_queue_pop_head(&lexer->ends);
        gboolean found = FALSE;

        while (!found && *lexer->at != '\0') {
            gsize len = strcspn(lexer->at, "\n");
            g_autofree char *line = g_strndup(lexer->at, len);

            found = g_str_equal(line + strspn(line, "\t"), end);
            lexer->at += len;
            step(lexer);
        }
    }
}

/* What stands behind `<<`, without its quotation marks. */
static void
note_document(Lexer *lexer)
{
    g_autoptr(GString) end = g_string_new(NULL);
    const char *at = lexer->at + strspn(lexer->at, " \t");

    for (; *at != '\0' && strchr(" \t\n;&|<>()", *at) == NULL; at++)
        if (strchr("'\"\\", *at) == NULL)
            g_string_append_c(end, *at);
    g_queue_push_tail(&lexer->ends, g_strdup(end->str));
}

static gboolean
take_operator(Lexer *lexer)
{
    static const char *const ops[] = {";;&", "&>>", "<<<", "<<-", "&&", "||", ";;", ";&",
                                      "&>",  "|&",  "<<",  "<&",  "<>", ">>", ">&", ">|",
                                      ";",   "&",   "|",   "(",   ")",  "<",  ">",  NULL};

    /* `<(…)` is a word. */
    if ((lexer->at[0] == '<' || lexer->at[0] == '>') && lexer->at[1] == '(')
        return FALSE;
    for (guint i = 0; ops[i] != NULL; i++) {
        if (!g_str_has_prefix(lexer->at, ops[i]))
            continue;
        add(lexer, lexer->at, strlen(ops[i]), lexer->line, TRUE);
        lexer->at += strlen(ops[i]);
        if (g_str_equal(ops[i], "<<") || g_str_equal(ops[i], "<<-"))
            note_document(lexer);
        return TRUE;
    }
    return FALSE;
}

static void
take_word(Lexer *lexer)
{
    const char *start = lexer->at;
    guint line = lexer->line;

    while (lexer->broken == 0 && *lexer->at != '\0') {
        gboolean list = *lexer->at == '(' && lexer->at > start && lexer->at[-1] == '=';
        gboolean process = (*lexer->at == '<' || *lexer->at == '>') && lexer->at[1] == '(';

        if (list || process) { /* `a=(…)`, `<(…)` */
            lexer->at += process ? 2 : 1;
            skip_nested(lexer, ')', 0);
            continue;
        }
        if (strchr(" \t\n;&|()<>", *lexer->at) != NULL)
            break;
        skip_piece(lexer, 0);
    }
    gsize len = (gsize)(lexer->at - start);
    /* `2>x`, `{log}>x` */
    gboolean number = strspn(start, "0123456789") >= len;
    gboolean named =
        len > 2 && start[0] == '{' && start[len - 1] == '}' && strspn(start + 1, NAME) == len - 2;
    if ((*lexer->at != '<' && *lexer->at != '>') || (!number && !named))
        add(lexer, start, len, line, FALSE);
}

/* `((…))`, as one word. */
static void
take_arithmetic(Lexer *lexer)
{
    const char *start = lexer->at;
    guint line = lexer->line;

    lexer->at++;
    skip_nested(lexer, ')', 0);
    add(lexer, start, (gsize)(lexer->at - start), line, FALSE);
}

GPtrArray *
pst_shell_words_split(const char *text, guint *broken)
{
    Lexer lexer = {text, 1, 0, g_ptr_array_new_with_free_func(word_free), G_QUEUE_INIT};

    while (lexer.broken == 0 && *lexer.at != '\0') {
        gboolean beginning = lexer.at == text || strchr(" \t\n;&|()", lexer.at[-1]) != NULL;

        if (*lexer.at == ' ' || *lexer.at == '\t' || *lexer.at == '\r') {
            lexer.at++;
        } else if (g_str_has_prefix(lexer.at, "\\\n")) {
            lexer.at += 2;
            lexer.line++;
        } else if (*lexer.at == '#' && beginning) {
            lexer.at += strcspn(lexer.at, "\n");
        } else if (*lexer.at == '\n') {
            add(&lexer, "\n", 1, lexer.line, TRUE);
            step(&lexer);
            skip_documents(&lexer);
        } else if (g_str_has_prefix(lexer.at, "((")) {
            take_arithmetic(&lexer);
        } else if (!take_operator(&lexer)) {
            take_word(&lexer);
        }
    }
    g_queue_clear_full(&lexer.ends, g_free);
    *broken = lexer.broken;
    return lexer.words;
}
