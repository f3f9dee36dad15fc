// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "guest-shim/sysroot.h"

/* What happens in the guest, as the kernel tells it: its own log (warnings and worse, processes
 * killed for want of memory), and changes of the files that decide who gets in and who becomes
 * root. Nothing is asked again and again. Any user can cause some of this, so each kind has a
 * bucket: what is beyond it is counted, and the next event of the kind says how many there were. */

typedef struct PstRecorderEvents PstRecorderEvents;

/* EVENT: {event, message, path?, suppressed?}, borrowed; NULL where nothing happened but that a
 * look is due. LOOK: a look at the guest is due. */
typedef void (*PstRecorderEvent)(JsonObject *event, gboolean look, gpointer user_data);

PstRecorderEvents *pst_recorder_events_new(const PstSysroot *sysroot, PstRecorderEvent event,
                                           gpointer user_data);
void pst_recorder_events_free(PstRecorderEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderEvents, pst_recorder_events_free)

/* Listens from here on; what it listens to already is left as it is. */
void pst_recorder_events_start(PstRecorderEvents *events);
