// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/xml-ports.h"

#include <libxml/parser.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)

#define CHANNEL(address)                                                                           \
    "<channel type='unix'><target type='virtio' name='org.postern.shim.0'/><address "              \
    "type='virtio-serial' " address "/></channel>"

static const struct {
    const char *devices;
    guint n;
} rows[] = {
    {"", 0},
    {"<controller type='usb' index='0' ports='8'/>", 0},
    {"<controller type='virtio-serial' index='0'/>", 30},
    /* An address without a controller is of the first. */
    {"<controller type='virtio-serial' index='0'/>" CHANNEL("port='4'"), 29},
    {"<controller type='virtio-serial' index='1' ports='2'/>" CHANNEL("port='4'"), 1},
    {"<controller type='virtio-serial' index='0' ports='2'/>" CHANNEL("controller='0' port='1'"),
     0},
    {"<controller type='virtio-serial' index='0' ports='1'/>", 0},
    /* The first port is a console's. */
    {"<controller type='virtio-serial' index='0' ports='2'/><console type='pty'><target "
     "type='virtio' port='0'/><address type='virtio-serial' controller='0' port='0'/></console>"
     "<controller type='virtio-serial' index='1' ports='4'/>",
     4},
    /* Somebody else's XML. */
    {"<controller type='virtio-serial' index=\"'] | //*['\" ports='900'/>", 0},
    {"<controller type='virtio-serial' ports='-1'/><controller type='virtio-serial' ports='x'/>",
     0},
};

static void
test_free(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *xml =
            g_strconcat("<domain><devices>", rows[i].devices, "</devices></domain>", NULL);
        g_autoptr(xmlDoc) document = xmlReadMemory(xml, (int)strlen(xml), "x", NULL, 0);
        g_autoptr(xmlXPathContext) context = xmlXPathNewContext(document);

        g_test_message("%s", xml);
        g_assert_cmpuint(pst_xml_ports_free(context), ==, rows[i].n);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xml-ports/free", test_free);
    return g_test_run();
}
