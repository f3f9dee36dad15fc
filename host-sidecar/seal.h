// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/audit-log.h"

/* The seal of a bundle of evidence: the digest of its manifest in the host's audit log, where
 * whoever changes the bundle does not reach it. */

typedef struct {
    const char *bundle; /* its id */
    const char *guest;
    const char *path;   /* where it was put */
    const char *sha256; /* of its manifest */
} PstSeal;

/* A record of the method `forensics`, to the journal and always to the file too: that alone can be
 * read again without a process. FALSE with PST_ERROR_OUTPUT where the file does not take it. */
gboolean pst_seal_write(const PstAuditPlaces *places, const char *caller, const PstSeal *seal,
                        GError **error);

/* The digest that the file's newest record tells of the bundle. NULL without an error where there
 * is no such record, and with PST_ERROR_UNAVAILABLE where the file is there and can't be read. Free
 * with g_free(). */
char *pst_seal_find(const char *file, const char *bundle, GError **error);
