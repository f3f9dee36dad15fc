// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/exec.h"
#include "protocol/fields.h"

/* The result of exec.list. */

#define PST_EXEC_LIST_MAX 100

typedef struct {
    char *id;
    char *command; /* its words, on one line */
    char *user, *caller;
    PstTri detached;
    gint64 begun_us; /* CLOCK_REALTIME */
    int state;       /* PstExecState */
    gint64 status, signal;
    char *why;
    gint64 took_ms; /* PST_INT_UNKNOWN while it runs */
} PstExecRow;

typedef struct {
    /* Of PstExecRow: what has no end yet before the others, of both the newest first. */
    GPtrArray *commands;
    PstTri truncated;
} PstExecList;

extern const PstFields pst_exec_row_fields;
extern const PstFields pst_exec_list_fields;
