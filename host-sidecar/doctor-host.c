// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-host.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define VIRTLOGD_CONFIG "/etc/libvirt/virtlogd.conf"
#define QEMU_CONFIG "/etc/libvirt/qemu.conf"
#define VIRTLOGD_SOCKET "/run/libvirt/virtlogd-sock"
/* https://libvirt.org/manpages/virtlogd.html, and virtlogd.conf as it is shipped. */
#define VIRTLOGD_SIZE (2 * 1024 * 1024)
#define VIRTLOGD_BACKUPS 3

static const char *const unit_folders[] = {"/etc/systemd/system", "/usr/local/lib/systemd/system",
                                           "/usr/lib/systemd/system", "/lib/systemd/system"};

static PstTri
is_there(const char *root, const char *path, struct stat *status)
{
    g_autofree char *full = g_strconcat(root, path, NULL);

    if (lstat(full, status) == 0)
        return PST_TRI_YES;
    return errno == ENOENT || errno == ENOTDIR ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

/* Where postern's own units make their sockets; NULL for another place. */
static char *
unit_of(const char *path)
{
    static const char instances[] = "/run/postern/diagnose@", end[] = ".sock";

    if (g_str_equal(path, "/run/postern/diagnose.sock"))
        return g_strdup("postern-diagnose");
    if (g_str_equal(path, "/run/postern-recover/recover.sock"))
        return g_strdup("postern-recover");
    if (!g_str_has_prefix(path, instances) || !g_str_has_suffix(path, end))
        return NULL;
    const char *name = path + strlen(instances);
    return g_strdup_printf("postern-diagnose@%.*s", (int)(strlen(name) - strlen(end)), name);
}

/* Unknown where no such unit is installed: then something else makes the socket. */
static PstTri
is_enabled(const char *root, const char *unit)
{
    g_autofree char *socket = g_strconcat(unit, ".socket", NULL);
    const char *at = strchr(unit, '@');
    g_autofree char *template =
        at != NULL ? g_strdup_printf("%.*s@.socket", (int)(at - unit), unit) : g_strdup(socket);
    gboolean installed = FALSE;
    struct stat status;

    for (guint i = 0; i < G_N_ELEMENTS(unit_folders); i++) {
        g_autofree char *path = g_build_filename(unit_folders[i], template, NULL);
        installed |= is_there(root, path, &status) == PST_TRI_YES;
    }
    g_autofree char *link =
        g_build_filename("/etc/systemd/system/sockets.target.wants", socket, NULL);
    return installed ? is_there(root, link, &status) : PST_TRI_UNKNOWN;
}

PstDoctorDoor *
pst_doctor_host_door(const char *root, const char *path)
{
    PstDoctorDoor *door = pst_fields_new(&pst_report_doctor_door_fields);
    struct stat status;

    if (path == NULL)
        return door;
    door->path = g_strdup(path);
    door->there = is_there(root, path, &status);
    if (door->there == PST_TRI_YES) {
        door->mode = g_strdup_printf("%04o", status.st_mode & 07777);
        door->owner = g_strdup_printf("%u:%u", status.st_uid, status.st_gid);
    }
    door->unit = unit_of(path);
    if (door->unit != NULL)
        door->enabled = is_enabled(root, door->unit);
    return door;
}

/* ---- virtlogd ---- */

/* What stands in the first line `KEY = …`, which counts, as virConfGetValue() of libvirt's has it;
 * NULL for none. */
static char *
find_value(char *const *lines, const char *key)
{
    gsize len = strlen(key);

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *line = lines[i] + strspn(lines[i], " \t");

        if (strncmp(line, key, len) != 0)
            continue;
        line += len + strspn(line + len, " \t");
        if (*line == '=')
            return g_strstrip(g_strndup(line + 1, strcspn(line + 1, "#")));
    }
    return NULL;
}

/* FALSE where there is a value and it is no number. */
static gboolean
read_number(char *const *lines, const char *key, gint64 *number)
{
    g_autofree char *value = find_value(lines, key);
    guint64 read = 0;

    if (value == NULL)
        return TRUE;
    gboolean good = g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT64 / 2, &read, NULL);
    *number = (gint64)read;
    return good;
}

/* Whether libvirt has virtlogd write what a guest's devices give to files, as it does by itself.
 * The file is the superuser's alone: unknown to whoever else asks, with *PROBLEM. */
static PstTri
is_used(const char *root, char **problem)
{
    g_autofree char *path = g_strconcat(root, QEMU_CONFIG, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return PST_TRI_YES;
        *problem = g_strdup(error->message);
        return PST_TRI_UNKNOWN;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *value = find_value(lines, "stdio_handler");
    return PST_TRI(g_strcmp0(value, "\"file\"") != 0 && g_strcmp0(value, "'file'") != 0);
}

static void
set_problem(PstDoctorVirtlogd *virtlogd, const char *problem)
{
    g_free(virtlogd->problem);
    virtlogd->problem = g_strdup(problem);
}

static void
read_config(const char *root, PstDoctorVirtlogd *virtlogd)
{
    g_autofree char *path = g_strconcat(root, VIRTLOGD_CONFIG, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error) &&
        !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        set_problem(virtlogd, error->message);
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    virtlogd->max_size = VIRTLOGD_SIZE;
    virtlogd->max_backups = VIRTLOGD_BACKUPS;
    if (!read_number(lines, "max_size", &virtlogd->max_size) ||
        !read_number(lines, "max_backups", &virtlogd->max_backups))
        set_problem(virtlogd, VIRTLOGD_CONFIG ": a limit in it is no number");
}

PstDoctorVirtlogd *
pst_doctor_host_virtlogd(const char *root)
{
    PstDoctorVirtlogd *virtlogd = pst_fields_new(&pst_report_doctor_virtlogd_fields);
    struct stat status;

    virtlogd->config = g_strdup(VIRTLOGD_CONFIG);
    virtlogd->socket = is_there(root, VIRTLOGD_SOCKET, &status);
    virtlogd->used = is_used(root, &virtlogd->problem);
    read_config(root, virtlogd);
    return virtlogd;
}
