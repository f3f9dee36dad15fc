// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"
#include "guest-shim/pam-stack.h"
#include "guest-shim/probe.h"
#include "guest-shim/program.h"
#include "guest-shim/sudoers-match.h"
#include "protocol/report-sudo.h"

/* The parts of the probe `sudo`, which share what they found. None of them concludes the report. */

typedef struct {
    const PstProbeContext *context;
    const PstSudoArgs *args;
    PstReport *report;
    PstSudoData *data;

    PstAccounts *accounts;
    char *host; /* the system's name, "" where it is not known */
    PstSudoers *sudoers;
    const PstAccount *user;
    const PstAccount *runas;
    PstAccount *root;         /* stands in where passwd has none */
    PstAccountShadow *shadow; /* of the user, NULL where there is none or it is not known */
    gboolean shadow_known;
    GArray *groups;
    GDateTime *now; /* NULL: not known */
    PstSudoersQuestion question;
    PstSudoersAnswer answer;
    const char *harmless;     /* the guest's true(1), NULL where it has none */
    gboolean default_command; /* nobody named one */
    gboolean nopasswd;        /* no password is asked for */
    gboolean meant_nopasswd;  /* nor by the rule that sudo passes over and that was meant */
    const char *weak_cause;   /* a finding that a missing rule may follow from */
    const char *pam_cause;    /* one that PAM's refusals follow from */
    char *network_module;     /* a PAM module that asks a server, NULL for none */

    gboolean refused;        /* by what was read */
    gboolean program_broken; /* sudo ends before it looks at any rule */
    gboolean unstartable;    /* and before it says anything */
    char *unsure;            /* why reading alone does not decide; NULL where it does */
    const char *unsure_id;
} PstProbeSudo;

/* sudo itself: there, setuid, root's, on a file system that lets it be. */
void pst_probe_sudo_program(PstProbeSudo *sudo);

/* doas, where it is installed too; ALONE where there is no sudo. TRUE where it lets the user
 * through without a password. */
gboolean pst_probe_sudo_doas(PstProbeSudo *sudo, gboolean alone);

/* Where sudo's policy begins; borrowed. */
const char *pst_probe_sudo_program_policy(PstProbeSudo *sudo);

/* What the policy's rules and Defaults say; sudo->user is set. */
void pst_probe_sudo_rules(PstProbeSudo *sudo);

/* The policy's files and lines that sudo does not accept; after the rules were asked, because
 * whoever stands in the way of the user's rule is the cause. Returns the id of the finding that a
 * missing rule follows from, or NULL. */
const char *pst_probe_sudo_files(PstProbeSudo *sudo);

/* The user's account and PAM's stacks, as far as sudo asks them. */
void pst_probe_sudo_account(PstProbeSudo *sudo);
void pst_probe_sudo_pam(PstProbeSudo *sudo);

/* Whether sudo will wait for a name server. */
void pst_probe_sudo_account_resolver(PstProbeSudo *sudo);

/* sudo's own word, and the verdict. */
void pst_probe_sudo_live(PstProbeSudo *sudo);

/* Takes down in sudo->data->live what sudo answered to the harmless command, and judges it. TRUE
 * where it let the user through. */
gboolean pst_probe_sudo_live_heard(PstProbeSudo *sudo, const PstProgramResult *result);

/* SEVERITY where the question names a user, else information: a guest whose people type passwords,
 * may do little or have no sudo is as sound as another until somebody says who is to become root.
 */
PstSeverity pst_probe_sudo_if_named(const PstProbeSudo *sudo, PstSeverity severity);

/* Adds a critical finding, which means that sudo refuses. */
PstFinding *pst_probe_sudo_refuse(PstProbeSudo *sudo, const char *id, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Notes why reading alone does not decide; the first reason is kept. It becomes a finding unless
 * sudo itself decides. */
void pst_probe_sudo_doubt(PstProbeSudo *sudo, const char *id, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Makes the finding of it. */
void pst_probe_sudo_tell_doubt(PstProbeSudo *sudo);

/* "0440", "0:0". Free with g_free(). */
char *pst_probe_sudo_mode(gint64 mode);
char *pst_probe_sudo_owner(gint64 uid, gint64 gid);

/* Fills in where a finding's cause stands. TEXT may be NULL. */
void pst_probe_sudo_at(PstFinding *finding, const char *path, guint line, const char *text);

extern const char *const pst_probe_sudo_program_candidates[];
