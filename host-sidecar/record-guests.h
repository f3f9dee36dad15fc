// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/record.h"

/* Which guest wrote what, where several write to one volume by mistake: pure. */

/* For each record of RECORDS the number of the guest that wrote it, below their number; a GArray of
 * guint. A guest is a machine and a domain: a copy may have the machine's id, and a machine that
 * was set up anew the domain's name. A boot is of the machine and of the domain that its records
 * named last. One that named none of the two, as in an initramfs or before the host's first hello,
 * is of the guest that wrote last before it, or else first after it, of those that it can be. */
GArray *pst_record_guests(const GPtrArray *records);
