// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/hypervisor.h"

/* What happens to the domains of a hypervisor, all of them, as libvirt tells it: whatever makes
 * that what a guest said before may not be so any more. It holds a connection, whose keepalive
 * tells of a hypervisor that has gone without a word, and costs a few wake-ups a minute. */

typedef struct PstDomainWatch PstDomainWatch;

/* What happened to a domain, and in which of libvirt's states it is by that, for which of its
 * reasons; both PST_INT_UNKNOWN where that is not told. */
typedef struct {
    const char *uuid, *name;
    const char *event;  /* started, stopped, reset, io-error … : docs/protocol.md, watch */
    const char *detail; /* a few words on how; NULL: none */
    gint64 state, reason;
    gint64 heard_us; /* the host's real time */
} PstDomainNews;

/* Both are called in the thread of libvirt's events, until pst_domain_watch_stop() has returned and
 * a little longer: USER_DATA is given to RELEASE when that is over. */
typedef struct {
    /* The domain was started, stopped, reset, reverted, paused, defined, renamed, met an I/O error
     * or its watchdog's end … */
    void (*happened)(const PstDomainNews *news, gpointer user_data);
    /* A process of the guest took hold of one of its ports, or let go: as far as this caller is
     * told, since libvirt has it from QEMU alone. NULL: not wanted. */
    void (*port)(const char *uuid, gpointer user_data);
    /* The connection was closed: nothing is told any more. */
    void (*lost)(gpointer user_data);
    GDestroyNotify release;
} PstDomainWatchFuncs;

/* Whether ports are told of. */
gboolean pst_domain_watch_hears_ports(const PstDomainWatch *watch);

/* Takes USER_DATA over, also where it fails: NULL with PST_ERROR_NO_HYPERVISOR or
 * PST_ERROR_NO_PERMISSION. Blocks: only inside of tasks. */
PstDomainWatch *pst_domain_watch_start(const PstHypervisor *hypervisor,
                                       const PstDomainWatchFuncs *funcs, gpointer user_data,
                                       GError **error);

/* Frees it. Blocks: only inside of tasks. */
void pst_domain_watch_stop(PstDomainWatch *watch);
