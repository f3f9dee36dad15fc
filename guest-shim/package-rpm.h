// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/package-db.h"

/* rpm's records: the headers in its database, as they were installed. */

gboolean pst_package_rpm_read(PstPackageDb *db, GError **error);

/* One package's header, a pure function but for DB. What is no header is FALSE. */
gboolean pst_package_rpm_take_header(PstPackageDb *db, const guint8 *bytes, gsize len);
