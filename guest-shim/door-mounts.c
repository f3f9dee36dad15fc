// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/door-parts.h"
#include "guest-shim/mount-table.h"
#include "protocol/error.h"

/* Spaces and the like stand in mountinfo as a backslash with three octal digits. */
static char *
unescape(const char *field)
{
    return g_strcompress(field);
}

static char *
translate(const char *root, const char *point, const char *whole)
{
    gsize len = g_str_equal(point, "/") ? 0 : strlen(point);

    if (strncmp(whole, point, len) != 0 || (whole[len] != '/' && whole[len] != '\0'))
        return NULL;
    g_autofree char *path = g_strconcat(g_str_equal(root, "/") ? "" : root, whole + len, NULL);
    return g_strdup(*path != '\0' ? path : "/");
}

char *
pst_door_mounts_translate(const char *mountinfo, gint64 mount_id, const char *whole)
{
    g_auto(GStrv) lines = g_strsplit(mountinfo, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) fields = NULL;

        if (g_ascii_strtoll(lines[i], NULL, 10) != mount_id)
            continue;
        fields = g_strsplit(lines[i], " ", 7);
        if (g_strv_length(fields) < 7)
            continue;
        g_autofree char *root = unescape(fields[3]);
        g_autofree char *point = unescape(fields[4]);
        return translate(root, point, whole);
    }
    return NULL;
}

/* This process's own view, whichever root it looks into. */
char *
pst_door_mounts_origin(int fd, const char *whole, GError **error)
{
    gint64 mount_id = pst_mount_table_id_of(fd);
    g_autofree char *mountinfo = NULL;
    char *origin = NULL;

    if (mount_id >= 0 && g_file_get_contents("/proc/self/mountinfo", &mountinfo, NULL, NULL))
        origin = pst_door_mounts_translate(mountinfo, mount_id, whole);
    if (origin == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "which file system it is in can't be told");
    return origin;
}
