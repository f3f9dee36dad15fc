// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* A connection, and whether a Match block of sshd_config(5) is about it. */

typedef struct {
    const char *user;          /* NULL: nobody in particular, whom no block is about */
    const char *const *groups; /* the names of the user's groups; NULL where they are not known */
    const char *address;       /* where it comes from, in numbers; NULL where that is not known */
    guint port;                /* where it goes to; 0 where that is not known */
    gboolean by_name; /* UseDNS: blocks about hosts are about a name, which only sshd looks up */
} PstSshdConnection;

/* Whether all of the criteria hold, as "User a,b Address 10.0.0.0/8". Unknown where one depends on
 * what is not known, or is not one of those of OpenSSH 9. */
PstTri pst_sshd_match_holds(const PstSshdConnection *connection, const char *criteria);

/* Whether CRITERIA ask for the guest's own end of the connection (LocalAddress, RDomain), which who
 * asks does not name. */
gboolean pst_sshd_match_is_local(const char *criteria);
