// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/guest-xml.h"
#include "protocol/error.h"

#define DOMAIN(devices) "<domain type='qemu'><name>x</name><devices>" devices "</devices></domain>"
#define CHANNEL(name, state)                                                                       \
    "<channel type='unix'><target type='virtio' name='" name "'" state "/></channel>"
#define SHIM "org.postern.shim.0"
#define AGENT "org.qemu.guest_agent.0"
#define RECORDER "org.postern.recorder.0"
#define UUID "5B0F2C1E-7D0A-4A54-9A67-3D1C6F2B8E90"
#define FILED(path, append)                                                                        \
    "<domain><uuid>5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e90</uuid><devices><channel type='file'>"      \
    "<source path='" path "' " append "/><target type='virtio' name='" RECORDER "'/></channel>"    \
    "</devices></domain>"

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
    {"<domain><metadata><domain><devices>" CHANNEL(
         SHIM, " state='connected'") "</devices></domain>"
                                     "</metadata><devices/></domain>",
     PST_GUEST_XML_PORT_ABSENT, PST_GUEST_XML_PORT_ABSENT},
    {"<!-- <channel> --><other/>", PST_GUEST_XML_PORT_ABSENT, PST_GUEST_XML_PORT_ABSENT},
};

static void
test_ports(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(PstGuestXml) xml = {0};

        g_assert_true(pst_guest_xml_read(rows[i].text, &xml, &error));
        g_assert_no_error(error);
        g_assert_cmpint(xml.shim, ==, rows[i].shim);
        g_assert_cmpint(xml.agent, ==, rows[i].agent);
    }
}

static void
test_recorder(void)
{
    static const struct {
        const char *text;
        gboolean recorder, elsewhere, emptied;
    } cases[] = {
        {DOMAIN(""), FALSE},
        {DOMAIN(CHANNEL(RECORDER, "")), FALSE},
        {DOMAIN("<channel type='file'><source path='/a'/><target type='virtio' name='" RECORDER
                "' state='connected'/></channel>"),
         TRUE, TRUE, TRUE},
        {FILED("/b/" UUID ".records", "append='on'"), TRUE, FALSE, FALSE},
        {FILED(UUID ".records", "append='off'"), TRUE, FALSE, TRUE},
        {FILED("/b/5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e90.records", "append='on'"), TRUE, FALSE,
         FALSE},
        {FILED("/b/5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e91.records", "append='on'"), TRUE, TRUE,
         FALSE},
        {FILED("/b/" UUID ".records.0", "append='on'"), TRUE, TRUE, FALSE},
        {DOMAIN("<channel type='file'><target type='virtio' name='" SHIM "'/></channel>"), FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(PstGuestXml) xml = {0};

        g_assert_true(pst_guest_xml_read(cases[i].text, &xml, NULL));
        g_assert_cmpint(xml.recorder, ==, cases[i].recorder);
        g_assert_cmpint(xml.recorder_elsewhere, ==, cases[i].elsewhere);
        g_assert_cmpint(xml.recorder_emptied, ==, cases[i].emptied);
        g_assert_cmpint(xml.recorder_path != NULL, ==, cases[i].recorder);
        g_assert_true(xml.recorder_path == NULL || strstr(cases[i].text, xml.recorder_path));
    }
}

static void
test_not_xml(void)
{
    const char *const texts[] = {
        "", "x", "<domain>", "<domain></other>", "\xff<domain/>", "<domain>&undefined;</domain>"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(PstGuestXml) xml = {0};

        g_assert_false(pst_guest_xml_read(texts[i], &xml, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INTERNAL);
    }
}

/* What an entity names is not opened: here it is a FIFO, on which an open would hang. */
static void
test_external_entity(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-guest-xml-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);
    g_autofree char *text = g_strdup_printf(
        "<!DOCTYPE d [<!ENTITY f SYSTEM 'file://%s'>]><domain><name>&f;</name><devices>" CHANNEL(
            SHIM, " state='connected'") "</devices></domain>",
        fifo);
    g_auto(PstGuestXml) xml = {0};

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_true(pst_guest_xml_read(text, &xml, NULL));
    g_assert_cmpint(xml.shim, ==, PST_GUEST_XML_PORT_CONNECTED);
    unlink(fifo);
    rmdir(folder);
}

/* Entities of entities, ten to the ninth letters in all, are refused or left alone, at once. */
static void
test_entity_bomb(void)
{
    g_autoptr(GString) text = g_string_new("<!DOCTYPE d [<!ENTITY e0 'aaaaaaaaaa'>");
    gint64 start_us = g_get_monotonic_time();
    g_auto(PstGuestXml) xml = {0};

    for (int i = 1; i < 9; i++) {
        g_string_append_printf(text, "<!ENTITY e%d '", i);
        for (int j = 0; j < 10; j++)
            g_string_append_printf(text, "&e%d;", i - 1);
        g_string_append(text, "'>");
    }
    g_string_append(text, "]><domain><name>&e8;</name></domain>");
    if (pst_guest_xml_read(text->str, &xml, NULL))
        g_assert_cmpint(xml.shim, ==, PST_GUEST_XML_PORT_ABSENT);
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 5 * G_USEC_PER_SEC);
}

/* Whether another port can be attached while it runs. */
static void
test_free_ports(void)
{
    g_auto(PstGuestXml) none = {0}, some = {0};

    g_assert_true(pst_guest_xml_read("<domain><devices/></domain>", &none, NULL));
    g_assert_cmpuint(none.free_ports, ==, 0);
    g_assert_true(pst_guest_xml_read("<domain><devices><controller type='virtio-serial' "
                                     "index='0'/></devices></domain>",
                                     &some, NULL));
    g_assert_cmpuint(some.free_ports, ==, 30);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guest-xml/ports", test_ports);
    g_test_add_func("/guest-xml/recorder", test_recorder);
    g_test_add_func("/guest-xml/not-xml", test_not_xml);
    g_test_add_func("/guest-xml/external-entity", test_external_entity);
    g_test_add_func("/guest-xml/entity-bomb", test_entity_bomb);
    g_test_add_func("/guest-xml/free-ports", test_free_ports);
    return g_test_run();
}
