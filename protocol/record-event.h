// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* What an event, in a record or on the channel (event.h), may tell of: docs/protocol.md says when
 * each is told. */

typedef enum {
    PST_EVENT_UNIT_FAILED,
    PST_EVENT_UNIT_RESTARTING,
    PST_EVENT_EMERGENCY,
    PST_EVENT_DISK_FULL,
    PST_EVENT_DISK_NEARLY_FULL,
    PST_EVENT_KERNEL_WARNING,
    PST_EVENT_OOM_KILL,
    PST_EVENT_CONTROL_PLANE,
    PST_EVENT_LOOKS_SUSPENDED,
    PST_EVENT_LOOKS_RESUMED,
    PST_EVENT_UNCHANGED,
    PST_EVENT_SHIM_STARTED, /* only on the channel: a recorder writes a boot record */
} PstEventKind;

#define PST_EVENT_KINDS (PST_EVENT_SHIM_STARTED + 1)

/* NULL-terminated. */
extern const char *const pst_record_event_names[PST_EVENT_KINDS + 1];

/* The name in the table that is equal to NAME; NULL where there is none. */
const char *pst_record_event_find(const char *name);
