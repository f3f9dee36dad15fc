// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/lifecycle-hear.h"

#include "host-sidecar/lifecycle-note.h"
#include "host-sidecar/task.h"
#include "protocol/fields.h"

#define MAX_WAITING 256
#define NOTE_US G_USEC_PER_SEC

typedef struct {
    PstHypervisor *hypervisor;
    char *uuid;
    gint64 state, reason, heard_us;
} Heard;

static GMutex lock;
static GQueue waiting = G_QUEUE_INIT;
static gboolean at_work; /* a task takes them from there */

static void
free_heard(Heard *heard)
{
    pst_hypervisor_unref(heard->hypervisor);
    g_free(heard->uuid);
    g_free(heard);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Heard, free_heard)

static PstLifecycleSight
sight_of(const Heard *heard)
{
    return (PstLifecycleSight){heard->state,    heard->reason, PST_INT_UNKNOWN,
                               heard->heard_us, TRUE,          PST_INT_UNKNOWN};
}

/* The event tells when, and libvirt what. By the time that it is asked, the next may have happened:
 * then the event's word is enough. */
static void
note(const Heard *heard, virDomainPtr domain, const char *uri)
{
    PstLifecycleSight sight;

    if (!pst_lifecycle_note_look(domain, &sight, NULL))
        return;
    if (sight.state == heard->state) {
        sight.exact = TRUE;
        sight.seen_us = heard->heard_us;
    } else {
        sight = sight_of(heard);
    }
    PstLifecycle *noted = pst_lifecycle_note_until(uri, heard->uuid, virDomainGetName(domain),
                                                   &sight, NULL, g_get_monotonic_time() + NOTE_US);
    g_clear_pointer(&noted, pst_lifecycle_free);
}

/* A transient domain that was stopped is no domain any more; what it was called is known from
 * before. */
static void
note_gone(const Heard *heard, const char *uri)
{
    const PstLifecycleSight sight = sight_of(heard);
    PstLifecycle *noted = pst_lifecycle_note_until(uri, heard->uuid, NULL, &sight, NULL,
                                                   g_get_monotonic_time() + NOTE_US);

    g_clear_pointer(&noted, pst_lifecycle_free);
}

static Heard *
take_next(void)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    Heard *heard = g_queue_pop_head(&waiting);

    at_work = heard != NULL;
    return heard;
}

static void
look(const Heard *heard)
{
    virConnectPtr connection = pst_hypervisor_connect(heard->hypervisor, NULL);

    if (connection == NULL)
        return;
    g_autofree char *uri = pst_hypervisor_uri(connection);
    virDomainPtr domain = virDomainLookupByUUIDString(connection, heard->uuid);
    if (domain == NULL && heard->state == VIR_DOMAIN_SHUTOFF)
        note_gone(heard, uri);
    if (domain != NULL) {
        note(heard, domain, uri);
        virDomainFree(domain);
    }
    virConnectClose(connection);
}

static gpointer
work(gpointer unused G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    g_autoptr(Heard) heard = NULL;

    while ((heard = take_next()) != NULL) {
        look(heard);
        g_clear_pointer(&heard, free_heard);
    }
    return NULL;
}

/* FALSE where somebody is at it already, or there is no place left. */
static gboolean
add(PstHypervisor *hypervisor, const PstDomainNews *news)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    if (waiting.length >= MAX_WAITING)
        return FALSE;
    Heard *heard = g_new0(Heard, 1);
    *heard = (Heard){pst_hypervisor_ref(hypervisor), g_strdup(news->uuid), news->state,
                     news->reason, news->heard_us};
    g_queue_push_tail(&waiting, heard);
    gboolean first = !at_work;
    at_work = TRUE;
    return first;
}

void
pst_lifecycle_hear(PstHypervisor *hypervisor, const PstDomainNews *news)
{
    if (news->state == PST_INT_UNKNOWN || !add(hypervisor, news) ||
        pst_task_start(work, NULL, NULL, "lifecycle", NULL))
        return;
    /* Without a thread the next one tries again. */
    g_mutex_lock(&lock);
    at_work = FALSE;
    g_mutex_unlock(&lock);
}
