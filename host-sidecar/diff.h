// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/baseline.h"

/* What two baselines of a guest differ in. Only what somebody has set is compared, by what the
 * tables of the reports say of their rows (protocol/fields.h); lists are compared by the names of
 * their elements. Pure functions. */

typedef enum {
    PST_DIFF_APPEARED,
    PST_DIFF_VANISHED,
    PST_DIFF_CHANGED, /* of findings: as WORSE and BETTER say */
    PST_DIFF_UNKNOWN, /* one side could not look: neither the same nor another */
} PstDiffKind;

extern const char *const pst_diff_kind_names[];

/* A difference in what was told. */
typedef struct {
    int kind; /* PstDiffKind */
    char *probe;
    char *user;   /* whom the probe was asked about; NULL for nobody, and where it is the same for
                     all of several */
    char *where;  /* as services.units[nginx.service].active; the probe's name alone where it could
                     not look at all */
    char *before; /* in words; NULL: nothing */
    char *after;
    char *reason; /* of what is unknown: which side could not look, and why; else NULL */
    int severity; /* PstSeverity: that of the finding that tells of the same path, unit or user and
                     appeared or became worse; unknown where it is; else information */
} PstDiffChange;

typedef enum {
    PST_DIFF_FINDING_APPEARED,
    PST_DIFF_FINDING_WORSE,
    PST_DIFF_FINDING_BETTER,
    PST_DIFF_FINDING_VANISHED,
    PST_DIFF_FINDING_UNKNOWN, /* no longer told, by a report that could not look at everything; a
                                 warning now of what could not be looked at before; or could not be
                                 looked at now, and was a warning or worse */
} PstDiffFindingKind;

extern const char *const pst_diff_finding_kind_names[];

/* A difference in what was found. A finding is the same as one of the same id about the same path,
 * unit and user: its line and its words may be others. */
typedef struct {
    int kind; /* PstDiffFindingKind */
    char *probe;
    char *user;               /* as of PstDiffChange */
    const PstFinding *before; /* of the baselines, which must outlive this; NULL: none */
    const PstFinding *after;
} PstDiffFinding;

/* What has to be known of the two before what they tell is compared. */
typedef enum {
    PST_DIFF_NOTE_OTHER_MACHINE, /* another guest is in its place, by its machine id */
    PST_DIFF_NOTE_OTHER_KEYS,   /* no SSH host key of before is there: another guest, or new keys */
    PST_DIFF_NOTE_OTHER_DOMAIN, /* libvirt's uuid is another */
    PST_DIFF_NOTE_OTHER_HOST,   /* moved, or another of its name */
    PST_DIFF_NOTE_REVERSED,     /* the second was taken before the first */
    PST_DIFF_NOTE_REVERTED, /* to a snapshot of before the first: its time or journal is behind */
    PST_DIFF_NOTE_STOOD_STILL, /* for a while: paused, or reverted; the journal does not tell */
    PST_DIFF_NOTE_REBOOTED,
    PST_DIFF_NOTE_SET_BACK,       /* the guest's clock was */
    PST_DIFF_NOTE_UNTOLD,         /* one of them does not tell which boot it is of */
    PST_DIFF_NOTE_OTHER_VERSION,  /* of postern */
    PST_DIFF_NOTE_OTHER_PATH,     /* they came by different rungs */
    PST_DIFF_NOTE_OTHER_QUESTION, /* they were asked differently, or about others */
} PstDiffNoteKind;

extern const char *const pst_diff_note_names[];

typedef struct {
    int kind;     /* PstDiffNoteKind */
    char *text;   /* one line, for people */
    int severity; /* unknown where it is open whether the two can be compared; else information */
} PstDiffNote;

typedef struct {
    GPtrArray *notes;    /* of PstDiffNote */
    GPtrArray *findings; /* of PstDiffFinding, the worst first */
    GPtrArray *changes;  /* of PstDiffChange, the worst first, then by where */
    GPtrArray *unseen;   /* of PstDiffChange, unknown: what neither side could look at */
    PstTri same_guest;   /* unknown where neither machine id nor host keys tell */
    PstTri same_boot;
    guint n_facts; /* that were compared */
} PstDiff;

PstDiff *pst_diff_make(const PstBaseline *before, const PstBaseline *after);
void pst_diff_free(PstDiff *diff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstDiff, pst_diff_free)

/* Whether they differ in nothing that was seen. A baseline is so against itself. */
gboolean pst_diff_is_empty(const PstDiff *diff);

typedef enum {
    PST_DIFF_SAME,     /* nothing of note */
    PST_DIFF_WORSE,    /* a finding of at least a warning appeared, or became worse */
    PST_DIFF_NOT_SURE, /* nothing is known to be worse, and something could not be compared */
} PstDiffVerdict;

PstDiffVerdict pst_diff_verdict(const PstDiff *diff);

/* Severity of a finding's change: that of what is there now; information where it went or became
 * less. */
PstSeverity pst_diff_finding_severity(const PstDiffFinding *finding);

/* Of people, one screen, the worst first; and of programs. */
char *pst_diff_to_text(const PstDiff *diff, const char *before, const char *after);
JsonObject *pst_diff_to_json(const PstDiff *diff);
