// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include "guest-shim/exec-policy.h"
#include "guest-shim/sysroot.h"
#include "protocol/exec.h"

/* What is to be executed, as whom and where: what a caller said, looked up in the guest and held
 * against its policy. Users are those of /etc/passwd and /etc/group: neither NSS nor PAM is asked,
 * since they may be what is broken. */

typedef struct {
    char *path; /* of the program, absolute and without links */
    char *user;
    uid_t uid;
    gid_t gid;
    GArray *groups; /* of gid_t */
    char *cwd;
    gboolean cwd_is_home; /* it was not asked for: where it is not there, the root folder will do */
    char **env;           /* all of it */
} PstExecTarget;

/* Why there is none, where it is no matter of policy: the number that a shell would give. */
typedef struct {
    int status; /* 127: no such program; 126: it may not be executed; 125: anything else */
    char *why;
} PstExecFailure;

void pst_exec_target_free(PstExecTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecTarget, pst_exec_target_free)

/* Looks START's words up; SYSROOT is where accounts are. NULL with PST_ERROR_NOT_ALLOWED, or
 * without an error and with *FAILURE, whose WHY is the caller's. */
PstExecTarget *pst_exec_target_find(const PstSysroot *sysroot, const PstExecPolicy *policy,
                                    const PstExecStart *start, PstExecFailure *failure,
                                    GError **error);
