// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/private-units.h"

#include "guest-shim/config.h"

const char *const pst_private_units_shipped[] = {
    "*synapse*",   "*mautrix*",   "*matrix-authentication*",
    "mas",         "*dendrite*",  "*conduit*",
    "*n8n*",       "*zammad*",    "*gitlab*",
    "*gitea*",     "*forgejo*",   "*vault*",
    "*openbao*",   "*keycloak*",  "*authelia*",
    "*authentik*", "*bitwarden*", "*nextcloud*",
    "*jitsi*",     "*signald*",   NULL,
};

static gboolean
has_name(char **patterns, const char *name)
{
    const char *dot = name != NULL ? g_strrstr(name, ".") : NULL;
    g_autofree char *bare = NULL;

    if (name == NULL)
        return FALSE;
    bare = dot != NULL ? g_strndup(name, (gsize)(dot - name)) : g_strdup(name);
    for (guint i = 0; patterns[i] != NULL; i++)
        if (g_pattern_match_simple(patterns[i], name) || g_pattern_match_simple(patterns[i], bare))
            return TRUE;
    return FALSE;
}

/* The kernel and PID 1 write about a unit what everybody may know. */
static gboolean
is_private(char **patterns, const PstJournalEntry *entry)
{
    if (entry->kernel || g_strcmp0(entry->identifier, "systemd") == 0)
        return FALSE;
    return has_name(patterns, entry->unit) || has_name(patterns, entry->identifier) ||
           has_name(patterns, entry->container);
}

guint
pst_private_units_hide(const PstSysroot *sysroot, GPtrArray *entries, char **problem)
{
    g_autoptr(PstConfig) config = pst_config_read(sysroot);
    g_auto(GStrv) patterns = pst_config_list(config, "private", "units", pst_private_units_shipped);
    guint n = 0;

    pst_config_check_keys(config, "private");
    *problem =
        pst_config_problems(config) != NULL ? g_strdup(pst_config_problems(config)[0]) : NULL;
    for (guint i = 0; i < entries->len; i++) {
        PstJournalEntry *entry = entries->pdata[i];

        if (entry->message == NULL || !is_private(patterns, entry))
            continue;
        g_free(entry->message);
        entry->message = g_strdup("[private]");
        n++;
    }
    return n;
}
