// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/power-verdict.h"
#include "host-sidecar/power.h"

/* What `power` prints, and its exit status. Pure functions. */

typedef struct {
    JsonObject *act;      /* as pst_power_act() returns it */
    PstPowerDone *done;   /* its member `power` */
    PstPowerProof *proof; /* NULL where it is off, or nothing was done */
} PstPowerOutcome;

void pst_power_words_clear(PstPowerOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstPowerOutcome, pst_power_words_clear)

/* Free with g_free(), json_object_unref(). */
char *pst_power_words_text(const PstPowerOutcome *outcome);
JsonObject *pst_power_words_json(const PstPowerOutcome *outcome);

/* Lines of that, of whatever keeps evidence and proves what came of it: of the member `bundle` of
 * ACT, where there is one; of the proof. */
void pst_power_words_append_bundle(GString *out, JsonObject *act);
void pst_power_words_append_proof(GString *out, const PstPowerProof *proof);

/* That WHAT ("was reset") was done, with which evidence, and that the guest is waited for, for
 * WAIT_US at most: a line without an end. Who is interrupted then knows what was done. */
char *pst_power_words_waiting(JsonObject *act, const char *what, gint64 wait_us);

/* WHAT of an action. */
const char *pst_power_words_done(PstPowerAction action);

/* PST_EXIT_OK where it is as it was asked for; PST_EXIT_WARNING where it is back and units are
 * failed that were not, PST_EXIT_CRITICAL where it will not come back by itself, PST_EXIT_UNKNOWN
 * where it was not back in time, or did not tell. */
int pst_power_words_exit_code(const PstPowerOutcome *outcome);

/* What is asked on a terminal before it is done. */
char *pst_power_words_question(const char *domain, const PstPowerWish *wish);
