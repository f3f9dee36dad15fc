// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recover-daemon.h"

#include <stdio.h>

#include "host-sidecar/channel-keep.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/guest.h"
#include "host-sidecar/recover-methods.h"
#include "protocol/error.h"

static gpointer
find(const char *domain, gint64 deadline_us, char **name, char **uuid, gpointer user_data,
     GError **error)
{
    g_autoptr(GError) cause = NULL;
    PstGuest *guest = pst_guest_open(user_data, domain, deadline_us, &cause);

    if (guest == NULL) {
        /* What libvirt did not tell in time, it did not tell. */
        if (cause->code == PST_ERROR_DEADLINE)
            cause->code = PST_ERROR_NO_HYPERVISOR;
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    *name = g_strdup(guest->name);
    *uuid = g_strdup(guest->uuid);
    return guest;
}

static void
release(gpointer guest)
{
    pst_guest_unref(guest);
}

static void
complain(const GError *error)
{
    g_autofree char *text = pst_escape_text(error->message, FALSE);

    fprintf(stderr, "postern-recoverd: %s\n", text);
}

PstRecover *
pst_recover_daemon_new(GMainContext *context, const char *uri, const PstServerLimits *limits)
{
    PstHypervisor *hypervisor = pst_hypervisor_new(uri);
    const PstRecoverBackend backend = {find, release, pst_audit_record, complain, hypervisor};
    g_autoptr(GError) error = NULL;
    PstChannelKeep *keep = pst_channel_keep_new(context, &error);

    /* Without, each conversation opens its own: that is slower, and all. */
    if (keep == NULL)
        complain(error);
    pst_hypervisor_set_keep(hypervisor, keep);

    return pst_recover_new(context, uri, limits, pst_recover_methods, &backend);
}
