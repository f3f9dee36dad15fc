// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIGITS 12

typedef struct {
    char *path;
    guint64 first;
} Full;

static void
free_full(gpointer data)
{
    g_free(((Full *)data)->path);
    g_free(data);
}

/* Not every file system can refuse to replace by itself. */
static gboolean
give_name(const char *path, const char *name)
{
    if (renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
        return TRUE;
    if (errno != EINVAL)
        return FALSE;
    errno = EEXIST;
    return access(name, F_OK) < 0 && rename(path, name) == 0;
}

char *
pst_chain_files_set_aside(const char *path, guint64 first)
{
    g_autofree char *name = pst_chain_files_name(path, first);

    if (give_name(path, name))
        return g_steal_pointer(&name);
    if (errno != EEXIST)
        return NULL;
    g_autofree char *other = g_strdup_printf("%s-%" G_GINT64_FORMAT, name, g_get_real_time());
    return give_name(path, other) ? g_steal_pointer(&other) : NULL;
}

/* -NNNNNNNNNNNN, or with another number behind it. */
static gboolean
read_suffix(const char *suffix, guint64 *first)
{
    char *end = NULL;

    if (suffix[0] != '-' || strspn(suffix + 1, "0123456789") != DIGITS)
        return FALSE;
    *first = g_ascii_strtoull(suffix + 1, &end, 10);
    return *end == '\0' || (*end == '-' && strspn(end + 1, "0123456789") == strlen(end + 1));
}

static gint
compare(gconstpointer a, gconstpointer b)
{
    const Full *one = *(Full *const *)a, *other = *(Full *const *)b;

    if (one->first != other->first)
        return one->first < other->first ? -1 : 1;
    return strcmp(one->path, other->path);
}

static GPtrArray *
find(const char *path)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(free_full);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        guint64 first = 0;

        if (!g_str_has_prefix(name, base) || !read_suffix(name + strlen(base), &first))
            continue;
        Full *full = g_new0(Full, 1);
        full->path = g_build_filename(folder, name, NULL);
        full->first = first;
        g_ptr_array_add(found, full);
    }
    g_ptr_array_sort(found, compare);
    return found;
}

static guint
n_surplus(const GPtrArray *found, guint max)
{
    return found->len > max ? found->len - max : 0;
}

guint64
pst_chain_files_oldest(const char *path, guint max)
{
    g_autoptr(GPtrArray) found = find(path);

    for (guint i = n_surplus(found, max); i < found->len; i++)
        if (((Full *)found->pdata[i])->first > 0)
            return ((Full *)found->pdata[i])->first;
    return 0;
}

void
pst_chain_files_prune(const char *path, guint max)
{
    g_autoptr(GPtrArray) found = find(path);

    for (guint i = 0; i < n_surplus(found, max); i++)
        unlink(((Full *)found->pdata[i])->path);
}

char *
pst_chain_files_name(const char *path, guint64 first)
{
    return g_strdup_printf("%s-%0*" G_GUINT64_FORMAT, path, DIGITS, first);
}
