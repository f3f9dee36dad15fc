// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"

#define PST_DOMAIN_XML_MAX (4 * 1024 * 1024)

/* The domain's XML as it is now, without what libvirt keeps secret. Blocks: only inside of tasks.
 * Free with g_free(). */
char *pst_domain_xml_read(const PstGuest *guest, GError **error);
