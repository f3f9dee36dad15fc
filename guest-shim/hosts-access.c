// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/hosts-access.h"

#include <gio/gio.h>
#include <string.h>

#include "guest-shim/sshd-pattern.h"
#include "protocol/error.h"

#define MAX_FILE (256 * 1024)
#define MAX_TEXT 256
#define BLANKS " \t,"

typedef PstTri (*Matches)(const char *pattern, const char *what);

void
pst_hosts_access_clear(PstHostsAccess *access)
{
    g_free(access->path);
    g_free(access->text);
}

/* ---- patterns ---- */

static PstTri
match_daemon(const char *pattern, const char *daemon)
{
    if (g_ascii_strcasecmp(pattern, "ALL") == 0 || g_ascii_strcasecmp(pattern, daemon) == 0)
        return PST_TRI_YES;
    /* daemon@host: by the guest's own address that is come to */
    if (strchr(pattern, '@') != NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(pst_sshd_pattern_match(daemon, pattern));
}

/* "10.0.0.0/255.0.0.0", "10.0.0.0/8", "[fd00::]/8". */
static PstTri
match_net(const char *pattern, const char *address)
{
    g_autofree char *text = g_strdup(pattern);
    char *slash = strchr(text, '/');
    g_autoptr(GInetAddress) from = g_inet_address_new_from_string(address);
    g_autoptr(GInetAddress) net_mask = NULL;

    *slash = '\0';
    net_mask = strchr(slash + 1, '.') != NULL ? g_inet_address_new_from_string(slash + 1) : NULL;
    guint length = (guint)g_ascii_strtoull(slash + 1, NULL, 10);
    if (net_mask != NULL) {
        guint32 bits = 0;

        memcpy(&bits, g_inet_address_to_bytes(net_mask), sizeof bits);
        length = (guint)__builtin_popcount(bits);
    }
    g_autoptr(GInetAddress) net = g_inet_address_new_from_string(text);
    g_autoptr(GInetAddressMask) mask =
        net != NULL ? g_inet_address_mask_new(net, length, NULL) : NULL;
    if (mask == NULL || from == NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(g_inet_address_get_family(from) == g_inet_address_mask_get_family(mask) &&
                   g_inet_address_mask_matches(mask, from));
}

static gboolean
is_numeric(const char *pattern)
{
    return strspn(pattern, "0123456789.*?") == strlen(pattern);
}

static PstTri
match_client(const char *pattern, const char *address)
{
    gsize len = strlen(pattern);

    if (g_ascii_strcasecmp(pattern, "ALL") == 0)
        return PST_TRI_YES;
    if (address == NULL || pattern[0] == '/' || pattern[0] == '@' || strchr(pattern, '@') != NULL)
        return PST_TRI_UNKNOWN;
    if (pattern[0] == '[' || strchr(pattern, '/') != NULL) {
        g_auto(GStrv) parts = g_strsplit_set(pattern, "[]", -1);
        g_autofree char *plain = g_strjoinv("", parts);

        return strchr(plain, '/') != NULL ? match_net(plain, address)
                                          : PST_TRI(g_str_equal(plain, address));
    }
    if (len > 0 && pattern[len - 1] == '.' && is_numeric(pattern))
        return PST_TRI(g_str_has_prefix(address, pattern));
    if (pst_sshd_pattern_match(address, pattern))
        return PST_TRI_YES;
    return is_numeric(pattern) ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

static PstTri
negate(PstTri value)
{
    return value == PST_TRI_UNKNOWN ? value : PST_TRI(value == PST_TRI_NO);
}

static PstTri
both(PstTri a, PstTri b)
{
    if (a == PST_TRI_NO || b == PST_TRI_NO)
        return PST_TRI_NO;
    return a == PST_TRI_YES && b == PST_TRI_YES ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

/* A list, and what it leaves out: EXCEPT binds to all that stands before it, the last one first. */
static PstTri
match_list(char **words, const char *what, Matches matches)
{
    PstTri found = PST_TRI_NO;

    for (; *words != NULL; words++) {
        if (**words == '\0')
            continue;
        if (g_ascii_strcasecmp(*words, "EXCEPT") == 0)
            return both(found, negate(match_list(words + 1, what, matches)));
        PstTri one = matches(*words, what);
        if (one == PST_TRI_YES || (one == PST_TRI_UNKNOWN && found == PST_TRI_NO))
            found = one;
    }
    return found;
}

/* ---- lines ---- */

/* The next field of a line, which a colon ends that is not of an IPv6 address in brackets. */
static char *
take_field(char **rest)
{
    char *begin = *rest;
    gboolean inside = FALSE;

    if (begin == NULL)
        return NULL;
    for (char *at = begin; *at != '\0'; at++) {
        inside = *at == '[' || (inside && *at != ']');
        if (*at == ':' && !inside) {
            *at = '\0';
            *rest = at + 1;
            return begin;
        }
    }
    *rest = NULL;
    return begin;
}

/* What the line makes of a connection that it is about, where the file ALLOWS by itself. */
static gboolean
allows(char *options, gboolean file_allows)
{
    for (char *option = take_field(&options); option != NULL; option = take_field(&options)) {
        g_strstrip(option);
        if (g_ascii_strcasecmp(option, "ALLOW") == 0)
            return TRUE;
        if (g_ascii_strcasecmp(option, "DENY") == 0)
            return FALSE;
    }
    return file_allows;
}

enum {
    MAY_BE_ALLOWED = 1,
    MAY_BE_DENIED = 2,
};

typedef struct {
    const char *daemon, *address;
    const char *path;
    gboolean file_allows;
    guint may;
    PstHostsAccess *access;
} Reading;

/* The first line that is about the connection, or may be. */
static void
note(const Reading *reading, guint number, const char *text)
{
    PstHostsAccess *access = reading->access;

    if (access->path != NULL)
        return;
    access->path = g_strdup(reading->path);
    access->line = number;
    access->text = g_utf8_make_valid(text, (gssize)MIN(strlen(text), MAX_TEXT));
}

/* TRUE where the line decides. */
static gboolean
judge_line(Reading *reading, guint number, const char *text)
{
    g_autofree char *line = g_strdup(text);
    char *rest = line;
    const char *daemons = take_field(&rest), *clients = take_field(&rest);

    if (daemons == NULL || clients == NULL)
        return FALSE;
    g_auto(GStrv) daemon_words = g_strsplit_set(daemons, BLANKS, -1);
    g_auto(GStrv) client_words = g_strsplit_set(clients, BLANKS, -1);
    PstTri about = both(match_list(daemon_words, reading->daemon, match_daemon),
                        match_list(client_words, reading->address, match_client));
    if (about == PST_TRI_NO)
        return FALSE;
    note(reading, number, text);
    reading->may |= allows(rest, reading->file_allows) ? MAY_BE_ALLOWED : MAY_BE_DENIED;
    return about == PST_TRI_YES;
}

static gboolean
judge_text(Reading *reading, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_autoptr(GString) joined = g_string_new(lines[i]);
        guint first = i;

        while (joined->len > 0 && joined->str[joined->len - 1] == '\\' && lines[i + 1] != NULL) {
            g_string_truncate(joined, joined->len - 1);
            g_string_append(joined, lines[++i]);
        }
        g_strstrip(joined->str);
        if (joined->str[0] != '#' && joined->str[0] != '\0' &&
            judge_line(reading, first + 1, joined->str))
            return TRUE;
    }
    return FALSE;
}

/* FALSE where the file can't be read. *DECIDED: a line of it decides. */
static gboolean
judge_file(Reading *reading, const PstSysroot *sysroot, gboolean *decided, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(sysroot, reading->path, MAX_FILE, NULL, &cause);

    if (text == NULL && cause->code != PST_ERROR_ABSENT) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    *decided = text != NULL && judge_text(reading, text);
    return TRUE;
}

gboolean
pst_hosts_access_judge(const PstSysroot *sysroot, const char *daemon, const char *address,
                       PstHostsAccess *access, GError **error)
{
    static const char *const paths[] = {"/etc/hosts.allow", "/etc/hosts.deny"};
    Reading reading = {.daemon = daemon, .address = address, .access = access};
    gboolean decided = FALSE;

    for (guint i = 0; !decided && i < G_N_ELEMENTS(paths); i++) {
        reading.path = paths[i];
        reading.file_allows = i == 0;
        if (!judge_file(&reading, sysroot, &decided, error))
            return FALSE;
    }
    /* What no line is about is allowed. */
    if (!decided)
        reading.may |= MAY_BE_ALLOWED;
    access->allowed = reading.may == MAY_BE_ALLOWED  ? PST_TRI_YES
                      : reading.may == MAY_BE_DENIED ? PST_TRI_NO
                                                     : PST_TRI_UNKNOWN;
    return TRUE;
}
