// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `list`: a page of a folder. */

typedef struct {
    char *path;
    char *cursor; /* of an earlier page: go on behind it */
    gint64 max_entries;
} PstListArgs;

typedef struct {
    char *name;
    char *type;  /* file, folder, link, fifo, socket, character-device, block-device */
    char *mode;  /* four octal digits */
    char *owner; /* numeric */
    gint64 size;
    gint64 mtime_us;
    char *target;  /* of a link, as it stands in it */
    PstTri denied; /* the read door does not give it; then only the name is told */
} PstListEntry;

typedef struct {
    char *path; /* the real one */
    char *mode;
    char *owner;
    char *cursor;       /* where the next page begins; absent on the last one */
    GPtrArray *entries; /* of PstListEntry, in the order of their names' bytes */
} PstListData;

extern const PstFields pst_report_list_entry_fields;
extern const PstReportKind pst_report_list_kind;
