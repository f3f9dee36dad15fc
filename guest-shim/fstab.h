// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What is meant to be mounted: the columns of fstab(5). Secrets in them are hidden. */

typedef struct {
    gint64 line; /* in the file, from 1 */
    char *text;  /* of that line */
    char *device;
    char *folder;
    char *type;
    char *options;
} PstFstabEntry;

/* The entries of TEXT; lines with fewer than three columns are no entries. Free with
 * g_ptr_array_unref(). */
GPtrArray *pst_fstab_parse(const char *text);

/* As above, of /etc/fstab; NULL with an error. */
GPtrArray *pst_fstab_read(const PstSysroot *sysroot, GError **error);

/* The last entry for FOLDER, NULL for none; borrowed. */
const PstFstabEntry *pst_fstab_at(const GPtrArray *entries, const char *folder);

/* What the configuration wants of a mount. */
typedef enum {
    PST_FSTAB_UNSAID,
    PST_FSTAB_READ_ONLY,
    PST_FSTAB_WRITABLE,
} PstFstabMeant;

/* What ENTRIES, which may be NULL, want of the mount on FOLDER; for want of an entry there the
 * kernel's command line has a say on the root. The word `ro` on that says nothing: it is how nearly
 * every guest begins, before its root is checked and mounted anew. */
PstFstabMeant pst_fstab_meant(const GPtrArray *entries, const char *folder,
                              const char *command_line);
