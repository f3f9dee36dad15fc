// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* When all is to be written again, though nothing has changed: pure. */

typedef struct {
    guint64 written; /* bytes, when it was last begun */
    gint64 begun_us; /* on CLOCK_BOOTTIME */
} PstRecorderRepeat;

void pst_recorder_repeat_begin(PstRecorderRepeat *repeat, guint64 written, gint64 now_us);

gboolean pst_recorder_repeat_is_due(const PstRecorderRepeat *repeat, guint64 written,
                                    gint64 now_us);
