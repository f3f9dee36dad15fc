// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Whether any unit wants or requires NAME by a link in one of systemd's folders, as `systemctl
 * enable` makes it and distributions ship it: systemd.unit(5). */
gboolean pst_units_wanted(const PstSysroot *sysroot, const char *name);
