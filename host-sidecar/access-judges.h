// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/access-steps.h"
#include "protocol/fields.h"

/* What a probe's typed data say of one step: pure functions, one a step. DATA is the struct of the
 * step's kind of report. Yes: it can be taken; no and unknown come with a reason. */

typedef struct {
    const char *reason;  /* static */
    const char *note;    /* of yes: for whom it may be otherwise, static; NULL for nobody */
    const char *finding; /* the id of the finding that tells it, where the data name one; borrowed
                            from DATA */
} PstAccessWhy;

typedef PstTri (*PstAccessJudge)(const PstAccessFacts *facts, gconstpointer data,
                                 PstAccessWhy *why);

#define PST_ACCESS_JUDGE(step)                                                                     \
    PstTri pst_access_judges_##step(const PstAccessFacts *facts, gconstpointer data,               \
                                    PstAccessWhy *why)

PST_ACCESS_JUDGE(network);
PST_ACCESS_JUDGE(firewall);
PST_ACCESS_JUDGE(sshd);
PST_ACCESS_JUDGE(algorithms);
PST_ACCESS_JUDGE(user);
PST_ACCESS_JUDGE(key);
PST_ACCESS_JUDGE(password);
PST_ACCESS_JUDGE(account_key);
PST_ACCESS_JUDGE(account_password);
PST_ACCESS_JUDGE(account_console);
PST_ACCESS_JUDGE(pam_key);
PST_ACCESS_JUDGE(pam_password);
PST_ACCESS_JUDGE(pam_console);
PST_ACCESS_JUDGE(sudo);
PST_ACCESS_JUDGE(memory_password);
