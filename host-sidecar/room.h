// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A file's room on a disk, taken before what goes into it is known: where the disk becomes full
 * meanwhile, whoever fills it, that finds room all the same. Until it is filled it has a name that
 * begins with a dot, and no bytes that mean anything. */

typedef struct {
    char *name;  /* which it will have, in its folder */
    int fd;      /* -1 where no room could be had */
    gsize bytes; /* taken */
} PstRoom;

/* What one may ask for. */
typedef struct {
    gsize least; /* that or nothing */
    gsize most;
    guint share; /* between the two: a SHAREth of what is free */
} PstRoomWish;

/* In the folder that FOLDER is of. Where there is none, its fd is -1, with errno. */
PstRoom *pst_room_take(int folder, const char *name, const PstRoomWish *wish);

/* Gives back what is not needed, and removes the file where it was not named. */
void pst_room_free(PstRoom *room, int folder);

/* Takes no more than BYTES from now on. */
void pst_room_shrink(PstRoom *room, gsize bytes);

/* Writes DATA, which is larger than the room where the disk has more. FALSE with errno: the room is
 * still there then, and may be filled again. */
gboolean pst_room_fill(PstRoom *room, gconstpointer data, gsize len);

/* Gives it its name, where nothing has that; then it is over with the room, and the file stays.
 * FALSE with errno, and then it put none there. */
gboolean pst_room_name(PstRoom *room, int folder);
