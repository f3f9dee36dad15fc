// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "

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
        while (at < scan->len && pst_redact_parts_has(rule, (guchar)scan->text[at]))
            at++;
        if (!sound && is_key_line(scan->text + start, at - start) && is_free(scan, start, at))
            pst_redact_parts_add(scan, start, at, rule);
    }
}

void
pst_redact_words(PstRedactScan *scan)
{
    for (guint i = 0; i < pst_redact_rules_n; i++)
        if (pst_redact_rules[i].kind == PST_REDACT_WORD)
            find_words(scan, &pst_redact_rules[i]);
}
