// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/xml-ports.h"

#include <stdlib.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

/* https://libvirt.org/formatdomain.html#controllers: 31 unless it says otherwise, of which the
 * first is for a console alone. */
#define DEFAULT_PORTS 31

/* Ports but the first that something is plugged into. One whose index is no number has none: it
 * stands in a path. */
static guint
count_used_ports(xmlXPathContextPtr context, const char *index)
{
    gboolean plain = index[strspn(index, "0123456789")] == '\0';
    g_autofree char *path = g_strdup_printf(
        "count(/domain/devices/*/address[@type='virtio-serial'][@port!='0']"
        "[@controller='%s'%s])",
        plain ? index : "0", plain && atoi(index) != 0 ? "" : " or not(@controller)");
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST path, context);

    return found != NULL && found->floatval >= 0 && found->floatval <= 1e6 ? (guint)found->floatval
                                                                           : 0;
}

static guint
free_ports_of(xmlXPathContextPtr context, xmlNodePtr controller)
{
    xmlChar *index = xmlGetProp(controller, BAD_CAST "index");
    xmlChar *ports = xmlGetProp(controller, BAD_CAST "ports");
    guint64 all = ports != NULL ? g_ascii_strtoull((const char *)ports, NULL, 10) : DEFAULT_PORTS;
    guint used = count_used_ports(context, index != NULL ? (const char *)index : "0");

    xmlFree(index);
    xmlFree(ports);
    return all >= 1 && all <= DEFAULT_PORTS && all - 1 > used ? (guint)all - 1 - used : 0;
}

guint
pst_xml_ports_free(xmlXPathContextPtr context)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(
        BAD_CAST "/domain/devices/controller[@type='virtio-serial']", context);
    guint n = 0;

    for (int i = 0; found != NULL && found->nodesetval != NULL && i < found->nodesetval->nodeNr;
         i++)
        n += free_ports_of(context, found->nodesetval->nodeTab[i]);
    return n;
}
