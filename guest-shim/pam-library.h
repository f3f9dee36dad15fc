// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <link.h>

#include "guest-shim/sysroot.h"

/* The libraries that a shared object names (DT_NEEDED, elf(5)), looked for where ld.so(8) would: in
 * its DT_RUNPATH or DT_RPATH, the folders of ld.so.conf(5), the usual ones, and ld.so's cache. Only
 * names are looked up, nothing is loaded. */

/* Where this system keeps its libraries, and which were looked for before: modules name the same
 * few over and over. */
typedef struct PstPamLibraries PstPamLibraries;

PstPamLibraries *pst_pam_library_open(const PstSysroot *sysroot);
void pst_pam_library_close(PstPamLibraries *libraries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPamLibraries, pst_pam_library_close)

/* The name of the first library that is not there, NULL where all are, where the object makes no
 * sense, or where not even the C library is found: then this system keeps its libraries in a place
 * that is not known here, and nobody is accused. FD and its SEGMENTS are within SIZE. Free with
 * g_free(). */
char *pst_pam_library_missing(PstPamLibraries *libraries, int fd, const ElfW(Phdr) * segments,
                              guint n_segments, guint64 size);
