// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string.h>

#include "guest-shim/redact-rules.h"

/* Secrets of the tests' own making, planted as the rules say that secrets stand in texts. */

typedef struct {
    char *text;
    char *secret; /* stands in text; may hold line feeds */
} Canary;

static inline void
canary_clear(Canary *canary)
{
    g_free(canary->text);
    g_free(canary->secret);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Canary, canary_clear)

static inline guint
below(GRand *rand, guint n)
{
    return (guint)g_rand_int_range(rand, 0, (gint32)n);
}

static inline const char *
any_of(GRand *rand, const char *const *list)
{
    return list[below(rand, g_strv_length((char **)list))];
}

/* LEN characters of CHARS. */
static inline char *
random_text(GRand *rand, const char *chars, gsize len)
{
    char *text = g_malloc(len + 1);

    for (gsize i = 0; i < len; i++)
        text[i] = chars[below(rand, (guint)strlen(chars))];
    text[len] = '\0';
    return text;
}

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* What people take for passwords, but for what would end them in the form that they stand in. */
static inline char *
random_password(GRand *rand, const char *without)
{
    g_autofree char *chars = g_strdup(ALNUM "!#$%&()*+,-./:;<=>?@[]^_{|}~\\\"'` ");
    gsize n = 0;

    for (gsize i = 0; chars[i] != '\0'; i++)
        if (strchr(without, chars[i]) == NULL)
            chars[n++] = chars[i];
    chars[n] = '\0';
    g_autofree char *middle = random_text(rand, chars, 6 + below(rand, 20));
    g_autofree char *head = random_text(rand, ALNUM, 3);
    g_autofree char *tail = random_text(rand, ALNUM, 3);
    return g_strconcat(head, middle, tail, NULL);
}

static inline char *
of_class(GRand *rand, const PstRedactRule *rule, gsize len)
{
    char chars[257];
    gsize n = 0;

    for (guint c = 33; c < 127; c++)
        if ((rule->chars[c / 32] >> c % 32 & 1) != 0)
            chars[n++] = (char)c;
    chars[n] = '\0';
    return random_text(rand, chars, len);
}

/* What is shorter stands by chance in the words around it, or in those that replace it. */
#define SHORTEST 7

static inline Canary
token_canary(GRand *rand, const PstRedactRule *rule)
{
    static const char *const before[] = {"", "using ", "\"", "x=", "a: ", "\n\t", "(", "'", NULL};
    static const char *const after[] = {"", " now", "\"", "\n", "\t", "'", "\"}", NULL};
    g_autofree char *random = of_class(rand, rule, MAX(rule->min, SHORTEST) + below(rand, 40) + 1);

    return (Canary){g_strconcat(any_of(rand, before), any_of(rand, rule->prefix), random,
                                any_of(rand, after), NULL),
                    g_steal_pointer(&random)};
}

static inline Canary
block_canary(GRand *rand, const PstRedactRule *rule)
{
    static const char *const eol[] = {"\n", "\r\n", "\\n", "\n    ", NULL};
    guint form = below(rand, g_strv_length((char **)rule->begin)), lines = 1 + below(rand, 50);
    const char *end_of_line = any_of(rand, eol);
    g_autofree char *body = random_text(rand, ALNUM "+/", 64 * lines - below(rand, 60));
    g_auto(GStrv) begin = g_strsplit(rule->begin[form], "*", -1);
    g_auto(GStrv) end = g_strsplit(rule->end[form], "*", -1);
    g_autofree char *first = g_strjoinv("", begin);
    g_autofree char *last = g_strjoinv("", end);

    for (gsize i = 64; i < strlen(body); i += 65)
        body[i] = '\n';
    g_auto(GStrv) split = g_strsplit(body, "\n", -1);
    g_autofree char *secret = g_strjoinv(end_of_line, split);
    return (Canary){
        g_strconcat("before\n", first, end_of_line, secret, end_of_line, last, "\nafter\n", NULL),
        g_steal_pointer(&secret)};
}

/* A name as the rule has it, in one of the ways that names are written. */
static inline char *
name_of(GRand *rand, const PstRedactRule *rule)
{
    static const char *const heads[] = {"", "db_", "SMTP-", "my.", "n8n", NULL};

    if (rule->suffix != NULL && g_rand_boolean(rand))
        return g_strconcat(any_of(rand, heads), any_of(rand, rule->suffix), NULL);
    if (rule->last != NULL && (rule->exact == NULL || g_rand_boolean(rand)))
        return g_strconcat("db_", any_of(rand, rule->last), NULL);
    if (rule->exact == NULL)
        return g_strdup(any_of(rand, rule->suffix));
    char *name = g_strdup(any_of(rand, rule->exact));
    *name = g_ascii_toupper(*name);
    return name;
}

/* A percent sign stands for the name, a hash for the secret; what can't be in a secret of this form
 * is named beside it. */
static const char *const name_forms[][2] = {
    {"%=#", "\n"},
    {"% = #\nnext = 1\n", "\n"},
    {"  %: #\r\nuser: bob", "\n"},
    {"export %=#", "\n"},
    {"{\"%\": \"#\", \"user\": \"bob\"}", "\n\\\""},
    {"{\"a\":1,\"%\":\"#\"}", "\n\\\""},
    {"x %='#' y", "\n'\\"},
    {"<%>#</%>", "\n<"},
    {"'%' => '#',", "\n'\\"},
    {"$cfg['%'] = '#';", "\n'\\"},
    {"define('%', '#');", "\n'\\"},
    {"run --% # --user bob", "\n '\"`\\"},
    {"run --%=# --user bob", "\n '\"`\\"},
    {"got %: # from bob", "\n '\"`\\"},
    {"Environment=\"%=#\" \"B=c\"", "\n\"\\"},
    {"{\\\"%\\\":\\\"#\\\"}", "\n\\\""},
    {"<add key=\"%\" value=\"#\"/>", "\n\"\\"},
    {"%: |\n  #\nuser: bob", "\n"},
    {"GET /x?a=b&%=# HTTP/1.1", "\n '\"`\\"},
    {"{\n\t\"%\": [\n\t\t\"#\"\n\t],\n\t\"user\": \"bob\"\n}", "\n\\\""},
    {"%: |\r\n  #\r\n\r\n  #\r\nuser: bob", "\n"},
    {"<% a=\"b\">#</%>", "\n<"},
    {"% = [\n  \"#\",\n  \"#\"\n]\n", "\n\\\""},
};

static inline Canary
fill(const char *form, const char *name, char *secret)
{
    GString *out = g_string_new(form);

    g_string_replace(out, "#", "\x02", 0);
    g_string_replace(out, "%", name, 0);
    g_string_replace(out, "\x02", secret, 0);
    return (Canary){g_string_free(out, FALSE), secret};
}

static inline Canary
name_canary(GRand *rand, const PstRedactRule *rule)
{
    g_autofree char *name = name_of(rand, rule);
    guint i = below(rand, G_N_ELEMENTS(name_forms));

    if (rule->quoted && !rule->space)
        return fill("\"%\": \"#\"", name, random_password(rand, "\n\\\""));
    if (rule->quoted)
        return fill("SET % '#' x", name, random_password(rand, "\n'\\"));
    if (rule->space)
        return fill("% #\n", name, random_password(rand, "\n '\"`\\=:"));
    return fill(name_forms[i][0], name, random_password(rand, name_forms[i][1]));
}

static inline Canary
command_canary(GRand *rand, const PstRedactRule *rule)
{
    g_auto(GStrv) pair = g_strsplit(any_of(rand, rule->programs), " ", 2);
    char *secret = random_password(rand, " '\"`\\=");
    gboolean apart = rule->space && (strlen(pair[1]) > 2 || g_rand_boolean(rand));

    return (Canary){g_strdup_printf("%s%s -x %s%s%s host",
                                    g_rand_boolean(rand) ? "sudo /usr/bin/" : "", pair[0], pair[1],
                                    apart ? " " : "", secret),
                    secret};
}

static inline Canary
word_canary(GRand *rand)
{
    static const guint lengths[] = {64, 70, 76};
    g_autofree char *random = random_text(rand, ALNUM "+/", lengths[below(rand, 3)] - 3);
    char *secret = g_strconcat("aB3", random, NULL);

    return (Canary){g_strconcat(g_rand_boolean(rand) ? "app: " : "", secret, "\n", NULL), secret};
}

static inline Canary
url_canary(GRand *rand)
{
    static const char *const heads[] = {"postgresql://bob:", "see https://bob:", "redis://:",
                                        "URL=\"amqp://a.b:", "smb://d;u:",       NULL};
    char *secret = random_password(rand, "\n \"<>/?#\\");

    return (Canary){g_strconcat(any_of(rand, heads), secret, "@host:1/path", NULL), secret};
}

/* One for the rule. */
static inline Canary
canary_new(GRand *rand, const PstRedactRule *rule)
{
    switch (rule->kind) {
    case PST_REDACT_TOKEN:
        return token_canary(rand, rule);
    case PST_REDACT_BLOCK:
        return block_canary(rand, rule);
    case PST_REDACT_NAME:
        return name_canary(rand, rule);
    case PST_REDACT_COMMAND:
        return command_canary(rand, rule);
    case PST_REDACT_WORD:
        return word_canary(rand);
    case PST_REDACT_URL:
        break;
    }
    return url_canary(rand);
}

/* Of a key of thousands of bytes some few stand in any words by chance, among a million keys. */
#define LONG_SECRET 256
#define LONG_PIECE 12

/* Whether any PIECE bytes of the secret, or all of a shorter one, stand in OUT. */
static inline gboolean
canary_leaks(const Canary *canary, const char *out, gsize piece)
{
    gsize len = strlen(canary->secret);

    piece = len < LONG_SECRET ? MIN(piece, len) : MAX(piece, LONG_PIECE);
    for (gsize i = 0; i + piece <= len; i++)
        if (memmem(out, strlen(out), canary->secret + i, piece) != NULL)
            return TRUE;
    return FALSE;
}
