// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/changes-units.h"

#include <string.h>

static const char *const roots[] = {"/etc/systemd/system", "/run/systemd/system"};

static gboolean
is_wants(const char *folder)
{
    return g_str_has_suffix(folder, ".wants") || g_str_has_suffix(folder, ".requires") ||
           g_str_has_suffix(folder, ".upholds");
}

/* What a link or file directly below a root, or one folder deeper, means; NULL for nothing. */
static const char *
change_of(const PstChangesFile *file, const char *folder, gboolean in_root)
{
    gboolean link = g_str_equal(file->type, "link");

    if (link && g_strcmp0(file->target, "/dev/null") == 0)
        return "masked";
    if (link)
        return is_wants(folder) ? "enabled" : in_root ? "linked" : NULL;
    if (!g_str_equal(file->type, "file"))
        return NULL;
    if (in_root)
        return "defined";
    return g_str_has_suffix(folder, ".d") && g_str_has_suffix(file->path, ".conf") ? "extended"
                                                                                   : NULL;
}

static void
add(PstChangesData *data, const PstChangesFile *file, const char *change, const char *unit)
{
    PstChangesUnit *one = pst_fields_append(&pst_report_changes_unit_fields, &data->units);

    one->unit = g_strdup(unit);
    one->change = g_strdup(change);
    one->path = g_strdup(file->path);
    one->changed_us = file->changed_us;
}

static void
derive_folder(PstChangesData *data, const PstChangesFile *file, const char *name, gboolean in_root)
{
    if (!g_str_equal(file->kind, "folder"))
        return;
    if (in_root && !is_wants(file->path) && !g_str_has_suffix(file->path, ".d"))
        return;
    add(data, file, "folder-changed", name);
}

static void
derive(PstChangesData *data, const PstChangesFile *file, const char *root)
{
    g_autofree char *folder = g_path_get_dirname(file->path);
    g_autofree char *name = g_path_get_basename(file->path);
    g_autofree char *folder_name = g_path_get_basename(folder);
    gboolean in_root = g_str_equal(folder, root);

    if (g_str_equal(file->path, root) || g_str_equal(file->type, "folder")) {
        derive_folder(data, file, name, in_root);
        return;
    }
    const char *change = change_of(file, folder, in_root);
    if (change == NULL)
        return;
    /* A drop-in's unit is that of its folder. */
    if (g_str_equal(change, "extended")) {
        folder_name[strlen(folder_name) - strlen(".d")] = '\0';
        add(data, file, change, folder_name);
    } else {
        add(data, file, change, name);
    }
}

void
pst_changes_units_derive(PstChangesData *data)
{
    for (guint i = 0; data->files != NULL && i < data->files->len; i++) {
        const PstChangesFile *file = data->files->pdata[i];

        for (guint j = 0; j < G_N_ELEMENTS(roots); j++) {
            gsize len = strlen(roots[j]);
            if (strncmp(file->path, roots[j], len) == 0 && strchr("/", file->path[len]) != NULL)
                derive(data, file, roots[j]);
        }
    }
}
