// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"
#include "guest-shim/sudoers.h"

/* What a policy says to one question, by sudo's own rules (sudoers(5); match.c, parse.c): the last
 * rule that matches decides, and within a list the last member. */

typedef struct {
    const PstSysroot *sysroot;
    const PstAccounts *accounts;
    const PstAccount *user;
    const GArray *groups;    /* of gid_t: all of the user's */
    const PstAccount *runas; /* root */
    const char *host;        /* the system's name */
    const char *command;     /* an absolute path */
    const char *args;        /* joined by single blanks, NULL for none */
    gboolean always_root;    /* sudo-rs, which knows no runas_default */
    gboolean all_files;      /* also what sudo passes over counts: what would be if it did not */
} PstSudoersQuestion;

typedef enum {
    PST_SUDOERS_NO_MATCH,
    PST_SUDOERS_ALLOWED,
    PST_SUDOERS_DENIED,
    PST_SUDOERS_UNSURE, /* a netgroup, an address, a digest, a time: not decided by files alone */
} PstSudoersMatch;

typedef struct {
    PstSudoersMatch match;
    PstSudoersMatch would;       /* where it is unsure: what the rule says if it matches */
    const PstSudoersRule *rule;  /* that decides, or that is unsure; NULL where none matches */
    PstSudoersTag nopasswd;      /* what its tag says of the password */
    const PstSudoersRule *other; /* the last rule that surely names the user for this host and
                                  * target user, whatever the command; NULL where there is none */
} PstSudoersAnswer;

PstSudoersAnswer pst_sudoers_match(const PstSudoers *sudoers, const PstSudoersQuestion *question);

/* Whether a list of users has the question's user in it. */
PstSudoersMatch pst_sudoers_match_users(const PstSudoers *sudoers,
                                        const PstSudoersQuestion *question,
                                        const GPtrArray *members);

/* The last Defaults of that name that applies to the question; NULL where none does. A scope that
 * can't be decided by files alone counts as one that applies not. */
const PstSudoersDefault *pst_sudoers_match_default(const PstSudoers *sudoers,
                                                   const PstSudoersQuestion *question,
                                                   const char *name);

/* The Defaults by which sudo, and a rule, that name no target user mean another than the question's
 * (runas_default); NULL where they mean that one, which is root. */
const PstSudoersDefault *pst_sudoers_match_other_target(const PstSudoers *sudoers,
                                                        const PstSudoersQuestion *question);

/* The flag NAME: set, unset, or IF_NOT_SAID. */
gboolean pst_sudoers_match_flag(const PstSudoers *sudoers, const PstSudoersQuestion *question,
                                const char *name, gboolean if_not_said);
