// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/config.h"

#include <string.h>

#include "host-sidecar/key-lines.h"
#include "protocol/error.h"
#include "protocol/nearest.h"

#define MAIN_FILE "/etc/postern/postern.conf"
#define DROP_INS "/etc/postern/postern.conf.d"

void
pst_config_copy_keys(GKeyFile *to, GKeyFile *from)
{
    g_auto(GStrv) groups = g_key_file_get_groups(from, NULL);

    for (char **group = groups; *group != NULL; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(from, *group, NULL, NULL);

        for (char **key = keys; *key != NULL; key++) {
            g_autofree char *value = g_key_file_get_value(from, *group, *key, NULL);
            g_key_file_set_value(to, *group, *key, value);
        }
    }
}

/* What was read of it is looked at once more for what the reading has passed over. */
static gboolean
check_lines(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    gsize len = 0;

    if (g_file_get_contents(path, &text, &len, &cause) && pst_key_lines_check(text, len, &cause))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s", path, cause->message);
    return FALSE;
}

gboolean
pst_config_add_file(GKeyFile *config, const char *path, gboolean required, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;

    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        if (!check_lines(path, error))
            return FALSE;
        pst_config_copy_keys(config, file);
        return TRUE;
    }
    if (!required && (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
                      g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOTDIR)))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s", path, cause->message);
    return FALSE;
}

static gint
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **
pst_config_list_folder(const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &cause);
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    const char *name;

    if (folder == NULL && !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error_literal(error, PST_ERROR, PST_ERROR_USAGE, cause->message);
        return NULL;
    }
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
        if (g_str_has_suffix(name, ".conf"))
            g_ptr_array_add(files, g_build_filename(path, name, NULL));
    g_ptr_array_sort(files, by_name);
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&files), FALSE);
}

static gboolean
add_folder(GKeyFile *config, const char *path, GError **error)
{
    g_auto(GStrv) files = pst_config_list_folder(path, error);

    if (files == NULL)
        return FALSE;
    for (char **file = files; *file != NULL; file++)
        if (!pst_config_add_file(config, *file, FALSE, error))
            return FALSE;
    return TRUE;
}

static char *
own_path(void)
{
    return g_build_filename(g_get_user_config_dir(), "postern", "postern.conf", NULL);
}

gboolean
pst_config_own_has(const char *prefix)
{
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autofree char *own = own_path();
    const char *only = g_getenv("POSTERN_CONFIG");

    (void)pst_config_add_file(config, only != NULL ? only : own, FALSE, NULL);
    g_auto(GStrv) groups = g_key_file_get_groups(config, NULL);
    for (char **group = groups; *group != NULL; group++)
        if (g_str_has_prefix(*group, prefix))
            return TRUE;
    return FALSE;
}

GKeyFile *
pst_config_load(GError **error)
{
    g_autoptr(GKeyFile) config = g_key_file_new();
    const char *only = g_getenv("POSTERN_CONFIG");
    g_autofree char *own = own_path();

    if (only != NULL)
        return pst_config_add_file(config, only, TRUE, error) ? g_steal_pointer(&config) : NULL;
    if (!pst_config_add_file(config, MAIN_FILE, FALSE, error) ||
        !add_folder(config, DROP_INS, error) || !pst_config_add_file(config, own, FALSE, error))
        return NULL;
    return g_steal_pointer(&config);
}

static gboolean
is_one_of(const char *key, const char *const *keys, guint n)
{
    for (guint i = 0; i < n; i++)
        if (g_str_equal(keys[i], key))
            return TRUE;
    return FALSE;
}

gboolean
pst_config_check_keys(GKeyFile *config, const char *group, const char *const *keys, guint n,
                      GError **error)
{
    g_auto(GStrv) found = g_key_file_get_keys(config, group, NULL, NULL);

    for (char **key = found; key != NULL && *key != NULL; key++) {
        if (is_one_of(*key, keys, n))
            continue;
        g_autofree char *hint = pst_nearest_hint(*key, keys, n);
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "configuration: [%s] %s: this key is not known%s", group, *key, hint);
        return FALSE;
    }
    return TRUE;
}
