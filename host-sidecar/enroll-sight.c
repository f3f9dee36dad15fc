// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-sight.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

#define MAX_BYTES (4 * 1024 * 1024)
#define PORT "/domain/devices/channel/target[@type='virtio']"
/* As enroll-xml.c adds them. */
#define PC "/domain/os/type[@arch='x86_64' or @arch='i686'][not(starts-with(@machine,'microvm'))]"

static xmlDocPtr
parse(const char *text)
{
    gsize len = strlen(text);

    return len <= MAX_BYTES
               ? xmlReadMemory(text, (int)len, "domain.xml", NULL,
                               XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
               : NULL;
}

static gboolean
holds(xmlXPathContextPtr context, const char *path)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST path, context);

    return found != NULL && !xmlXPathNodeSetIsEmpty(found->nodesetval);
}

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

static guint
count_free_ports(xmlXPathContextPtr context)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(
        BAD_CAST "/domain/devices/controller[@type='virtio-serial']", context);
    guint n = 0;

    for (int i = 0; found != NULL && found->nodesetval != NULL && i < found->nodesetval->nodeNr;
         i++)
        n += free_ports_of(context, found->nodesetval->nodeTab[i]);
    return n;
}

gboolean
pst_enroll_sight_read(const char *domain_xml, PstEnrollSight *sight, GError **error)
{
    g_autoptr(xmlDoc) document = parse(domain_xml);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;

    if (context == NULL || !holds(context, "/domain")) {
        g_set_error(error, PST_ERROR, PST_ERROR_INTERNAL, "libvirt's domain XML can't be read");
        return FALSE;
    }
    *sight = (PstEnrollSight){
        .channel = holds(context, PORT "[@name='org.postern.shim.0']"),
        .recorder = holds(context, PORT "[@name='org.postern.recorder.0']"),
        .free_ports = count_free_ports(context),
        .panic = holds(context, "/domain/devices/panic"),
        .video = holds(context, "/domain/devices/video"),
        .console_log = holds(context, "/domain/devices/serial/log | /domain/devices/console/log"),
        .may_panic = holds(context, PC),
        .may_video = holds(context, PC),
        .may_console_log = holds(context, "/domain/devices/serial"),
    };
    return TRUE;
}

/* ---- a port's device ---- */

/* Takes the child called NAME away; what it called itself, where that is wanted. */
static char *
take_child(xmlNodePtr parent, const char *name)
{
    for (xmlNodePtr node = parent->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, BAD_CAST name))
            continue;
        xmlChar *called = xmlGetProp(node, BAD_CAST "name");
        char *copy = g_strdup((const char *)called);

        xmlFree(called);
        xmlUnlinkNode(node);
        xmlFreeNode(node);
        return copy;
    }
    return NULL;
}

char *
pst_enroll_sight_device(const char *domain_xml, const char *name, char **alias)
{
    g_autofree char *path =
        g_strdup_printf("/domain/devices/channel[target[@type='virtio'][@name='%s']]", name);
    g_autoptr(xmlDoc) document = parse(domain_xml);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;
    g_autoptr(xmlXPathObject) found =
        context != NULL ? xmlXPathEvalExpression(BAD_CAST path, context) : NULL;

    if (alias != NULL)
        *alias = NULL;
    if (found == NULL || xmlXPathNodeSetIsEmpty(found->nodesetval))
        return NULL;
    xmlNodePtr device = found->nodesetval->nodeTab[0];
    g_autofree char *called = take_child(device, "alias");
    g_autofree char *address = take_child(device, "address");
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlNodeDump(buffer, document, device, 0, 0);
    char *text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    if (alias != NULL)
        *alias = g_steal_pointer(&called);
    return text;
}
