// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/unit-file.h"

#include <string.h>

#define MAX_FILE (64 * 1024)
#define MAX_VALUES 256

/* systemd.unit(5), the first of them first. */
static const char *const folders[] = {"/etc/systemd/system",        "/run/systemd/system",
                                      "/run/systemd/generator",     "/usr/local/lib/systemd/system",
                                      "/usr/lib/systemd/system",    "/lib/systemd/system",
                                      "/run/systemd/generator.late"};

void
pst_unit_file_value_free(gpointer data)
{
    PstUnitFileValue *value = data;

    g_free(value->value);
    g_free(value->path);
    g_free(value);
}

static void
take_line(const char *path, guint number, char *line, const char *key, GPtrArray *values)
{
    char *equals = strchr(line, '=');

    if (equals == NULL || line[0] == '#' || line[0] == ';')
        return;
    *equals = '\0';
    if (!g_str_equal(g_strstrip(line), key))
        return;
    const char *text = g_strstrip(equals + 1);
    if (*text == '\0') {
        g_ptr_array_set_size(values, 0);
        return;
    }
    if (values->len >= MAX_VALUES)
        return;
    PstUnitFileValue *value = g_new0(PstUnitFileValue, 1);
    value->value = g_strdup(text);
    value->path = g_strdup(path);
    value->line = number;
    g_ptr_array_add(values, value);
}

static gboolean
take_file(const PstSysroot *sysroot, const char *path, const char *key, GPtrArray *values)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_FILE, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++)
        take_line(path, i + 1, lines[i], key, values);
    return text != NULL;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the drop-ins, each once, sorted; *PATHS has where the first of each is. */
static GPtrArray *
list_drop_ins(const PstSysroot *sysroot, const char *unit, GHashTable *paths)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_strdup_printf("%s/%s.d", folders[i], unit);
        g_auto(GStrv) found = pst_sysroot_list(sysroot, folder, NULL);

        for (guint j = 0; found != NULL && found[j] != NULL; j++) {
            if (!g_str_has_suffix(found[j], ".conf") || g_hash_table_contains(paths, found[j]))
                continue;
            char *name = g_strdup(found[j]);
            g_hash_table_insert(paths, name, g_build_filename(folder, name, NULL));
            g_ptr_array_add(names, name);
        }
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

GPtrArray *
pst_unit_file_values(const PstSysroot *sysroot, const char *unit, const char *key)
{
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) names = list_drop_ins(sysroot, unit, paths);
    GPtrArray *values = g_ptr_array_new_with_free_func(pst_unit_file_value_free);
    gboolean found = FALSE;

    for (guint i = 0; !found && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], unit, NULL);

        found = take_file(sysroot, path, key, values);
    }
    for (guint i = 0; i < names->len; i++)
        (void)take_file(sysroot, g_hash_table_lookup(paths, names->pdata[i]), key, values);
    return values;
}
