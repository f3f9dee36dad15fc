// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/guest.h"

#include <stdlib.h>
#include <string.h>

#include "host-sidecar/backend-agent-builtin.h"
#include "host-sidecar/backend-agent.h"
#include "host-sidecar/backend-channel.h"
#include "host-sidecar/backend-host.h"
#include "host-sidecar/backend-volume.h"
#include "host-sidecar/domain-busy.h"
#include "host-sidecar/domain-state.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/lifecycle-note.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

/* What noting a state may cost a verb, where it costs more than it should. */
#define NOTE_US (100 * G_GINT64_CONSTANT(1000))

typedef struct {
    PstHypervisor *hypervisor;
    char *name;
} Lookup;

static void
free_lookup(gpointer data)
{
    Lookup *lookup = data;

    pst_hypervisor_unref(lookup->hypervisor);
    g_free(lookup->name);
    g_free(lookup);
}

/* virsh's order: number, UUID, name. */
static virDomainPtr
find_domain(virConnectPtr connection, const char *name, GError **error)
{
    guint64 number = 0;
    virDomainPtr domain = NULL;

    if (g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT, &number, NULL))
        domain = virDomainLookupByID(connection, (int)number);
    if (domain == NULL)
        domain = virDomainLookupByUUIDString(connection, name);
    if (domain == NULL)
        domain = virDomainLookupByName(connection, name);
    if (domain == NULL)
        pst_virt_error_set(error, name);
    return domain;
}

static gboolean
read_domain(virDomainPtr domain, PstGuest *guest, GError **error)
{
    if (!pst_lifecycle_note_look(domain, &guest->sight, error))
        return FALSE;
    guest->state = (int)guest->sight.state;
    guest->busy_ms = pst_domain_busy_ms(domain);
    guest->uri = pst_hypervisor_uri(virDomainGetConnect(domain));

    /* VIR_DOMAIN_XML_SECURE is not needed, and not granted to everybody. */
    char *text = virDomainGetXMLDesc(domain, 0);
    if (text == NULL)
        return pst_virt_error_set(error, "its XML");
    gboolean read = pst_guest_xml_read(text, &guest->xml, error);
    free(text);
    virDomainGetUUIDString(domain, guest->uuid);
    guest->name = g_strdup(virDomainGetName(domain));
    return read;
}

static gpointer
look_up(gpointer data, GError **error)
{
    Lookup *lookup = data;
    g_autoptr(PstGuest) guest = NULL;
    virConnectPtr connection = pst_hypervisor_connect(lookup->hypervisor, error);

    if (connection == NULL)
        return NULL;
    virDomainPtr domain = find_domain(connection, lookup->name, error);
    if (domain != NULL) {
        guest = g_new0(PstGuest, 1);
        guest->references = 1;
        guest->hypervisor = pst_hypervisor_ref(lookup->hypervisor);
        guest->volume = pst_volume_share_new();
        if (!read_domain(domain, guest, error))
            g_clear_pointer(&guest, pst_guest_unref);
        virDomainFree(domain);
    }
    /* libvirt calls its own end by many names, an "internal error" among them. */
    if (guest == NULL && virConnectIsAlive(connection) != 1) {
        g_prefix_error(error, "libvirt went away: ");
        (*error)->code = PST_ERROR_NO_HYPERVISOR;
    }
    virConnectClose(connection);
    return g_steal_pointer(&guest);
}

static void
note_state(PstGuest *guest, gint64 deadline_us)
{
    gint64 until_us = MIN(deadline_us, g_get_monotonic_time() + NOTE_US);

    guest->lifecycle = pst_lifecycle_note_until(guest->uri, guest->uuid, guest->name, &guest->sight,
                                                &guest->has_kept, until_us);
}

PstGuest *
pst_guest_open(PstHypervisor *hypervisor, const char *name, gint64 deadline_us, GError **error)
{
    Lookup *lookup = g_new0(Lookup, 1);

    lookup->hypervisor = pst_hypervisor_ref(hypervisor);
    lookup->name = g_strdup(name);
    PstGuest *guest = pst_task_call(look_up, lookup, free_lookup, (GDestroyNotify)pst_guest_unref,
                                    deadline_us, "libvirt", error);
    if (guest != NULL)
        note_state(guest, deadline_us);
    return guest;
}

PstGuest *
pst_guest_ref(PstGuest *guest)
{
    g_atomic_int_inc(&guest->references);
    return guest;
}

static void
free_greeting(PstGuestGreeting *greeting)
{
    g_clear_pointer(&greeting->hello, pst_hello_free);
    g_free(greeting);
}

void
pst_guest_unref(PstGuest *guest)
{
    if (!g_atomic_int_dec_and_test(&guest->references))
        return;
    pst_hypervisor_unref(guest->hypervisor);
    g_clear_pointer(&guest->greeting, free_greeting);
    pst_volume_share_free(guest->volume);
    g_clear_pointer(&guest->lifecycle, pst_lifecycle_free);
    g_free(guest->uri);
    g_free(guest->name);
    pst_guest_xml_clear(&guest->xml);
    g_free(guest);
}

void
pst_guest_note_greeting(PstGuest *guest, const PstHello *hello)
{
    g_autoptr(JsonObject) json = pst_hello_answer(hello);
    PstGuestGreeting *greeting = g_new0(PstGuestGreeting, 1);

    greeting->hello = pst_hello_read_answer(json, NULL);
    greeting->greeted_us = g_get_real_time();
    if (greeting->hello == NULL ||
        !g_atomic_pointer_compare_and_exchange(&guest->greeting, NULL, greeting))
        free_greeting(greeting);
}

const PstGuestGreeting *
pst_guest_greeting(PstGuest *guest)
{
    return g_atomic_pointer_get(&guest->greeting);
}

const char *
pst_guest_state_name(const PstGuest *guest)
{
    return pst_domain_state_name(guest->state);
}

gboolean
pst_guest_check_running(const PstGuest *guest, GError **error)
{
    if (guest->state != VIR_DOMAIN_RUNNING) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "the guest is %s",
                    pst_guest_state_name(guest));
        return FALSE;
    }
    if (guest->busy_ms < PST_HOST_JUDGE_BUSY_MS)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "its QEMU has not answered libvirt for %" G_GINT64_FORMAT " s",
                guest->busy_ms / 1000);
    return FALSE;
}

virDomainPtr
pst_guest_connect(const PstGuest *guest, GError **error)
{
    virConnectPtr connection = pst_hypervisor_connect(guest->hypervisor, error);

    if (connection == NULL)
        return NULL;
    virDomainPtr domain = virDomainLookupByUUIDString(connection, guest->uuid);
    if (domain == NULL) {
        pst_virt_error_set(error, guest->name);
        virConnectClose(connection);
    }
    return domain;
}

void
pst_guest_disconnect(virDomainPtr domain)
{
    virConnectPtr connection = virDomainGetConnect(domain);

    virDomainFree(domain);
    virConnectClose(connection);
}

static gpointer
ref_guest(gpointer guest)
{
    return pst_guest_ref(guest);
}

static void
unref_guest(gpointer guest)
{
    pst_guest_unref(guest);
}

static const PstBackend *const rungs[] = {
    &pst_backend_channel, &pst_backend_agent, &pst_backend_agent_builtin,
    &pst_backend_volume,  &pst_backend_host,
};

const PstLadder pst_guest_ladder = {
    .rungs = rungs,
    .n_rungs = G_N_ELEMENTS(rungs),
    .ref = ref_guest,
    .unref = unref_guest,
};
