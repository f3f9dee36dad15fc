// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* sshd's own check of its configuration, `sshd -t`. */

/* Where sshd can be, for pst_program_run(). */
extern const char *const pst_sshd_check_programs[];

typedef enum {
    PST_SSHD_CHECK_OK,
    PST_SSHD_CHECK_LINE,      /* a line of a file is wrong */
    PST_SSHD_CHECK_NO_FOLDER, /* only its runtime folder is missing: the files were accepted */
    PST_SSHD_CHECK_NO_KEYS,   /* no host key could be loaded: the files were accepted */
    PST_SSHD_CHECK_OTHER,     /* something else stops it; text says what */
    PST_SSHD_CHECK_BLIND,     /* it could not look itself, which proves nothing; text says why */
} PstSshdCheckVerdict;

typedef struct {
    PstSshdCheckVerdict verdict;
    char *path; /* of the first wrong line */
    guint line;
    char *text;  /* sshd's words about it, without path and line */
    char *error; /* all that it said, cut to some lines */
    int exit_status;
} PstSshdCheck;

void pst_sshd_check_free(PstSshdCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSshdCheck, pst_sshd_check_free)

/* What EXIT_STATUS and ERROR, the program's standard error, mean. */
PstSshdCheck *pst_sshd_check_parse(int exit_status, const char *error);

/* Runs it. NULL where it could not be run or did not end in time; PST_ERROR_ABSENT where there is
 * no sshd. */
PstSshdCheck *pst_sshd_check_run(const PstProbeContext *context, GError **error);

/* Whether OpenSSH's server is there. */
gboolean pst_sshd_check_is_installed(const PstSysroot *sysroot);

/* The command as people type it, for evidence. */
#define PST_SSHD_CHECK_COMMAND "sshd -t"
