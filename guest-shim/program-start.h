// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What keeps the kernel and the loader from starting a program for a user, though it is there and
 * may be executed. At most one of the members is set; the strings are owned. */

typedef struct {
    char *loader;  /* that is not there or can't be executed: program-loader.h */
    char *noexec;  /* the folder of the mount that the program is on, which runs no programs */
    char *library; /* that is not there: program-libraries.h */
    char *shut;    /* what bars the user from it, its loader or a library: path-access.h */
    mode_t shut_mode;
    const char *shut_expected; /* the mode, as chmod(1) takes it, that it should have */
} PstProgramStart;

/* GROUPS is of gid_t, all of the user's. */
void pst_program_start_look(const PstSysroot *sysroot, const char *program, gint64 uid,
                            const GArray *groups, PstProgramStart *start);

void pst_program_start_clear(PstProgramStart *start);
