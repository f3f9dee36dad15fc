// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "host-sidecar/inquiry.h"

/* One conversation with a guest, from whomever it is asked: what the command does in its own
 * process, and the daemon in a task. Nothing here writes an audit record. */

/* Asks by way of the ladder; `host`, which no guest is asked for, is looked at and stands alone.
 * Takes the questions over and returns them answered; the listener, which may be NULL, hears of
 * each as it comes. HOST as with pst_ladder_ask(). */
PstAnswer **pst_consult_guest(PstGuest *guest, PstAnswer **questions, guint n, const char *caller,
                              gint64 deadline_us, const PstInquiryListener *listener,
                              PstReport **host);

/* After a diagnosis: what the host has to say of the guest, where all was answered by the guest
 * itself. A recorder that fell silent tells nobody: while the guest answers is the time to mend it.
 * Takes HOST, which may be NULL, and returns it or what stands in its place. */
PstReport *pst_consult_check_recorder(PstGuest *guest, PstAnswer *const *answers, guint n,
                                      PstReport *host, gint64 deadline_us);

/* In passing, after a conversation: keeps what the guest's recorder wrote. */
void pst_consult_harvest(PstGuest *guest, gint64 deadline_us);
