// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/shell-word.h"

#include <string.h>

#define PLAIN "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_./:=@%+,-"

static gboolean
can_be_shown(const char *word)
{
    if (!g_utf8_validate(word, -1, NULL))
        return FALSE;
    for (; *word != '\0'; word = g_utf8_next_char(word)) {
        gunichar c = g_utf8_get_char(word);
        GUnicodeType type = g_unichar_type(c);

        if (!g_unichar_isprint(c) || type == G_UNICODE_LINE_SEPARATOR ||
            type == G_UNICODE_PARAGRAPH_SEPARATOR)
            return FALSE;
    }
    return TRUE;
}

/* By octal numbers alone, so that it is a quoted word also for a shell which doesn't know it. */
static char *
numbered(const char *word)
{
    GString *out = g_string_new("$'");

    for (; *word != '\0'; word++) {
        if (strchr(PLAIN " ", *word) != NULL)
            g_string_append_c(out, *word);
        else
            g_string_append_printf(out, "\\%03o", (guint8)*word);
    }
    g_string_append_c(out, '\'');
    return g_string_free(out, FALSE);
}

char *
pst_shell_word(const char *word)
{
    if (*word != '\0' && strspn(word, PLAIN) == strlen(word))
        return g_strdup(word);
    return can_be_shown(word) ? g_shell_quote(word) : numbered(word);
}
