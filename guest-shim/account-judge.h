// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include "guest-shim/accounts.h"
#include "guest-shim/faillock.h"
#include "guest-shim/program-start.h"
#include "guest-shim/shell-start.h"
#include "protocol/report-account.h"

/* What the facts of an account mean for each way in: a pure function. */

typedef struct {
    const PstAccount *user;
    const PstAccountShadow *shadow; /* NULL where there is none, or it is not known */
    gboolean shadow_known;
    PstAccountValidity validity; /* where shadow_known */
    PstTri use_pam;              /* sshd asks PAM */
    gboolean age_passes;         /* which takes keys, however old the password is */
    gboolean faillock_shut;
    gint64 home_uid;  /* who owns the home, PST_INT_UNKNOWN where it is no folder or not known */
    gint64 home_mode; /* its permission bits, as above */
    const char *cron_file, *at_file; /* the list that keeps the user from it, NULL for none */
    PstProgramStart program;         /* whether the shell can be started at all */
    PstTri shell_runs;               /* what it is asked for */
    PstShellStart start;             /* what the files that the shell reads make of it */
    const char *unreadable;          /* a file of names that not everybody may read, or NULL */
    mode_t unreadable_mode;
} PstAccountFacts;

/* Adds the findings, and sets the three verdicts of REPORT's data, whose other members are filled
 * in. */
void pst_account_judge(const PstAccountFacts *facts, PstReport *report);
