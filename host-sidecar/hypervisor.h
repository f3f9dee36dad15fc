// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* A hypervisor, by libvirt's URI. A libvirt connection is a thing that can hang and take with it
 * whatever else uses it; so what may hang (streams, agent calls) gets a connection of its own,
 * opened and used inside of tasks that can be abandoned. Reference-counted and thread-safe. */

typedef struct PstHypervisor PstHypervisor;

/* URI may be NULL: as libvirt itself chooses. Starts the thread that handles libvirt's events. Does
 * not connect yet. */
PstHypervisor *pst_hypervisor_new(const char *uri);
PstHypervisor *pst_hypervisor_ref(PstHypervisor *hypervisor);
void pst_hypervisor_unref(PstHypervisor *hypervisor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHypervisor, pst_hypervisor_unref)

/* A new connection, closed with virConnectClose(). Blocks: for use inside of tasks. */
virConnectPtr pst_hypervisor_connect(const PstHypervisor *hypervisor, GError **error);

/* Where the channels of its guests stay open between conversations; NULL, as at first: nowhere. To
 * be set before it is used; KEEP has to outlive it. */
typedef struct PstChannelKeep PstChannelKeep;
void pst_hypervisor_set_keep(PstHypervisor *hypervisor, PstChannelKeep *keep);
PstChannelKeep *pst_hypervisor_keep(const PstHypervisor *hypervisor);

/* The URI by which libvirt itself knows what CONNECTION is to, whatever was said to open it;
 * "unknown" where it does not tell. Free with g_free(). */
char *pst_hypervisor_uri(virConnectPtr connection);

/* The same, by a connection of its own. NULL with PST_ERROR_NO_HYPERVISOR, PST_ERROR_NO_PERMISSION
 * or PST_ERROR_DEADLINE. */
char *pst_hypervisor_ask_uri(PstHypervisor *hypervisor, gint64 deadline_us, GError **error);

/* Whether the hypervisor of such a URI runs on this host. */
gboolean pst_hypervisor_is_here(const char *uri);

/* The names of all domains, sorted, running ones or not; NULL-terminated. */
char **pst_hypervisor_list(PstHypervisor *hypervisor, gint64 deadline_us, GError **error);
