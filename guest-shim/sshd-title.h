// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What the process title of a listening sshd says: "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100
 * startups" (OpenSSH's sshd.c, since 8.2), and before that its command line. */

/* The process's title or command line, with spaces between its words. NULL where it can't be read,
 * and where the process is not root's: anybody can give theirs the same title. */
char *pst_sshd_title_read(const PstSysroot *sysroot, gint64 pid);

/* What a distribution gave sshd on its command line about algorithms (RHEL 8's crypto policy), as
 * options for another sshd: "-oCiphers=…". Nothing else is taken from a title. Free with
 * g_strfreev(). */
char **pst_sshd_title_options(const char *title);

/* The first option by which sshd follows other settings than its files have and than the above: a
 * file of its own (-f), or a setting (-o) that can shut somebody out. NULL for none. Free with
 * g_free(). */
char *pst_sshd_title_other(const char *title);

/* "N of 10-100 startups": how many connections have not logged in yet, and with how many every
 * further one is refused (MaxStartups). FALSE where the title does not say. */
gboolean pst_sshd_title_startups(const char *title, gint64 *now, gint64 *some, gint64 *full);
