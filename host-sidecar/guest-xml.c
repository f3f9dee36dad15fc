// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/guest-xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

static PstGuestXmlPort
state_of(xmlNodePtr target)
{
    xmlChar *state = xmlGetProp(target, BAD_CAST "state");
    PstGuestXmlPort port = PST_GUEST_XML_PORT_UNKNOWN;

    if (state != NULL && xmlStrEqual(state, BAD_CAST "connected"))
        port = PST_GUEST_XML_PORT_CONNECTED;
    else if (state != NULL)
        port = PST_GUEST_XML_PORT_DISCONNECTED;
    xmlFree(state);
    return port;
}

static PstGuestXmlPort
find_port(xmlXPathContextPtr context, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("/domain/devices/channel/target[@type='virtio'][@name='%s']", name);
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST path, context);

    if (found == NULL || xmlXPathNodeSetIsEmpty(found->nodesetval))
        return PST_GUEST_XML_PORT_ABSENT;
    return state_of(found->nodesetval->nodeTab[0]);
}

static gboolean
has_recorder(xmlXPathContextPtr context)
{
    g_autoptr(xmlXPathObject) found =
        xmlXPathEvalExpression(BAD_CAST "/domain/devices/channel[@type='file']"
                                        "/target[@type='virtio'][@name='org.postern.recorder.0']",
                               context);

    return found != NULL && !xmlXPathNodeSetIsEmpty(found->nodesetval);
}

gboolean
pst_guest_xml_read(const char *text, PstGuestXml *xml, GError **error)
{
    g_autoptr(xmlDoc) document =
        xmlReadMemory(text, (int)strlen(text), "domain.xml", NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;

    if (context == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INTERNAL, "libvirt's domain XML can't be read");
        return FALSE;
    }
    xml->shim = find_port(context, "org.postern.shim.0");
    xml->agent = find_port(context, "org.qemu.guest_agent.0");
    xml->recorder = has_recorder(context);
    return TRUE;
}
