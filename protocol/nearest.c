// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/nearest.h"

#include <string.h>

#define LONGEST 63
#define FAR 1000

/* Levenshtein's distance, with one row of memory. */
static guint
distance(const char *a, const char *b)
{
    guint row[LONGEST + 1];
    gsize len_a = strlen(a), len_b = strlen(b);

    if (len_a > LONGEST || len_b > LONGEST)
        return FAR;
    for (guint j = 0; j <= len_b; j++)
        row[j] = j;
    for (guint i = 1; i <= len_a; i++) {
        guint diagonal = row[0];
        row[0] = i;
        for (guint j = 1; j <= len_b; j++) {
            guint above = row[j];
            guint change = diagonal + (a[i - 1] != b[j - 1]);
            row[j] = MIN(change, MIN(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[len_b];
}

char *
pst_nearest_hint(const char *word, const char *const *names, guint n)
{
    guint best = FAR;
    const char *found = NULL;

    for (guint i = 0; i < n; i++) {
        gboolean begun = strlen(word) >= 3 && g_str_has_prefix(names[i], word);
        guint d = begun ? 1 : distance(word, names[i]);
        if (d < best) {
            best = d;
            found = names[i];
        }
    }
    if (best <= 2 && best < strlen(word))
        return g_strdup_printf("; did you mean '%s'?", found);
    if (n == 0)
        return g_strdup("");

    g_autoptr(GString) hint = g_string_new("; known: ");
    for (guint i = 0; i < n; i++)
        g_string_append_printf(hint, "%s%s", i > 0 ? ", " : "", names[i]);
    return g_string_free(g_steal_pointer(&hint), FALSE);
}
