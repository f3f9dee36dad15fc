// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What the kernel needs beside a program's own file to start it: the dynamic loader that an ELF
 * file names (PT_INTERP, elf(5)), or a script's interpreter. Where that is gone execve(2) says that
 * the program is not there, although it is. */

/* The loader or interpreter that PATH names, whether or not it is there; NULL where it names none,
 * and where it can't be told. Free with g_free(). */
char *pst_program_loader_find(const PstSysroot *sysroot, const char *path);

/* The loader or interpreter that PATH names where it is not there or can't be executed; NULL where
 * all is well, and where it can't be told. Nothing is run. Free with g_free(). */
char *pst_program_loader_missing(const PstSysroot *sysroot, const char *path);

/* The file that the loader misses, by what it SAID when PATH was to be started ("error while
 * loading shared libraries: NAME: cannot open …", glibc's; musl's): in the loader's own folder,
 * where the C library's packages put libraries. NULL where it said nothing of the kind. Free with
 * g_free(). */
char *pst_program_loader_library(const PstSysroot *sysroot, const char *path, const char *said);

/* What mends a loader that is not there, for people. Free with g_free(). */
char *pst_program_loader_remedy(const char *loader);
