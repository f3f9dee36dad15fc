// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* Whether the boot before this one ended in order, as /var/log/wtmp tells: utmp(5). It is unknown
 * where that file is not kept, was rotated since, or has no record of this boot. */
PstTri pst_last_shutdown_was_clean(const PstSysroot *sysroot);
