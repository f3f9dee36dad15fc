// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/guest-xml.h"
#include "protocol/error.h"

#define DOMAIN(devices) "<domain type='qemu'><name>x</name><devices>" devices "</devices></domain>"
#define CHANNEL(name, state) "<channel type='unix'><target type='virtio' name='" name "'" state "/></channel>"
#define SHIM "org.postern.shim.0"
#define AGENT "org.qemu.guest_agent.0"

static const struct {
    const char *text;
    PstGuestXmlPort shim, agent;
} rows[] = {
    {DOMAIN(""), PST_GUEST_XML_PORT_ABSENT, PST_GUEST_XML_PORT_ABSENT},
    {DOMAIN(CHANNEL(SHIM, "")), PST_GUEST_XML_PORT_UNKNOWN, PST_GUEST_XML_PORT_ABSENT},
    {DOMAIN(CHANNEL(SHIM, " state='connected'") CHANNEL(AGENT, " state='disconnected'")),
     PST_GUEST_XML_PORT_CONNECTED, PST_GUEST_XML_PORT_DISCONNECTED},
    {DOMAIN(CHANNEL(AGENT, " state='connected'") CHANNEL(SHIM, " state='disconnected'")),
     PST_GUEST_XML_PORT_DISCONNECTED, PST_GUEST_XML_PORT_CONNECTED},
    {DOMAIN(CHANNEL(SHIM, " state='sideways'")), PST_GUEST_XML_PORT_DISCONNECTED,
     PST_GUEST_XML_PORT_ABSENT},
    {DOMAIN(CHANNEL("org.postern.shim.00", " state='connected'")
                CHANNEL("xorg.postern.shim.0", " state='connected'")),
     PST_GUEST_XML_PORT_ABSENT, PST_GUEST_XML_PORT_ABSENT},
    /* Of another type, or in another place: not a way in. */
    {DOMAIN("<channel><target type='xen' name='" SHIM "' state='connected'/></channel>"
            "<console><target type='virtio' name='" SHIM "' state='connected'/></console>"),
     PST_GUEST_XML_PORT_ABSENT, PST_GUEST_XML_PORT_ABSENT},
    {"<domain><metadata><domain><devices>" CHANNEL(SHIM, " state='connected'") "</devices></domain>"
     "</metadata><devices/></domain>",
     PST_GUEST_XML_PORT_ABSENT, PST_GUEST_XML_PORT_ABSENT},
    {"<!-- <channel> --><other/>", PST_GUEST_XML_PORT_ABSENT, PST_GUEST_XML_PORT_ABSENT},
};

static void
test_ports(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        PstGuestXml xml;

        g_assert_true(pst_guest_xml_read(rows[i].text, &xml, &error));
        g_assert_no_error(error);
        g_assert_cmpint(xml.shim, ==, rows[i].shim);
        g_assert_cmpint(xml.agent, ==, rows[i].agent);
    }
}

static void
test_not_xml(void)
{
    const char *const texts[] = {"", "x", "<domain>", "<domain></other>", "\xff<domain/>",
                                 "<domain>&undefined;</domain>"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        PstGuestXml xml;

        g_assert_false(pst_guest_xml_read(texts[i], &xml, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INTERNAL);
    }
}

/* No file is opened and no memory is spent on what an entity says. */
static void
test_entities(void)
{
    const char *text = "<!DOCTYPE d [<!ENTITY f SYSTEM 'file:///etc/passwd'>"
                       "<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
                       "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
                       "<domain><name>&f;&c;</name><devices>" CHANNEL(SHIM, " state='connected'")
                       "</devices></domain>";
    PstGuestXml xml;

    g_assert_true(pst_guest_xml_read(text, &xml, NULL));
    g_assert_cmpint(xml.shim, ==, PST_GUEST_XML_PORT_CONNECTED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest-xml/ports", test_ports);
    g_test_add_func("/guest-xml/not-xml", test_not_xml);
    g_test_add_func("/guest-xml/entities", test_entities);
    return g_test_run();
}
