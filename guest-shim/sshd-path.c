// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-path.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/path-access.h"
#include "protocol/error.h"

#define MAX_DEPTH 256

typedef struct {
    const PstSysroot *sysroot;
    const PstAccounts *accounts;
    const PstAccount *user;
    GArray *groups; /* of gid_t */
    PstSshdPath *found;
    gboolean strict, own_group; /* a group of the user's own may write */
} Walk;

void
pst_sshd_path_clear(PstSshdPath *found)
{
    g_clear_pointer(&found->path, g_free);
}

static char *
link_of(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    char target[PATH_MAX + 1];
    gssize n = readlink(link, target, sizeof(target) - 1);

    return n > 0 ? g_strndup(target, (gsize)n) : NULL;
}

/* Where the path leads to, below the root; realpath(3) for a sysroot. */
static char *
real_path(const PstSysroot *sysroot, const char *path, GError **error)
{
    int fd = pst_sysroot_open(sysroot, path, O_PATH, error);
    g_autofree char *whole = NULL;
    g_autofree char *root = link_of(pst_sysroot_fd(sysroot));

    if (fd < 0)
        return NULL;
    whole = link_of(fd);
    close(fd);
    if (whole != NULL && root != NULL && g_str_equal(root, "/"))
        return g_steal_pointer(&whole);
    if (whole != NULL && root != NULL && g_str_has_prefix(whole, root))
        return g_strdup(whole[strlen(root)] != '\0' ? whole + strlen(root) : "/");
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: could not be followed", path);
    return NULL;
}

static gboolean
is_member(const Walk *walk, gid_t gid)
{
    for (guint i = 0; i < walk->groups->len; i++)
        if (g_array_index(walk->groups, gid_t, i) == gid)
            return TRUE;
    return FALSE;
}

/* WANTED is one octal digit. */
static gboolean
may(const Walk *walk, const struct stat *st, guint wanted)
{
    guint bits = st->st_mode & 7;

    if (walk->user->uid == 0)
        return TRUE;
    if (st->st_uid == walk->user->uid)
        bits = (st->st_mode >> 6) & 7;
    else if (is_member(walk, st->st_gid))
        bits = (st->st_mode >> 3) & 7;
    return (bits & wanted) == wanted;
}

static PstSshdPathVerdict
judge_strictly(const Walk *walk, const struct stat *st)
{
    guint writers = st->st_mode & (S_IWGRP | S_IWOTH);

    if (st->st_uid != 0 && st->st_uid != walk->user->uid)
        return PST_SSHD_PATH_OWNER;
    if (writers == S_IWGRP && walk->own_group &&
        !pst_accounts_is_shared(walk->accounts, st->st_gid, walk->user->uid))
        return PST_SSHD_PATH_FINE;
    return writers != 0 ? PST_SSHD_PATH_MODE : PST_SSHD_PATH_FINE;
}

/* Keeps the first fault. */
static void
blame(const Walk *walk, const char *path, const struct stat *st, PstSshdPathVerdict verdict)
{
    if (verdict == PST_SSHD_PATH_FINE || walk->found->verdict != PST_SSHD_PATH_FINE)
        return;
    walk->found->verdict = verdict;
    walk->found->path = g_strdup(path);
    walk->found->mode = st->st_mode & 07777;
    walk->found->uid = st->st_uid;
    walk->found->gid = st->st_gid;
}

/* The folders from the file upwards: all of them must be passable, and those up to the home folder,
 * or all where the file is not below it, must be the user's. */
static gboolean
walk_up(const Walk *walk, const char *file, const char *home, GError **error)
{
    g_autofree char *path = g_strdup(file);
    gboolean strict = walk->strict;

    for (guint i = 0; i < MAX_DEPTH && !g_str_equal(path, "/"); i++) {
        g_autofree char *folder = g_path_get_dirname(path);
        struct stat st;

        if (!pst_sysroot_stat(walk->sysroot, folder, &st, error))
            return FALSE;
        if (!may(walk, &st, 1) && !pst_path_access_has_list(walk->sysroot, folder))
            blame(walk, folder, &st, PST_SSHD_PATH_UNREADABLE);
        if (strict)
            blame(walk, folder, &st, judge_strictly(walk, &st));
        strict &= home == NULL || !g_str_equal(folder, home);
        g_free(path);
        path = g_steal_pointer(&folder);
    }
    return TRUE;
}

/* Debian and what comes from it. */
static gboolean
has_own_groups(const PstSysroot *sysroot)
{
    return pst_sysroot_exists(sysroot, "/etc/debian_version");
}

gboolean
pst_sshd_path_check(const PstSysroot *sysroot, const PstAccounts *accounts, const PstAccount *user,
                    const char *path, gboolean strict, PstSshdPath *found, GError **error)
{
    g_autoptr(GArray) groups = pst_accounts_groups(accounts, user);
    g_autofree char *real = real_path(sysroot, path, error);
    g_autofree char *home = real_path(sysroot, user->home, NULL);
    const Walk walk = {sysroot, accounts, user, groups, found, strict, has_own_groups(sysroot)};
    struct stat st;

    *found = (PstSshdPath){PST_SSHD_PATH_FINE, NULL, 0, 0, 0};
    if (real == NULL || !pst_sysroot_stat(sysroot, real, &st, error))
        return FALSE;
    if (!S_ISREG(st.st_mode))
        blame(&walk, real, &st, PST_SSHD_PATH_NO_FILE);
    if (!may(&walk, &st, 4) && !pst_path_access_has_list(sysroot, real))
        blame(&walk, real, &st, PST_SSHD_PATH_UNREADABLE);
    if (strict)
        blame(&walk, real, &st, judge_strictly(&walk, &st));
    return walk_up(&walk, real, home, error);
}
