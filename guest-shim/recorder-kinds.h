// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/record-event.h"

/* The kinds of events that the recorder writes. Whoever may use a guest can cause most of them, so
 * each kind has a bucket of its own: what is beyond it is counted, and the next one of its kind
 * says how many there were. docs/protocol.md lists them. */

/* As it was heard: whatever is told of it is redacted here. What is NULL does not apply. */
typedef struct {
    const char *message;
    const char *path;
    const char *unit;
    const char *text; /* further lines */
    /* What stood before the message, and behind the last line: not told, but one text with it. */
    const char *before, *after;
    guint n_left_out; /* lines that belong to it and are not told */
} PstEventFacts;

typedef struct PstRecorderKinds PstRecorderKinds;

PstRecorderKinds *pst_recorder_kinds_new(void);
void pst_recorder_kinds_free(PstRecorderKinds *kinds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderKinds, pst_recorder_kinds_free)

/* The body of a record of the event at the moment NOW_US, which does not fall, without secrets;
 * NULL where there were too many of its kind. */
JsonObject *pst_recorder_kinds_make(PstRecorderKinds *kinds, PstEventKind kind,
                                    const PstEventFacts *facts, gint64 now_us);
