// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/port-events.h"

#include <glib.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

#define PORT_EVENT "VSERPORT_CHANGE"

static GMutex mutex;
static GHashTable *denying; /* the URIs of those that have denied it, for as long as we run */

static gboolean
has_denied(const char *uri)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);

    return denying != NULL && g_hash_table_contains(denying, uri);
}

static void
note_denial(const char *uri)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);

    if (denying == NULL)
        denying = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(denying, g_strdup(uri));
}

static int
ask_for(virConnectPtr connection, const char *uri, virDomainPtr domain,
        virConnectDomainQemuMonitorEventCallback callback, void *user_data, virFreeCallback release)
{
    if (has_denied(uri))
        return -1;
    int id = virConnectDomainQemuMonitorEventRegister(connection, domain, PORT_EVENT, callback,
                                                      user_data, release, 0);
    virErrorPtr last = id < 0 ? virGetLastError() : NULL;
    if (last != NULL && last->code == VIR_ERR_ACCESS_DENIED)
        note_denial(uri);
    return id;
}

int
pst_port_events_listen(virConnectPtr connection, virDomainPtr domain,
                       virConnectDomainQemuMonitorEventCallback callback, void *user_data,
                       virFreeCallback release)
{
    char *uri = virConnectGetURI(connection);
    int id = uri != NULL ? ask_for(connection, uri, domain, callback, user_data, release) : -1;

    free(uri);
    return id;
}
