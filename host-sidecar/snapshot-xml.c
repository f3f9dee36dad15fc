// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/snapshot-xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

/* Of one domain; libvirt itself knows no bound. */
#define MAX_DISKS 64

/* ---- reading ---- */

static xmlDocPtr
parse(const char *text, GError **error)
{
    gsize len = strlen(text);
    xmlDocPtr document =
        len <= PST_SNAPSHOT_XML_MAX
            ? xmlReadMemory(text, (int)len, "libvirt.xml", NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
            : NULL;

    if (document == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_INTERNAL, "libvirt's XML can't be read");
    return document;
}

static gboolean
holds(xmlXPathContextPtr context, const char *path)
{
    g_autofree char *condition = g_strdup_printf("boolean(%s)", path);
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST condition, context);

    return found != NULL && found->boolval != 0;
}

/* NULL where nothing is there. */
static char *
string_at(xmlXPathContextPtr context, const char *path)
{
    g_autofree char *expression = g_strdup_printf("string(%s)", path);
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST expression, context);

    if (found == NULL || found->stringval == NULL || found->stringval[0] == '\0')
        return NULL;
    return g_strdup((const char *)found->stringval);
}

typedef void (*Read)(xmlXPathContextPtr context, gpointer into);

/* Calls READ with each node of PATH as the context's own. */
static void
each(xmlXPathContextPtr context, const char *path, Read read, gpointer into)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST path, context);

    for (int i = 0; found != NULL && found->nodesetval != NULL &&
                    i < MIN(found->nodesetval->nodeNr, MAX_DISKS);
         i++) {
        context->node = found->nodesetval->nodeTab[i];
        read(context, into);
    }
}

/* ---- a domain ---- */

static void
free_disk(gpointer data)
{
    PstSnapshotXmlDisk *disk = data;

    g_free(disk->target);
    g_free(disk->format);
    g_free(disk->file);
    g_free(disk);
}

void
pst_snapshot_xml_clear(PstSnapshotXmlDomain *domain)
{
    g_clear_pointer(&domain->disks, g_ptr_array_unref);
}

static void
read_domain_disk(xmlXPathContextPtr context, gpointer into)
{
    PstSnapshotXmlDomain *domain = into;
    PstSnapshotXmlDisk *disk = g_new0(PstSnapshotXmlDisk, 1);

    disk->target = string_at(context, "target/@dev");
    disk->format = string_at(context, "driver/@type");
    disk->file = string_at(context, "source/@file");
    g_ptr_array_add(domain->disks, disk);
}

gboolean
pst_snapshot_xml_read_domain(const char *text, PstSnapshotXmlDomain *domain, GError **error)
{
    g_autoptr(xmlDoc) document = parse(text, error);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;

    *domain = (PstSnapshotXmlDomain){.disks = g_ptr_array_new_with_free_func(free_disk)};
    if (context == NULL)
        return FALSE;
    each(context,
         "/domain/devices/disk[target/@dev][not(@device) or @device='disk'][not(readonly)]",
         read_domain_disk, domain);
    domain->qemu = holds(context, "/domain[@type='qemu' or @type='kvm']");
    domain->nvram = holds(context, "/domain/os/nvram");
    domain->shares = holds(context, "/domain/devices/filesystem");
    domain->devices = holds(context, "/domain/devices/hostdev[@type='pci' or @type='mdev']");
    return TRUE;
}

/* ---- a snapshot ---- */

static const char *const how_words[] = {
    [PST_SNAPSHOT_DISK_INTERNAL] = "internal",
    [PST_SNAPSHOT_DISK_EXTERNAL] = "external",
    [PST_SNAPSHOT_DISK_NO] = "no",
    [PST_SNAPSHOT_DISK_MANUAL] = "manual",
};

static void
read_disk(xmlXPathContextPtr context, gpointer into)
{
    PstSnapshot *snapshot = into;
    PstSnapshotDisk *disk = pst_fields_append(&pst_snapshot_disk_fields, &snapshot->disks);
    g_autofree char *how = string_at(context, "@snapshot");

    disk->target = string_at(context, "@name");
    if (disk->target == NULL)
        disk->target = g_strdup("?");
    disk->how = PST_SNAPSHOT_DISK_NO;
    for (guint i = 0; how != NULL && i < G_N_ELEMENTS(how_words); i++)
        if (g_str_equal(how, how_words[i]))
            disk->how = (int)i;
    if (disk->how == PST_SNAPSHOT_DISK_EXTERNAL)
        disk->file = string_at(context, "source/@file | source/@dev | source/@name");
}

static int
what_it_holds(const char *state, const char *memory)
{
    if (g_strcmp0(state, "shutoff") == 0)
        return PST_SNAPSHOT_OFF;
    if (g_strcmp0(state, "disk-snapshot") == 0 || g_strcmp0(memory, "no") == 0)
        return PST_SNAPSHOT_DISKS;
    return PST_SNAPSHOT_MEMORY;
}

static int
kind_of(const PstSnapshot *snapshot, const char *memory)
{
    gboolean external = g_strcmp0(memory, "external") == 0;
    gboolean internal = g_strcmp0(memory, "internal") == 0;

    for (guint i = 0; snapshot->disks != NULL && i < snapshot->disks->len; i++) {
        const PstSnapshotDisk *disk = snapshot->disks->pdata[i];

        external |= disk->how == PST_SNAPSHOT_DISK_EXTERNAL;
        internal |= disk->how == PST_SNAPSHOT_DISK_INTERNAL;
    }
    if (external && internal)
        return PST_SNAPSHOT_MIXED;
    return external ? PST_SNAPSHOT_EXTERNAL : PST_SNAPSHOT_INTERNAL;
}

PstSnapshot *
pst_snapshot_xml_read(const char *text, gint64 now_us, GError **error)
{
    g_autoptr(xmlDoc) document = parse(text, error);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;
    g_autoptr(PstSnapshot) snapshot = pst_fields_new(&pst_snapshot_fields);
    gint64 seconds = 0;

    if (context == NULL)
        return NULL;
    g_autofree char *memory = string_at(context, "/domainsnapshot/memory/@snapshot");
    g_autofree char *created = string_at(context, "/domainsnapshot/creationTime");
    snapshot->name = string_at(context, "/domainsnapshot/name");
    if (snapshot->name == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INTERNAL, "libvirt's XML is of no snapshot");
        return NULL;
    }
    snapshot->description = string_at(context, "/domainsnapshot/description");
    snapshot->parent = string_at(context, "/domainsnapshot/parent/name");
    snapshot->state = string_at(context, "/domainsnapshot/state");
    each(context, "/domainsnapshot/disks/disk", read_disk, snapshot);
    snapshot->holds = what_it_holds(snapshot->state, memory);
    snapshot->kind = kind_of(snapshot, memory);
    if (created != NULL &&
        g_ascii_string_to_signed(created, 10, 1, G_MAXINT64 / G_USEC_PER_SEC, &seconds, NULL)) {
        snapshot->created_us = seconds * G_USEC_PER_SEC;
        snapshot->age_ms = MAX(0, (now_us - snapshot->created_us) / 1000);
    }
    return g_steal_pointer(&snapshot);
}

/* ---- writing ---- */

char *
pst_snapshot_xml_write(const PstSnapshotWish *wish, const char *name, const char *memory)
{
    g_autofree char *named = g_markup_printf_escaped("<name>%s</name>", name);
    g_autofree char *said =
        wish->description != NULL
            ? g_markup_printf_escaped("<description>%s</description>", wish->description)
            : g_strdup("");
    g_autofree char *kept =
        memory != NULL ? g_markup_printf_escaped("<memory snapshot='external' file='%s'/>", memory)
                       : g_strdup("");

    return g_strconcat("<domainsnapshot>", named, said, kept, "</domainsnapshot>", NULL);
}

char *
pst_snapshot_xml_memory(const PstSnapshotXmlDomain *domain, const char *guest, const char *name,
                        GError **error)
{
    for (guint i = 0; i < domain->disks->len; i++) {
        const PstSnapshotXmlDisk *disk = domain->disks->pdata[i];

        if (disk->file == NULL || !g_path_is_absolute(disk->file))
            continue;
        g_autofree char *folder = g_path_get_dirname(disk->file);
        g_autofree char *file = g_strdup_printf("%s.%s.memory", guest, name);
        return g_build_filename(folder, file, NULL);
    }
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "no disk of it is a file, beside which its memory could be kept: nothing was "
                "changed; say no --live");
    return NULL;
}
