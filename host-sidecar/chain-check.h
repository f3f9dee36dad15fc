// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/chain-head.h"

/* Walks the chain of an audit log, line by line, and keeps what does not hold. It reads nothing by
 * itself. */

typedef enum {
    PST_CHAIN_CHANGED,   /* the line is not what it was when the next one was written */
    PST_CHAIN_MISSING,   /* lines SEQ to UNTIL are not there */
    PST_CHAIN_MISPLACED, /* the line stands behind one that was written after it, or twice */
    PST_CHAIN_FOREIGN,   /* the line is none of the chain */
    PST_CHAIN_HEADLESS,  /* whether the end is missing can't be told */
    PST_CHAIN_ABSENT,    /* the line that was asked for by its SHA-256 is not there */
} PstChainFaultKind;

extern const char *const pst_chain_fault_names[];

typedef struct {
    PstChainFaultKind kind;
    char *file;   /* where; NULL: of no file */
    guint64 line; /* of the file, from 1; 0: of none */
    guint64 seq, until;
} PstChainFault;

/* Of the faults, as many as are kept; the others are counted. */
#define PST_CHAIN_MAX_FAULTS 100

typedef struct {
    GPtrArray *faults; /* of PstChainFault */
    guint64 n_faults;
    GPtrArray
        *notes; /* of strings: what is no fault, and what the log's own lines tell of faults */
    guint64 n_lines;
    guint64 first, last; /* the numbers of the first and the last line; 0: there is none */
    char sha256[PST_CHAIN_DIGITS + 1]; /* of the last */
} PstChainOutcome;

typedef struct PstChainCheck PstChainCheck;

/* HEAD may be NULL: it could not be had. SOUGHT, which may be NULL, is the SHA-256 of a line that
 * has to be there. */
PstChainCheck *pst_chain_check_new(const PstChainHead *head, const char *sought);

/* A file, and its lines in their order: as PstLogLine has them. */
void pst_chain_check_file(PstChainCheck *check, const char *name);
void pst_chain_check_line(PstChainCheck *check, const char *line, gsize len, gboolean whole);

/* A file without a chain of this name has this SHA-256. */
void pst_chain_check_old(PstChainCheck *check, const char *name, const char *sha256,
                         guint64 n_lines);

/* Ends it, and gives what it has found. Free with pst_chain_check_free(). */
PstChainOutcome *pst_chain_check_end(PstChainCheck *check);
void pst_chain_check_free(PstChainOutcome *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstChainOutcome, pst_chain_check_free)
