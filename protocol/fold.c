// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/fold.h"

#include <glib.h>

static gboolean
is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_' || (c & 0x80) != 0;
}

/* Whether LEN bytes at WORD are a number: decimal, hexadecimal with 0x, or a hexadecimal word with
 * a digit in it that is too long for a word of a language. */
static gboolean
is_number(const char *word, gsize len)
{
    gsize digits = 0, hex = 0;

    for (gsize i = 0; i < len; i++) {
        digits += g_ascii_isdigit(word[i]);
        hex += g_ascii_isxdigit(word[i]);
    }
    if (len > 2 && word[0] == '0' && word[1] == 'x')
        return hex == len - 1;
    return digits == len || (digits > 0 && hex == len && len >= 4);
}

char *
pst_fold(const char *message)
{
    GString *folded = g_string_new(NULL);
    const char *at = message;

    while (*at != '\0') {
        gsize len = 0;

        while (is_word(at[len]))
            len++;
        if (len == 0) {
            g_string_append_c(folded, *at++);
            continue;
        }
        if (is_number(at, len))
            g_string_append_c(folded, '#');
        else /* eth0 and eth1, vda1 and vda2 are the same kind of thing, but not the same thing */
            g_string_append_len(folded, at, (gssize)len);
        at += len;
    }
    return g_string_free(folded, FALSE);
}
