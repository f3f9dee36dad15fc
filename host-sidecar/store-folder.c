// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/store-folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "protocol/error.h"

/* Of a file's name; what is longer is told by its checksum. */
#define MAX_NAME 200

char *
pst_store_folder_name(const char *name)
{
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);

    if (strlen(escaped) <= MAX_NAME && escaped[0] != '.' && escaped[0] != '\0')
        return g_steal_pointer(&escaped);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
}

PstStoreFolder *
pst_store_folder_open(const char *path, GError **error)
{
    g_autoptr(PstStoreFolder) folder = g_new0(PstStoreFolder, 1);

    folder->path = g_strdup(path);
    folder->fd = -1;
    if (g_mkdir_with_parents(path, 0700) == 0)
        folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->fd >= 0)
        return g_steal_pointer(&folder);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    return NULL;
}

void
pst_store_folder_free(PstStoreFolder *folder)
{
    if (folder->fd >= 0)
        close(folder->fd);
    g_free(folder->path);
    g_free(folder);
}

void
pst_store_folder_walk(const PstStoreFolder *folder, const char *suffix,
                      void (*visit)(const char *name, gpointer user_data), gpointer user_data)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (g_str_has_suffix(entry->d_name, suffix))
            visit(entry->d_name, user_data);
    if (stream != NULL)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
}
