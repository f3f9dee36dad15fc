// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"
#include "guest-shim/probe.h"
#include "guest-shim/sshd-effective.h"
#include "protocol/report-ssh.h"

/* Whom the probe `ssh` judges, and what its parts share. All of it is borrowed. */

typedef struct {
    const PstProbeContext *context;
    const PstSshArgs *asked;
    PstReport *report;
    PstSshData *data; /* the report's */
    const PstAccounts *accounts;
    const PstAccount *account; /* never NULL where a user is judged */
    const PstSshdEffective *effective;
    const PstSshdConnection *connection;
    const char *fingerprint; /* of the key asked about; NULL where none was */
    const char *unit;        /* sshd's own */
    gboolean password_left;  /* the user can log in by a password */
} PstSshSubject;

/* Adds a finding about the directive KEYWORD, with the line that has WORD in it (may be NULL) as
 * its evidence. Takes MESSAGE over. Borrowed from the report. */
PstFinding *pst_ssh_subject_blame(const PstSshSubject *subject, const char *id,
                                  PstSeverity severity, const char *keyword, const char *word,
                                  char *message);

/* "PATH:LINE" where such a line stands, for messages; "sshd's default" where none does. Free with
 * g_free(). */
char *pst_ssh_subject_place(const PstSshSubject *subject, const char *keyword, const char *word);

/* The id of the first critical finding of the report whose id is one of IDS; NULL
 * where there is none. Borrowed. */
const char *pst_ssh_subject_cause(const PstSshSubject *subject, const char *const *ids);
