// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/report-host.h"

/* A look at a guest from outside: samples of what libvirt tells, the end of the console's log and
 * the newest record. Nothing is asked of the guest. */

typedef struct PstHostLook PstHostLook;

/* Takes the first sample. Takes until DEADLINE_US at most; NULL with the error where libvirt does
 * not tell even the domain's state. */
PstHostLook *pst_host_look_new(PstGuest *guest, gint64 deadline_us, GError **error);
void pst_host_look_free(PstHostLook *look);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstHostLook, pst_host_look_free)

/* Takes another, which replaces the last and is compared with it. */
gboolean pst_host_look_again(PstHostLook *look, gint64 deadline_us, GError **error);

/* What the last sample says, borrowed until the next. */
PstHostData *pst_host_look_data(PstHostLook *look);

/* Reads what explains it: console, newest record, and what its states were. Before the report; what
 * can't be read again stays as it was read before. */
void pst_host_look_explain(PstHostLook *look, gint64 deadline_us);

/* The judged report of the last sample, which goes into it: the look is over. */
PstReport *pst_host_look_finish(PstHostLook *look);

/* All of it, with the counters watched for WATCH_MS, where the domain is not off. What hangs, and
 * would only explain it, is given up early enough for that. */
PstReport *pst_host_look_report(PstGuest *guest, gint64 watch_ms, gint64 deadline_us,
                                GError **error);
