// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/key-value.h"

#include <string.h>

#define SPACE " \t\r"

/* What follows KEY at the start of the line of LEN bytes; NULL where it is another key's. */
static const char *
behind_key(const char *line, gsize len, const char *key)
{
    const char *at = line + strspn(line, SPACE);
    const char *end = line + len;
    gsize key_len = strlen(key);

    if (at >= end || (gsize)(end - at) <= key_len || g_ascii_strncasecmp(at, key, key_len) != 0)
        return NULL;
    at += key_len;
    if (*at != '=' && strchr(SPACE, *at) == NULL)
        return NULL;
    at += strspn(at, SPACE);
    if (*at == '=')
        at++;
    return at < end ? at : end;
}

static char *
unquote(char *value)
{
    gsize len = strlen(g_strstrip(value));

    if (len < 2 || (value[0] != '"' && value[0] != '\'') || value[len - 1] != value[0])
        return value;
    value[len - 1] = '\0';
    memmove(value, value + 1, len - 1);
    return value;
}

char *
pst_key_value_get(const char *text, const char *key, guint *line)
{
    char *value = NULL;
    guint number = 0;

    while (*text != '\0') {
        gsize len = strcspn(text, "\n");
        const char *found = behind_key(text, len, key);

        number++;
        if (found != NULL) {
            g_free(value);
            value = unquote(g_strndup(found, (gsize)(text + len - found)));
            if (line != NULL)
                *line = number;
        }
        text += len + (text[len] == '\n' ? 1 : 0);
    }
    return value;
}
