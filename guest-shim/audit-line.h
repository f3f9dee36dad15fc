// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* One line of the audit system, as the kernel's ring or auditd's log has it: a pure function over
 * bytes. Formats: the kernel's security/selinux/avc.c, security/lsm_audit.c and
 * security/apparmor/audit.c, kernel/auditsc.c (FANOTIFY), and audit-userspace's
 * specs/fields/field-dictionary.csv; a name that holds odd bytes comes in hexadecimal digits. */

typedef struct {
    const char *source; /* selinux, apparmor, fapolicyd; static. NULL for a record that only tells
                           which program the one of the same serial number is about */
    char *program;      /* NULL where the line does not say */
    char *domain;
    char *operation;
    char *target;
    gint64 time_us; /* microseconds since 1970 UTC */
    guint64 serial; /* records of one event share it */
    gboolean enforced;
} PstAuditLine;

/* The denial of the line, or NULL for any other line. The kernel's lines begin with `audit: type=`,
 * auditd's with `type=` or `node=… type=`. */
PstAuditLine *pst_audit_line_parse(const char *bytes, gsize len);
void pst_audit_line_free(PstAuditLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstAuditLine, pst_audit_line_free)
