// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-repeat.h"

/* virtlogd rolls after 2 MiB, and keeps three parts: each has a boot record and all reports. */
#define REPEAT_BYTES (1024 * 1024)
/* A guest to which nothing happens tells all of what it is in a day's records too. */
#define REPEAT_US G_TIME_SPAN_DAY

void
pst_recorder_repeat_begin(PstRecorderRepeat *repeat, guint64 written, gint64 now_us)
{
    repeat->written = written;
    repeat->begun_us = now_us;
}

gboolean
pst_recorder_repeat_is_due(const PstRecorderRepeat *repeat, guint64 written, gint64 now_us)
{
    return written >= repeat->written + REPEAT_BYTES || now_us >= repeat->begun_us + REPEAT_US;
}
