// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/bundle-contents.h"
#include "host-sidecar/seal.h"

/* Whether a bundle is what it was when it was sealed. */

typedef enum {
    PST_VERIFY_INTACT,
    PST_VERIFY_CHANGED,   /* something is changed, missing or added, the manifest is another, or
                             what was sealed at this path is another bundle */
    PST_VERIFY_UNSEALED,  /* it has no manifest: it was never ended */
    PST_VERIFY_BROKEN,    /* it is no bundle, or no longer */
    PST_VERIFY_UNVOUCHED, /* it agrees with its manifest, and nothing tells whether that is the one
                           */
} PstVerifyVerdict;

typedef struct {
    PstVerifyVerdict verdict;
    PstBundleContents *contents;
    PstManifest *manifest; /* NULL where there is none that can be read */
    GPtrArray *changes;    /* of PstManifestChange; NULL without a manifest */
    char *sha256;          /* of the manifest as it lies there; NULL where there is none */
    char *sealed;          /* what that digest has to be; NULL where nobody tells */
    PstSealFound *found;   /* in the audit log; NULL where that was not asked */
    char *fault;           /* why bundle, manifest or audit log can't be read; NULL */
} PstVerify;

/* DIGEST is what the manifest's has to be; where it is NULL, AUDIT_FILE is asked. NULL with
 * PST_ERROR_UNAVAILABLE where nobody could look. */
PstVerify *pst_verify_bundle(const char *path, const char *digest, const char *audit_file,
                             GError **error);
void pst_verify_free(PstVerify *verify);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstVerify, pst_verify_free)

/* Of people and programs. PATH is what was looked at. */
char *pst_verify_to_text(const PstVerify *verify, const char *path);
JsonObject *pst_verify_to_json(const PstVerify *verify, const char *path);
