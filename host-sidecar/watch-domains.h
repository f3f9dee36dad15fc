// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/domain-watch.h"

/* The domains of a hypervisor as they come and go, for as long as it is asked: libvirt's events in
 * a loop of the caller's, with what was there before the first of them, and again after each time
 * that libvirt was lost. */

typedef struct PstWatchDomains PstWatchDomains;

/* All of these are called in CONTEXT's thread. */
typedef struct {
    /* What there is, from now on told of: NULL-terminated UUIDs, names, and whether each runs. */
    void (*listed)(const char *const *uuids, const char *const *names, const gboolean *running,
                   gpointer user_data);
    void (*happened)(const PstDomainNews *news, gpointer user_data);
    /* A process of the guest took hold of one of its ports, or let go. */
    void (*port)(const char *uuid, gpointer user_data);
    /* Nothing is told any more; it is tried again, and listed() says so. Told once. */
    void (*lost)(const char *reason, gpointer user_data);
} PstWatchDomainsFuncs;

PstWatchDomains *pst_watch_domains_new(PstHypervisor *hypervisor, GMainContext *context,
                                       const PstWatchDomainsFuncs *funcs, gpointer user_data);

/* Has it tell once more what there is, for one who came later. */
void pst_watch_domains_list(PstWatchDomains *domains);

/* Nothing is told any more from here on. */
void pst_watch_domains_free(PstWatchDomains *domains);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstWatchDomains, pst_watch_domains_free)

/* Whether ports are told of, while domains are. */
gboolean pst_watch_domains_hears_ports(const PstWatchDomains *domains);
