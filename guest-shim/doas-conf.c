// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/doas-conf.h"

#include <string.h>

typedef struct {
    char *text;
    gboolean quoted; /* so it is no keyword */
} Word;

static void
word_clear(gpointer data)
{
    g_free(((Word *)data)->text);
}

static void
rule_free(gpointer data)
{
    PstDoasRule *rule = data;

    g_free(rule->path);
    g_free(rule->text);
    g_free(rule->identity);
    g_free(rule->target);
    g_free(rule->command);
    g_strfreev(rule->args);
    g_free(rule);
}

GPtrArray *
pst_doas_conf_new(void)
{
    return g_ptr_array_new_with_free_func(rule_free);
}

/* One word, from a character that begins one. FALSE where a quotation does not end. */
static gboolean
scan_word(const char **rest, Word *word)
{
    GString *text = g_string_new(NULL);
    gboolean open = FALSE;
    const char *at = *rest;

    word->quoted = FALSE;
    for (; *at != '\0' && (open || strchr(" \t{}#", *at) == NULL); at++) {
        if (*at == '"') {
            open = !open;
            word->quoted = TRUE;
            continue;
        }
        if (*at == '\\' && at[1] != '\0') {
            word->quoted = TRUE;
            at++;
        }
        g_string_append_c(text, *at);
    }
    *rest = at;
    word->text = g_string_free(text, FALSE);
    return !open;
}

static GArray *
scan_line(const char *line)
{
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(Word));

    g_array_set_clear_func(words, word_clear);
    for (const char *rest = line + strspn(line, " \t"); *rest != '\0' && *rest != '#';
         rest += strspn(rest, " \t")) {
        Word word = {NULL, FALSE};
        gboolean whole = TRUE;

        if (*rest == '{' || *rest == '}')
            word.text = g_strndup(rest++, 1);
        else
            whole = scan_word(&rest, &word);
        g_array_append_val(words, word);
        if (!whole)
            return NULL;
    }
    return g_steal_pointer(&words);
}

static gboolean
is_keyword(const GArray *words, guint i, const char *keyword)
{
    const Word *word = i < words->len ? &g_array_index(words, Word, i) : NULL;

    return word != NULL && !word->quoted && g_str_equal(word->text, keyword);
}

static char *
take_word(const GArray *words, guint *i)
{
    static const char *const keywords[] = {"permit",  "deny",   "as",    "cmd",
                                           "args",    "nopass", "nolog", "persist",
                                           "keepenv", "setenv", "{",     "}"};

    for (guint j = 0; j < G_N_ELEMENTS(keywords); j++)
        if (is_keyword(words, *i, keywords[j]))
            return NULL;
    return *i < words->len ? g_strdup(g_array_index(words, Word, (*i)++).text) : NULL;
}

/* "setenv { A B=c }". */
static gboolean
skip_environment(const GArray *words, guint *i)
{
    if (!is_keyword(words, ++*i, "{"))
        return FALSE;
    while (++*i < words->len)
        if (is_keyword(words, *i, "}")) {
            ++*i;
            return TRUE;
        }
    return FALSE;
}

static gboolean
take_options(const GArray *words, guint *i, PstDoasRule *rule)
{
    for (;;) {
        if (is_keyword(words, *i, "setenv")) {
            if (!skip_environment(words, i))
                return FALSE;
            continue;
        }
        if (is_keyword(words, *i, "nopass"))
            rule->nopass = TRUE;
        else if (!is_keyword(words, *i, "persist") && !is_keyword(words, *i, "keepenv") &&
                 !is_keyword(words, *i, "nolog"))
            return TRUE;
        ++*i;
    }
}

static gboolean
take_command(const GArray *words, guint *i, PstDoasRule *rule)
{
    g_autoptr(GStrvBuilder) args = g_strv_builder_new();
    char *arg;

    if (!is_keyword(words, *i, "cmd"))
        return TRUE;
    ++*i;
    rule->command = take_word(words, i);
    if (rule->command == NULL || !is_keyword(words, *i, "args"))
        return rule->command != NULL;
    ++*i;
    while ((arg = take_word(words, i)) != NULL) {
        g_strv_builder_add(args, arg);
        g_free(arg);
    }
    rule->args = g_strv_builder_end(args);
    return TRUE;
}

static gboolean
take_rule(const GArray *words, PstDoasRule *rule)
{
    guint i = 1;

    rule->permits = is_keyword(words, 0, "permit");
    if (!rule->permits && !is_keyword(words, 0, "deny"))
        return FALSE;
    if (rule->permits && !take_options(words, &i, rule))
        return FALSE;
    rule->identity = take_word(words, &i);
    if (rule->identity == NULL)
        return FALSE;
    if (is_keyword(words, i, "as")) {
        i++;
        rule->target = take_word(words, &i);
        if (rule->target == NULL)
            return FALSE;
    }
    return take_command(words, &i, rule) && i == words->len;
}

static gboolean
take_line(GPtrArray *rules, const char *path, guint number, const char *line)
{
    g_autoptr(GArray) words = scan_line(line);

    if (words == NULL)
        return FALSE;
    if (words->len == 0)
        return TRUE;
    PstDoasRule *rule = g_new0(PstDoasRule, 1);
    rule->path = g_strdup(path);
    rule->line = number;
    rule->text = g_strstrip(g_strdup(line));
    g_ptr_array_add(rules, rule);
    return take_rule(words, rule);
}

/* A backslash at the end of a line joins the next one. */
guint
pst_doas_conf_parse(GPtrArray *rules, const char *path, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) logical = g_string_new(NULL);
    guint first = 1;

    for (guint i = 0; lines[i] != NULL; i++) {
        gsize len = strlen(lines[i]);
        gboolean goes_on = len > 0 && lines[i][len - 1] == '\\' && lines[i + 1] != NULL;

        if (logical->len == 0)
            first = i + 1;
        g_string_append_len(logical, lines[i], (gssize)(goes_on ? len - 1 : len));
        if (goes_on) {
            g_string_append_c(logical, ' ');
            continue;
        }
        if (!take_line(rules, path, first, logical->str))
            return first;
        g_string_truncate(logical, 0);
    }
    return 0;
}

/* A name, or else a number. */
static gboolean
is_number(const char *text, gint64 number)
{
    gint64 value;

    return g_ascii_string_to_signed(text, 10, 0, G_MAXUINT32, &value, NULL) && value == number;
}

static gboolean
is_user(const char *text, const PstAccounts *accounts, gint64 uid)
{
    const PstAccount *named = pst_accounts_find(accounts, text);

    return named != NULL ? named->uid == uid : is_number(text, uid);
}

static gboolean
is_group(const char *text, const PstAccounts *accounts, const GArray *groups)
{
    gint64 named = pst_accounts_gid(accounts, text);

    for (guint i = 0; i < groups->len; i++) {
        gint64 gid = g_array_index(groups, gid_t, i);
        if (named >= 0 ? gid == named : is_number(text, gid))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_command(const PstDoasRule *rule, char *const *command)
{
    if (rule->command == NULL)
        return TRUE;
    if (!g_str_equal(rule->command, command[0]))
        return FALSE;
    return rule->args == NULL ||
           g_strv_equal((const char *const *)rule->args, (const char *const *)command + 1);
}

const PstDoasRule *
pst_doas_conf_match(const GPtrArray *rules, const PstAccounts *accounts, const PstAccount *user,
                    const GArray *groups, char *const *command)
{
    const PstDoasRule *last = NULL;

    for (guint i = 0; i < rules->len; i++) {
        const PstDoasRule *rule = rules->pdata[i];
        gboolean concerned = rule->identity[0] == ':'
                                 ? is_group(rule->identity + 1, accounts, groups)
                                 : is_user(rule->identity, accounts, user->uid);

        if (concerned && (rule->target == NULL || is_user(rule->target, accounts, 0)) &&
            is_command(rule, command))
            last = rule;
    }
    return last;
}
