// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What an ELF file names that the dynamic loader needs to start it (elf(5)): of this machine's own
 * word size and byte order; of another's nothing is told. */

/* PT_INTERP of the open FD; NULL for none. Not validated. Free with g_free(). */
char *pst_program_elf_loader(int fd);

/* The names of the shared libraries that the open FD needs (DT_NEEDED), at most 64 of at most 255
 * bytes, none of them with a slash or other than UTF-8. NULL where it can't be told, and where the
 * file brings a search path of its own (DT_RPATH, DT_RUNPATH). Free with g_ptr_array_unref(). */
GPtrArray *pst_program_elf_needed(int fd);
