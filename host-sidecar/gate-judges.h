// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/gate-facts.h"
#include "protocol/report-services.h"

/* What becomes of RULE: appended to OUTCOMES, one at least. */
void pst_gate_judges_rule(const PstGateFacts *facts, const PstPolicyRule *rule,
                          GPtrArray *outcomes);

/* Each judges one kind of rule. */

#define PST_GATE_JUDGE(name)                                                                       \
    void pst_gate_judges_##name(const PstGateFacts *facts, const PstPolicyRule *rule,              \
                                GPtrArray *outcomes)

PST_GATE_JUDGE(access);
PST_GATE_JUDGE(unit);
PST_GATE_JUDGE(failed);
PST_GATE_JUDGE(lost_units);
PST_GATE_JUDGE(check);
PST_GATE_JUDGE(port);
PST_GATE_JUDGE(lost_ports);
PST_GATE_JUDGE(journal);
PST_GATE_JUDGE(files);

/* Whether a unit runs, as active= has it: one that is read anew does meanwhile. */
gboolean pst_gate_judges_runs(const PstServicesUnit *unit);

/* Whether the unit called NAME breaks no-failed= or no-new-failed= of the policy: they judge by
 * what was answered first. */
gboolean pst_gate_judges_tells_failed(const PstGateFacts *facts, const char *name);

/* The services of the baseline that a rule no-lost is about, which ran then and do not now by the
 * answers, which tell no more of them: their names, sorted. Free with g_ptr_array_unref(). */
GPtrArray *pst_gate_judges_former_units(const PstGateCase *one);

/* The ports of the baseline that a rule no-lost is about, which packet filters may judge now by the
 * answers, and perhaps otherwise than before, each once, but those that rules ask about anyway: of
 * PstNetworkListening, borrowed. Free with g_ptr_array_unref(). */
GPtrArray *pst_gate_judges_former_ports(const PstGateCase *one);
