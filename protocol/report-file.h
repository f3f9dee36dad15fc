// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `file`: a page of a file. */

typedef struct {
    char *path;
    gint64 offset;    /* bytes */
    gint64 max_bytes; /* of the file */
} PstFileArgs;

typedef struct {
    char *path; /* the real one */
    gint64 size;
    char *mode;  /* four octal digits */
    char *owner; /* numeric */
    gint64 mtime_us;
    gint64 offset;      /* where the page begins, in bytes of the file */
    gint64 next_offset; /* where the next one begins; absent on the last one */
    gint64 n_redacted;  /* secrets that were replaced */
    PstTri binary;      /* then there is no text */
    char *text;
} PstFileData;

extern const PstReportKind pst_report_file_kind;
