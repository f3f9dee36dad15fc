// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/unit-file.h"
#include "protocol/fields.h"

/* Whether systemd lets packets of an address to a unit's processes, by RestrictNetworkInterfaces=
 * of systemd.resource-control(5): the interfaces that it names, or with a ~ all but those. By the
 * names in /sys/class/net: an interface may have others. */

/* The values of one unit; ADDRESS in numbers, or NULL for whoever comes from outside of the guest.
 * Unknown where that depends on the interface. *PLACE: the last value, borrowed; NULL for none. */
PstTri pst_interface_filter_passes(const PstSysroot *sysroot, const GPtrArray *values,
                                   const char *address, const PstUnitFileValue **place);
