// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "guest-shim/recorder-due.h"
#include "guest-shim/sysroot.h"
#include "protocol/record-event.h"

/* What happens in the guest. The kernel tells of most of it: its own log (warnings and worse,
 * processes killed for want of memory), changes of the files that decide who gets in and who
 * becomes root, and the links that systemd keeps in /run/systemd/units for each unit that runs
 * something and takes away when it ends. Which of those have failed, and that a disk has filled up,
 * is seen in the reports of a look. Nothing is asked again and again. */

typedef struct PstRecorderEvents PstRecorderEvents;

/* EVENT: the body of a record, borrowed. */
typedef void (*PstRecorderEvent)(PstEventKind kind, JsonObject *event, gpointer user_data);

PstRecorderEvents *pst_recorder_events_new(const PstSysroot *sysroot, PstRecorderEvent event,
                                           PstRecorderLookDue due, gpointer user_data);
void pst_recorder_events_free(PstRecorderEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderEvents, pst_recorder_events_free)

/* Listens from here on to what is there; what it listens to already is left as it is. */
void pst_recorder_events_start(PstRecorderEvents *events);

/* Listens to nothing any more, and wakes nobody up. What was heard is forgotten: the next report is
 * news to nobody. */
void pst_recorder_events_stop(PstRecorderEvents *events);

/* A report of a look, validated. */
void pst_recorder_events_take_report(PstRecorderEvents *events, JsonObject *report);

/* A look at everything has found nothing new. */
void pst_recorder_events_unchanged(PstRecorderEvents *events);

/* A look was given up, or none is any more. Only a change is an event. */
void pst_recorder_events_look_given_up(PstRecorderEvents *events, gboolean given_up);
