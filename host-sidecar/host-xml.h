// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-host.h"

/* What host evidence takes from a domain's live XML: the virtio channels, into DATA, and the file
 * that holds the log of its console, *CONSOLE (NULL where there is none), owned by the caller. A
 * pure function over the text. FALSE with PST_ERROR_INTERNAL where libvirt's text is not XML. */
gboolean pst_host_xml_read(const char *text, PstHostData *data, char **console, GError **error);
