// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/private-units.h"

#include <string.h>

#include "guest-shim/config.h"

#define PRIVATE "[private]"

const char *const pst_private_units_shipped[] = {
    "*synapse*",   "*mautrix*",   "*matrix-authentication*",
    "mas",         "*dendrite*",  "*conduit*",
    "*n8n*",       "*zammad*",    "*gitlab*",
    "*gitea*",     "*forgejo*",   "*vault*",
    "*openbao*",   "*keycloak*",  "*authelia*",
    "*authentik*", "*bitwarden*", "*nextcloud*",
    "*jitsi*",     "*signald*",   NULL,
};

gboolean
pst_private_units_has(char **patterns, const char *name)
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
    return pst_private_units_has(patterns, entry->unit) ||
           pst_private_units_has(patterns, entry->identifier) ||
           pst_private_units_has(patterns, entry->container);
}

char **
pst_private_units_read(const PstSysroot *sysroot, char **problem)
{
    g_autoptr(PstConfig) config = pst_config_read(sysroot);

    pst_config_check_keys(config, "private");
    if (problem != NULL)
        *problem =
            pst_config_problems(config) != NULL ? g_strdup(pst_config_problems(config)[0]) : NULL;
    return pst_config_list(config, "private", "units", pst_private_units_shipped);
}

guint
pst_private_units_hide(const PstSysroot *sysroot, GPtrArray *entries, char **problem)
{
    g_auto(GStrv) patterns = pst_private_units_read(sysroot, problem);
    guint n = 0;

    for (guint i = 0; i < entries->len; i++) {
        PstJournalEntry *entry = entries->pdata[i];

        if (entry->message == NULL || !is_private(patterns, entry))
            continue;
        g_free(entry->message);
        entry->message = g_strdup(PRIVATE);
        n++;
    }
    return n;
}

/* "registry.example:5000/n8nio/n8n:1.2@sha256:…": by each part of its path, without its tag. */
static gboolean
has_image(char **patterns, const char *image)
{
    g_auto(GStrv) parts = g_strsplit(image != NULL ? image : "", "/", -1);

    for (guint i = 0; parts[i] != NULL; i++) {
        parts[i][strcspn(parts[i], ":@")] = '\0';
        if (pst_private_units_has(patterns, parts[i]))
            return TRUE;
    }
    return FALSE;
}

void
pst_private_units_hide_containers(const PstSysroot *sysroot, GPtrArray *containers)
{
    g_auto(GStrv) patterns = pst_private_units_read(sysroot, NULL);

    for (guint i = 0; containers != NULL && i < containers->len; i++) {
        PstContainersContainer *container = containers->pdata[i];

        if (!pst_private_units_has(patterns, container->name) &&
            !pst_private_units_has(patterns, container->unit) &&
            !has_image(patterns, container->image))
            continue;
        for (guint j = 0; container->lines != NULL && j < container->lines->len; j++) {
            PstContainersLine *line = container->lines->pdata[j];
            g_free(line->text);
            line->text = g_strdup(PRIVATE);
        }
    }
}
