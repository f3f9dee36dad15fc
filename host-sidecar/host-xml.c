// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

static char *
attribute(xmlNodePtr node, const char *name)
{
    xmlChar *value = xmlGetProp(node, BAD_CAST name);
    char *copy = g_strdup((const char *)value);

    xmlFree(value);
    return copy;
}

static void
read_channels(xmlXPathContextPtr context, PstHostData *data)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(
        BAD_CAST "/domain/devices/channel/target[@type='virtio'][@name]", context);

    for (int i = 0; found != NULL && found->nodesetval != NULL && i < found->nodesetval->nodeNr;
         i++) {
        PstHostChannel *row = pst_fields_append(&pst_report_host_channel_fields, &data->channels);
        row->name = attribute(found->nodesetval->nodeTab[i], "name");
        row->state = attribute(found->nodesetval->nodeTab[i], "state");
    }
}

/* https://libvirt.org/formatdomain.html#relationship-between-serial-ports-and-consoles: the first
 * serial port is the first console again, with the same log. */
static char *
find_console(xmlXPathContextPtr context)
{
    g_autoptr(xmlXPathObject) found =
        xmlXPathEvalExpression(BAD_CAST "string((/domain/devices/serial/log/@file"
                                        " | /domain/devices/console/log/@file"
                                        " | /domain/devices/serial[@type='file']/source/@path)[1])",
                               context);

    if (found == NULL || found->stringval == NULL || found->stringval[0] == '\0')
        return NULL;
    return g_strdup((const char *)found->stringval);
}

gboolean
pst_host_xml_read(const char *text, PstHostData *data, char **console, GError **error)
{
    g_autoptr(xmlDoc) document =
        xmlReadMemory(text, (int)strlen(text), "domain.xml", NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;

    if (context == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INTERNAL, "libvirt's domain XML can't be read");
        return FALSE;
    }
    read_channels(context, data);
    *console = find_console(context);
    return TRUE;
}
