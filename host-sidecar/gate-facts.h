// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/causes.h"
#include "host-sidecar/gate.h"
#include "protocol/report-access.h"
#include "protocol/report-changes.h"

/* What the parts of the gate share: the answers by what they were asked for, in an order that does
 * not depend on how they came, and what follows from them. */

typedef struct {
    const PstGateCase *one;
    GPtrArray *base;   /* of PstAnswer, borrowed: as of a diagnosis, by the vocabulary's order; the
                          derived one behind them */
    GPtrArray *ports;  /* of PstAnswer, borrowed: of `firewall`, one a port */
    GPtrArray *all;    /* of PstAnswer, borrowed: all of them */
    PstAnswer *access; /* derived, owned; NULL where nobody was named */
    const PstAnswer *journal; /* since the moment; NULL where it was not asked */
    const PstAnswer *place; /* whether the journal still has the moment's entry, where nothing else
                               asks it; NULL: not asked */
    const PstAnswer *units; /* of `services`, about those that ran before and do not now; NULL where
                               there are none */
    const PstAnswer *files; /* the same of `changes`, below the paths of the policy */
    GPtrArray *now;         /* of PstAnswer, borrowed: of the base what is of now */
    GArray *causes;         /* of PstCause, of these, and of what the host sees */
    PstAnswer *seen;        /* what the host sees, owned; NULL for nothing */
    PstBaseline *after;     /* how it is now, owned; NULL where there is no baseline */
    PstDiff *diff;          /* from the baseline to that, owned; the same */
    char *incomparable;     /* why nothing can be said to be new; NULL where it can */
} PstGateFacts;

void pst_gate_facts_init(PstGateFacts *facts, const PstGateCase *one);
void pst_gate_facts_clear(PstGateFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstGateFacts, pst_gate_facts_clear)

/* The answer of the base to PROBE; NULL where it was not asked. */
const PstAnswer *pst_gate_facts_find(const PstGateFacts *facts, const char *probe);

/* What the baseline has in place of ANSWER: to the same probe, about the same user, who comes from
 * the same place and by the same key; NULL for nothing. */
const PstAnswer *pst_gate_facts_before(const PstGateFacts *facts, const PstAnswer *answer);

/* Whether it is a report of the guest itself, of now. */
gboolean pst_gate_facts_is_of_now(const PstAnswer *answer);

/* Of how many microseconds of the guest's real time the moment is; PST_INT_UNKNOWN. */
gint64 pst_gate_facts_moment(const PstGateFacts *facts);

/* The finding of such a report that says that it could not look at all of it; NULL for none. */
const PstFinding *pst_gate_facts_unlooked(const PstAnswer *answer);

/* The data of such a report; NULL where there is none. */
gconstpointer pst_gate_facts_data(const PstGateFacts *facts, const char *probe);

/* Why there is nothing to judge by, one line; NULL where there is. Free with g_free(). */
char *pst_gate_facts_why_not(const PstAnswer *answer, const char *probe);

/* The cause whose finding it is; NULL for none. */
const PstCause *pst_gate_facts_cause(const PstGateFacts *facts, const PstFinding *finding);

/* How the journal is asked, and the changes: the arguments by which their answers are known. */
JsonObject *pst_gate_facts_journal_args(const PstGateCase *one, gint64 priority);
/* Whether the answer to that serves for the findings of the journal as well, so that nobody runs
 * journalctl twice: it is asked with the limits of a diagnosis, and only what is new is wanted. */
gboolean pst_gate_facts_joins_journal(const PstGateCase *one);
/* NULL where no such question is needed. */
JsonObject *pst_gate_facts_place_args(const PstGateCase *one);
JsonObject *pst_gate_facts_files_args(const PstGateCase *one);
JsonObject *pst_gate_facts_port_args(const PstGateCase *one, gint64 port, const char *protocol);

/* ---- the parts ---- */

/* What becomes of RULE, which is about findings, appended to OUTCOMES, one at least; what an
 * exception covers goes to EXCUSES. */
void pst_gate_findings_rule(const PstGateFacts *facts, const PstPolicyRule *rule,
                            GPtrArray *outcomes, GPtrArray **excuses);

/* The same for a setting. */
void pst_gate_settings_rule(const PstGateFacts *facts, const PstPolicyRule *rule,
                            GPtrArray *outcomes);
const char *pst_gate_settings_probe(const char *setting);

/* Fills in how a broken expectation came about. */
void pst_gate_why(const PstGateFacts *facts, PstGateOutcome *outcome);

/* FILE of ANSWER as one that the outcome depends on. */
void pst_gate_why_add_file(const PstGateFacts *facts, PstGateOutcome *outcome,
                           const PstChangesFile *file, const PstAnswer *answer, PstTri named);

/* What is under way in the guest that may change what became of RULE, or why it may be told the
 * next time; NULL for nothing. Free with g_free(). */
char *pst_gate_moving(const PstGateFacts *facts, const PstPolicyRule *rule,
                      const PstGateOutcome *outcome);
/* Whether files say so that the finding of OUTCOME is so, which nothing that starts or stops mends.
 */
gboolean pst_gate_moving_lasts(const PstGateOutcome *outcome);

/* ---- outcomes ---- */

/* A new outcome of RULE, appended to OUTCOMES, and borrowed. Takes MESSAGE over. */
PstGateOutcome *pst_gate_outcome_add(GPtrArray *outcomes, const PstPolicyRule *rule,
                                     PstGateState state, char *message);

/* As pst_policy_rule_title(). Free with g_free(). */
char *pst_gate_outcome_title(const PstGateOutcome *outcome);

/* From which answer it is. */
void pst_gate_outcome_of(PstGateOutcome *outcome, const char *probe, const PstAnswer *answer);

/* The finding that it is about: copied, with what it follows from. */
void pst_gate_outcome_blame(const PstGateFacts *facts, PstGateOutcome *outcome,
                            const PstFinding *finding);

/* Unchecked, since PROBE's answer, which may be NULL, is none to judge by. */
PstGateOutcome *pst_gate_outcome_add_unlooked(GPtrArray *outcomes, const PstPolicyRule *rule,
                                              const char *probe, const PstAnswer *answer);
