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
 * read again without a process. It is on the disk then. FALSE with PST_ERROR_OUTPUT where the file
 * does not take it. */
gboolean pst_seal_write(const PstAuditPlaces *places, const char *caller, const PstSeal *seal,
                        GError **error);

/* What the log tells of a bundle: the newest of each. */
typedef struct {
    char *sha256;      /* of the seal of its id; NULL */
    char *path_bundle; /* the id of the seal of its path, where that is another; NULL */
    char *path_sha256; /* and its digest */
    guint n_guest;     /* how many seals of other ids its guest has */
    char *fault;       /* why the log could not be read as a whole; NULL */
} PstSealFound;

/* Looks for seals of the bundle's id, its path and its guest, each of which may be NULL, in the
 * file and in what logrotate(8) set aside of it. An archive and the folder that it unpacks to
 * beside it are at the same path. Never NULL. */
PstSealFound *pst_seal_find(const char *file, const PstSeal *sought);
void pst_seal_found_free(PstSealFound *found);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSealFound, pst_seal_found_free)
