// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include "guest-shim/sysroot.h"

/* Runs one of the guest's own programs from inside a worker: a fixed path, an argument vector, a
 * clean environment, a deadline, a cap on its output. No shell, no PATH. */

typedef struct {
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    gsize n_groups;
} PstProgramUser;

typedef struct {
    const char *const *candidates; /* absolute paths, NULL-terminated; the first that is there */
    const char *const *argv;       /* without argv[0], NULL-terminated */
    const PstProgramUser *user;    /* NULL: as the shim itself */
    gboolean without_network;      /* in an empty network namespace */
    int input;                     /* its standard input where > 0, borrowed; else /dev/null */
    gboolean any_address_space;    /* without the worker's limit, of which Go programs reserve more
                                      than there is */
    gint64 timeout_ms;             /* 1 … 60,000; then the process group gets SIGKILL */
    gsize max_output;              /* bytes of stdout and of stderr; what exceeds it is discarded */
} PstProgram;

typedef struct {
    int exit_status; /* -1 where a signal ended it */
    int signal;      /* 0 where none did */
    gboolean timed_out;
    gboolean truncated;
    GString *out; /* may hold any bytes, always followed by a NUL */
    GString *err;
    gint64 took_ms;
} PstProgramResult;

void pst_program_result_free(PstProgramResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstProgramResult, pst_program_result_free)

/* The first of CANDIDATES that is a regular file which only root can change, executable, owned by
 * root and not writable by group or others. PST_ERROR_ABSENT where none is there,
 * PST_ERROR_NOT_ALLOWED where one is there and somebody else could have changed it. Borrowed from
 * CANDIDATES. */
const char *pst_program_find(const PstSysroot *sysroot, const char *const *candidates,
                             GError **error);

/* Runs it and waits for it. Returns NULL only where it could not be started: PST_ERROR_UNAVAILABLE
 * "PATH: could not be started: REASON" where the kernel refused to execute it (execve(2)), and also
 * where the sysroot is not live. A program that failed, with whatever status, or was killed at its
 * deadline is a result. */
PstProgramResult *pst_program_run(const PstSysroot *sysroot, const PstProgram *program,
                                  GError **error);
