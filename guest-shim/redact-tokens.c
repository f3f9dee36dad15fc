// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

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
        while (end < scan->len && pst_redact_parts_has(prefix->rule, (guchar)scan->text[end]))
            end++;
        if (end < at + prefix->len + prefix->rule->min)
            continue;
        pst_redact_parts_add(scan, at, end, prefix->rule);
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
