// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-pattern.h"

#include <gio/gio.h>
#include <string.h>

gboolean
pst_sshd_pattern_match(const char *text, const char *pattern)
{
    const char *star = NULL, *mark = NULL;

    /* A star is tried at every later place, from the last one only: no pattern takes long. */
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            mark = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++mark;
        } else {
            return FALSE;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

gboolean
pst_sshd_pattern_match_list(const char *text, const char *list)
{
    g_auto(GStrv) patterns = g_strsplit(list, ",", -1);
    gboolean found = FALSE;

    for (guint i = 0; patterns[i] != NULL; i++) {
        gboolean takes_back = patterns[i][0] == '!';

        if (!pst_sshd_pattern_match(text, patterns[i] + takes_back))
            continue;
        if (takes_back)
            return FALSE;
        found = TRUE;
    }
    return found;
}

/* Could be no host's name. */
static gboolean
is_numeric(const char *pattern)
{
    return strspn(pattern, "0123456789.*?") == strlen(pattern) || strchr(pattern, ':') != NULL ||
           strchr(pattern, '/') != NULL;
}

/* ADDRESS is in numbers; a pattern with letters is a host's name, which nobody has looked up. */
static PstTri
match_host(const char *address, const char *pattern)
{
    g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(pattern, NULL);
    g_autoptr(GInetAddress) from = NULL;

    if (g_str_equal(pattern, "*"))
        return PST_TRI_YES;
    if (address == NULL)
        return PST_TRI_UNKNOWN;
    from = g_inet_address_new_from_string(address);
    if (mask != NULL && from != NULL)
        return PST_TRI(g_inet_address_get_family(from) == g_inet_address_mask_get_family(mask) &&
                       g_inet_address_mask_matches(mask, from));
    if (pst_sshd_pattern_match(address, pattern))
        return PST_TRI_YES;
    return is_numeric(pattern) ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

PstTri
pst_sshd_pattern_match_address(const char *address, const char *list)
{
    g_auto(GStrv) patterns = g_strsplit(list, ",", -1);
    gboolean found = FALSE, maybe = FALSE, maybe_not = FALSE;

    for (guint i = 0; patterns[i] != NULL; i++) {
        gboolean takes_back = patterns[i][0] == '!';
        PstTri matches = match_host(address, patterns[i] + takes_back);

        if (takes_back && matches == PST_TRI_YES)
            return PST_TRI_NO;
        found |= !takes_back && matches == PST_TRI_YES;
        maybe |= !takes_back && matches == PST_TRI_UNKNOWN;
        maybe_not |= takes_back && matches == PST_TRI_UNKNOWN;
    }
    if (!found && !maybe)
        return PST_TRI_NO;
    return found && !maybe_not ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

PstTri
pst_sshd_pattern_match_user(const char *user, const char *address, const char *pattern)
{
    const char *at = strchr(pattern, '@');

    if (at == NULL)
        return PST_TRI(pst_sshd_pattern_match(user, pattern));

    g_autofree char *name = g_strndup(pattern, (gsize)(at - pattern));
    return pst_sshd_pattern_match(user, name) ? match_host(address, at + 1) : PST_TRI_NO;
}

gboolean
pst_sshd_pattern_match_group(const char *const *groups, const char *pattern)
{
    for (guint i = 0; groups[i] != NULL; i++)
        if (pst_sshd_pattern_match(groups[i], pattern))
            return TRUE;
    return FALSE;
}
