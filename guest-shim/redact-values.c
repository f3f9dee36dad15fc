// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

/* A longer value is no list of words: so what is looked at in vain stays short. */
#define MAX_SOUND 256
#define MAX_WORD 64

/* Whether the LEN bytes at WORD are one of the words that are no secret. */
static gboolean
is_sound_word(const PstRedactRule *rule, const char *word, gsize len)
{
    g_autofree char *lower = g_ascii_strdown(word, (gssize)MIN(len, MAX_WORD));

    return len < MAX_WORD && rule->sound != NULL && g_strv_contains(rule->sound, lower);
}

/* The text need not end in a NUL, so strspn() is not asked. */
static gboolean
is_all(const char *value, gsize len, const char *chars)
{
    for (gsize i = 0; i < len; i++)
        if (value[i] == '\0' || strchr(chars, value[i]) == NULL)
            return FALSE;
    return TRUE;
}

static gboolean
is_filling(const char *value, gsize len)
{
    return (len <= 3 && is_all(value, len, "0123456789")) || is_all(value, len, "*") ||
           is_all(value, len, "xX") || is_all(value, len, ".-_");
}

/* A variable of a web server's configuration: no password begins as those do. */
static gboolean
is_variable(const char *value, gsize len)
{
    static const char *const heads[] = {"$http_", "$cookie_", "$arg_", "$upstream_http_",
                                        "$sent_http_"};
    gboolean any = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(heads) && !any; i++)
        any = len > strlen(heads[i]) && memcmp(value, heads[i], strlen(heads[i])) == 0;
    for (gsize i = 1; i < len && any; i++)
        any = g_ascii_islower(value[i]) || value[i] == '_';
    return any;
}

/* A variable or a placeholder that something else fills in: ${NAME}, $(command), {{ name }}. */
static gboolean
is_reference(const char *value, gsize len)
{
    static const char *const pairs[][2] = {{"${", "}"}, {"$(", ")"}, {"{{", "}}"}, {"%(", ")s"}};

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        gsize open = strlen(pairs[i][0]), close = strlen(pairs[i][1]);

        if (len > open + close && memcmp(value, pairs[i][0], open) == 0 &&
            memmem(value, len, pairs[i][1], close) == value + len - close)
            return TRUE;
    }
    return is_variable(value, len);
}

gboolean
pst_redact_values_are_sound(const PstRedactRule *rule, const char *value, gsize len)
{
    static const char between[] = " \t[],;=(){}!";
    gsize i = 0;

    if (len > MAX_SOUND)
        return FALSE;
    if (len < rule->min || is_filling(value, len) || is_reference(value, len))
        return TRUE;
    while (i < len) {
        gsize n = 0;

        while (i < len && strchr(between, value[i]) != NULL)
            i++;
        while (i + n < len && strchr(between, value[i + n]) == NULL)
            n++;
        if (n > 0 && !is_sound_word(rule, value + i, n))
            return FALSE;
        i += n;
    }
    return TRUE;
}
