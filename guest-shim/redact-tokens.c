// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "

typedef struct {
    const PstRedactRule *rule;
    const char *text;
    gsize len;
} Prefix;

/* The prefixes by their first byte, so that most of a text costs one look at a table. */
static GArray *by_byte[256];

static void
index_prefix(const PstRedactRule *rule, const char *text, char first)
{
    Prefix prefix = {rule, text, strlen(text)};
    GArray **prefixes = &by_byte[(guchar)first];

    if (*prefixes == NULL)
        *prefixes = g_array_new(FALSE, FALSE, sizeof(Prefix));
    g_array_append_val(*prefixes, prefix);
}

static void
index_rules(void)
{
    static gboolean indexed;

    if (indexed)
        return;
    indexed = TRUE;
    for (guint i = 0; i < pst_redact_rules_n; i++) {
        const PstRedactRule *rule = &pst_redact_rules[i];

        for (guint j = 0; rule->prefix != NULL && rule->prefix[j] != NULL; j++) {
            char first = rule->prefix[j][0], other = first;

            if (rule->any_case)
                other = g_ascii_islower(first) ? g_ascii_toupper(first) : g_ascii_tolower(first);
            index_prefix(rule, rule->prefix[j], first);
            if (other != first)
                index_prefix(rule, rule->prefix[j], other);
        }
    }
}

static gboolean
stands_at(const PstRedactScan *scan, gsize at, const Prefix *prefix)
{
    const char *here = scan->text + at;

    if (prefix->len > scan->len - at ||
        (prefix->rule->bounded && at > 0 && g_ascii_isalnum(here[-1]) &&
         g_ascii_isalnum(prefix->text[0])))
        return FALSE;
    return prefix->rule->any_case ? g_ascii_strncasecmp(here, prefix->text, prefix->len) == 0
                                  : memcmp(here, prefix->text, prefix->len) == 0;
}

/* The offset behind the token at AT, or AT where there is none. What fails has cost no more than
 * the rule's least length, so the whole stays linear. */
static gsize
take_token(PstRedactScan *scan, gsize at)
{
    const GArray *prefixes = by_byte[(guchar)scan->text[at]];

    for (guint i = 0; prefixes != NULL && i < prefixes->len; i++) {
        const Prefix *prefix = &g_array_index(prefixes, Prefix, i);
        gsize end = at + prefix->len;

        if (!stands_at(scan, at, prefix))
            continue;
        while (end < scan->len && pst_redact_has(prefix->rule, (guchar)scan->text[end]))
            end++;
        if (end < at + prefix->len + prefix->rule->min)
            continue;
        pst_redact_add(scan, at, end, prefix->rule);
        return end;
    }
    return at;
}

void
pst_redact_tokens(PstRedactScan *scan)
{
    index_rules();
    for (gsize at = 0; at < scan->len;) {
        gsize end = take_token(scan, at);
        at = end > at ? end : at + 1;
    }
}

/* A line of a key has one of the lengths that tools write, and all kinds of characters: a digest in
 * hexadecimal has not. */
static gboolean
is_key_line(const char *word, gsize len)
{
    gboolean lower = FALSE, upper = FALSE, digit = FALSE;

    if (len != 64 && len != 70 && len != 76)
        return FALSE;
    for (gsize i = 0; i < len; i++) {
        lower |= g_ascii_islower(word[i]);
        upper |= g_ascii_isupper(word[i]);
        digit |= g_ascii_isdigit(word[i]);
    }
    return lower && upper && digit;
}

/* Whether the word from START to END stands free, and not within a longer one. */
static gboolean
is_free(const PstRedactScan *scan, gsize start, gsize end)
{
    static const char around[] = " \t\r\n\"'`|,<>()\\";

    return (start == 0 || strchr(around, scan->text[start - 1]) != NULL) &&
           (end == scan->len || strchr(around, scan->text[end]) != NULL);
}

/* Certificates and public keys have such lines too: there the marker before them tells. */
static void
find_words(PstRedactScan *scan, const PstRedactRule *rule)
{
    gboolean sound = FALSE;

    for (gsize at = 0; at < scan->len; at++) {
        gsize start = at;

        if (scan->text[at] == '-' && scan->len - at > strlen(PEM_BEGIN)) {
            if (memcmp(scan->text + at, PEM_BEGIN, strlen(PEM_BEGIN)) == 0)
                sound = TRUE;
            else if (memcmp(scan->text + at, PEM_END, strlen(PEM_END)) == 0)
                sound = FALSE;
        }
        while (at < scan->len && pst_redact_has(rule, (guchar)scan->text[at]))
            at++;
        if (!sound && is_key_line(scan->text + start, at - start) && is_free(scan, start, at))
            pst_redact_add(scan, start, at, rule);
    }
}

void
pst_redact_words(PstRedactScan *scan)
{
    for (guint i = 0; i < pst_redact_rules_n; i++)
        if (pst_redact_rules[i].kind == PST_REDACT_WORD)
            find_words(scan, &pst_redact_rules[i]);
}
