// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Digests of files within bounds of size and time. */

typedef struct {
    const PstSysroot *sysroot;
    gint64 deadline_us; /* on CLOCK_BOOTTIME */
    gint64 bytes_left;  /* that may still be read in all */
} PstChangesDigest;

/* The lower-case hexadecimal digest of a regular file; NULL where it can't be read within the
 * bounds. Free with g_free(). */
char *pst_changes_digest_file(PstChangesDigest *digest, const char *path, GChecksumType type);

/* The name of a type: "md5", "sha256" … */
const char *pst_changes_digest_name(GChecksumType type);
