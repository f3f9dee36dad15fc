// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"
#include "guest-shim/pam-stack.h"
#include "protocol/fields.h"

/* For whom, and from where, PAM is asked: what a module's static answer depends on. Members that
 * are not known stay NULL or unknown, and an answer that needs them is unknown too. */

typedef struct {
    gboolean remote;  /* over the network: PAM_RHOST is set */
    const char *name; /* the address or, of a local one, the terminal or the service; NULL: not
                       * known, "": none */
    const char *tty;  /* PAM_TTY as modules see it, without /dev/; NULL: not known */
} PstPamOrigin;

typedef struct {
    const PstSysroot *sysroot; /* NULL: no file is read */
    const PstAccounts *accounts;
    const PstAccount *user;   /* PAM_USER; NULL for nobody in particular */
    const PstAccount *asking; /* whose process asks: root's for a daemon */
    GArray *groups;           /* of user, of gid_t */
    GArray *asking_groups;
    const PstAccountShadow *shadow;
    gboolean shadow_known;
    gboolean account_sound; /* answer as if the account were: to see what else is to blame */
    gint64 today;           /* days since 1970-01-01 */
    GDateTime *now;         /* the guest's clock and time zone; NULL: not known */
    const char *service;
    const char *host; /* the guest's own name */
    PstPamOrigin origin;
} PstPamSubject;

/* Three-valued logic (Kleene's). */
PstTri pst_pam_subject_and(PstTri a, PstTri b);
PstTri pst_pam_subject_or(PstTri a, PstTri b);
PstTri pst_pam_subject_not(PstTri a);

/* Whether the account whose GROUPS these are is in GROUP: unknown where it is not by the files, and
 * another source is asked too. A source whose daemon is not there adds nobody. */
PstTri pst_pam_subject_in_group(const PstPamSubject *subject, const GArray *groups,
                                const char *group);

/* Whether subject->user is in GROUP. */
PstTri pst_pam_subject_is_in(const PstPamSubject *subject, const char *group);
