// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What the kernel needs beside a program's own file to start it: the dynamic loader that an ELF
 * file names (PT_INTERP, elf(5)), or a script's interpreter. Where that is gone execve(2) says that
 * the program is not there, although it is. */

/* The loader or interpreter that PATH names where it is not there or can't be executed; NULL where
 * all is well, and where it can't be told. Nothing is run. Free with g_free(). */
char *pst_program_loader_missing(const PstSysroot *sysroot, const char *path);

/* What mends that, for people. Free with g_free(). */
char *pst_program_loader_remedy(const char *loader);
