// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/manifest.h"

/* What is in a bundle, as it lies there: a folder or an archive, which may be anybody's. No link is
 * followed, nothing is unpacked, and no more is read than a bundle can hold. */

typedef struct {
    GPtrArray *files; /* of PstManifestFile, without the manifest; and each folder that is empty */
    GBytes *manifest; /* NULL where there is none */
} PstBundleContents;

/* NULL with PST_ERROR_UNAVAILABLE where it can't be read, PST_ERROR_PROTOCOL where it is no bundle,
 * or an archive whose bytes are not sound. */
PstBundleContents *pst_bundle_contents_read(const char *path, GError **error);
void pst_bundle_contents_free(PstBundleContents *contents);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstBundleContents, pst_bundle_contents_free)
