// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `checks`: the site's own questions, defined by the guest's administrator.
 */

typedef struct {
    char *name;     /* which check; all of them where absent */
    PstTri passive; /* run none: only tell which there are */
} PstChecksArgs;

/* One value of a monitoring plugin's performance data, as the plugin wrote it. */
typedef struct {
    char *label;
    char *value; /* a number; absent where the plugin could not tell (U) */
    char *unit;  /* s, %, B … */
    char *warn;  /* ranges, as @10:20 */
    char *crit;
    char *min;
    char *max;
} PstChecksValue;

typedef struct {
    char *name;
    char *description;
    char *command; /* the program's path; its arguments may hold secrets, and stay in the guest */
    char *user;    /* as whom it runs */
    gint64 timeout_s;
    char *state; /* ok, warning, critical, unknown, timed-out, not-runnable, not-run */
    gint64 exit_status;
    gint64 signal;
    char *message;     /* the first line of its output */
    char **details;    /* the next ones */
    GPtrArray *values; /* of PstChecksValue */
    gint64 took_ms;
} PstChecksCheck;

typedef struct {
    GPtrArray *checks; /* of PstChecksCheck: those asked for, in the order of their definition */
} PstChecksData;

extern const PstFields pst_report_checks_value_fields;
extern const PstFields pst_report_checks_check_fields;
extern const PstReportKind pst_report_checks_kind;
