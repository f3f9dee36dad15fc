// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/policy-take.h"

#include "protocol/error.h"

#define FINDING "finding "
#define SSHD "sshd."
#define ANY "*"

static gboolean
refuse(GError **error, const char *group, const char *key, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "[%s] %s: %s", group, key, why);
    return FALSE;
}

/* Of an option of sshd's an empty value says that it is not set. */
static gboolean
takes_away(const char *group, const char *key, const char *value)
{
    gboolean option = g_str_equal(group, "settings") && g_str_has_prefix(key, SSHD);

    return g_str_equal(value, option ? ANY : "");
}

/* What is left of a group without its verdict would be an exception that nobody asked for. */
static gboolean
take_finding(GKeyFile *whole, GKeyFile *part, const char *group, GError **error)
{
    gsize n = 0;
    g_auto(GStrv) keys = g_key_file_get_keys(part, group, &n, NULL);

    if (n > 1)
        return refuse(error, group, "verdict",
                      "empty, it takes all of the group away: nothing else can be said there");
    g_key_file_remove_group(whole, group, NULL);
    g_key_file_remove_group(part, group, NULL);
    return TRUE;
}

static gboolean
take_key(GKeyFile *whole, GKeyFile *part, const char *group, const char *key, GError **error)
{
    gboolean journal = g_str_equal(group, "journal") && g_str_equal(key, "priority");

    if (!g_key_file_has_group(whole, group) ||
        (!journal && !g_key_file_has_key(whole, group, key, NULL)))
        return refuse(error, group, key, "an empty value takes away, and nothing of that is there");
    if (g_str_has_prefix(group, FINDING) && g_str_equal(key, "verdict"))
        return take_finding(whole, part, group, error);
    g_key_file_remove_key(part, group, key, NULL);
    /* Its other keys alone would expect something, and since= is of files too. */
    if (journal)
        g_key_file_set_value(whole, group, key, "none");
    else
        g_key_file_remove_key(whole, group, key, NULL);
    return TRUE;
}

static gboolean
take_of_group(GKeyFile *whole, GKeyFile *part, const char *group, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(part, group, NULL, NULL);
    gboolean any = FALSE;

    for (char **key = keys; key != NULL && *key != NULL; key++) {
        g_autofree char *value = g_key_file_get_value(part, group, *key, NULL);

        if (value == NULL || !takes_away(group, *key, g_strstrip(value)))
            continue;
        any = TRUE;
        if (!take_key(whole, part, group, *key, error))
            return FALSE;
    }
    /* With no key left the group says nothing, and [journal] would expect something by itself. */
    for (int i = 0; any && i < 2; i++) {
        GKeyFile *file = i == 0 ? part : whole;
        gsize n = 0;
        g_auto(GStrv) left = g_key_file_get_keys(file, group, &n, NULL);

        if (left != NULL && n == 0)
            g_key_file_remove_group(file, group, NULL);
    }
    return TRUE;
}

gboolean
pst_policy_take_away(GKeyFile *whole, GKeyFile *part, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(part, NULL);

    for (char **group = groups; *group != NULL; group++)
        if (!take_of_group(whole, part, *group, error))
            return FALSE;
    return TRUE;
}
