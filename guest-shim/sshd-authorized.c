// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-authorized.h"

#include <string.h>

#define MAX_KEYS 10000

/* Those without a value can have "no-" before them. */
static const char *const flags[] = {"agent-forwarding", "port-forwarding", "pty",
                                    "user-rc",          "x11-forwarding",  "touch-required",
                                    "verify-required",  "restrict",        NULL};
static const char *const with_value[] = {"principals",   "environment", "permitopen",
                                         "permitlisten", "tunnel",      NULL};

static void
free_key(gpointer data)
{
    PstSshdAuthorizedKey *key = data;

    pst_ssh_key_free(key->key);
    g_free(key->from);
    g_free(key->expires);
    g_free(key);
}

/* The end of the options that TEXT begins with: the first white space outside of quotation marks.
 * NULL where a mark is not closed. */
static const char *
end_of_options(const char *text)
{
    gboolean quoted = FALSE;

    for (; *text != '\0' && (quoted || (*text != ' ' && *text != '\t')); text++) {
        if (*text == '\\' && text[1] == '"')
            text++;
        else if (*text == '"')
            quoted = !quoted;
    }
    return quoted ? NULL : text;
}

/* The value of NAME="VALUE", without its marks; NULL where OPTION is not that. */
static char *
value_of(const char *option, const char *name)
{
    gsize len = strlen(name);

    if (g_ascii_strncasecmp(option, name, len) != 0 || option[len] != '=' || option[len + 1] != '"')
        return NULL;
    char *value = g_strdup(option + len + 2);
    if (g_str_has_suffix(value, "\""))
        value[strlen(value) - 1] = '\0';
    return value;
}

static gboolean
is_flag(const char *option)
{
    const char *name = g_ascii_strncasecmp(option, "no-", 3) == 0 ? option + 3 : option;

    for (guint i = 0; flags[i] != NULL; i++)
        if (g_ascii_strcasecmp(flags[i], name) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
has_known_value(const char *option)
{
    for (guint i = 0; with_value[i] != NULL; i++) {
        g_autofree char *value = value_of(option, with_value[i]);
        if (value != NULL)
            return TRUE;
    }
    return FALSE;
}

static void
take_option(PstSshdAuthorizedKey *key, const char *option)
{
    g_autofree char *from = value_of(option, "from");
    g_autofree char *expires = value_of(option, "expiry-time");
    g_autofree char *command = value_of(option, "command");

    if (from != NULL && key->from == NULL)
        key->from = g_steal_pointer(&from);
    else if (expires != NULL && key->expires == NULL)
        key->expires = g_steal_pointer(&expires);
    else if (command != NULL)
        key->forced = TRUE;
    else if (g_ascii_strcasecmp(option, "cert-authority") == 0)
        key->authority = TRUE;
    else if (!is_flag(option) && !has_known_value(option))
        key->bad_option = TRUE;
}

/* Commas separate them, but not inside of quotation marks. */
static void
take_options(PstSshdAuthorizedKey *key, const char *text, const char *end)
{
    gboolean quoted = FALSE;
    const char *begin = text;

    for (; text <= end; text++) {
        if (text < end && *text == '\\' && text[1] == '"') {
            text++;
        } else if (text < end && *text == '"') {
            quoted = !quoted;
        } else if (text == end || (*text == ',' && !quoted)) {
            g_autofree char *option = g_strndup(begin, (gsize)(text - begin));
            take_option(key, option);
            begin = text + 1;
        }
    }
}

/* A line is a key, or options and a key. */
static PstSshdAuthorizedKey *
parse_line(const char *text)
{
    g_autoptr(PstSshKey) plain = pst_ssh_key_parse(text, NULL);
    const char *end = plain == NULL ? end_of_options(text) : NULL;
    PstSshdAuthorizedKey *key;

    if (plain == NULL && end != NULL)
        plain = pst_ssh_key_parse(end + strspn(end, " \t"), NULL);
    if (plain == NULL)
        return NULL;
    key = g_new0(PstSshdAuthorizedKey, 1);
    key->key = g_steal_pointer(&plain);
    if (end != NULL)
        take_options(key, text, end);
    return key;
}

GPtrArray *
pst_sshd_authorized_parse(const char *text, guint *n_bad)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(free_key);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    *n_bad = 0;
    for (guint i = 0; lines[i] != NULL && keys->len < MAX_KEYS; i++) {
        const char *line = lines[i] + strspn(lines[i], " \t");
        PstSshdAuthorizedKey *key = NULL;

        if (*line == '\0' || *line == '\r' || *line == '#')
            continue;
        key = parse_line(line);
        if (key == NULL) {
            ++*n_bad;
            continue;
        }
        key->line = i + 1;
        g_ptr_array_add(keys, key);
    }
    return keys;
}

PstTri
pst_sshd_authorized_is_expired(const char *expires, gint64 now_s)
{
    gsize len = strspn(expires, "0123456789");
    gboolean utc = g_ascii_strcasecmp(expires + len, "Z") == 0;
    g_autoptr(GTimeZone) zone = utc ? g_time_zone_new_utc() : g_time_zone_new_local();
    int parts[6] = {0}; /* year, month, day, hour, minute, second */

    if ((!utc && expires[len] != '\0') || (len != 8 && len != 12 && len != 14))
        return PST_TRI_UNKNOWN;
    for (gsize at = 0, i = 0; at < len; i++) {
        gsize width = i == 0 ? 4 : 2;
        g_autofree char *digits = g_strndup(expires + at, width);

        parts[i] = (int)g_ascii_strtoull(digits, NULL, 10);
        at += width;
    }
    g_autoptr(GDateTime) moment =
        g_date_time_new(zone, parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]);
    return moment != NULL ? PST_TRI(now_s >= g_date_time_to_unix(moment)) : PST_TRI_UNKNOWN;
}
