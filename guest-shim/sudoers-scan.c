// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudoers-scan.h"

#include <string.h>

#include <gio/gio.h>

void
pst_sudoers_scan_blanks(const char **rest)
{
    *rest += strspn(*rest, " \t");
}

gboolean
pst_sudoers_scan_sign(const char **rest, char character)
{
    const char *at = *rest + strspn(*rest, " \t");

    if (*at != character)
        return FALSE;
    *rest = at + 1;
    pst_sudoers_scan_blanks(rest);
    return TRUE;
}

gboolean
pst_sudoers_scan_negation(const char **rest)
{
    gboolean negated = FALSE;

    while (pst_sudoers_scan_sign(rest, '!'))
        negated = !negated;
    return negated;
}

/* Characters up to one of STOP; a backslash keeps the next one from stopping. */
static char *
take_until(const char **rest, const char *stop, gboolean *plain)
{
    g_autoptr(GString) word = g_string_new(NULL);
    const char *at = *rest;

    *plain = TRUE;
    while (*at != '\0') {
        if (*at == '\\') {
            if (at[1] == '\0' || at[1] == '\t')
                break;
            *plain = FALSE;
            at++;
        } else if (strchr(stop, *at) != NULL) {
            break;
        }
        g_string_append_c(word, *at++);
    }
    if (at == *rest)
        return NULL;
    *rest = at;
    return g_string_free(g_steal_pointer(&word), FALSE);
}

char *
pst_sudoers_scan_word(const char **rest, gboolean *plain)
{
    return take_until(rest, "#>!=:,() \t\"", plain);
}

char *
pst_sudoers_scan_string(const char **rest)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *at = *rest;

    if (*at != '"')
        return NULL;
    for (at++; *at != '"'; at++) {
        if (*at == '\0')
            return NULL;
        if (at[0] == '\\' && at[1] == '"')
            at++;
        g_string_append_c(text, *at);
    }
    if (text->len == 0)
        return NULL;
    *rest = at + 1;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *
take_span(const char **rest, gsize len)
{
    const char *start = *rest;

    if (len == 0)
        return NULL;
    *rest += len;
    return g_strndup(start, len);
}

char *
pst_sudoers_scan_id(const char **rest)
{
    gsize sign = (*rest)[0] == '#' ? ((*rest)[1] == '-' ? 2 : 1) : 0;
    gsize digits = sign > 0 ? strspn(*rest + sign, "0123456789") : 0;

    return take_span(rest, digits > 0 ? sign + digits : 0);
}

char *
pst_sudoers_scan_capitals(const char **rest)
{
    gsize len =
        g_ascii_isupper(**rest) ? strspn(*rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") : 0;

    return take_span(rest, len);
}

char *
pst_sudoers_scan_parameter(const char **rest)
{
    return take_span(rest, strspn(*rest, "abcdefghijklmnopqrstuvwxyz_"));
}

char *
pst_sudoers_scan_value(const char **rest)
{
    gboolean plain;

    /* A value may hold an equals sign, but not begin with one. */
    if (**rest == '=')
        return NULL;
    return take_until(rest, "#=, \t\"", &plain);
}

static char *
take_regex(const char **rest)
{
    const char *at = *rest + 1;

    for (; *at != '$'; at++) {
        if (*at == '\0' || *at == '#')
            return NULL;
        if (at[0] == '\\' && at[1] != '\0')
            at++;
    }
    return take_span(rest, (gsize)(at + 1 - *rest));
}

char *
pst_sudoers_scan_path(const char **rest)
{
    g_autoptr(GString) path = g_string_new(NULL);
    const char *at = *rest;

    if (*at == '^')
        return take_regex(rest);
    if (*at != '/')
        return NULL;
    while (*at != '\0' && strchr(",:= \t#", *at) == NULL) {
        if (*at == '\\') {
            if (at[1] == '\0')
                break;
            /* Only these lose their backslash; before a wildcard it is the wildcard's. */
            if (strchr(",:= \t#", at[1]) == NULL)
                g_string_append_c(path, *at);
            at++;
        }
        g_string_append_c(path, *at++);
    }
    if (path->len < 2)
        return NULL;
    *rest = at;
    return g_string_free(g_steal_pointer(&path), FALSE);
}

char *
pst_sudoers_scan_args(const char **rest)
{
    g_autoptr(GString) args = g_string_new(NULL);
    const char *at = *rest;
    gboolean space = FALSE;

    for (; *at != '\0' && strchr("#:,", *at) == NULL; at++) {
        /* Within a word an equals sign is one of its characters. */
        if (*at == '=' && (space || args->len == 0))
            break;
        if (*at == ' ' || *at == '\t') {
            space = TRUE;
            continue;
        }
        if (space && args->len > 0)
            g_string_append_c(args, ' ');
        space = FALSE;
        if (at[0] == '\\' && at[1] != '\0') {
            if (strchr(":\\,= \t#", at[1]) == NULL)
                g_string_append_c(args, *at);
            at++;
        }
        g_string_append_c(args, *at);
    }
    *rest = at;
    return args->len > 0 ? g_string_free(g_steal_pointer(&args), FALSE) : NULL;
}

char *
pst_sudoers_scan_address(const char **rest)
{
    gsize len = strspn(*rest, "0123456789abcdefABCDEF.:/");
    g_autofree char *text = g_strndup(*rest, len);
    char *slash = strchr(text, '/');

    if (slash != NULL)
        *slash = '\0';
    g_autoptr(GInetAddress) address = len > 2 ? g_inet_address_new_from_string(text) : NULL;
    return address != NULL ? take_span(rest, len) : NULL;
}

char *
pst_sudoers_scan_include(const char **rest)
{
    g_autoptr(GString) path = g_string_new(NULL);
    const char *at = *rest;

    if (*at == '"')
        return pst_sudoers_scan_string(rest);
    for (; *at != '\0' && *at != ' ' && *at != '\t'; at++) {
        if (at[0] == '\\' && (at[1] == ' ' || at[1] == '\t'))
            at++;
        g_string_append_c(path, *at);
    }
    *rest = at;
    return path->len > 0 ? g_string_free(g_steal_pointer(&path), FALSE) : NULL;
}

gboolean
pst_sudoers_scan_at_end(const char *rest)
{
    rest += strspn(rest, " \t\r");
    if (*rest != '#')
        return *rest == '\0';
    rest += rest[1] == '-' ? 2 : 1;
    return !g_ascii_isdigit(*rest);
}
