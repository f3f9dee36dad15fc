// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/guest-xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "host-sidecar/volume-pool.h"
#include "host-sidecar/xml-ports.h"
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

static char *
text_of(xmlXPathContextPtr context, const char *path)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST path, context);

    return found != NULL && found->stringval != NULL ? g_strdup((const char *)found->stringval)
                                                     : g_strdup("");
}

#define RECORDER                                                                                   \
    "/domain/devices/channel[@type='file'][target[@type='virtio']"                                 \
    "[@name='org.postern.recorder.0']]"

/* The attribute's default is off: https://libvirt.org/formatdomain.html#device-logfile */
static void
read_recorder(xmlXPathContextPtr context, PstGuestXml *xml)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST RECORDER, context);

    xml->recorder = found != NULL && !xmlXPathNodeSetIsEmpty(found->nodesetval);
    xml->recorder_elsewhere = xml->recorder_emptied = FALSE;
    xml->recorder_path = NULL;
    if (!xml->recorder)
        return;
    g_autofree char *uuid = text_of(context, "string(/domain/uuid)");
    xml->recorder_path = text_of(context, "string(" RECORDER "/source/@path)");
    g_autofree char *append = text_of(context, "string(" RECORDER "/source/@append)");
    g_autofree char *name = g_path_get_basename(xml->recorder_path);
    g_autofree char *wanted = g_strconcat(uuid, PST_VOLUME_SUFFIX, NULL);
    xml->recorder_elsewhere = g_ascii_strcasecmp(name, wanted) != 0;
    xml->recorder_emptied = !g_str_equal(append, "on");
}

void
pst_guest_xml_clear(PstGuestXml *xml)
{
    g_clear_pointer(&xml->recorder_path, g_free);
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
    xml->free_ports = pst_xml_ports_free(context);
    read_recorder(context, xml);
    return TRUE;
}
