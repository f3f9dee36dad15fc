// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "guest-shim/program.h"

/* The second source: where nsswitch.conf names more than files, a getent(1) of the guest's own may
 * be asked, in a process that is killed when its time is over. A directory server that does not
 * answer, or a module of NSS that hangs, costs that and no more; and it would cost sshd and login
 * the same.
 */

typedef enum {
    PST_NSS_FOUND,
    PST_NSS_NOT_FOUND, /* nobody knows the key, or whoever might does not answer */
    PST_NSS_HANGS,     /* no answer in time: it was killed */
    PST_NSS_UNASKED,   /* it could not be asked */
} PstNssOutcome;

typedef struct {
    PstNssOutcome outcome;
    char *line;    /* where found: the entry, without its end */
    char *reason;  /* where unasked */
    char *command; /* that was run */
    gint64 took_ms;
} PstNssAnswer;

void pst_nss_ask_free(PstNssAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstNssAnswer, pst_nss_ask_free)

/* Asks for KEY in DATABASE: passwd, or initgroups (the groups that a login looks up). Never NULL.
 */
PstNssAnswer *pst_nss_ask(const PstProbeContext *context, const char *database, const char *key);

/* What a run of getent means; a pure function. */
PstNssOutcome pst_nss_ask_judge(const PstProgramResult *result);
