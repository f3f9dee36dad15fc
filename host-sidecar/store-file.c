// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/store-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "host-sidecar/write-all.h"
#include "protocol/error.h"

#define LOCK_US G_USEC_PER_SEC
#define LOCK_PAUSE_US 10000

static gboolean
fail(const PstStoreFolder *folder, const char *name, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s/%s: %s", folder->path, name,
                g_strerror(errno));
    return FALSE;
}

static gboolean
is_own_file(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid();
}

gboolean
pst_store_file_stat(const PstStoreFolder *folder, const char *name, struct stat *st)
{
    return fstatat(folder->fd, name, st, AT_SYMLINK_NOFOLLOW) == 0 && is_own_file(st);
}

gint64
pst_store_file_written_us(const struct stat *st)
{
    return st->st_mtim.tv_sec * (gint64)G_USEC_PER_SEC + st->st_mtim.tv_nsec / 1000;
}

/* -1 with errno. */
static int
open_own(const PstStoreFolder *folder, const char *name, int flags)
{
    struct stat st;
    int fd = openat(folder->fd, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (fd < 0 || (fstat(fd, &st) == 0 && is_own_file(&st)))
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

int
pst_store_file_open(const PstStoreFolder *folder, const char *name)
{
    return open_own(folder, name, O_RDONLY);
}

static gboolean
is_current(const PstStoreFolder *folder, const char *name, int fd)
{
    struct stat here, there;

    return fstat(fd, &here) == 0 && fstatat(folder->fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static gboolean
take_lock(int fd)
{
    gint64 until_us = g_get_monotonic_time() + LOCK_US;

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || g_get_monotonic_time() >= until_us)
            return FALSE;
        g_usleep(LOCK_PAUSE_US);
    }
    return TRUE;
}

static char *
new_name_of(const char *name)
{
    return g_strdup_printf(".%s.new", name);
}

/* Of a keeper that was killed: nobody else makes one while the lock is held. */
void
pst_store_file_clear(const PstStoreFolder *folder, const char *name)
{
    g_autofree char *new_name = new_name_of(name);

    unlinkat(folder->fd, new_name, 0);
}

/* The lock is on the file itself, and void when the file was replaced meanwhile. */
int
pst_store_file_lock(const PstStoreFolder *folder, const char *name, GError **error)
{
    for (;;) {
        int fd = open_own(folder, name, O_RDWR | O_CREAT);

        if (fd < 0) {
            fail(folder, name, error);
            return -1;
        }
        if (!take_lock(fd)) {
            g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "%s/%s: another process holds it",
                        folder->path, name);
            close(fd);
            return -1;
        }
        if (is_current(folder, name, fd)) {
            pst_store_file_clear(folder, name);
            return fd;
        }
        close(fd);
    }
}

GBytes *
pst_store_file_read(int fd, gsize max, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    gssize n;

    while (bytes->len < max && (n = pread(fd, buffer, sizeof(buffer), bytes->len)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                        "what the store keeps can't be read: %s", g_strerror(errno));
            return NULL;
        }
        g_byte_array_append(bytes, buffer, (guint)n);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

gboolean
pst_store_file_date(int fd, gint64 written_us)
{
    const gint64 second = G_USEC_PER_SEC;
    struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = written_us / second, .tv_nsec = written_us % second * 1000}};

    return futimens(fd, times) == 0;
}

gboolean
pst_store_file_replace(const PstStoreFolder *folder, const char *name, const void *data, gsize len,
                       gint64 written_us, GError **error)
{
    g_autofree char *new_name = new_name_of(name);
    int fd =
        openat(folder->fd, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(folder, new_name, error);
    gboolean written = pst_write_all(fd, data, len) && pst_store_file_date(fd, written_us) &&
                       fsync(fd) == 0 && renameat(folder->fd, new_name, folder->fd, name) == 0 &&
                       fsync(folder->fd) == 0;
    if (!written) {
        fail(folder, name, error);
        unlinkat(folder->fd, new_name, 0);
    }
    close(fd);
    return written;
}

gboolean
pst_store_file_remove(const PstStoreFolder *folder, const char *name, GError **error)
{
    struct stat st;

    if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return TRUE;
    int locked = pst_store_file_lock(folder, name, error);
    if (locked < 0)
        return FALSE;
    gboolean removed = unlinkat(folder->fd, name, 0) == 0 || fail(folder, name, error);
    close(locked);
    return removed;
}
