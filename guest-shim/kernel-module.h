// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* Whether the kernel has the module NAME ("nf_tables"), loaded or built in, so that nobody loads it
 * by asking for what it does. A kernel that has no modules at all has it or not, and loads nothing:
 * yes. Unknown where its list can't be read, with the error, or, in a folder of files, is absent.
 */
PstTri pst_kernel_module_is_there(const PstSysroot *sysroot, const char *name, GError **error);
