// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "host-sidecar/volume-pool.h"
#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

#define FOLDER "/var/lib/libvirt/postern"
#define CONSOLE_SUFFIX ".console"

typedef struct {
    xmlDocPtr document;
    xmlXPathContextPtr context;
    xmlNodePtr devices;
    const char *folder;
    char *uuid;
    GStrvBuilder *added;
} Enroll;

/* ---- reading ---- */

static xmlNodePtr
find(const Enroll *enroll, const char *path)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST path, enroll->context);

    return found != NULL && !xmlXPathNodeSetIsEmpty(found->nodesetval)
               ? found->nodesetval->nodeTab[0]
               : NULL;
}

static gboolean
holds(const Enroll *enroll, const char *condition)
{
    g_autofree char *path = g_strdup_printf("boolean(%s)", condition);
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST path, enroll->context);

    return found != NULL && found->boolval != 0;
}

/* What has this name may not be replaced, and is not added again. */
static gboolean
has_port(const Enroll *enroll, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("/domain/devices/channel/target[@type='virtio'][@name='%s']", name);

    return holds(enroll, path);
}

/* ---- writing ---- */

/* A child of PARENT at its end, on a line of its own, as libvirt would indent it. */
static xmlNodePtr
append(xmlNodePtr parent, const char *name, int depth)
{
    xmlNodePtr last = parent->last;
    gboolean has_end = last != NULL && last->type == XML_TEXT_NODE && xmlIsBlankNode(last);
    g_autofree char *before = g_strdup_printf("%s%*s", has_end ? "" : "\n", 2 * depth, "");
    g_autofree char *after = g_strdup_printf("\n%*s", 2 * (depth - 1), "");

    if (has_end)
        xmlNodeSetContent(last, BAD_CAST "\n");
    xmlAddChild(parent, xmlNewText(BAD_CAST before));
    xmlNodePtr node = xmlNewChild(parent, NULL, BAD_CAST name, NULL);
    xmlAddChild(parent, xmlNewText(BAD_CAST after));
    return node;
}

static void
set(xmlNodePtr node, const char *name, const char *value)
{
    xmlNewProp(node, BAD_CAST name, BAD_CAST value);
}

static void
note(const Enroll *enroll, const char *what)
{
    g_strv_builder_add(enroll->added, what);
}

static void
add_channel(const Enroll *enroll, const char *type, const char *name, const char *path)
{
    xmlNodePtr channel = append(enroll->devices, "channel", 2);

    set(channel, "type", type);
    if (path != NULL) {
        xmlNodePtr source = append(channel, "source", 3);
        set(source, "path", path);
        set(source, "append", "on");
    }
    xmlNodePtr target = append(channel, "target", 3);
    set(target, "type", "virtio");
    set(target, "name", name);
    note(enroll, name);
}

static char *
refuse(const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "%s", why);
    return NULL;
}

/* As virUUIDParse() of libvirt's reads it and virUUIDFormat() writes it: 32 hexadecimal digits,
 * with hyphens and spaces between their pairs where somebody likes. NULL where it is none. */
static char *
normal_uuid(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint n = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (n % 2 == 0 && (*at == '-' || g_ascii_isspace(*at)))
            continue;
        if (!g_ascii_isxdigit(*at) || n == 32)
            return NULL;
        if (n == 8 || n == 12 || n == 16 || n == 20)
            g_string_append_c(out, '-');
        g_string_append_c(out, g_ascii_tolower(*at));
        n++;
    }
    return n == 32 ? g_strdup(out->str) : NULL;
}

/* virt-install and others leave it to libvirt, which would choose another than the file is named
 * by; an empty one counts as none there too. */
static gboolean
need_uuid(Enroll *enroll, GError **error)
{
    xmlNodePtr node = enroll->uuid == NULL ? find(enroll, "/domain/uuid") : NULL;
    xmlChar *text = node != NULL ? xmlNodeGetContent(node) : NULL;
    gboolean said = text != NULL && *text != '\0';

    if (enroll->uuid != NULL)
        return TRUE;
    enroll->uuid = said ? normal_uuid((const char *)text) : g_uuid_string_random();
    xmlFree(text);
    if (enroll->uuid == NULL)
        return refuse("its <uuid> is no UUID, by which files could be named", error) != NULL;
    if (said)
        return TRUE;
    if (node == NULL)
        node = append(xmlDocGetRootElement(enroll->document), "uuid", 1);
    xmlNodeSetContent(node, BAD_CAST enroll->uuid);
    note(enroll, "uuid");
    return TRUE;
}

static char *
file_of(const Enroll *enroll, const char *suffix)
{
    return g_strconcat(enroll->folder, "/", enroll->uuid, suffix, NULL);
}

static gboolean
add_recorder(Enroll *enroll, GError **error)
{
    if (has_port(enroll, "org.postern.recorder.0"))
        return TRUE;
    if (!need_uuid(enroll, error))
        return FALSE;
    g_autofree char *path = file_of(enroll, PST_VOLUME_SUFFIX);
    add_channel(enroll, "file", "org.postern.recorder.0", path);
    return TRUE;
}

/* ---- evidence of the machine's own ---- */

/* https://libvirt.org/formatdomain.html#panic-device: `isa` is of x86 machines with an ISA bus;
 * pseries and s390 have theirs without being asked. */
static void
add_panic(const Enroll *enroll)
{
    if (holds(enroll, "/domain/devices/panic") ||
        !holds(enroll, "/domain/os/type[@arch='x86_64' or @arch='i686']") ||
        holds(enroll, "/domain/os/type[starts-with(@machine,'microvm')]"))
        return;
    set(append(enroll->devices, "panic", 2), "model", "isa");
    note(enroll, "panic device");
}

/* A screen that nobody looks at is still one that can be photographed. */
static void
add_video(const Enroll *enroll)
{
    if (holds(enroll, "/domain/devices/video") ||
        !holds(enroll, "/domain/os/type[@arch='x86_64' or @arch='i686']") ||
        holds(enroll, "/domain/os/type[starts-with(@machine,'microvm')]"))
        return;
    set(append(append(enroll->devices, "video", 2), "model", 3), "type", "vga");
    note(enroll, "video device");
}

/* libvirt shows the first serial port as a console too, and has the log at both. */
static gboolean
add_log(Enroll *enroll, GError **error)
{
    static const char *const places[] = {"/domain/devices/serial[1]",
                                         "/domain/devices/console[1][not(target/@type) or "
                                         "target/@type='serial']"};

    if (holds(enroll, "/domain/devices/serial/log") || holds(enroll, "/domain/devices/console/log"))
        return TRUE;
    g_autofree char *path = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        xmlNodePtr place = find(enroll, places[i]);
        if (place == NULL)
            continue;
        if (path == NULL) {
            if (!need_uuid(enroll, error))
                return FALSE;
            path = file_of(enroll, CONSOLE_SUFFIX);
            note(enroll, "console log");
        }
        xmlNodePtr log = append(place, "log", 3);
        set(log, "file", path);
        set(log, "append", "on");
    }
    return path != NULL ||
           refuse("a console log is asked for, and it has no serial port to log", error) != NULL;
}

/* ---- the whole ---- */

static char *
dump(xmlDocPtr document)
{
    xmlChar *text = NULL;
    int len = 0;

    /* In its own encoding it may hold zeros; without one, letters would become numbers. */
    xmlDocDumpMemoryEnc(document, &text, &len, "UTF-8");
    char *copy = g_strndup((const char *)text, (gsize)len);
    xmlFree(text);
    return copy;
}

static char *
run(Enroll *enroll, const PstEnrollXmlWish *wish, GError **error)
{
    if (!holds(enroll, "/domain"))
        return refuse("it is no definition of a domain: its root is no <domain>", error);
    if (!holds(enroll, "/domain[@type='kvm' or @type='qemu']"))
        return refuse("it is no domain of QEMU's: its type is neither kvm nor qemu", error);
    enroll->devices = find(enroll, "/domain/devices");
    if (enroll->devices == NULL)
        enroll->devices = append(xmlDocGetRootElement(enroll->document), "devices", 1);
    if (!wish->no_channel && !has_port(enroll, "org.postern.shim.0"))
        add_channel(enroll, "unix", "org.postern.shim.0", NULL);
    if (!wish->no_recorder && !add_recorder(enroll, error))
        return NULL;
    if (!wish->no_panic)
        add_panic(enroll);
    if (!wish->no_video)
        add_video(enroll);
    if (wish->console_log && !add_log(enroll, error))
        return NULL;
    return dump(enroll->document);
}

static xmlDocPtr
parse(const char *xml, gsize len, GError **error)
{
    xmlDocPtr document =
        len <= PST_ENROLL_XML_MAX
            ? xmlReadMemory(xml, (int)len, "domain.xml", NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
            : NULL;

    if (document == NULL) {
        refuse("it is not XML, or more than 4 MiB", error);
        return NULL;
    }
    /* With a DTD a document can grow beyond all bounds; libvirt's have none. */
    if (document->intSubset == NULL && document->extSubset == NULL)
        return document;
    xmlFreeDoc(document);
    refuse("it has a document type, which no domain's has", error);
    return NULL;
}

char *
pst_enroll_xml(const char *xml, gsize len, const PstEnrollXmlWish *wish, char ***added,
               GError **error)
{
    g_autoptr(xmlDoc) document = parse(xml, len, error);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (document == NULL)
        return NULL;
    g_autoptr(xmlXPathContext) context = xmlXPathNewContext(document);
    Enroll enroll = {document, context, NULL, wish->folder != NULL ? wish->folder : FOLDER,
                     NULL,     builder};
    char *text = run(&enroll, wish, error);
    g_free(enroll.uuid);
    if (text != NULL)
        *added = g_strv_builder_end(builder);
    return text;
}

/* ---- the way back ---- */

/* As they are added, and as libvirt completes them. A second one is somebody else's. */
static const char *const things[] = {
    [PST_ENROLL_XML_PANIC] = "/domain/devices/panic[@model='isa'][1]",
    [PST_ENROLL_XML_VIDEO] = "/domain/devices/video[model/@type='vga'][1]",
    [PST_ENROLL_XML_CONSOLE_LOG] =
        "(/domain/devices/serial | /domain/devices/console)/log"
        "[substring(@file, string-length(@file) - 7) = '" CONSOLE_SUFFIX "']",
    [PST_ENROLL_XML_CONTROLLER] =
        "/domain/devices/controller[@type='virtio-serial']"
        "[not(@index = /domain/devices/*/address[@type='virtio-serial']/@controller)][last()]",
};

/* With the line that it was on. */
static void
take(xmlNodePtr node)
{
    xmlNodePtr before = node->prev;

    if (before != NULL && before->type == XML_TEXT_NODE && xmlIsBlankNode(before)) {
        xmlUnlinkNode(before);
        xmlFreeNode(before);
    }
    xmlUnlinkNode(node);
    xmlFreeNode(node);
}

char *
pst_enroll_xml_take(const char *xml, gsize len, PstEnrollXmlThing thing, GError **error)
{
    g_autoptr(xmlDoc) document = parse(xml, len, error);

    if (document == NULL)
        return NULL;
    g_autoptr(xmlXPathContext) context = xmlXPathNewContext(document);
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST things[thing], context);
    if (found == NULL || xmlXPathNodeSetIsEmpty(found->nodesetval))
        return g_strndup(xml, len);
    for (int i = 0; i < found->nodesetval->nodeNr; i++) {
        take(found->nodesetval->nodeTab[i]);
        /* It is looked at once more when the set is freed. */
        found->nodesetval->nodeTab[i] = NULL;
    }
    return dump(document);
}
