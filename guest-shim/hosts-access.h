// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* What /etc/hosts.allow and /etc/hosts.deny say of a connection, as hosts_access(5) and, for the
 * words ALLOW and DENY, hosts_options(5) have it. A program obeys them where it is linked with the
 * TCP wrappers' library. Names of hosts are looked up by nobody here. */

typedef struct {
    PstTri allowed; /* unknown where it depends on a host's name, or on an address nobody named */
    char *path;     /* whose line decides, or may; NULL where no line is about it */
    guint line;     /* from 1, where it begins */
    char *text;     /* that line, its continuations joined */
} PstHostsAccess;

void pst_hosts_access_clear(PstHostsAccess *access);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstHostsAccess, pst_hosts_access_clear)

/* Of a connection from ADDRESS, in numbers, or NULL where it is not known, to the program DAEMON,
 * such as "sshd". A file that is absent says nothing; FALSE where one can't be read. */
gboolean pst_hosts_access_judge(const PstSysroot *sysroot, const char *daemon, const char *address,
                                PstHostsAccess *access, GError **error);
