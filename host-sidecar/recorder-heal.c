// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recorder-heal.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

/* What is left for attaching it when the guest took its time to let go of it. */
#define ATTACH_US (2 * (gint64)G_USEC_PER_SEC)
/* With less the device would be taken away and the deadline be over before it is given back. */
#define MIN_US (5 * (gint64)G_USEC_PER_SEC)
/* What a shim needs to write its boot record. */
#define PATIENCE_US (5 * (gint64)G_USEC_PER_SEC)
/* What a guest may need to find the device. */
#define FOUND_US (10 * (gint64)G_USEC_PER_SEC)
#define PAUSE_US (G_USEC_PER_SEC / 4)

/* ---- the device ---- */

static void
remove_child(xmlNodePtr parent, const char *name)
{
    for (xmlNodePtr node = parent->children; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST name)) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
            return;
        }
    }
}

static char *
alias_of(xmlNodePtr device)
{
    for (xmlNodePtr node = device->children; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST "alias")) {
            xmlChar *name = xmlGetProp(node, BAD_CAST "name");
            char *copy = g_strdup((const char *)name);
            xmlFree(name);
            return copy;
        }
    }
    return NULL;
}

char *
pst_recorder_heal_device(const char *domain_xml, char **alias)
{
    g_autoptr(xmlDoc) document =
        xmlReadMemory(domain_xml, (int)strlen(domain_xml), "domain.xml", NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    g_autoptr(xmlXPathContext) context = document != NULL ? xmlXPathNewContext(document) : NULL;
    g_autoptr(xmlXPathObject) found =
        context != NULL
            ? xmlXPathEvalExpression(BAD_CAST
                                     "/domain/devices/channel[@type='file']"
                                     "[target[@type='virtio'][@name='org.postern.recorder.0']]",
                                     context)
            : NULL;

    *alias = NULL;
    if (found == NULL || xmlXPathNodeSetIsEmpty(found->nodesetval))
        return NULL;
    xmlNodePtr device = found->nodesetval->nodeTab[0];
    *alias = alias_of(device);
    remove_child(device, "alias");
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlNodeDump(buffer, document, device, 0, 0);
    char *text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}

static char *
read_device(virDomainPtr domain, guint flags, char **alias)
{
    char *xml = virDomainGetXMLDesc(domain, flags);
    char *device = xml != NULL ? pst_recorder_heal_device(xml, alias) : NULL;

    free(xml);
    return device;
}

static gboolean
is_attached(virDomainPtr domain)
{
    g_autofree char *alias = NULL;
    g_autofree char *device = read_device(domain, 0, &alias);

    return device != NULL;
}

/* ---- its removal ---- */

/* Shared with libvirt's thread of events, which may still hold it when the wait is over. */
typedef struct {
    gint references;
    GMutex lock;
    GCond changed;
    char *alias;
    gboolean removed, failed;
} Removal;

static void
unref_removal(void *data)
{
    Removal *removal = data;

    if (!g_atomic_int_dec_and_test(&removal->references))
        return;
    g_mutex_clear(&removal->lock);
    g_cond_clear(&removal->changed);
    g_free(removal->alias);
    g_free(removal);
}

static void
tell(Removal *removal, const char *alias, gboolean *what)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&removal->lock);

    if (g_strcmp0(removal->alias, alias) == 0)
        *what = TRUE;
    g_cond_signal(&removal->changed);
}

static void
on_removed(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED,
           const char *alias, void *data)
{
    tell(data, alias, &((Removal *)data)->removed);
}

static void
on_failed(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED,
          const char *alias, void *data)
{
    tell(data, alias, &((Removal *)data)->failed);
}

static int
watch(virDomainPtr domain, int event, virConnectDomainEventGenericCallback callback,
      Removal *removal)
{
    g_atomic_int_inc(&removal->references);
    int id = virConnectDomainEventRegisterAny(virDomainGetConnect(domain), domain, event, callback,
                                              removal, unref_removal);
    if (id < 0)
        unref_removal(removal);
    return id;
}

static gboolean
await_removal(Removal *removal, virDomainPtr domain, gint64 until_us)
{
    g_mutex_lock(&removal->lock);
    while (!removal->removed && !removal->failed &&
           g_cond_wait_until(&removal->changed, &removal->lock, until_us))
        continue;
    gboolean removed = removal->removed;
    g_mutex_unlock(&removal->lock);
    /* Of an event that was missed the domain itself tells. */
    return removed || !is_attached(domain);
}

static gboolean
detach(virDomainPtr domain, const char *alias, const char *name, gint64 until_us, GError **error)
{
    Removal *removal = g_new0(Removal, 1);

    removal->references = 1;
    removal->alias = g_strdup(alias);
    g_mutex_init(&removal->lock);
    g_cond_init(&removal->changed);
    int removed = watch(domain, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                        VIR_DOMAIN_EVENT_CALLBACK(on_removed), removal);
    int failed = watch(domain, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
                       VIR_DOMAIN_EVENT_CALLBACK(on_failed), removal);
    gboolean asked = virDomainDetachDeviceAlias(domain, alias, VIR_DOMAIN_AFFECT_LIVE) == 0;
    gboolean gone = asked && await_removal(removal, domain, until_us);

    if (!asked)
        pst_virt_error_set(error, "the recorder's device can't be detached");
    else if (!gone)
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "the guest did not let go of the recorder's device in time, and may yet: say "
                    "postern records %s --heal again, so that it is not left without",
                    name);
    if (removed >= 0)
        virConnectDomainEventDeregisterAny(virDomainGetConnect(domain), removed);
    if (failed >= 0)
        virConnectDomainEventDeregisterAny(virDomainGetConnect(domain), failed);
    unref_removal(removal);
    return gone;
}

/* ---- */

gboolean
pst_recorder_heal_has_time(gint64 deadline_us, GError **error)
{
    if (deadline_us - g_get_monotonic_time() >= MIN_US)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "--heal needs %d s for taking the recorder's device away and giving it back, and "
                "fewer are left: nothing was changed; say a longer --deadline",
                (int)(MIN_US / G_USEC_PER_SEC));
    return FALSE;
}

static gboolean
attach(virDomainPtr domain, const char *device, const char *name, GError **error)
{
    if (virDomainAttachDeviceFlags(domain, device, VIR_DOMAIN_AFFECT_LIVE) == 0)
        return TRUE;
    g_autofree char *what = g_strdup_printf("the recorder's device is detached and can't be "
                                            "attached again, try postern records %s --heal",
                                            name);
    return pst_virt_error_set(error, what);
}

static gboolean
attach_anew(virDomainPtr domain, const char *name, gint64 deadline_us, GError **error)
{
    g_autofree char *alias = NULL;
    g_autofree char *device = read_device(domain, 0, &alias);

    if (device != NULL && alias != NULL) {
        if (!pst_recorder_heal_has_time(deadline_us, error) ||
            !detach(domain, alias, name, deadline_us - ATTACH_US, error))
            return FALSE;
    } else if (device == NULL) {
        device = read_device(domain, VIR_DOMAIN_XML_INACTIVE, &alias);
    }
    if (device != NULL)
        return attach(domain, device, name, error);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "the domain has no recorder: docs/operating.md tells how to attach one");
    return FALSE;
}

typedef struct {
    PstGuest *guest;
    gint64 deadline_us;
} Heal;

static void
free_heal(gpointer data)
{
    Heal *heal = data;

    pst_guest_unref(heal->guest);
    g_free(heal);
}

static gboolean
heal_guest(const Heal *heal, GError **error)
{
    virDomainPtr domain = pst_guest_connect(heal->guest, error);

    if (domain == NULL)
        return FALSE;
    gboolean done = attach_anew(domain, heal->guest->name, heal->deadline_us, error);
    pst_guest_disconnect(domain);
    return done;
}

/* A greeting has the shim look for the port, which is there when the guest has found the device: so
 * it is greeted again, as a guest that was looked up anew, until it holds the port. */
static PstRecorderCheck *
check_anew(const Heal *heal, GError **error)
{
    gint64 until_us = MIN(heal->deadline_us - PAUSE_US, g_get_monotonic_time() + FOUND_US);

    for (;;) {
        g_autoptr(PstGuest) guest =
            pst_guest_open(heal->guest->hypervisor, heal->guest->uuid, heal->deadline_us, error);
        if (guest == NULL)
            return NULL;
        PstRecorderCheck *check = pst_recorder_check_make(guest, heal->deadline_us, PATIENCE_US);
        if (check->state != PST_RECORDER_STATE_UNUSED || g_get_monotonic_time() >= until_us)
            return check;
        pst_recorder_check_free(check);
        g_usleep(PAUSE_US);
    }
}

static gpointer
run_heal(gpointer data, GError **error)
{
    const Heal *heal = data;

    if (!pst_guest_check_running(heal->guest, error) || !heal_guest(heal, error))
        return NULL;
    PstRecorderCheck *check = check_anew(heal, error);
    if (check == NULL)
        return NULL;
    if (check->state == PST_RECORDER_STATE_WRITES)
        return check;
    const char *why = check->note;
    if (why == NULL)
        why = check->error != NULL ? check->error->message : "nothing is known of what it writes";
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the device was attached anew, and %s", why);
    pst_recorder_check_free(check);
    return NULL;
}

PstRecorderCheck *
pst_recorder_heal_until(PstGuest *guest, gint64 deadline_us, GError **error)
{
    g_autoptr(GError) cause = NULL;

    /* Before anything is begun that the deadline can't cut off in good order. */
    if (!pst_recorder_heal_has_time(deadline_us, error))
        return NULL;
    Heal *heal = g_new0(Heal, 1);
    *heal = (Heal){pst_guest_ref(guest), deadline_us};
    PstRecorderCheck *check =
        pst_task_call(run_heal, heal, free_heal, (GDestroyNotify)pst_recorder_check_free,
                      deadline_us, "libvirt", &cause);
    if (check != NULL)
        return check;
    if (g_error_matches(cause, PST_ERROR, PST_ERROR_DEADLINE))
        g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                    "%s: the recorder's device may be gone, or go yet: say postern records %s "
                    "--heal again",
                    cause->message, guest->name);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}
