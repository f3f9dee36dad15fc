// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/recorder-kinds.h"

/* Lines of a log that belong together: those that come at once are told as one event, and all that
 * follow each other are one text, in which a secret may be spread over lines and over events. So
 * each event has with it what stood before it, and what came with it and is not told. Bounded,
 * however much comes. */

typedef struct PstRecorderLines PstRecorderLines;

PstRecorderLines *pst_recorder_lines_new(void);
void pst_recorder_lines_free(PstRecorderLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderLines, pst_recorder_lines_free)

/* CONTINUES: it is the rest of the line before. TIME_US: on any one clock; what is seconds apart
 * does not belong together. */
void pst_recorder_lines_add(PstRecorderLines *lines, const char *line, gboolean continues,
                            gint64 time_us);

/* What came since the last call, as one event. FALSE where nothing did; else *FACTS' texts are set,
 * and hold until the next call. */
gboolean pst_recorder_lines_take(PstRecorderLines *lines, PstEventFacts *facts);
