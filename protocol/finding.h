// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* A finding: one thing that is wrong, with its evidence and the way to mend it. */

/* In the order of urgency. Information never makes a report less than ok; "unknown" stands above
 * "warning" because a reader who lives with a warning must still learn that somebody could not
 * look. */
typedef enum {
    PST_SEVERITY_INFORMATION,
    PST_SEVERITY_WARNING,
    PST_SEVERITY_UNKNOWN,
    PST_SEVERITY_CRITICAL,
} PstSeverity;

/* What was seen. Each member is absent where it does not apply. */
typedef struct {
    char *path;
    gint64 line; /* in path, from 1 */
    char *text;  /* quoted: that line, a log line, a value */
    char *mode;  /* four octal digits, as "0666" */
    char *owner; /* numeric, as "0:0" */
    char *expected;
    char *user;
    char *unit;
    char *name; /* of what is none of these: a check, a container, a program */
    char *command;
    gint64 exit_status;
    gint64 signal;
    char *error;  /* standard error of command, or errno's text */
    char *source; /* where it comes from if not from the file named: sudo, systemd, getent, … */
    gint64 changed_us; /* path's last change of content or status (ctime), the guest's real time */
} PstEvidence;

typedef enum {
    PST_UNDO_MODE,  /* give path this mode */
    PST_UNDO_OWNER, /* give path this owner */
    PST_UNDO_FILE,  /* path held text before: put it back */
    PST_UNDO_UNIT,  /* do action with unit */
    PST_UNDO_ARGV,  /* run this */
} PstUndoKind;

/* What a program can do to undo the cause; only ever given where it is certain. Between the look
 * and the undo whoever owns the folder of a path can put something else there: who gives a mode or
 * an owner follows no link at the path's end, as chmod(1) would. */
typedef struct {
    int kind;
    char *path;
    char *mode;
    char *owner;
    char *unit;
    char *action;
    char **argv;
} PstUndo;

typedef struct {
    char *id; /* PROBE.what-is-wrong: stable and public, a row of the catalogue */
    int severity;
    char *message;   /* one line, for people, with the names in it */
    PstTri passing;  /* of what could not be looked at: it may be the next time */
    char *caused_by; /* the id of the finding that this one follows from */
    char *remedy;    /* for people: what mends it here */
    PstEvidence *evidence;
    PstUndo *undo;
} PstFinding;

extern const PstFields pst_finding_fields;
extern const PstFields pst_finding_evidence_fields;
extern const PstFields pst_finding_undo_fields;
extern const char *const pst_finding_severity_names[];
