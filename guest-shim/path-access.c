// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/path-access.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel's (path_resolution(7)) */
#define MAX_STEPS 1000

typedef struct {
    const PstSysroot *sysroot;
    gint64 uid;
    const GArray *groups;
    struct stat *st;
    mode_t of_file; /* what is asked of the file itself: S_IXOTH or S_IROTH */
} Walk;

mode_t
pst_path_access_bit(const struct stat *st, gint64 uid, const GArray *groups)
{
    if (uid == st->st_uid)
        return S_IXUSR;
    for (guint i = 0; i < groups->len; i++)
        if (g_array_index(groups, gid_t, i) == st->st_gid)
            return S_IXGRP;
    return S_IXOTH;
}

/* Asked of the place, by its name below /proc: whatever it is, it is not opened. */
gboolean
pst_path_access_has_list(const PstSysroot *sysroot, const char *path)
{
    int fd = pst_sysroot_open(sysroot, path, O_PATH, NULL);

    if (fd < 0)
        return TRUE;
    g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", fd);
    gssize n = getxattr(name, "system.posix_acl_access", NULL, 0);
    gboolean without = n == 0 || (n < 0 && (errno == ENODATA || errno == ENOTSUP));
    close(fd);
    return !without;
}

static gboolean
is_shut(const Walk *walk, const char *path)
{
    if (!pst_sysroot_stat(walk->sysroot, path, walk->st, NULL))
        return FALSE;
    mode_t bit = pst_path_access_bit(walk->st, walk->uid, walk->groups);
    if (!S_ISDIR(walk->st->st_mode))
        bit *= walk->of_file / S_IXOTH;
    return (walk->st->st_mode & bit) == 0 && !pst_path_access_has_list(walk->sysroot, path);
}

/* Where the way goes on behind the link NAME in FOLDER; NULL where it can't be read. */
static char *
follow(const Walk *walk, char **folder, const char *name, const char *rest)
{
    g_autofree char *link = g_build_filename(*folder, name, NULL);
    g_autofree char *target = pst_sysroot_read_link(walk->sysroot, link, NULL);

    if (target == NULL)
        return NULL;
    if (target[0] == '/') {
        g_free(*folder);
        *folder = g_strdup("/");
    }
    return g_strconcat(target, "/", rest, NULL);
}

/* Takes one name off *REST and adds it to *FOLDER. FALSE where the way ends. */
static gboolean
step(const Walk *walk, char **folder, char **rest, guint *links)
{
    const char *start = *rest + strspn(*rest, "/");
    g_autofree char *name = g_strndup(start, strcspn(start, "/"));
    g_autofree char *after = g_strdup(start + strlen(name));
    g_autofree char *next = NULL;
    struct stat st;

    if (g_str_equal(name, ".."))
        next = g_path_get_dirname(*folder);
    else if (g_str_equal(name, "."))
        next = g_strdup(*folder);
    else
        next = g_build_filename(*folder, name, NULL);
    if (!pst_sysroot_lstat(walk->sysroot, next, &st, NULL))
        return FALSE;
    g_free(*rest);
    if (S_ISLNK(st.st_mode)) {
        *rest = ++*links <= MAX_LINKS ? follow(walk, folder, name, after) : NULL;
        return *rest != NULL;
    }
    *rest = g_steal_pointer(&after);
    g_free(*folder);
    *folder = g_steal_pointer(&next);
    return TRUE;
}

static char *
find_shut(const Walk *walk, const char *path)
{
    g_autofree char *at = g_strdup("/"), *rest = g_strdup(path);
    guint links = 0;

    for (guint i = 0; walk->uid != 0 && i < MAX_STEPS; i++) {
        if (is_shut(walk, at))
            return g_steal_pointer(&at);
        if (rest[strspn(rest, "/")] == '\0' || !step(walk, &at, &rest, &links))
            return NULL;
    }
    return NULL;
}

char *
pst_path_access_shut(const PstSysroot *sysroot, const char *path, gint64 uid, const GArray *groups,
                     struct stat *st)
{
    const Walk walk = {sysroot, uid, groups, st, S_IXOTH};

    return find_shut(&walk, path);
}

char *
pst_path_access_unreadable(const PstSysroot *sysroot, const char *path, gint64 uid,
                           const GArray *groups, struct stat *st)
{
    const Walk walk = {sysroot, uid, groups, st, S_IROTH};

    return find_shut(&walk, path);
}
