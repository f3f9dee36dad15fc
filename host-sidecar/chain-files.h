// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The full files of the audit log: FILE-NNNNNNNNNNNN, by the number of their first line; number 0
 * is what was written before there was a chain. */

/* The name of the full file that begins with line FIRST. Free with g_free(). */
char *pst_chain_files_name(const char *path, guint64 first);

/* Gives the file its lasting name; one that is taken already is made another. NULL with errno. Free
 * with g_free(). */
char *pst_chain_files_set_aside(const char *path, guint64 first);

/* The number of the first line that is still there where at most MAX files are; 0 where none is. */
guint64 pst_chain_files_oldest(const char *path, guint max);

/* Removes the oldest until MAX are left. */
void pst_chain_files_prune(const char *path, guint max);
