// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/package-dpkg-info.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/careful-stat.h"
#include "guest-shim/file-text.h"
#include "protocol/error.h"

#define LIST ".list"
#define MAX_FILE (16 * 1024 * 1024)
#define MAX_PACKAGES 20000
/* The others are opened with more care. */
#define MAX_REGULAR 200000

struct PstPackageDpkgInfo {
    const PstSysroot *sysroot;
    char *folder;
    DIR *stream;
    GPtrArray *packages;
    GHashTable *regular; /* names that the folder says are regular files */
};

static void
note(PstPackageDpkgInfo *info, const struct dirent *entry)
{
    const char *name = entry->d_name;

    if (entry->d_type == DT_REG && g_hash_table_size(info->regular) < MAX_REGULAR)
        g_hash_table_add(info->regular, g_strdup(name));
    if (g_str_has_suffix(name, LIST))
        g_ptr_array_add(info->packages, g_strndup(name, strlen(name) - strlen(LIST)));
}

PstPackageDpkgInfo *
pst_package_dpkg_info_open(const PstSysroot *sysroot, const char *folder, GError **error)
{
    const struct dirent *entry;

    int fd = pst_sysroot_open(sysroot, folder, O_DIRECTORY, error);
    if (fd < 0)
        return NULL;
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        close(fd);
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: can't be listed", folder);
        return NULL;
    }

    PstPackageDpkgInfo *info = g_new0(PstPackageDpkgInfo, 1);
    info->sysroot = sysroot;
    info->folder = g_strdup(folder);
    info->stream = stream;
    info->packages = g_ptr_array_new_with_free_func(g_free);
    info->regular = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (errno = 0; info->packages->len <= MAX_PACKAGES && (entry = readdir(stream)) != NULL;
         errno = 0)
        note(info, entry);
    if (errno == 0 && info->packages->len <= MAX_PACKAGES)
        return info;
    /* Half of them would say of the others' files that no package has them. */
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", folder,
                errno != 0 ? g_strerror(errno) : "too many packages");
    pst_package_dpkg_info_free(info);
    return NULL;
}

void
pst_package_dpkg_info_free(PstPackageDpkgInfo *info)
{
    closedir(info->stream);
    g_free(info->folder);
    g_ptr_array_unref(info->packages);
    g_hash_table_unref(info->regular);
    g_free(info);
}

const GPtrArray *
pst_package_dpkg_info_packages(const PstPackageDpkgInfo *info)
{
    return info->packages;
}

/* One that is not known to be a regular file is looked at first. */
static int
open_named(const PstPackageDpkgInfo *info, const char *name, const char *path, GError **error)
{
    if (!g_hash_table_contains(info->regular, name))
        return pst_sysroot_open_file(info->sysroot, path, 0, error);
    int fd = openat(dirfd(info->stream), name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        g_set_error(error, PST_ERROR, errno == ENOENT ? PST_ERROR_ABSENT : PST_ERROR_UNAVAILABLE,
                    "%s: %s", path, g_strerror(errno));
    return fd;
}

static char *
read_and_close(int fd, const char *path, gint64 *changed_us, GError **error)
{
    char *text = NULL;
    struct stat st;
    gsize len;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: not a regular file", path);
    } else {
        text = pst_file_text_read(fd, path, (gsize)st.st_size, MAX_FILE, &len, error);
        *changed_us = pst_careful_stat_us(&st.st_ctim);
    }
    close(fd);
    return text;
}

gboolean
pst_package_dpkg_info_read(const PstPackageDpkgInfo *info, const char *package, const char *suffix,
                           char **text, gint64 *changed_us, GError **error)
{
    g_autofree char *name = g_strconcat(package, suffix, NULL);
    g_autofree char *path = g_strconcat(info->folder, "/", name, NULL);
    g_autoptr(GError) cause = NULL;

    *text = NULL;
    int fd = open_named(info, name, path, &cause);
    if (fd < 0 && cause->code == PST_ERROR_ABSENT)
        return TRUE;
    if (fd < 0) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    *text = read_and_close(fd, path, changed_us, error);
    return *text != NULL;
}
