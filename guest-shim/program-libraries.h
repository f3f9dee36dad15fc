// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The shared libraries that a program can't be started without, found as glibc's loader finds them
 * (ld.so(8)): by ld.so.cache, then in the folders that it has built in. Other loaders have rules of
 * their own, of which nothing is told. */

typedef struct {
    char *path;  /* what the user may not read or enter, or where the library belongs */
    mode_t mode; /* of that, with its kind; where it is there */
    gboolean missing;
} PstProgramLibrariesFault;

/* The first library of PROGRAM, or of one of its libraries, that is not there or that the user may
 * not read; GROUPS is of gid_t. FALSE where all are sound, and where it can't be told. FAULT->path
 * is the caller's to free. */
gboolean pst_program_libraries_find_fault(const PstSysroot *sysroot, const char *program,
                                          gint64 uid, const GArray *groups,
                                          PstProgramLibrariesFault *fault);
