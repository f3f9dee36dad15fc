// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

#define MAX_PROGRAM 32

typedef struct {
    PstRedactScan *scan;
    char program[MAX_PROGRAM + 1]; /* that the words belong to; "" for none that has a rule */
    const PstRedactRule *awaited;  /* the next word is this rule's secret */
    gsize line_end;
    gsize done; /* no secret ends behind this */
} Walk;

/* "PROGRAM OPTION": whether the pair's program is NAME. */
static gboolean
is_program(const char *pair, const char *name)
{
    gsize len = strlen(name);

    return strncmp(pair, name, len) == 0 && pair[len] == ' ';
}

/* Most words of a text are no program that has a rule. */
static gboolean
has_rule(const char *name)
{
    static GHashTable *programs;

    if (programs != NULL)
        return g_hash_table_contains(programs, name);
    programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < pst_redact_rules_n; i++) {
        const char *const *pairs = pst_redact_rules[i].programs;
        for (guint j = 0; pairs != NULL && pairs[j] != NULL; j++)
            g_hash_table_add(programs, g_strndup(pairs[j], strcspn(pairs[j], " ")));
    }
    return g_hash_table_contains(programs, name);
}

static void
take_program(Walk *walk, gsize start, gsize end)
{
    const char *text = walk->scan->text;
    char name[MAX_PROGRAM + 1] = "";
    gsize at = end;

    while (at > start && end - at < MAX_PROGRAM && strchr("/=\"'`(;", text[at - 1]) == NULL)
        at--;
    memcpy(name, text + at, end - at);
    if (*name != '\0' && has_rule(name))
        g_strlcpy(walk->program, name, sizeof(walk->program));
}

/* A secret in quotes may hold white space. */
static void
take_secret(Walk *walk, gsize start, gsize end, const PstRedactRule *rule)
{
    const char *text = walk->scan->text;
    const char *close = NULL;

    if (text[start] == '"' || text[start] == '\'')
        close = memchr(text + start + 1, text[start], walk->line_end - start - 1);
    if (close != NULL)
        end = MAX(end, (gsize)(close - text) + 1);
    pst_redact_parts_add(walk->scan, start, end, rule);
    walk->done = end;
}

/* The word from START to END as an option of the program's: its secret is glued to it (behind an
 * equals sign where it has more than a letter), or the next word. */
static void
take_option(Walk *walk, gsize start, gsize end, const PstRedactRule *rule, const char *option)
{
    gsize len = strlen(option);
    const char *text = walk->scan->text;

    if (end - start < len || memcmp(text + start, option, len) != 0)
        return;
    if (end - start == len)
        walk->awaited = rule->space ? rule : NULL;
    else if (len == 2)
        take_secret(walk, start + len, end, rule);
    else if (text[start + len] == '=' && end - start > len + 1)
        take_secret(walk, start + len + 1, end, rule);
}

static void
take_options(Walk *walk, gsize start, gsize end)
{
    for (guint i = 0; walk->program[0] != '\0' && i < pst_redact_rules_n; i++) {
        const PstRedactRule *rule = &pst_redact_rules[i];

        for (guint j = 0; rule->programs != NULL && rule->programs[j] != NULL; j++)
            if (is_program(rule->programs[j], walk->program))
                take_option(walk, start, end, rule, strchr(rule->programs[j], ' ') + 1);
    }
}

static void
take_word(Walk *walk, gsize start, gsize end)
{
    const PstRedactRule *awaited = walk->awaited;

    walk->awaited = NULL;
    if (awaited != NULL) {
        take_secret(walk, start, end, awaited);
        return;
    }
    while (start < end && (walk->scan->text[start] == '"' || walk->scan->text[start] == '\''))
        start++;
    if (start < end && walk->scan->text[start] == '-')
        take_options(walk, start, end);
    else
        take_program(walk, start, end);
}

static void
begin_line(Walk *walk, gsize at)
{
    walk->line_end = pst_redact_parts_line_end(walk->scan, at);
    if (walk->scan->argv)
        return;
    walk->program[0] = '\0';
    walk->awaited = NULL;
}

void
pst_redact_commands(PstRedactScan *scan)
{
    Walk walk = {.scan = scan};

    for (gsize at = 0; at < scan->len;) {
        gsize end = at;

        if (at == 0 || scan->text[at - 1] == '\n')
            begin_line(&walk, at);
        while (end < walk.line_end && (scan->argv || !g_ascii_isspace(scan->text[end])))
            end++;
        if (end > at)
            take_word(&walk, at, end);
        at = MAX(end, walk.done) + 1;
    }
}
