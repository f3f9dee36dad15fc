// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/package-db.h"

/* apk's database of installed packages: /lib/apk/db/installed, /usr/lib/apk/db/installed from apk 3
 * on; text, as https://wiki.alpinelinux.org/wiki/Apk_spec describes it and apk-tools' database.c
 * writes it. */

gboolean pst_package_apk_read(PstPackageDb *db, GError **error);

/* Its text, a pure function but for DB; changes TEXT. */
void pst_package_apk_parse(PstPackageDb *db, char *text);
