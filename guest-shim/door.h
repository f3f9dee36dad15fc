// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/config.h"

/* The read door: which of the guest's files and folders may be shown.
 *
 * An allowlist, then a denylist that wins. Both are the guest administrator's ([read] allow= and
 * deny= of the configuration) and begin with shipped ones. They are held against the file that was
 * opened and not against the name that was asked for: its real path, its path within its own file
 * system (so that a bind mount is no way around), and, where it has several names, those of every
 * denied file that there is (a hard link is none either). A file that begins as a private key does
 * is not shown whatever its name. Nothing is opened for reading before it is known to be a regular
 * file or a folder: a FIFO, a device or a socket is never touched. */

typedef struct PstDoor PstDoor;

typedef struct {
    const char *pattern;
    const char *reason;
} PstDoorRule;

/* The shipped lists; each ends in a NULL pattern. */
extern const PstDoorRule pst_door_lists_allow[];
extern const PstDoorRule pst_door_lists_deny[];

/* NULL with PST_ERROR_NOT_ALLOWED where the configuration is faulty: what its author meant to deny
 * is not known then. */
PstDoor *pst_door_new(const PstSysroot *sysroot, GError **error);
void pst_door_free(PstDoor *door);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstDoor, pst_door_free)

typedef struct {
    int fd;     /* open for reading */
    char *path; /* the real one */
    struct stat st;
} PstDoorFile;

void pst_door_file_clear(PstDoorFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstDoorFile, pst_door_file_clear)

/* What `PstDoorFile file = PST_DOOR_FILE_NONE` begins with. */
// clang-format off
#define PST_DOOR_FILE_NONE {.fd = -1}
// clang-format on

/* Opens a regular file, or where FOLDER a folder. FALSE with PST_ERROR_NOT_ALLOWED (which names the
 * rule), PST_ERROR_ABSENT, PST_ERROR_INVALID_PARAMS (no absolute path, or another type of file), or
 * PST_ERROR_UNAVAILABLE. The file's path is set as soon as it is known, also where it is refused.
 */
gboolean pst_door_open(const PstDoor *door, const char *path, gboolean folder, PstDoorFile *file,
                       GError **error);

/* Why what has this name would be refused, judged by its name alone; NULL where the lists have
 * nothing against it. A FOLDER may also lie on the way to what is allowed. Free with g_free(). */
char *pst_door_refusal(const PstDoor *door, const char *path, gboolean folder);
