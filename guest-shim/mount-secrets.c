// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/mount-secrets.h"

#include <string.h>

#define HIDDEN "***"
#define ENDS ", \t\r\n"

/* Whether an option's name says that its value is a secret. Names of files that hold secrets
 * (credentials=, keyfile=) are none. */
static gboolean
is_secret_name(const char *name, gsize len)
{
    static const char *const words[] = {"pass", "secret", "token"};
    g_autofree char *lower = g_ascii_strdown(name, (gssize)len);

    if (g_str_has_suffix(lower, "file"))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(lower, words[i]) != NULL)
            return TRUE;
    return FALSE;
}

/* Of "scheme://user:password@host" the length up to and with the second colon, and *after: where
 * the password ends. 0 where WORD is no such URL. */
static gsize
find_password(const char *word, gsize len, gsize *after)
{
    const char *host = g_strstr_len(word, (gssize)len, "://");

    if (host == NULL)
        return 0;
    host += 3;
    gsize rest = len - (gsize)(host - word);
    const char *at = memchr(host, '@', rest);
    const char *colon = memchr(host, ':', rest);
    if (at == NULL || colon == NULL || colon > at)
        return 0;
    for (const char *next; (next = memchr(at + 1, '@', len - (gsize)(at + 1 - word))) != NULL;)
        at = next;
    *after = (gsize)(at - word);
    return (gsize)(colon + 1 - word);
}

static void
append_word(GString *out, const char *word, gsize len)
{
    const char *equals = memchr(word, '=', len);
    gsize after = 0;
    gsize before = find_password(word, len, &after);

    if (equals != NULL && is_secret_name(word, (gsize)(equals - word))) {
        g_string_append_len(out, word, equals + 1 - word);
        g_string_append(out, HIDDEN);
    } else if (before > 0) {
        g_string_append_len(out, word, (gssize)before);
        g_string_append(out, HIDDEN);
        g_string_append_len(out, word + after, (gssize)(len - after));
    } else {
        g_string_append_len(out, word, (gssize)len);
    }
}

char *
pst_mount_secrets_hide(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gsize len = strcspn(text, ENDS);

        append_word(out, text, len);
        text += len;
        if (*text != '\0')
            g_string_append_c(out, *text++);
    }
    return g_string_free(out, FALSE);
}
