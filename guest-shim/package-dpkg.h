// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/package-db.h"

/* dpkg's records below /var/lib/dpkg: which package has a path (info/PACKAGE.list), the MD5 of its
 * files (info/PACKAGE.md5sums) and of its conffiles as packaged (status), diversions, and the modes
 * that the administrator asked for (statoverride). dpkg records no other modes. The formats are
 * those of dpkg(1), deb-md5sums(5), deb-conffiles(5), dpkg-divert(1), dpkg-statoverride(1). */

gboolean pst_package_dpkg_read(PstPackageDb *db, GError **error);

/* The text of the status file, a pure function but for DB; changes TEXT. Returns a table from each
 * package's name to its version, both borrowed from TEXT. */
GHashTable *pst_package_dpkg_parse_status(PstPackageDb *db, char *text);

/* The text of one .list file, of the package whose files are called PACKAGE in info/ ("sudo",
 * "libpam0g:amd64"); changes TEXT. DIVERSIONS is what pst_package_dpkg_parse_diversions() made, or
 * NULL. UNPACKED_US is when the list was written, real time. TRUE where a file was wanted and had
 * no package up to now. */
gboolean pst_package_dpkg_parse_list(PstPackageDb *db, const char *package, char *text,
                                     gint64 unpacked_us, GHashTable *diversions);

/* The text of one .md5sums file; changes TEXT. */
void pst_package_dpkg_parse_md5sums(PstPackageDb *db, const char *package, char *text,
                                    GHashTable *diversions);

/* The text of the file of diversions: a table from a path to where it is diverted and by whom. DB
 * learns that these paths are of interest. */
GHashTable *pst_package_dpkg_parse_diversions(PstPackageDb *db, char *text);

/* The text of statoverride; changes TEXT. */
void pst_package_dpkg_parse_overrides(PstPackageDb *db, char *text);
