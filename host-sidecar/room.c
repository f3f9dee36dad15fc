// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "host-sidecar/write-all.h"

#define FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW)
/* A file system gives its room in these. */
#define BLOCK 4096

static char *
hidden_name(const PstRoom *room)
{
    return g_strconcat(".", room->name, NULL);
}

static gsize
reckon(int folder, const PstRoomWish *wish)
{
    struct statvfs disk;

    if (fstatvfs(folder, &disk) < 0)
        return wish->least;
    guint64 share = (guint64)disk.f_bavail * disk.f_frsize / wish->share;
    return (gsize)CLAMP(share, wish->least, wish->most) / BLOCK * BLOCK;
}

/* A disk that refuses may have given a part of it. */
static gboolean
allocate(PstRoom *room, gsize bytes)
{
    int why = posix_fallocate(room->fd, 0, (off_t)bytes);

    if (why == 0) {
        room->bytes = bytes;
        return TRUE;
    }
    if (ftruncate(room->fd, 0) < 0)
        why = errno;
    errno = why;
    return FALSE;
}

static void
drop(PstRoom *room, int folder)
{
    g_autofree char *hidden = hidden_name(room);
    int why = errno;

    close(room->fd);
    room->fd = -1;
    unlinkat(folder, hidden, 0);
    errno = why;
}

PstRoom *
pst_room_take(int folder, const char *name, const PstRoomWish *wish)
{
    PstRoom *room = g_new0(PstRoom, 1);

    room->name = g_strdup(name);
    g_autofree char *hidden = hidden_name(room);
    gsize bytes = reckon(folder, wish);
    room->fd = openat(folder, hidden, FLAGS, 0600);
    if (room->fd >= 0 && !allocate(room, bytes) && !allocate(room, wish->least))
        drop(room, folder);
    return room;
}

void
pst_room_free(PstRoom *room, int folder)
{
    if (room->fd >= 0)
        drop(room, folder);
    g_free(room->name);
    g_free(room);
}

void
pst_room_shrink(PstRoom *room, gsize bytes)
{
    gsize whole = (bytes + BLOCK - 1) / BLOCK * BLOCK;

    if (room->fd >= 0 && whole < room->bytes && ftruncate(room->fd, (off_t)whole) == 0)
        room->bytes = whole;
}

gboolean
pst_room_fill(PstRoom *room, gconstpointer data, gsize len)
{
    if (lseek(room->fd, 0, SEEK_SET) == 0 && pst_write_all(room->fd, data, len))
        return ftruncate(room->fd, (off_t)len) == 0;
    int why = errno;
    if (ftruncate(room->fd, (off_t)room->bytes) < 0)
        why = errno;
    errno = why;
    return FALSE;
}

gboolean
pst_room_name(PstRoom *room, int folder)
{
    g_autofree char *hidden = hidden_name(room);

    if (renameat2(folder, hidden, folder, room->name, RENAME_NOREPLACE) < 0)
        return FALSE;
    int fd = room->fd;
    room->fd = -1;
    if (close(fd) == 0)
        return TRUE;
    /* A file system that writes late tells here that it could not. */
    int why = errno;
    unlinkat(folder, room->name, 0);
    errno = why;
    return FALSE;
}
