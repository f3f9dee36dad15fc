// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-sight.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "host-sidecar/xml-ports.h"
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
        .free_ports = pst_xml_ports_free(context),
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
