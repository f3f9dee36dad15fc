// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `pam`: which stacks are sound? What libpam would make of the services
 * that decide who gets in, by their files alone. Whether a way in is open as a whole is derived
 * from this and from other reports. */

typedef struct {
    char **services;
    char *user;
    char *from;
    char *terminal;
} PstPamArgs;

/* One phase of a service. Where it fails, or might, the line of the stack by which it does, and the
 * rule (of access.conf and the like) that this line's module goes by. */
typedef struct {
    char *outcome; /* passes, depends (on what no file says), fails, unknown */
    char *file;
    gint64 line; /* from 1 */
    char *text;
    char *rule_file;
    gint64 rule_line;
    char *finding; /* what it is told as, of this probe or of `account`; may be absent */
} PstPamPhaseReport;

typedef struct {
    char *service;
    char *file;        /* of the service, absent where it has none */
    char **from_other; /* phases for which the service `other` stands in */
    PstTri aborts;     /* libpam gives up on it: every phase fails */
    PstPamPhaseReport *auth, *account, *session; /* absent where the service does not ask it */
} PstPamServiceReport;

/* pam_faillock(8), as the first service that asks it has it. */
typedef struct {
    char *service;
    char *conf;
    char *folder;         /* of the tallies */
    gint64 deny;          /* attempts, 0 for never */
    gint64 unlock_time_s; /* 0: it never opens by itself */
    gint64 failures;      /* of the user, that count */
    PstTri locked;        /* the user is */
} PstPamFaillockReport;

typedef struct {
    char *user;
    char *from;
    PstTri sshd_asks;    /* sshd_config has UsePAM yes */
    GPtrArray *services; /* of PstPamServiceReport */
    PstPamFaillockReport *faillock;
} PstPamData;

extern const PstFields pst_report_pam_phase_fields;
extern const PstFields pst_report_pam_service_fields;
extern const PstFields pst_report_pam_faillock_fields;
extern const PstReportKind pst_report_pam_kind;
