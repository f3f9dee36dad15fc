// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/audit-line.h"
#include "guest-shim/sysroot.h"
#include "protocol/report-security.h"

/* What SELinux, AppArmor and fapolicyd denied, grouped by program: from the kernel's ring, where
 * the kernel writes while no auditd takes its records, and from the end of auditd's log. */

/* Reads both into data->denials and data->denials_from. LOG is auditd's file. FALSE where one is
 * there and could not be read; what could be is there. */
gboolean pst_security_denials_read(const PstSysroot *sysroot, const char *log,
                                   PstSecurityData *data, GError **error);

/* One more denial among those of DATA. */
void pst_security_denials_add(PstSecurityData *data, const PstAuditLine *line);

/* Whether logins, sudo or this channel stand on a program of that name. */
gboolean pst_security_denials_decides(const char *program);
