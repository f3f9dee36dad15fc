// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What the kernel writes to its log when it kills a process for want of memory: dump_oom_summary()
 * and __oom_kill_process() of mm/oom_kill.c. A process chooses its own name, 15 bytes at most, and
 * the log writes odd bytes as \xHH: a name can look like the rest of a line, but not be longer. */

typedef enum {
    PST_OOM_LINE_NONE,
    PST_OOM_LINE_SUMMARY, /* since kernel 5.0: who, of which group, for whose limit */
    PST_OOM_LINE_KILLED,
} PstOomLineKind;

typedef struct {
    gint64 pid;
    char *name;
    gint64 rss_bytes;  /* of KILLED; -1 where it is not said */
    gboolean by_group; /* a control group's limit, not the guest's memory */
    char *group;       /* of SUMMARY: of the process; NULL for not known */
    char *limit_group; /* of SUMMARY: whose limit it was; NULL for the guest's memory */
} PstOomLine;

/* Reads MESSAGE, a record of the kernel without its prefix, into *line, which must be all zero and
 * is to be cleared with pst_oom_line_clear(). */
PstOomLineKind pst_oom_line_parse(const char *message, PstOomLine *line);
void pst_oom_line_clear(PstOomLine *line);
