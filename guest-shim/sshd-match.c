// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-match.h"

#include "guest-shim/sshd-pattern.h"

static PstTri
match_user(const PstSshdConnection *connection, const char *list)
{
    return PST_TRI(connection->user != NULL && pst_sshd_pattern_match_list(connection->user, list));
}

/* A `!` that takes one of the groups back takes the user back (groupaccess.c). */
static PstTri
match_group(const PstSshdConnection *connection, const char *list)
{
    g_auto(GStrv) patterns = g_strsplit(list, ",", -1);
    gboolean found = FALSE;

    if (connection->user == NULL)
        return PST_TRI_NO;
    if (connection->groups == NULL)
        return PST_TRI_UNKNOWN;
    for (guint i = 0; patterns[i] != NULL; i++) {
        gboolean takes_back = patterns[i][0] == '!';

        if (!pst_sshd_pattern_match_group(connection->groups, patterns[i] + takes_back))
            continue;
        if (takes_back)
            return PST_TRI_NO;
        found = TRUE;
    }
    return PST_TRI(found);
}

static PstTri
match_address(const PstSshdConnection *connection, const char *list)
{
    if (connection->user == NULL)
        return PST_TRI_NO;
    return pst_sshd_pattern_match_address(connection->address, list);
}

/* Without UseDNS the address stands for the name, as text (match_hostname() in match.c). */
static PstTri
match_host(const PstSshdConnection *connection, const char *list)
{
    if (connection->user == NULL)
        return PST_TRI_NO;
    if (g_str_equal(list, "*"))
        return PST_TRI_YES;
    if (connection->by_name || connection->address == NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(pst_sshd_pattern_match_list(connection->address, list));
}

static PstTri
match_port(const PstSshdConnection *connection, const char *text)
{
    guint64 port;

    if (connection->port == 0 || !g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL))
        return PST_TRI_UNKNOWN;
    return PST_TRI(port == connection->port);
}

static const struct {
    const char *name;
    PstTri (*holds)(const PstSshdConnection *connection, const char *value);
} criteria_table[] = {
    {"user", match_user}, {"group", match_group},    {"address", match_address},
    {"host", match_host}, {"localport", match_port},
};

static PstTri
match_one(const PstSshdConnection *connection, const char *name, const char *value)
{
    for (guint i = 0; i < G_N_ELEMENTS(criteria_table); i++)
        if (g_ascii_strcasecmp(criteria_table[i].name, name) == 0)
            return criteria_table[i].holds(connection, value);
    return PST_TRI_UNKNOWN;
}

/* Names and values in turn; newer versions also take NAME=VALUE. */
PstTri
pst_sshd_match_holds(const PstSshdConnection *connection, const char *criteria)
{
    g_auto(GStrv) parts = g_strsplit_set(criteria, " \t\r=", -1);
    const char *name = NULL;
    gboolean unknown = FALSE;

    for (guint i = 0; parts[i] != NULL; i++) {
        if (parts[i][0] == '\0')
            continue;
        if (name == NULL && g_ascii_strcasecmp(parts[i], "all") == 0)
            continue;
        if (name == NULL) {
            name = parts[i];
            continue;
        }
        PstTri holds = match_one(connection, name, parts[i]);
        if (holds == PST_TRI_NO)
            return PST_TRI_NO;
        unknown |= holds == PST_TRI_UNKNOWN;
        name = NULL;
    }
    return unknown || name != NULL ? PST_TRI_UNKNOWN : PST_TRI_YES;
}

gboolean
pst_sshd_match_is_local(const char *criteria)
{
    g_auto(GStrv) parts = g_strsplit_set(criteria, " \t\r=", -1);

    for (guint i = 0; parts[i] != NULL; i++)
        if (g_ascii_strcasecmp(parts[i], "localaddress") == 0 ||
            g_ascii_strcasecmp(parts[i], "rdomain") == 0)
            return TRUE;
    return FALSE;
}
