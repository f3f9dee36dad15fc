// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* A guest's host keys as lines of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Every
 * word of theirs came from the guest, and could say anything: a key is only passed on where it is
 * exactly one of the type that stands before it, and a name never comes from the guest. */

#define PST_KNOWN_HOSTS_MAX_PORTS 16

/* Whether NAME can stand in such a line: a host's name or address, or one as ssh's %H gives it,
 * [NAME]:PORT. No patterns, no lists. FALSE with PST_ERROR_USAGE. */
gboolean pst_known_hosts_check_name(const char *name, GError **error);

/* The lines for each of NAMES with each key of the report of the probe `ssh`. A name without a port
 * gets PORT, or, where that is 0, each that the guest's sshd listens on; 22 is never written out.
 * NULL with PST_ERROR_UNAVAILABLE where the report has no key that could be taken. Free with
 * g_strfreev(). */
char **pst_known_hosts_lines(const PstReport *report, const char *const *names, guint port,
                             GError **error);
