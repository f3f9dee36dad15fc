// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest-xml.h"
#include "host-sidecar/hypervisor.h"
#include "host-sidecar/ladder.h"
#include "host-sidecar/lifecycle.h"
#include "host-sidecar/volume-share.h"
#include "protocol/hello.h"

/* What its shim said when it was greeted. */
typedef struct {
    PstHello *hello;
    gint64 greeted_us; /* the host's real time */
} PstGuestGreeting;

/* A guest as libvirt knows it at one moment. Reference-counted; nothing in it changes but that it
 * is greeted, and its volume read. */

struct PstGuest {
    gint references;
    PstHypervisor *hypervisor;
    char *uri; /* as libvirt itself knows it */
    char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int state;               /* virDomainState */
    gint64 busy_ms;          /* for how long QEMU had not answered libvirt; 0 where it did */
    PstLifecycleSight sight; /* when it was so, and of which run */
    PstLifecycle *lifecycle; /* what passers-by saw, this one last; NULL where that is not known */
    PstGuestXml xml;
    gboolean has_kept; /* the store has records of it; FALSE too where that was not told in time */
    PstGuestGreeting *greeting; /* see pst_guest_greeting() */
    PstVolumeShare *volume;     /* see volume.h */
};

/* Looks a domain up by name, UUID, or number, and has the store note its state:
 * PST_ERROR_NO_DOMAIN, PST_ERROR_NO_HYPERVISOR,
 * PST_ERROR_NO_PERMISSION or PST_ERROR_DEADLINE. */
PstGuest *pst_guest_open(PstHypervisor *hypervisor, const char *name, gint64 deadline_us,
                         GError **error);
PstGuest *pst_guest_ref(PstGuest *guest);
void pst_guest_unref(PstGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstGuest, pst_guest_unref)

/* Keeps a copy of what the shim said now, where it is the first; from any thread. */
void pst_guest_note_greeting(PstGuest *guest, const PstHello *hello);

/* That, borrowed; NULL where the shim was not greeted since the guest was opened. */
const PstGuestGreeting *pst_guest_greeting(PstGuest *guest);

/* The state in a word: running, paused, off, crashed … */
const char *pst_guest_state_name(const PstGuest *guest);

/* Whether the guest's processors can be running at all, and QEMU serves its ports; else FALSE with
 * PST_ERROR_PATH_SHUT. Of a QEMU that stands still no port may be opened: it does not take the
 * connection, its queue holds two, and with the third libvirt (virDomainOpenChannel() of its QEMU
 * driver) waits for it with the domain locked, for everybody. */
gboolean pst_guest_check_running(const PstGuest *guest, GError **error);

/* Connects and finds the domain again, on a connection of its own that belongs to the domain
 * handle: virConnectClose(virDomainGetConnect()) after virDomainFree() gives both back. Blocks. */
virDomainPtr pst_guest_connect(const PstGuest *guest, GError **error);
void pst_guest_disconnect(virDomainPtr domain);

/* The ladder of a guest: channel, agent, agent-builtin, volume, host. */
extern const PstLadder pst_guest_ladder;
