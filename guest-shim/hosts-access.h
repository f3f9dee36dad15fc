// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* What /etc/hosts.allow and /etc/hosts.deny say of a connection, as Debian's library reads
 * hosts_access(5) and hosts_options(5): a file ends for it at a line that is too long or has no
 * newline, and in hosts.deny such a line shuts out everybody. A program obeys them where it is
 * linked with that library. Names of hosts are looked up by nobody here. */

typedef struct {
    PstTri allowed; /* unknown where it depends on a host's name, an address nobody named, a
                     program that an option runs */
    char *path;     /* whose line decides, or may; NULL where no line is about it */
    guint line;     /* from 1, where it begins */
    char *text;     /* that line, its continuations joined */
} PstHostsAccess;

void pst_hosts_access_clear(PstHostsAccess *access);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstHostsAccess, pst_hosts_access_clear)

/* Of a connection from ADDRESS, in numbers, or NULL where it is not known, to the program DAEMON,
 * such as "sshd". A file that is absent says nothing; FALSE where one can't be read, or is no text.
 */
gboolean pst_hosts_access_judge(const PstSysroot *sysroot, const char *daemon, const char *address,
                                PstHostsAccess *access, GError **error);
