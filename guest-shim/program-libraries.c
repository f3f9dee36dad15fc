// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/program-libraries.h"

#include <string.h>
#include <unistd.h>

#include "guest-shim/path-access.h"
#include "guest-shim/program-elf.h"
#include "guest-shim/program-loader.h"
#include "protocol/error.h"

#define CACHE "/etc/ld.so.cache"
#define MAX_CACHE (8 * 1024 * 1024)
#define MAX_LIBRARIES 64

typedef struct {
    const PstSysroot *sysroot;
    gint64 uid;
    const GArray *groups;
    char *folder;      /* the loader's own, which the C library's package installs into */
    char *cache;       /* the content of ld.so.cache; NULL where there is none */
    gsize len;         /* of it */
    GPtrArray *files;  /* what is to be read: the program, and its libraries as they are found */
    GHashTable *names; /* of the libraries that were looked for */
} Search;

static void
clear_search(Search *search)
{
    g_free(search->folder);
    g_free(search->cache);
    g_clear_pointer(&search->files, g_ptr_array_unref);
    g_clear_pointer(&search->names, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, clear_search)

/* FALSE where glibc's loader is not what starts the program. */
static gboolean
find_folder(Search *search, const char *program)
{
    g_autofree char *loader = pst_program_loader_find(search->sysroot, program);
    g_autofree char *name = loader != NULL ? g_path_get_basename(loader) : NULL;

    if (name == NULL || !(g_str_has_prefix(name, "ld-linux") || g_str_has_prefix(name, "ld64.so")))
        return FALSE;
    g_autofree char *link = pst_sysroot_read_link(search->sysroot, loader, NULL);
    g_autofree char *folder = g_path_get_dirname(loader);
    g_autofree char *target = link != NULL ? g_canonicalize_filename(link, folder) : NULL;
    search->folder = target != NULL ? g_path_get_dirname(target) : g_steal_pointer(&folder);
    return TRUE;
}

/* FALSE where it is there and can't be read: what it names is then not known. */
static gboolean
read_cache(Search *search)
{
    g_autoptr(GError) cause = NULL;

    search->cache = pst_sysroot_read(search->sysroot, CACHE, MAX_CACHE, &search->len, &cause);
    return search->cache != NULL || cause->code == PST_ERROR_ABSENT;
}

/* The paths that the cache has for NAME: it is strings, each ended by a zero byte, behind tables
 * that point into them (ldconfig's cache.c). */
static void
add_cached(const Search *search, const char *name, GPtrArray *paths)
{
    g_autofree char *tail = g_strconcat("/", name, NULL);
    gsize size = strlen(tail) + 1;
    const char *at = search->cache;

    while (at != NULL &&
           (at = memmem(at, search->len - (gsize)(at - search->cache), tail, size)) != NULL) {
        const char *start = at;

        while (start > search->cache && start[-1] != '\0')
            start--;
        if (start[0] == '/' && g_utf8_validate(start, -1, NULL))
            g_ptr_array_add(paths, g_strdup(start));
        at += size;
    }
}

/* Everywhere that the loader looks for NAME, in its order. Where /lib is no link to /usr/lib there
 * are two folders of the machine's own kind. */
static GPtrArray *
places_of(const Search *search, const char *name)
{
    gboolean in_usr = g_str_has_prefix(search->folder, "/usr/");
    g_autofree char *other = in_usr ? g_strdup(search->folder + strlen("/usr"))
                                    : g_strconcat("/usr", search->folder, NULL);
    const char *const folders[] = {search->folder, other,  "/lib64",
                                   "/usr/lib64",   "/lib", "/usr/lib"};
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    add_cached(search, name, paths);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        g_ptr_array_add(paths, g_build_filename(folders[i], name, NULL));
    return paths;
}

/* Looks for NAME. FALSE where it is at fault, which *FAULT then tells. One that the loader passes
 * over for the next place is no fault. */
static gboolean
look_for(Search *search, const char *name, PstProgramLibrariesFault *fault)
{
    g_autoptr(GPtrArray) places = places_of(search, name);
    g_autofree char *shut = NULL;

    for (guint i = 0; i < places->len; i++) {
        g_autoptr(GError) cause = NULL;
        struct stat st, at;

        if (!pst_sysroot_stat(search->sysroot, places->pdata[i], &st, &cause)) {
            if (cause->code != PST_ERROR_ABSENT)
                return TRUE;
            continue;
        }
        g_autofree char *bar = pst_path_access_unreadable(search->sysroot, places->pdata[i],
                                                          search->uid, search->groups, &at);
        if (bar == NULL) {
            g_ptr_array_add(search->files, g_strdup(places->pdata[i]));
            return TRUE;
        }
        if (shut == NULL) {
            shut = g_steal_pointer(&bar);
            fault->mode = at.st_mode;
        }
    }
    fault->missing = shut == NULL;
    fault->path =
        shut != NULL ? g_steal_pointer(&shut) : g_build_filename(search->folder, name, NULL);
    return FALSE;
}

/* FALSE where one of what PATH needs is at fault. */
static gboolean
look_into(Search *search, const char *path, PstProgramLibrariesFault *fault)
{
    int fd = pst_sysroot_open_file(search->sysroot, path, 0, NULL);

    if (fd < 0)
        return TRUE;
    g_autoptr(GPtrArray) needed = pst_program_elf_needed(fd);
    close(fd);
    for (guint i = 0; needed != NULL && i < needed->len; i++) {
        const char *name = needed->pdata[i];

        if (g_hash_table_add(search->names, g_strdup(name)) && !look_for(search, name, fault))
            return FALSE;
    }
    return TRUE;
}

gboolean
pst_program_libraries_find_fault(const PstSysroot *sysroot, const char *program, gint64 uid,
                                 const GArray *groups, PstProgramLibrariesFault *fault)
{
    g_auto(Search) search = {
        .sysroot = sysroot,
        .uid = uid,
        .groups = groups,
        .files = g_ptr_array_new_with_free_func(g_free),
        .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };

    *fault = (PstProgramLibrariesFault){NULL};
    if (!find_folder(&search, program) || !read_cache(&search))
        return FALSE;
    g_ptr_array_add(search.files, g_strdup(program));
    for (guint i = 0; i < search.files->len && i < MAX_LIBRARIES; i++)
        if (!look_into(&search, search.files->pdata[i], fault))
            return TRUE;
    return FALSE;
}
