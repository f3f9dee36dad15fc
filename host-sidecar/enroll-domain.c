// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-domain.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/enroll-xml.h"
#include "host-sidecar/virt-error.h"
#include "host-sidecar/volume-pool.h"
#include "protocol/error.h"

/* How long QEMU may need to let go of a port. */
#define GONE_US (10 * (gint64)G_USEC_PER_SEC)
#define PAUSE_US (G_USEC_PER_SEC / 10)

/* ---- what is there ---- */

static gboolean
look_at_xml(virDomainPtr domain, guint flags, PstEnrollSight *sight, GError **error)
{
    char *text = virDomainGetXMLDesc(domain, flags);

    if (text == NULL)
        return pst_virt_error_set(error, "its XML");
    gboolean read = pst_enroll_sight_read(text, sight, error);
    free(text);
    return read;
}

/* No note is no error. */
static gboolean
look_at_mark(virDomainPtr domain, guint flags, PstEnrollMark *mark, GError **error)
{
    char *text =
        virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, PST_ENROLL_MARK_URI, flags);

    if (text == NULL)
        return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_METADATA ||
               pst_virt_error_set(error, "its metadata");
    *mark |= pst_enroll_mark_read(text);
    free(text);
    return TRUE;
}

/* That there is no pool is a fact. */
static char *
look_at_folder(virDomainPtr domain)
{
    virConnectPtr connection = virDomainGetConnect(domain);
    virStoragePoolPtr pool = virStoragePoolLookupByName(connection, PST_VOLUME_POOL);
    const PstVolumePool opened = {connection, pool};

    if (pool == NULL)
        return NULL;
    char *folder = virStoragePoolIsActive(pool) == 1 ? pst_volume_pool_folder(&opened) : NULL;
    virStoragePoolFree(pool);
    return folder;
}

gboolean
pst_enroll_domain_look(virDomainPtr domain, PstEnrollFacts *facts, GError **error)
{
    int lasting = virDomainIsPersistent(domain), runs = virDomainIsActive(domain);

    if (lasting < 0 || runs < 0)
        return pst_virt_error_set(error, "whether it runs, and is kept");
    facts->lasting = lasting > 0;
    facts->runs = runs > 0;
    if ((facts->runs && (!look_at_xml(domain, 0, &facts->live, error) ||
                         !look_at_mark(domain, VIR_DOMAIN_AFFECT_LIVE, &facts->mark, error))) ||
        (facts->lasting &&
         (!look_at_xml(domain, VIR_DOMAIN_XML_INACTIVE, &facts->definition, error) ||
          !look_at_mark(domain, VIR_DOMAIN_AFFECT_CONFIG, &facts->mark, error))))
        return FALSE;
    facts->folder = look_at_folder(domain);
    return TRUE;
}

gboolean
pst_enroll_domain_mark(virDomainPtr domain, const PstEnrollFacts *facts, PstEnrollMark mark,
                       GError **error)
{
    g_autofree char *element = pst_enroll_mark_write(mark);
    guint flags = (facts->runs ? VIR_DOMAIN_AFFECT_LIVE : 0) |
                  (facts->lasting ? VIR_DOMAIN_AFFECT_CONFIG : 0);

    return virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, element, PST_ENROLL_MARK_KEY,
                                PST_ENROLL_MARK_URI, flags) == 0 ||
           pst_virt_error_set(error, "what is added can't be noted in the domain's metadata");
}

/* ---- ports ---- */

#define LIVE (PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_RECORDER_LIVE)
#define LASTING (PST_ENROLL_MARK_CHANNEL_LASTING | PST_ENROLL_MARK_RECORDER_LASTING)

static const char *
name_of(PstEnrollMark parts)
{
    return (parts & (PST_ENROLL_MARK_CHANNEL_LIVE | PST_ENROLL_MARK_CHANNEL_LASTING)) != 0
               ? "org.postern.shim.0"
               : "org.postern.recorder.0";
}

/* The device in one of the domain's definitions; NULL where it has none. */
static char *
device_in(virDomainPtr domain, guint flags, const char *name, char **alias)
{
    char *text = virDomainGetXMLDesc(domain, flags);
    char *device = text != NULL ? pst_enroll_sight_device(text, name, alias) : NULL;

    if (text == NULL && alias != NULL)
        *alias = NULL;
    free(text);
    return device;
}

static char *
new_device(virDomainPtr domain, const PstEnrollFacts *facts, const char *name)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (g_str_equal(name, "org.postern.shim.0"))
        return g_strdup("<channel type='unix'><target type='virtio' "
                        "name='org.postern.shim.0'/></channel>");
    virDomainGetUUIDString(domain, uuid);
    return g_markup_printf_escaped("<channel type='file'><source path='%s/%s" PST_VOLUME_SUFFIX
                                   "' append='on'/><target type='virtio' "
                                   "name='org.postern.recorder.0'/></channel>",
                                   facts->folder, uuid);
}

static gboolean
attach_to(virDomainPtr domain, const char *device, guint flags, const char *name, GError **error)
{
    g_autofree char *what = g_strdup_printf(
        "%s can't be attached to %s", name,
        flags == VIR_DOMAIN_AFFECT_LIVE ? "the running domain" : "its lasting definition");

    return virDomainAttachDeviceFlags(domain, device, flags) == 0 ||
           pst_virt_error_set(error, what);
}

gboolean
pst_enroll_domain_attach(virDomainPtr domain, const PstEnrollFacts *facts, PstEnrollMark parts,
                         GError **error)
{
    const char *name = name_of(parts);
    /* As the lasting definition has it, where that alone has it: its file may be another one. */
    char *kept = facts->lasting ? device_in(domain, VIR_DOMAIN_XML_INACTIVE, name, NULL) : NULL;
    g_autofree char *device = kept != NULL ? kept : new_device(domain, facts, name);

    return ((parts & LIVE) == 0 ||
            attach_to(domain, device, VIR_DOMAIN_AFFECT_LIVE, name, error)) &&
           ((parts & LASTING) == 0 ||
            attach_to(domain, device, VIR_DOMAIN_AFFECT_CONFIG, name, error));
}

static gboolean
detach_live(virDomainPtr domain, const char *name, gint64 deadline_us, GError **error)
{
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + GONE_US);
    g_autofree char *alias = NULL;
    g_autofree char *device = device_in(domain, 0, name, &alias);
    g_autofree char *what = g_strdup_printf("%s can't be detached from the running domain", name);

    if (device == NULL || alias == NULL)
        return TRUE;
    if (virDomainDetachDeviceAlias(domain, alias, VIR_DOMAIN_AFFECT_LIVE) != 0)
        return pst_virt_error_set(error, what);
    for (;;) {
        g_autofree char *left = device_in(domain, 0, name, NULL);

        if (left == NULL)
            return TRUE;
        if (g_get_monotonic_time() >= until_us)
            break;
        g_usleep(PAUSE_US);
    }
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s in time, and may yet be: say it again",
                what);
    return FALSE;
}

static gboolean
detach_lasting(virDomainPtr domain, const char *name, GError **error)
{
    g_autofree char *device = device_in(domain, VIR_DOMAIN_XML_INACTIVE, name, NULL);
    g_autofree char *what =
        g_strdup_printf("%s can't be taken out of its lasting definition", name);

    return device == NULL ||
           virDomainDetachDeviceFlags(domain, device, VIR_DOMAIN_AFFECT_CONFIG) == 0 ||
           pst_virt_error_set(error, what);
}

gboolean
pst_enroll_domain_detach(virDomainPtr domain, PstEnrollMark parts, gint64 deadline_us,
                         GError **error)
{
    const char *name = name_of(parts);

    return ((parts & LASTING) == 0 || detach_lasting(domain, name, error)) &&
           ((parts & LIVE) == 0 || virDomainIsActive(domain) != 1 ||
            detach_live(domain, name, deadline_us, error));
}

/* ---- devices of the next start ---- */

#define WHOLE (VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE)

/* libvirt takes a definition as a whole: one that somebody else changed meanwhile is left alone. */
static gboolean
define(virDomainPtr domain, const char *before, const char *after, GError **error)
{
    char *now = virDomainGetXMLDesc(domain, WHOLE);
    gboolean same = now != NULL && g_str_equal(now, before);

    if (now == NULL)
        return pst_virt_error_set(error, "its lasting definition");
    free(now);
    if (!same) {
        g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                    "somebody else changes its definition at this moment: say it again");
        return FALSE;
    }
    virDomainPtr defined = virDomainDefineXMLFlags(virDomainGetConnect(domain), after, 0);
    if (defined == NULL)
        return pst_virt_error_set(error, "libvirt does not take its definition");
    virDomainFree(defined);
    return TRUE;
}

static char *
read_whole(virDomainPtr domain, GError **error)
{
    char *text = virDomainGetXMLDesc(domain, WHOLE);
    char *copy = text != NULL ? g_strdup(text) : NULL;

    if (text == NULL)
        pst_virt_error_set(error, "its lasting definition, with what libvirt keeps secret");
    free(text);
    return copy;
}

gboolean
pst_enroll_domain_add(virDomainPtr domain, const PstEnrollFacts *facts, PstEnrollMark part,
                      GError **error)
{
    const PstEnrollXmlWish wish = {
        .no_channel = TRUE,
        .no_recorder = TRUE,
        .no_panic = part != PST_ENROLL_MARK_PANIC,
        .no_video = part != PST_ENROLL_MARK_VIDEO,
        .console_log = part == PST_ENROLL_MARK_CONSOLE_LOG,
        .folder = facts->folder,
    };
    g_auto(GStrv) added = NULL;
    g_autofree char *before = read_whole(domain, error);
    g_autofree char *after =
        before != NULL ? pst_enroll_xml(before, strlen(before), &wish, &added, error) : NULL;

    return after != NULL && define(domain, before, after, error);
}

gboolean
pst_enroll_domain_take(virDomainPtr domain, PstEnrollMark part, GError **error)
{
    g_autofree char *before = read_whole(domain, error);
    PstEnrollXmlThing thing = part == PST_ENROLL_MARK_PANIC        ? PST_ENROLL_XML_PANIC
                              : part == PST_ENROLL_MARK_VIDEO      ? PST_ENROLL_XML_VIDEO
                              : part == PST_ENROLL_MARK_CONTROLLER ? PST_ENROLL_XML_CONTROLLER
                                                                   : PST_ENROLL_XML_CONSOLE_LOG;
    g_autofree char *after =
        before != NULL ? pst_enroll_xml_take(before, strlen(before), thing, error) : NULL;

    /* What is not there any more is no error. */
    return after != NULL && (g_str_equal(after, before) || define(domain, before, after, error));
}
