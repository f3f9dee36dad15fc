// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <libxml/xpath.h>

/* How many ports of the virtio-serial controllers of a domain's XML are free for channels. Where
 * none is, libvirt attaches none to a guest that runs: it plugs no such controller in. */
guint pst_xml_ports_free(xmlXPathContextPtr context);
