// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/unit-file.h"
#include "protocol/fields.h"

/* Whether systemd lets packets of an address to a unit's processes, by IPAddressAllow= and
 * IPAddressDeny= of systemd.resource-control(5): what is on the one list passes, what is on the
 * other one alone does not, and all else does. Those of a unit and of the slices above it add up.
 */

/* Lists of PstUnitFileValue of any length; ADDRESS in numbers, or NULL for whoever comes from
 * outside of the guest. Unknown where that depends on it. *PLACE: the value that denies or may,
 * borrowed; NULL for none. */
PstTri pst_address_filter_passes(const GPtrArray *allow, const GPtrArray *deny, const char *address,
                                 const PstUnitFileValue **place);
