// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-security.h"

#define PST_SECURITY_AUDIT_CONFIG "/etc/audit/auditd.conf"

/* The audit system: what auditd.conf(5) has auditd do where its room runs out, how much there is,
 * and what the kernel itself says (AUDIT_GET of linux/audit.h, which changes and logs nothing).
 * Returns auditd's log; free with g_free(). */
char *pst_security_audit_read(const PstProbeContext *context, PstReport *report);

/* An amount of auditd.conf(5) in bytes: mebibytes, or with `%` a part of SIZE bytes.
 * PST_INT_UNKNOWN where it is none. */
gint64 pst_security_audit_amount(const char *value, gint64 size);
