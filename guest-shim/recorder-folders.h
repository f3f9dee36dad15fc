// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* News of folders, as inotify(7) has it: nothing is asked again and again. A folder that was
 * removed, moved away or replaced is watched anew as soon as one of its name is there, where the
 * folder that it lies in is of the list too. Served from the default main loop. */

typedef struct {
    const char *path;
    guint32 mask; /* what is to be told of the names in it */
} PstRecorderFolder;

typedef struct PstRecorderFolders PstRecorderFolders;

/* FOLDER: a path of the list; NAME: what changed in it, with the bits of inotify(7) in MASK. Both
 * are NULL where news were lost. */
typedef void (*PstRecorderFolderNews)(const char *folder, const char *name, guint32 mask,
                                      gpointer user_data);

/* LIST is borrowed: N folders, each after the one that it lies in. Never NULL. */
PstRecorderFolders *pst_recorder_folders_new(const PstSysroot *sysroot,
                                             const PstRecorderFolder *list, guint n,
                                             PstRecorderFolderNews news, gpointer user_data);
void pst_recorder_folders_free(PstRecorderFolders *folders);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderFolders, pst_recorder_folders_free)

/* Watches those that are not watched and are there. */
void pst_recorder_folders_watch(PstRecorderFolders *folders);
