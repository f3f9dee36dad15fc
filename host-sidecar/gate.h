// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/diff.h"
#include "host-sidecar/policy.h"
#include "host-sidecar/since.h"

/* The verdict of a policy on what a guest told: a pure function. What could not be looked at never
 * reads as fulfilled, and never makes a failure less. */

typedef enum {
    PST_GATE_PASS,
    PST_GATE_FAIL,
    PST_GATE_COULD_NOT_CHECK,
    PST_GATE_NOT_CHECKABLE, /* the guest is off, paused, on its way elsewhere or being saved */
} PstGateResult;

extern const char *const pst_gate_result_names[];

typedef enum {
    PST_GATE_HELD,
    PST_GATE_BROKEN,
    PST_GATE_UNCHECKED,
} PstGateState;

/* A file that a failure depends on and that was changed, as the probe `changes` tells. */
typedef struct {
    char *path;
    char *how; /* "written 2 min ago; its package is none" */
    char *kind, *mode, *former_mode, *owner, *former_owner, *package;
    gint64 changed_us;
    PstTri named; /* what was found names it; else it only may have to do with it */
} PstGateFile;

/* A line of the guest's journal. */
typedef struct {
    gint64 realtime_us;
    gint64 count; /* entries that differ only in numbers */
    char *identifier;
    char *unit;
    char *message;
} PstGateLine;

/* What became of an expectation, and of what is broken how that came about. */
typedef struct {
    char *expectation;   /* GROUP.KEY */
    char *subject;       /* absent for none */
    char *which;         /* where the expectation has several outcomes: the check, port or path */
    int state;           /* PstGateState */
    int unchecked;       /* PstPolicyUnchecked: what it does where it could not be checked */
    char *message;       /* what is so, one line */
    char *probe;         /* whose report says so, or was wanted in vain */
    char *via;           /* by which path it came; absent where none came */
    PstFinding *finding; /* what was found; absent where it is a value that differs */
    PstFinding *root;    /* what that follows from; absent where it is that itself */
    char *path;          /* of a setting: the file that says so; absent where none does */
    gint64 line;         /* in it, from 1 */
    GPtrArray *files;    /* of PstGateFile */
    char *unit;
    GPtrArray *lines;   /* of PstGateLine: what the journal said first of it */
    char **differences; /* from the baseline, of what it is about */
    /* Not told: */
    guint rank;       /* the earlier it is to be mended */
    gboolean lasting; /* no unit that starts or stops changes it */
    gboolean moves;   /* something is under way that may change it */
    gboolean hangs;   /* it is unchecked because sudo did not answer in time */
} PstGateOutcome;

/* An exception that something was found of. */
typedef struct {
    char *finding;
    char *verdict; /* allow, downgrade */
    char *message; /* of what was found */
    char *reason;
    char *until;
    PstTri expired; /* it does not count any more */
} PstGateExcuse;

typedef struct {
    char *guest;
    char *policy;
    int result; /* PstGateResult */
    char *summary;
    char *via;            /* the worst path that anything of it came by; absent for none */
    char *moving;         /* what may change it yet; absent where it is settled */
    char **notes;         /* that the guest was rebooted since, and such */
    GPtrArray *broken;    /* of PstGateOutcome, by their causes */
    GPtrArray *unchecked; /* of PstGateOutcome */
    GPtrArray *held;      /* of PstGateOutcome */
    GPtrArray *excused;   /* of PstGateExcuse */
} PstGateVerdict;

extern const PstFields pst_gate_file_fields;
extern const PstFields pst_gate_line_fields;
extern const PstFields pst_gate_outcome_fields;
extern const PstFields pst_gate_excuse_fields;
extern const PstFields pst_gate_verdict_fields;

/* What is judged. All is borrowed. */
typedef struct {
    const PstPolicy *policy;
    const char *guest;
    JsonObject *vantage;       /* whose access, as pst_vantage_read() */
    gboolean passive;          /* nothing that leaves a trace in the guest's logs */
    const PstSince *since;     /* what is new came after this; NULL: nothing is said to be new */
    PstAnswer *const *answers; /* in any order */
    guint n_answers;
    const PstBaseline *before; /* NULL: there is none */
    const PstReport *host;     /* what the host sees of the guest; NULL for nothing worth a word */
    /* In so many askings, all that there were and will be, sudo did not answer; else 0. */
    guint n_hung;
    const char *host_name; /* of a local hypervisor, as PstHostIdentity; NULL: not known */
    const char *host_id;
    GDateTime *now;
} PstGateCase;

/* The questions that a policy needs, and those by which its failures are explained; CASE without
 * its answers. *n; the array and they are owned by the caller. */
PstAnswer **pst_gate_questions(const PstGateCase *one, guint *n);

/* What is to be asked once these are answered, CASE with the answers so far: of each port that was
 * open, where packet filters judge now and none did; and of the services that no longer are active.
 * *n, most often 0, and no more than fit into one call; as above. */
PstAnswer **pst_gate_questions_further(const PstGateCase *one, guint *n);

/* The same, with CAUSE for an answer to each. */
PstAnswer **pst_gate_questions_unanswered(const PstGateCase *one, const GError *cause, guint *n);

PstGateVerdict *pst_gate_judge(const PstGateCase *one);
void pst_gate_verdict_free(PstGateVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstGateVerdict, pst_gate_verdict_free)

/* Whether asking again could change the result: something that an expectation stands on is under
 * way, or has not answered, and nothing has failed it that this can't mend. */
gboolean pst_gate_may_change(const PstGateVerdict *verdict);

/* Of a verdict that could not be asked for again, because of WHY: what it told is of before and not
 * of now, and nothing of it is checked. */
void pst_gate_outdate(PstGateVerdict *verdict, const char *why);

/* Whether sudo's silence is all that keeps an expectation from being checked. */
gboolean pst_gate_hangs(const PstGateVerdict *verdict);

/* What the policy would ask and by which probes, with what they leave behind: for --explain, of
 * people and of programs. */
char *pst_gate_explain_text(const PstGateCase *one);
JsonObject *pst_gate_explain_json(const PstGateCase *one);

/* What undoes it as a command, each of its words quoted for the shell of whoever copies it, with
 * nothing that a terminal obeys. NULL where no such command is known, or a guest tells one that is
 * no undo of that kind. Free with g_free(). */
char *pst_gate_undo_words(const PstUndo *undo);

/* For people, for programs, and for what reads JUnit's XML. All free with g_free() and
 * json_object_unref(). */
char *pst_gate_to_text(const PstGateVerdict *verdict);
JsonObject *pst_gate_to_json(const PstGateVerdict *verdict);
char *pst_gate_to_junit(const PstGateVerdict *verdict, GDateTime *now, gint64 took_us);

/* The same where there is no verdict, for ERROR: one case, which is in error. */
char *pst_gate_error_to_junit(const char *policy, const char *guest, const GError *error,
                              GDateTime *now);
