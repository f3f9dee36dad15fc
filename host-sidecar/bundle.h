// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/manifest.h"

/* A bundle of evidence while it is written: a folder, for its owner alone where it is made
 * here. Each part is written under another name and renamed when it is whole, so that whatever ends
 * this program leaves whole parts behind, and, without a manifest, says that the bundle was never
 * sealed. No link is followed, and nothing that was there before is replaced.
 *
 * Where the path ends in .tar.zst, the folder is PATH.partial until the bundle is sealed; then it
 * is packed, and is gone. */

/* What does not fit is left out, and its part says so. */
#define PST_BUNDLE_MAX_PART (32 * 1024 * 1024)
#define PST_BUNDLE_MAX_TOTAL (128 * 1024 * 1024)

#define PST_BUNDLE_PARTIAL_SUFFIX ".partial"

typedef struct PstBundle PstBundle;

/* Begins a bundle at PATH: a folder that is not there, or is empty and its user's, and no others
 * can write to, or an archive that is not there; else PST_ERROR_OUTPUT. Takes the manifest over. */
PstBundle *pst_bundle_new(const char *path, PstManifest *manifest, GError **error);

/* The same at PATH, which is no archive's, or PATH-2, PATH-3 …: the first that is not there. */
PstBundle *pst_bundle_new_beside(const char *path, PstManifest *manifest, GError **error);

void pst_bundle_free(PstBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstBundle, pst_bundle_free)

/* Borrowed: parts are added to it with pst_manifest_add(). */
PstManifest *pst_bundle_manifest(PstBundle *bundle);

/* Where it is going to be. */
const char *pst_bundle_path(const PstBundle *bundle);

/* Where the parts are at this moment. */
const char *pst_bundle_folder(const PstBundle *bundle);

/* Takes room on the disk now for the part that is going to be written to PATH, which is in no
 * folder of the bundle: LEAST bytes, or as much of MOST as an eighth of what is free. Where the
 * disk has not even LEAST, the part finds room by then or does not. */
void pst_bundle_keep(PstBundle *bundle, const char *path, gsize least, gsize most);

/* Whether PART is `unwritten` for the bounds above, and not for what the disk has not: a guest can
 * bring that about, and no room on the disk mends it. */
gboolean pst_bundle_is_over_bounds(const PstManifestPart *part);

/* Writes a part to its path in the bundle, a pst_manifest_is_path(). FALSE where that can't be, and
 * the part then is `unwritten`, with an error and no path; a smaller one may still be. */
gboolean pst_bundle_write(PstBundle *bundle, PstManifestPart *part, const char *path,
                          gconstpointer data, gsize len);

/* However much there is of the rest, there is room for the page to read it by. */
#define PST_BUNDLE_RESERVE (8 * 1024 * 1024)

/* No parts are to come but the last few, which are about the others: the disk gets back what the
 * manifest will not need. */
void pst_bundle_end_gathering(PstBundle *bundle);

/* Gives the reserve to the parts that come now. */
void pst_bundle_release(PstBundle *bundle);

/* How large the next part may be. */
gsize pst_bundle_room(const PstBundle *bundle);

/* Writes the manifest, and packs the bundle where it is to be an archive. All of it
 * is on the disk then. Returns the manifest's SHA-256, or NULL with PST_ERROR_OUTPUT, which names
 * where the parts are. Free with g_free(). */
char *pst_bundle_seal(PstBundle *bundle, GError **error);
