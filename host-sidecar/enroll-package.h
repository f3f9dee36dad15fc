// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A package of postern-shim on this host, to be handed to a guest: which it is, by what is in it,
 * and its bytes. */

typedef enum {
    PST_ENROLL_PACKAGE_UNKNOWN, /* of a guest: its packages are neither */
    PST_ENROLL_PACKAGE_DEB,
    PST_ENROLL_PACKAGE_RPM,
} PstEnrollPackageKind;

#define PST_ENROLL_PACKAGE_NAME "postern-shim"
/* Of a file; the shim's have some hundred KiB. */
#define PST_ENROLL_PACKAGE_MAX (16 * 1024 * 1024)
/* Where a package is looked for that nobody names. */
#define PST_ENROLL_PACKAGE_FOLDER "/var/lib/postern/packages"

typedef struct {
    char *path;
    PstEnrollPackageKind kind;
    char *version;      /* an rpm's with its release */
    char *architecture; /* NULL: it is not told */
    char *sha256;
    GBytes *bytes;
} PstEnrollPackage;

void pst_enroll_package_free(PstEnrollPackage *package);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstEnrollPackage, pst_enroll_package_free)

/* Reads the file at PATH. NULL with PST_ERROR_USAGE, which names it, where it can't be read, is
 * larger than that, or is no package of postern-shim. */
PstEnrollPackage *pst_enroll_package_read(const char *path, GError **error);

/* The only package in FOLDER that is of KIND (of one that is not known none is) and ARCHITECTURE
 * (NULL: any). NULL with PST_ERROR_USAGE, which says what to do, where there is none, or are
 * several. */
PstEnrollPackage *pst_enroll_package_find(const char *folder, PstEnrollPackageKind kind,
                                          const char *architecture, GError **error);

/* A file of at most MAX bytes that is a regular one; NULL with PST_ERROR_USAGE. */
GBytes *pst_enroll_package_read_file(const char *path, gsize max, GError **error);
