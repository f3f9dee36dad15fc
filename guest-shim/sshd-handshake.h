// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "guest-shim/ssh-kexinit.h"

/* Which algorithms sshd offers, by beginning a handshake with it and going no further than the
 * lists: nobody tries to log in. */

typedef enum {
    PST_SSHD_HANDSHAKE_DONE,
    PST_SSHD_HANDSHAKE_SHUT,    /* the other side ended it before the lists had come */
    PST_SSHD_HANDSHAKE_LATE,    /* they did not come in time */
    PST_SSHD_HANDSHAKE_NOBODY,  /* no connection came about */
    PST_SSHD_HANDSHAKE_REFUSED, /* sshd says that this address has tried too often */
} PstSshdHandshakeVerdict;

typedef struct {
    PstSshdHandshakeVerdict verdict;
    PstSshKexinit *kexinit; /* where done */
    char *said;             /* the last words where not: of the program, or of the connection */
} PstSshdHandshake;

void pst_sshd_handshake_free(PstSshdHandshake *handshake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSshdHandshake, pst_sshd_handshake_free)

/* With an sshd of its own, `sshd -i -e`, on a pair of sockets: what the configuration as it is now
 * gives. Needs no network, and leaves nothing behind: sshd logs to its standard error. OPTIONS as
 * for pst_sshd_effective_ask(). NULL where it can't be run. */
PstSshdHandshake *pst_sshd_handshake_run(const PstProbeContext *context, const char *const *options,
                                         GError **error);

/* With the sshd that listens on ADDRESS (in numbers): what it read when it was started. Leaves a
 * line in the guest's journal, "Connection closed by …", and before it one of the shim's own that
 * tells the port by which that is known. */
PstSshdHandshake *pst_sshd_handshake_connect(const PstProbeContext *context, const char *address,
                                             guint port);
