// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-stat.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "guest-shim/careful-open.h"
#include "protocol/error.h"

gint64
pst_careful_stat_us(const struct timespec *time)
{
    return (gint64)time->tv_sec * G_USEC_PER_SEC + time->tv_nsec / 1000;
}

static gboolean
stat_across_mounts(const PstSysroot *sysroot, const char *path, struct stat *st, GError **error)
{
    g_autoptr(GPtrArray) mounts = pst_careful_open_mounts(sysroot, error);
    int fd = mounts != NULL ? pst_careful_open(sysroot, mounts, path, O_NOFOLLOW, error) : -1;

    if (fd < 0)
        return FALSE;
    gboolean seen = fstat(fd, st) == 0;
    int failure = errno;
    close(fd);
    if (!seen)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(failure));
    return seen;
}

gboolean
pst_careful_stat(const PstSysroot *sysroot, const char *path, struct stat *st, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (pst_sysroot_lstat_same_mount(sysroot, path, st, &cause))
        return TRUE;
    if (cause->code == PST_ERROR_UNAVAILABLE && pst_sysroot_is_live(sysroot))
        return stat_across_mounts(sysroot, path, st, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}
