// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/door-parts.h"
#include "guest-shim/path-pattern.h"
#include "protocol/error.h"

/* Where the end of a path is looked for. */
static const char *const bases[] = {"", "/root", "/home/*"};
#define MAX_LOOKS 5000
#define MAX_DEPTH 8

typedef struct {
    const PstSysroot *sysroot;
    const struct stat *wanted;
    guint looks;
    gboolean found;
} Search;

static void search_below(Search *search, const char *folder, guint depth);

static gboolean
is_over(const Search *search)
{
    return search->found || search->looks > MAX_LOOKS;
}

/* A denied file, or a folder with all that is below it; another file system has no link to it. */
static void
look_at(Search *search, const char *path, guint depth)
{
    struct stat st;

    search->looks++;
    if (!pst_sysroot_lstat(search->sysroot, path, &st, NULL))
        return;
    if (st.st_dev == search->wanted->st_dev && st.st_ino == search->wanted->st_ino)
        search->found = TRUE;
    else if (S_ISDIR(st.st_mode) && st.st_dev == search->wanted->st_dev && depth < MAX_DEPTH)
        search_below(search, path, depth + 1);
}

/* What can't be listed may hold a link: then the search is over without an answer. */
static char **
list(Search *search, const char *folder)
{
    g_autoptr(GError) error = NULL;
    char **names = pst_sysroot_list(search->sysroot, folder, &error);

    if (names == NULL && error->code != PST_ERROR_ABSENT)
        search->looks = MAX_LOOKS + 1;
    return names;
}

static void
search_below(Search *search, const char *folder, guint depth)
{
    g_auto(GStrv) names = list(search, folder);

    for (guint i = 0; names != NULL && names[i] != NULL && !is_over(search); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        look_at(search, path, depth);
    }
}

/* Follows PARTS, of which each may have stars, from FOLDER on. */
static void
expand(Search *search, const char *folder, char **parts)
{
    if (parts[0] == NULL) {
        look_at(search, folder, 0);
        return;
    }
    if (strpbrk(parts[0], "*?") == NULL) {
        g_autofree char *path = g_build_filename(folder, parts[0], NULL);
        struct stat st;

        search->looks++;
        if (pst_sysroot_lstat(search->sysroot, path, &st, NULL))
            expand(search, path, parts + 1);
        return;
    }
    g_autofree char *pattern = g_strconcat("/", parts[0], NULL);
    g_auto(GStrv) names = list(search, folder);
    for (guint i = 0; names != NULL && names[i] != NULL && !is_over(search); i++) {
        g_autofree char *name = g_strconcat("/", names[i], NULL);
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        if (pst_path_pattern_matches(pattern, name, TRUE))
            expand(search, path, parts + 1);
    }
}

static void
expand_pattern(Search *search, const char *base, const char *pattern)
{
    g_autofree char *whole = g_strconcat(base, "/", pattern, NULL);
    g_auto(GStrv) parts = g_strsplit(whole + 1, "/", -1);

    expand(search, "/", parts);
}

char *
pst_door_links_find(const PstSysroot *sysroot, const char *const *deny, const struct stat *st)
{
    Search search = {.sysroot = sysroot, .wanted = st};

    for (guint i = 0; deny[i] != NULL && !is_over(&search); i++) {
        /* No file below /proc has a second name. */
        if (g_str_has_prefix(deny[i], "/proc/"))
            continue;
        if (*deny[i] == '/')
            expand_pattern(&search, "", deny[i] + 1);
        for (guint j = 0; *deny[i] != '/' && j < G_N_ELEMENTS(bases); j++)
            expand_pattern(&search, bases[j], deny[i]);
        if (search.found)
            return g_strdup_printf("it is a hard link to a denied file (deny %s)", deny[i]);
    }
    return is_over(&search)
               ? g_strdup("it has several names, and there are too many denied files to tell "
                          "whether it is one of them")
               : NULL;
}
