// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/mount-table.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "guest-shim/mount-secrets.h"

#define MAX_TABLE (4 * 1024 * 1024)
#define MAX_MOUNTS 10000

/* The columns before the optional ones, and those behind the lonely dash. */
enum { ID, PARENT, DEVICE, ROOT, FOLDER, OPTIONS, N_HEAD };
enum { TYPE, SOURCE, FILE_OPTIONS, N_TAIL };

static void
free_mount(gpointer data)
{
    PstMount *mount = data;

    g_free(mount->line);
    g_free(mount->device);
    g_free(mount->root);
    g_free(mount->folder);
    g_free(mount->options);
    g_free(mount->type);
    g_free(mount->source);
    g_free(mount->file_options);
    g_free(mount);
}

char *
pst_mount_table_unescape(const char *column)
{
    GString *text = g_string_new(NULL);

    for (const char *at = column; *at != '\0'; at++) {
        if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' &&
            at[3] >= '0' && at[3] <= '7') {
            int byte = (at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0');
            if (byte != 0)
                g_string_append_c(text, (char)byte);
            at += 3;
        } else {
            g_string_append_c(text, *at);
        }
    }
    return g_string_free(text, FALSE);
}

static PstMount *
parse_line(const char *line)
{
    const char *dash = strstr(line, " - ");
    gint64 id, parent;

    if (dash == NULL)
        return NULL;
    g_auto(GStrv) head = g_strsplit(line, " ", N_HEAD + 1);
    g_auto(GStrv) tail = g_strsplit(dash + 3, " ", N_TAIL);
    if (g_strv_length(head) < N_HEAD || g_strv_length(tail) < N_TAIL || *head[FOLDER] != '/' ||
        !g_ascii_string_to_signed(head[ID], 10, 0, G_MAXINT, &id, NULL) ||
        !g_ascii_string_to_signed(head[PARENT], 10, 0, G_MAXINT, &parent, NULL))
        return NULL;

    PstMount *mount = g_new0(PstMount, 1);
    mount->line = pst_mount_secrets_hide(line);
    mount->id = id;
    mount->parent = parent;
    mount->device = g_strdup(head[DEVICE]);
    mount->root = pst_mount_table_unescape(head[ROOT]);
    mount->folder = pst_mount_table_unescape(head[FOLDER]);
    mount->options = g_strdup(head[OPTIONS]);
    mount->type = g_strdup(tail[TYPE]);
    g_autofree char *source = pst_mount_table_unescape(tail[SOURCE]);
    mount->source = pst_mount_secrets_hide(source);
    mount->file_options = pst_mount_secrets_hide(tail[FILE_OPTIONS]);
    return mount;
}

GPtrArray *
pst_mount_table_parse(const char *text)
{
    GPtrArray *mounts = g_ptr_array_new_with_free_func(free_mount);

    while (*text != '\0' && mounts->len < MAX_MOUNTS) {
        gsize len = strcspn(text, "\n");
        g_autofree char *line = g_strndup(text, len);
        PstMount *mount = parse_line(line);

        if (mount != NULL)
            g_ptr_array_add(mounts, mount);
        text += len + (text[len] == '\n');
    }
    return mounts;
}

GPtrArray *
pst_mount_table_read(const PstSysroot *sysroot, GError **error)
{
    g_autofree char *text =
        pst_sysroot_read(sysroot, "/proc/self/mountinfo", MAX_TABLE, NULL, error);

    return text != NULL ? pst_mount_table_parse(text) : NULL;
}

const PstMount *
pst_mount_table_at(const GPtrArray *mounts, const char *folder)
{
    for (guint i = mounts->len; i > 0; i--) {
        const PstMount *mount = mounts->pdata[i - 1];
        if (g_str_equal(mount->folder, folder))
            return mount;
    }
    return NULL;
}

gint64
pst_mount_table_id_of(int fd)
{
    g_autofree char *name = g_strdup_printf("/proc/self/fdinfo/%d", fd);
    g_autofree char *text = NULL;
    const char *found = NULL;

    if (g_file_get_contents(name, &text, NULL, NULL))
        found = strstr(text, "mnt_id:");
    return found != NULL ? g_ascii_strtoll(found + strlen("mnt_id:"), NULL, 10) : -1;
}

const PstMount *
pst_mount_table_of(const GPtrArray *mounts, int fd)
{
    gint64 id = pst_mount_table_id_of(fd);
    struct stat st;

    if (fstat(fd, &st) != 0)
        return NULL;
    g_autofree char *device = g_strdup_printf("%u:%u", major(st.st_dev), minor(st.st_dev));
    for (guint i = 0; i < mounts->len; i++) {
        const PstMount *mount = mounts->pdata[i];

        if (mount->id == id && g_str_equal(mount->device, device))
            return mount;
    }
    return NULL;
}

gboolean
pst_mount_table_has_option(const char *options, const char *option)
{
    gsize len = strlen(option);

    for (const char *at = options; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, option, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return TRUE;
    }
    return FALSE;
}

gboolean
pst_mount_table_is_read_only(const PstMount *mount)
{
    return pst_mount_table_has_option(mount->options, "ro") ||
           pst_mount_table_has_option(mount->file_options, "ro");
}

gboolean
pst_mount_table_is_never_writable(const PstMount *mount)
{
    static const char *const types[] = {"squashfs", "erofs", "iso9660", "cramfs", "romfs", NULL};

    return g_strv_contains(types, mount->type) ||
           (g_str_equal(mount->type, "overlay") &&
            strstr(mount->file_options, "upperdir=") == NULL);
}
