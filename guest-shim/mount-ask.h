// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/vfs.h>

#include "guest-shim/sysroot.h"

/* How full a file system is, asked so that one that does not answer costs that one alone: statfs(2)
 * waits for a network server or a FUSE daemon as long as it takes, and nothing ends that wait from
 * inside. So processes of their own ask: one for all mounts that lean on nobody, one for each of
 * the others. */

typedef enum {
    PST_MOUNT_ASK_NOT_ASKED,
    PST_MOUNT_ASK_ANSWERED,
    PST_MOUNT_ASK_FAILED, /* with `failure` */
    PST_MOUNT_ASK_SILENT, /* within its time */
} PstMountAskState;

typedef struct {
    const char *folder; /* borrowed */
    const char *device; /* major:minor, borrowed: by it an earlier process that waits is found */
    gboolean remote;    /* leans on a server or a daemon, itself or what it is mounted in */
    PstMountAskState state;
    gboolean earlier; /* silent since an earlier look, whose process can't be ended: not asked again
                       */
    int failure;      /* errno */
    struct statfs answer;
} PstMountAsk;

/* Fills in each of the N ASKS. Takes at most LIMIT_MS for each of those that are silent, and at
 * most WHOLE_MS for all: what was not begun by then stays not asked. Processes that can't be ended
 * are left behind; their name, "statfs MAJOR:MINOR", tells the next look not to add another. */
void pst_mount_ask_all(const PstSysroot *sysroot, PstMountAsk *asks, guint n, gint64 limit_ms,
                       gint64 whole_ms);
