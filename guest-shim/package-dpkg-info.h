// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* dpkg's folder info/, which holds some files for each of hundreds of packages: all are opened
 * relative to one descriptor, and what the folder itself says is a regular file is not asked for
 * that again. */

typedef struct PstPackageDpkgInfo PstPackageDpkgInfo;

/* Lists FOLDER. NULL with PST_ERROR_ABSENT or PST_ERROR_UNAVAILABLE. */
PstPackageDpkgInfo *pst_package_dpkg_info_open(const PstSysroot *sysroot, const char *folder,
                                               GError **error);
void pst_package_dpkg_info_free(PstPackageDpkgInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPackageDpkgInfo, pst_package_dpkg_info_free)

/* The packages that have a .list, as they are called here ("sudo", "libpam0g:amd64"); borrowed. */
const GPtrArray *pst_package_dpkg_info_packages(const PstPackageDpkgInfo *info);

/* The text of PACKAGE's file that ends in SUFFIX (".list", ".md5sums"), which the caller frees, and
 * its ctime, real time; a NULL *TEXT where there is none. FALSE where it is there and can't be
 * read. */
gboolean pst_package_dpkg_info_read(const PstPackageDpkgInfo *info, const char *package,
                                    const char *suffix, char **text, gint64 *changed_us,
                                    GError **error);
