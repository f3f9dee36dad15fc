// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/peer.h"

/* The lists of daemons and of clients of hosts_access(5), as the library reads them where that is
 * less than what its manual page promises. Names of hosts and of users, and what other files say,
 * are looked up by nobody here: unknown where it depends on them. */

/* TEXT up to DELIMITER; what is behind it, or NULL where it is not there outside of brackets. */
char *pst_hosts_pattern_split(char *text, char delimiter);

PstTri pst_hosts_pattern_daemons(const char *list, const char *daemon);

PstTri pst_hosts_pattern_clients(const char *list, const PstPeer *peer);
