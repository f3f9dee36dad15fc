// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-xml.h"

#include <libxml/xmlmemory.h>
#include <malloc.h>
#include <string.h>

#include "host-sidecar/guest-xml.h"
#include "protocol/error.h"

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"
#define HEAD(type, os)                                                                             \
    "<domain type='" type "' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"           \
    "  <name>web</name>\n  <uuid>" UUID "</uuid>\n  <os>\n    <type " os ">hvm</type>\n  </os>\n"
#define PC "arch='x86_64' machine='pc-q35-7.2'"
#define TAIL "</domain>\n"
#define PLAIN                                                                                      \
    HEAD("kvm", PC)                                                                                \
    "  <devices>\n    <serial type='pty'/>\n    <console type='pty'/>\n  </devices>\n"             \
    "  <qemu:commandline>\n    <qemu:arg value='-S'/>\n  </qemu:commandline>\n" TAIL

static char *
enroll(const char *xml, const PstEnrollXmlWish *wish, char **added)
{
    g_auto(GStrv) list = NULL;
    g_autoptr(GError) error = NULL;
    char *text = pst_enroll_xml(xml, strlen(xml), wish, &list, &error);

    g_assert_no_error(error);
    g_assert_nonnull(text);
    *added = g_strjoinv(",", list);
    return text;
}

/* What this library reads of it is what it added; the rest is as it was, and twice is once. */
static void
test_plain(void)
{
    const PstEnrollXmlWish wish = {.console_log = TRUE};
    g_autofree char *added = NULL, *again = NULL;
    g_autofree char *text = enroll(PLAIN, &wish, &added);
    g_auto(PstGuestXml) xml = {0};

    g_assert_cmpstr(added, ==,
                    "org.postern.shim.0,org.postern.recorder.0,panic device,video device,"
                    "console log");
    g_assert_true(pst_guest_xml_read(text, &xml, NULL));
    g_assert_cmpint((int)xml.shim, ==, PST_GUEST_XML_PORT_UNKNOWN);
    g_assert_true(xml.recorder && !xml.recorder_elsewhere && !xml.recorder_emptied);
    g_assert_cmpstr(xml.recorder_path, ==, "/var/lib/libvirt/postern/" UUID ".records");
    g_assert_nonnull(strstr(text, "    <panic model=\"isa\"/>\n"));
    g_assert_nonnull(strstr(text, "  <qemu:commandline>\n    <qemu:arg value=\"-S\"/>\n"));
    g_assert_nonnull(
        strstr(text, "<log file=\"/var/lib/libvirt/postern/" UUID ".console\" append=\"on\"/>"));
    g_autofree char *twice = enroll(text, &wish, &again);
    g_assert_cmpstr(again, ==, "");
    g_assert_cmpstr(twice, ==, text);
}

static const struct {
    const char *name, *xml;
    PstEnrollXmlWish wish;
    const char *added;
} rows[] = {
    {"no recorder", PLAIN, {.no_recorder = TRUE}, "org.postern.shim.0,panic device,video device"},
    {"a machine without an ISA bus",
     HEAD("kvm", "arch='x86_64' machine='microvm'") "<devices/>" TAIL,
     {.folder = NULL},
     "org.postern.shim.0,org.postern.recorder.0"},
    {"another architecture",
     HEAD("qemu", "arch='aarch64' machine='virt'") "<devices></devices>" TAIL,
     {.folder = NULL},
     "org.postern.shim.0,org.postern.recorder.0"},
    {"what is there",
     HEAD("kvm", PC) "<devices><channel type='unix'><target type='virtio' "
                     "name='org.postern.shim.0'/></channel><panic model='isa'/><video><model "
                     "type='virtio'/></video></devices>" TAIL,
     {.folder = NULL},
     "org.postern.recorder.0"},
    {"no uuid",
     "<domain type='kvm'><os><type arch='s390x'>hvm</type></os><devices/></domain>",
     {.folder = NULL},
     "org.postern.shim.0,uuid,org.postern.recorder.0"},
    /* libvirt takes such a one too, and adds its own. */
    {"no devices",
     HEAD("kvm", PC) TAIL,
     {.no_panic = TRUE, .no_video = TRUE},
     "org.postern.shim.0,org.postern.recorder.0"},
    {"neither uuid nor recorder",
     "<domain type='kvm'><os><type arch='s390x'>hvm</type></os><devices/></domain>",
     {.no_recorder = TRUE},
     "org.postern.shim.0"},
};

static void
test_table(gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *added = NULL, *again = NULL;
    g_autofree char *text = enroll(rows[i].xml, &rows[i].wish, &added);
    g_autofree char *twice = enroll(text, &rows[i].wish, &again);

    g_assert_cmpstr(added, ==, rows[i].added);
    g_assert_cmpstr(again, ==, "");
}

/* The file is named by the UUID that libvirt will see. */
static void
test_uuid(void)
{
    const PstEnrollXmlWish wish = {.folder = "/srv/records"};
    g_autofree char *added = NULL;
    g_autofree char *text = enroll(rows[4].xml, &wish, &added);
    g_auto(PstGuestXml) xml = {0};

    g_assert_true(pst_guest_xml_read(text, &xml, NULL));
    g_assert_true(xml.recorder && !xml.recorder_elsewhere);
    g_assert_true(g_str_has_prefix(xml.recorder_path, "/srv/records/"));
}

#define WITH_UUID(uuid)                                                                            \
    "<domain type='kvm'><uuid>" uuid "</uuid><os><type arch='s390x'>hvm</type></os><devices/>"     \
    "</domain>"

/* libvirt takes one without hyphens, and makes a new one for an empty element: a file that is named
 * by what stands there would never be looked for, or be that of all such domains. */
static void
test_uuid_forms(void)
{
    static const char *const forms[] = {
        WITH_UUID("6695EB01f6a4830479aa97f2502e193f"),
        WITH_UUID(" 6695eb01 f6a4-8304-79aa-97f2502e193f\n"),
    };
    const PstEnrollXmlWish wish = {.folder = NULL};

    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *added = NULL;
        g_autofree char *text = enroll(forms[i], &wish, &added);

        g_assert_nonnull(strstr(text, "/var/lib/libvirt/postern/" UUID ".records"));
        g_assert_cmpstr(added, ==, "org.postern.shim.0,org.postern.recorder.0");
    }
    g_autofree char *added = NULL;
    g_autofree char *text = enroll(WITH_UUID(""), &wish, &added);
    g_auto(PstGuestXml) xml = {0};
    g_assert_cmpstr(added, ==, "org.postern.shim.0,uuid,org.postern.recorder.0");
    g_assert_null(strstr(text, "postern/.records"));
    g_assert_true(pst_guest_xml_read(text, &xml, NULL));
    g_assert_true(xml.recorder && !xml.recorder_elsewhere);
}

/* Whatever it comes in, what comes out of it is UTF-8, as libvirt's own is, and all of it. */
static void
test_encodings(void)
{
#define TITLED(declaration, letter)                                                                \
    declaration "<domain type='kvm'><title>caf" letter "</title><os><type arch='s390x'>hvm</type>" \
                "</os><devices/></domain>"
    const PstEnrollXmlWish wish = {.no_recorder = TRUE};
    static const char plain[] = TITLED("", "\303\251");
    static const char *const forms[] = {
        plain,
        TITLED("<?xml version='1.0' encoding='UTF-8'?>", "\303\251"),
        TITLED("<?xml version='1.0' encoding='ISO-8859-1'?>", "\351"),
        TITLED("", "&#233;"),
    };
    gsize len = 0;
    g_autofree char *wide = g_convert(plain, -1, "UTF-16", "UTF-8", NULL, &len, NULL);
    g_auto(GStrv) added = NULL;
    g_autofree char *narrow = pst_enroll_xml(wide, len, &wish, &added, NULL);

    g_assert_nonnull(narrow);
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *list = NULL;
        g_autofree char *text = enroll(forms[i], &wish, &list);

        g_assert_nonnull(strstr(text, "<title>caf\303\251</title>"));
        g_assert_true(g_str_has_suffix(text, "</domain>\n"));
        g_assert_cmpstr(text, ==, narrow);
    }
}

static const char *const wrong[] = {
    WITH_UUID("../../../../etc/passwd"),
    WITH_UUID("  "),
    WITH_UUID("6695eb01-f6a4-8304-79aa-97f2502e193"),
    WITH_UUID("6695eb01-f6a4-8304-79aa-97f2502e193f0"),
    "",
    "no XML",
    "<domain type='kvm'><devices>",
    "<network><name>x</name></network>",
    "<domain><devices/></domain>",
    "<domain type='lxc'><devices/></domain>",
    "<!DOCTYPE domain [<!ENTITY a 'b'>]><domain type='kvm'><devices/></domain>",
};

static void
test_wrong(void)
{
    const PstEnrollXmlWish wish = {.folder = NULL};

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(GStrv) added = NULL;
        g_autoptr(GError) error = NULL;

        g_test_message("%s", wrong[i]);
        g_assert_null(pst_enroll_xml(wrong[i], strlen(wrong[i]), &wish, &added, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
        g_assert_null(added);
    }
}

/* It was asked for, and is not said to be there. */
static void
test_no_serial(void)
{
    static const char *const forms[] = {
        HEAD("kvm", PC) "<devices/>" TAIL,
        HEAD("kvm",
             PC) "<devices><console type='pty'><target type='virtio'/></console></devices>" TAIL,
    };
    const PstEnrollXmlWish wish = {.console_log = TRUE};

    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_auto(GStrv) added = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_null(pst_enroll_xml(forms[i], strlen(forms[i]), &wish, &added, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
        g_assert_nonnull(strstr(error->message, "no serial port"));
    }
}

/* ---- the way back ---- */

static const struct {
    PstEnrollXmlThing thing;
    PstEnrollXmlWish wish;
} taken[] = {
    {PST_ENROLL_XML_PANIC, {.no_channel = TRUE, .no_recorder = TRUE, .no_video = TRUE}},
    {PST_ENROLL_XML_VIDEO, {.no_channel = TRUE, .no_recorder = TRUE, .no_panic = TRUE}},
    {PST_ENROLL_XML_CONSOLE_LOG,
     {.no_channel = TRUE,
      .no_recorder = TRUE,
      .no_panic = TRUE,
      .no_video = TRUE,
      .console_log = TRUE}},
};

/* What is between the tags, without the space that nobody sees. */
static char *
squeeze(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *at = text; *at != '\0'; at++)
        if (!g_ascii_isspace(*at))
            g_string_append_c(out, *at == '\'' ? '"' : *at);
    return g_string_free(out, FALSE);
}

/* One that was added and taken away again is as it was, whatever libvirt made of it meanwhile; and
 * from one that has none nothing is taken. */
static void
test_take(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        g_autofree char *added = NULL, *nothing = NULL;
        g_autofree char *with = enroll(PLAIN, &taken[i].wish, &added);
        g_autofree char *without = pst_enroll_xml_take(with, strlen(with), taken[i].thing, NULL);
        g_autofree char *none = pst_enroll_xml_take(PLAIN, strlen(PLAIN), taken[i].thing, NULL);
        g_autofree char *before =
            enroll(PLAIN,
                   &(PstEnrollXmlWish){
                       .no_channel = TRUE, .no_recorder = TRUE, .no_panic = TRUE, .no_video = TRUE},
                   &nothing);
        g_autofree char *left = squeeze(without), *wanted = squeeze(before);

        g_assert_cmpstr(with, !=, before);
        /* An element that was empty has a line of its own now. */
        g_assert_nonnull(left);
        if (taken[i].thing != PST_ENROLL_XML_CONSOLE_LOG)
            g_assert_cmpstr(left, ==, wanted);
        else
            g_assert_null(strstr(left, "<log"));
        g_assert_cmpstr(none, ==, PLAIN);
    }
}

/* Of controllers the last one that nothing is plugged into, which need not be the last. */
static void
test_take_controller(void)
{
    static const char xml[] =
        HEAD("kvm", PC) "<devices><controller type='virtio-serial' index='0'/>"
                        "<controller type='virtio-serial' index='1'/>"
                        "<controller type='virtio-serial' index='2'/><controller type='usb' "
                        "index='3'/><channel type='unix'><target type='virtio' name='x'/>"
                        "<address type='virtio-serial' controller='2' bus='0' port='1'/></channel>"
                        "</devices>" TAIL;
    g_autofree char *one = pst_enroll_xml_take(xml, strlen(xml), PST_ENROLL_XML_CONTROLLER, NULL);
    g_autofree char *both = pst_enroll_xml_take(one, strlen(one), PST_ENROLL_XML_CONTROLLER, NULL);
    g_autofree char *none =
        pst_enroll_xml_take(both, strlen(both), PST_ENROLL_XML_CONTROLLER, NULL);

    g_assert_nonnull(strstr(one, "index=\"0\""));
    g_assert_null(strstr(one, "index=\"1\""));
    g_assert_null(strstr(both, "index=\"0\""));
    g_assert_nonnull(strstr(both, "index=\"2\""));
    g_assert_nonnull(strstr(both, "index=\"3\""));
    g_assert_cmpstr(none, ==, both);
}

/* Whoever looks at what was freed reads of it that it is a namespace, and frees that: so it is
 * kept, or the allocator would write into it. */
static GPtrArray *spoilt;

static void
free_spoilt(void *memory)
{
    guint32 *words = memory;

    for (gsize i = 0; memory != NULL && i < malloc_usable_size(memory) / sizeof *words; i++)
        words[i] = XML_NAMESPACE_DECL;
    g_ptr_array_add(spoilt, memory);
}

static void
test_take_frees_once(void)
{
    xmlFreeFunc former_free = NULL;
    xmlMallocFunc former_malloc = NULL;
    xmlReallocFunc former_realloc = NULL;
    xmlStrdupFunc former_strdup = NULL;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
        return;
    }
    spoilt = g_ptr_array_new();
    xmlMemGet(&former_free, &former_malloc, &former_realloc, &former_strdup);
    xmlMemSetup(free_spoilt, former_malloc, former_realloc, former_strdup);
    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        g_autofree char *added = NULL;
        g_autofree char *with = enroll(PLAIN, &taken[i].wish, &added);
        g_autofree char *without = pst_enroll_xml_take(with, strlen(with), taken[i].thing, NULL);
        g_assert_nonnull(without);
    }
}

static void
test_take_own(void)
{
    static const char xml[] =
        HEAD("kvm", PC) "<devices><serial type='pty'><log file='/var/log/web.log'/></serial>"
                        "<panic model='hyperv'/><video><model type='virtio'/></video>"
                        "</devices>" TAIL;
    g_autoptr(GError) error = NULL;

    for (int thing = PST_ENROLL_XML_PANIC; thing <= PST_ENROLL_XML_CONSOLE_LOG; thing++) {
        g_autofree char *text =
            pst_enroll_xml_take(xml, strlen(xml), (PstEnrollXmlThing)thing, NULL);
        g_assert_cmpstr(text, ==, xml);
    }
    g_assert_null(pst_enroll_xml_take("<", 1, PST_ENROLL_XML_PANIC, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/enroll-xml/plain", test_plain);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/enroll-xml/", rows[i].name, NULL);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_table);
    }
    g_test_add_func("/enroll-xml/uuid", test_uuid);
    g_test_add_func("/enroll-xml/uuid-forms", test_uuid_forms);
    g_test_add_func("/enroll-xml/encodings", test_encodings);
    g_test_add_func("/enroll-xml/wrong", test_wrong);
    g_test_add_func("/enroll-xml/no-serial", test_no_serial);
    g_test_add_func("/enroll-xml/take", test_take);
    g_test_add_func("/enroll-xml/take-controller", test_take_controller);
    g_test_add_func("/enroll-xml/take-frees-once", test_take_frees_once);
    g_test_add_func("/enroll-xml/take-own", test_take_own);
    return g_test_run();
}
