// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-answer.h"
#include "guest-shim/pam-services.h"
#include "protocol/report-pam.h"

/* Who is to blame: one finding for each place, however many services it shuts. A line of
 * common-account that can't be loaded is one cause, not eight. */

typedef struct PstPamBlames PstPamBlames;

PstPamBlames *pst_pam_blame_new(void);
void pst_pam_blame_free(PstPamBlames *blames);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPamBlames, pst_pam_blame_free)

/* Each notes that SERVICE is harmed so much, and why, and returns the finding's id. LINE must live
 * as long as BLAMES. */

/* A line that libpam can't load or make sense of, or that makes the phase fail for everybody. */
const char *pst_pam_blame_line(PstPamBlames *blames, const PstPamLine *line, PstSeverity harm,
                               const char *service);

/* A module whose loading kills the program. */
const char *pst_pam_blame_truncated(PstPamBlames *blames, const PstPamLine *line, PstSeverity harm,
                                    const char *service);

/* libpam gives up on the service. */
const char *pst_pam_blame_abort(PstPamBlames *blames, const PstPamStack *stack, PstSeverity harm);

/* `other` stands in for the service in every phase that it asks. */
const char *pst_pam_blame_empty(PstPamBlames *blames, const PstPamStack *stack, PstSeverity harm);

/* No line at all for a phase. */
const char *pst_pam_blame_no_line(PstPamBlames *blames, const PstPamStack *stack, PstPamPhase phase,
                                  PstSeverity harm);

/* A rule that LINE's module goes by, and that shuts out USER. */
const char *pst_pam_blame_ruling(PstPamBlames *blames, const PstPamLine *line, PstSeverity harm,
                                 const char *service, const char *user, const PstPamRuling *ruling);

/* A line on whose module it hangs whether USER gets in, while no file tells what that says; RULING
 * may have the rule that is in doubt. */
const char *pst_pam_blame_hinge(PstPamBlames *blames, const PstPamLine *line, const char *service,
                                const char *user, const PstPamRuling *ruling);

/* Adds the findings, in the order in which they were noted. */
void pst_pam_blame_report(const PstPamBlames *blames, PstReport *report);
