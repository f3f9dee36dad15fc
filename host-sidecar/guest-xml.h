// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What a domain's live XML says of the ways into it. A pure function over the text. */

/* https://libvirt.org/formatdomain.html#channel: `state` stands only in live XML, and a port that
 * was attached to a running guest has none at first. */
typedef enum {
    PST_GUEST_XML_PORT_ABSENT,       /* the domain has no such channel */
    PST_GUEST_XML_PORT_UNKNOWN,      /* it has, and libvirt does not say whether anybody holds it */
    PST_GUEST_XML_PORT_DISCONNECTED, /* no process in the guest holds it open */
    PST_GUEST_XML_PORT_CONNECTED,
} PstGuestXmlPort;

typedef struct {
    PstGuestXmlPort shim;        /* org.postern.shim.0 */
    PstGuestXmlPort agent;       /* org.qemu.guest_agent.0 */
    guint free_ports;            /* for more of them, of its virtio-serial controllers */
    gboolean recorder;           /* org.postern.recorder.0, with a file behind it: */
    gboolean recorder_elsewhere; /* the file is not called as the domain's volume is */
    gboolean recorder_emptied;   /* each start of the domain empties it: append is not on */
    char *recorder_path;         /* of that file, as it stands there; NULL where there is none */
} PstGuestXml;

void pst_guest_xml_clear(PstGuestXml *xml);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstGuestXml, pst_guest_xml_clear)

/* Fills *XML, whatever was in it. FALSE with PST_ERROR_INTERNAL where libvirt's text is not XML. */
gboolean pst_guest_xml_read(const char *text, PstGuestXml *xml, GError **error);
