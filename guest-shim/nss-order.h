// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"
#include "protocol/fields.h"

/* Whether a look-up gets as far as the files: nsswitch.conf(5) lets what stands in brackets behind
 * a source end it there (`systemd [NOTFOUND=return] files`). */

typedef struct {
    PstTri reached; /* unknown where it hangs on what a source says */
    char *source;   /* the one that it ends at, or may end at; NULL for none */
    char *action;   /* what stands behind it, "NOTFOUND=return" */
    guint line;     /* of nsswitch.conf */
} PstNssOrder;

/* For a user of the files whom no other source has. */
void pst_nss_order_judge(const PstSysroot *sysroot, const PstAccounts *accounts,
                         const char *database, PstNssOrder *order);

/* The first line of nsswitch.conf, from 1, that has in brackets what the C library can't
 * understand; 0 for none. By it glibc 2.33 and later know nobody at all. */
guint pst_nss_order_fault(const PstAccounts *accounts);

void pst_nss_order_clear(PstNssOrder *order);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstNssOrder, pst_nss_order_clear)
