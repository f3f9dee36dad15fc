// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "host-sidecar/config.h"
#include "host-sidecar/policy-take.h"
#include "host-sidecar/policy-text.h"
#include "host-sidecar/policy.h"
#include "protocol/error.h"
#include "protocol/nearest.h"

#define SITE "/etc/postern/policies"
#define SUFFIX ".conf"
#define SETTINGS "settings"

/* The settings of sshd and of the kernel in whatever case are the same: they are put as they are
 * told, so that a drop-in's takes the place of the one before. What is not known is refused by the
 * reading of it. */
static gboolean
spell_settings(GKeyFile *part, GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(part, SETTINGS, NULL, NULL);

    for (char **key = keys; key != NULL && *key != NULL; key++) {
        g_autofree char *name = pst_policy_text_setting(*key, NULL);

        if (name == NULL || g_str_equal(name, *key))
            continue;
        if (g_key_file_has_key(part, SETTINGS, name, NULL)) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                        "[" SETTINGS "] %s: it stands there as %s already; say it once", *key,
                        name);
            return FALSE;
        }
        g_autofree char *value = g_key_file_get_value(part, SETTINGS, *key, NULL);
        g_key_file_set_value(part, SETTINGS, name, value);
        g_key_file_remove_key(part, SETTINGS, *key, NULL);
    }
    return TRUE;
}

/* A file that is wrong by itself is named; the parts together are judged when all are there. */
static gboolean
add_part(GKeyFile *whole, const char *path, const char *name, gboolean drop_in, GError **error)
{
    g_autoptr(GKeyFile) part = g_key_file_new();

    if (!pst_config_add_file(part, path, TRUE, error))
        return FALSE;
    if (!spell_settings(part, error) || (drop_in && !pst_policy_take_away(whole, part, error))) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    g_autoptr(PstPolicy) alone = pst_policy_read(part, name, error);
    if (alone == NULL) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    pst_config_copy_keys(whole, part);
    return TRUE;
}

static gboolean
add_drop_ins(GKeyFile *whole, const char *path, const char *name, GError **error)
{
    g_autofree char *folder = g_strconcat(path, ".d", NULL);
    g_auto(GStrv) files = pst_config_list_folder(folder, error);

    if (files == NULL)
        return FALSE;
    for (char **file = files; *file != NULL; file++)
        if (!add_part(whole, *file, name, TRUE, error))
            return FALSE;
    return TRUE;
}

static PstPolicy *
finish(GKeyFile *whole, const char *name, GError **error)
{
    g_autoptr(PstPolicy) policy = pst_policy_read(whole, name, error);

    if (policy != NULL && pst_policy_check(policy, error)) {
        g_autofree char *text = g_key_file_to_data(whole, NULL, NULL);
        policy->sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
        return g_steal_pointer(&policy);
    }
    g_prefix_error(error, "policy %s: ", name);
    return NULL;
}

static PstPolicy *
load_file(const char *path, GError **error)
{
    g_autoptr(GKeyFile) whole = g_key_file_new();
    g_autofree char *base = g_path_get_basename(path);

    if (g_str_has_suffix(base, SUFFIX))
        base[strlen(base) - strlen(SUFFIX)] = '\0';
    if (!add_part(whole, path, base, FALSE, error) || !add_drop_ins(whole, path, base, error))
        return NULL;
    return finish(whole, base, error);
}

static gboolean
refuse_name(const char *name, const char *const *folders, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (; *folders != NULL; folders++) {
        g_auto(GStrv) files = pst_config_list_folder(*folders, NULL);

        for (char **file = files; files != NULL && *file != NULL; file++) {
            char *base = g_path_get_basename(*file);

            base[strlen(base) - strlen(SUFFIX)] = '\0';
            g_ptr_array_add(names, base);
        }
    }
    g_autofree char *hint = pst_nearest_hint(name, (const char *const *)names->pdata, names->len);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "there is no policy '%.64s'%s; a file is named by its path, as ./%.64s.conf", name,
                hint, name);
    return FALSE;
}

/* Whether something has that name, be it a link that leads nowhere: only then another folder is
 * looked into. FALSE with PST_ERROR_USAGE where that can't be seen. */
static gboolean
look_for(const char *path, gboolean *found, GError **error)
{
    struct stat status;

    *found = lstat(path, &status) == 0;
    if (*found || errno == ENOENT)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s", path, g_strerror(errno));
    return FALSE;
}

/* The site's own file takes the place of the one that postern came with; drop-ins go with both, the
 * site's over the others'. */
static PstPolicy *
load_name(const char *name, const char *const *folders, GError **error)
{
    g_autoptr(GKeyFile) whole = g_key_file_new();
    g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
    guint n = g_strv_length((char **)folders);
    gboolean found = FALSE;

    for (guint i = 0; !found && i < n; i++) {
        g_autofree char *path = g_build_filename(folders[i], file, NULL);

        if (!look_for(path, &found, error) || (found && !add_part(whole, path, name, FALSE, error)))
            return NULL;
    }
    if (!found) {
        refuse_name(name, folders, error);
        return NULL;
    }
    for (guint i = n; i-- > 0;) {
        g_autofree char *path = g_build_filename(folders[i], file, NULL);

        if (!add_drop_ins(whole, path, name, error))
            return NULL;
    }
    return finish(whole, name, error);
}

PstPolicy *
pst_policy_load(const char *what, GError **error)
{
    const char *only = g_getenv("POSTERN_POLICIES");
    const char *const folders[] = {only != NULL ? only : SITE, only != NULL ? NULL : PST_POLICIES,
                                   NULL};

    if (strchr(what, '/') != NULL || g_str_has_suffix(what, SUFFIX))
        return load_file(what, error);
    return load_name(what, folders, error);
}
