// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-stack.h"
#include "protocol/finding.h"

/* The PAM services that decide who gets in: which phases each asks, and how bad it is if one fails.
 * From the programs' own sources: OpenSSH's auth-pam.c and session.c (a session that PAM refuses
 * ends with 254), sudo's auth/pam.c, util-linux' login.c and su-common.c, cronie's and Debian
 * cron's security.c, systemd's exec-invoke.c. */

typedef enum {
    PST_PAM_FROM_AFAR,     /* PAM_RHOST is set */
    PST_PAM_FROM_TERMINAL, /* PAM_TTY is */
    PST_PAM_FROM_WORD,     /* PAM_TTY, or for want of one PAM_SERVICE, is a fixed word */
} PstPamFrom;

typedef struct {
    const char *name;
    const char *program; /* that asks it for certain: where it is there, a missing file is a loss */
    const char *word;    /* of PST_PAM_FROM_WORD */
    int harm[PST_PAM_N_PHASES]; /* a PstSeverity, or PST_PAM_UNASKED */
    PstPamFrom from;
    gboolean run_by_user;  /* the user's own process asks, not a daemon of root's */
    gboolean to_root;      /* PAM_USER is root, and not who asks */
    gboolean root_session; /* it is root from the session phase on */
} PstPamService;

#define PST_PAM_UNASKED (-1)

extern const PstPamService pst_pam_services[];
extern const guint pst_pam_services_n;

/* The row called NAME; for any other service one that warns in each phase. Borrowed, of NAME's
 * life. */
PstPamService pst_pam_services_row(const char *name);

/* Whether the guest has it: a file in one of PAM's folders, or a program that asks it. */
gboolean pst_pam_services_has(const PstSysroot *sysroot, const PstPamService *service);

/* Whether sudo is built without PAM, as Alpine's is (aports, community/sudo/APKBUILD): then the
 * lack of a service of its own is no loss where PAM is installed for others. */
gboolean pst_pam_services_sudo_is_without(const PstSysroot *sysroot);
