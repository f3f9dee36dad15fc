// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/gate.h"
#include "host-sidecar/policy-text.h"

/* What a gate is to hold a guest against, from the words of a command line. */

typedef struct {
    const char *policy, *baseline; /* names of files; BASELINE may be NULL */
    const char *since;             /* a mark, or a span; NULL */
    const PstVantageWords *who;
    /* Nobody is asked: the policy's own key stands as it is said, for its file may be on another
     * host; and where only the policy is looked at, so may the configuration that has its vantage.
     */
    gboolean key_as_said, no_vantage;
} PstGateSaid;

typedef struct {
    PstPolicy *policy;
    JsonObject *vantage; /* whose access */
    PstBaseline *before; /* NULL: there is none */
    PstSince *moment;    /* NULL: nothing is new */
} PstGateWords;

/* Reads the files. What stands on the command line wins over the policy's own. FALSE with
 * PST_ERROR_USAGE, and as of the files. */
gboolean pst_gate_words_read(const PstGateSaid *said, PstGateWords *words, GError **error);
void pst_gate_words_clear(PstGateWords *words);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstGateWords, pst_gate_words_clear)

/* Whether all is there that the policy can be judged by; else PST_ERROR_USAGE. */
gboolean pst_gate_words_check(const PstGateWords *words, GError **error);

/* What is to be judged of GUEST; all is borrowed. */
PstGateCase pst_gate_words_case(const PstGateWords *words, const char *guest, gboolean passive);
