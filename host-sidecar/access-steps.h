// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/report-access.h"

/* The single steps of a way in: each judged by one probe's typed report. */

typedef struct {
    PstAnswer *const *answers;
    guint n;
    const char *user;
    const char *from; /* an address, or NULL */
    gint64 port;      /* PST_INT_UNKNOWN where nobody said */
} PstAccessFacts;

typedef enum {
    PST_ACCESS_NETWORK,
    PST_ACCESS_FIREWALL,
    PST_ACCESS_SSHD,
    PST_ACCESS_ALGORITHMS,
    PST_ACCESS_USER,
    PST_ACCESS_KEY,
    PST_ACCESS_PASSWORD,
    PST_ACCESS_ACCOUNT_KEY,
    PST_ACCESS_ACCOUNT_PASSWORD,
    PST_ACCESS_ACCOUNT_CONSOLE,
    PST_ACCESS_PAM_KEY,
    PST_ACCESS_PAM_PASSWORD,
    PST_ACCESS_PAM_CONSOLE,
    PST_ACCESS_SUDO,
    PST_ACCESS_MEMORY_PASSWORD,
    PST_ACCESS_N_STEPS,
} PstAccessStepKind;

/* Fills in STEP. TRUE where its verdict is final for what was asked; FALSE where it is unknown
 * because somebody could not look. */
gboolean pst_access_steps_judge(const PstAccessFacts *facts, PstAccessStepKind kind,
                                PstAccessStep *step);
