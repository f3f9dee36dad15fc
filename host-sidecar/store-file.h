// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/stat.h>

#include "host-sidecar/store-folder.h"

/* Files of the sidecar's own in a folder: regular, its user's, mode 0600, replaced as a whole, no
 * link is followed. A file's time of change is what its keeper says. Writers take turns by a lock
 * on the file itself. Thread-safe, as no state is kept. */

/* What the file is; FALSE where there is none of the sidecar's own. */
gboolean pst_store_file_stat(const PstStoreFolder *folder, const char *name, struct stat *st);

/* Its time of change, microseconds since 1970. */
gint64 pst_store_file_written_us(const struct stat *st);

/* Opens it for reading and dating; -1 where there is none of the sidecar's own. */
int pst_store_file_open(const PstStoreFolder *folder, const char *name);

/* Opens it, made where it is missing, and locks it for as long as it is open: nobody else makes a
 * file of this name then. -1 with PST_ERROR_UNAVAILABLE, or PST_ERROR_BUSY where another did not
 * let go of it within a second. */
int pst_store_file_lock(const PstStoreFolder *folder, const char *name, GError **error);

/* What there is of the file from its start on, about MAX bytes of it at most. NULL with
 * PST_ERROR_UNAVAILABLE where the disk does not give all of it: what is there must not be replaced
 * by less then. */
GBytes *pst_store_file_read(int fd, gsize max, GError **error);

gboolean pst_store_file_date(int fd, gint64 written_us);

/* Puts DATA in its place. Whoever calls has the lock. PST_ERROR_UNAVAILABLE. */
gboolean pst_store_file_replace(const PstStoreFolder *folder, const char *name, const void *data,
                                gsize len, gint64 written_us, GError **error);

/* Takes away what a writer that was killed has left of it, which else nobody replaces: for a keeper
 * whose lock is another file's. Whoever calls has that. */
void pst_store_file_clear(const PstStoreFolder *folder, const char *name);

/* That there is none is no error. PST_ERROR_UNAVAILABLE, PST_ERROR_BUSY. */
gboolean pst_store_file_remove(const PstStoreFolder *folder, const char *name, GError **error);
