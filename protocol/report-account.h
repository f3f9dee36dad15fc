// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `account`: may this user log in at all? What the files say of the account
 * itself; whether sshd or sudo would take it is for their own probes. */

typedef struct {
    char *user;
    PstTri passive;
} PstAccountArgs;

/* pam_faillock(8)'s tally of the user's failed attempts. */
typedef struct {
    char *path;
    gint64 failures;      /* that count: valid, and within fail_interval of the latest */
    gint64 deny;          /* so many shut the user out */
    gint64 latest_us;     /* the latest failure, real time */
    gint64 unlock_time_s; /* seconds after which it opens again; 0 for never */
} PstAccountFaillock;

typedef struct {
    char *user;
    gint64 uid, gid;
    char **groups;
    char *home;
    char *home_mode;  /* four octal digits, absent where it is not there */
    char *home_owner; /* numeric, as 1000:1000 */
    char *shell;
    PstTri shell_usable; /* it is there, executable, and no refusal such as nologin */
    PstTri shell_listed; /* in /etc/shells, which chsh, su and FTP servers ask */
    char *password;      /* set, empty, locked, none, unknown */
    char *validity;      /* valid, expired, change-password, password-expired … */
    gint64 expires_day;  /* days since 1970-01-01; absent where it never does */
    gint64 today;        /* by the guest's clock, days since 1970-01-01 */
    char **sources;      /* where nsswitch.conf has accounts looked up */
    char *source;        /* who knows the user: files, or getent, which asked the others */
    PstTri cron, at;     /* cron.allow and the like let the user have jobs */
    char *nologin;       /* the file that keeps everybody but root out */
    PstAccountFaillock *faillock;
    /* The account's part in each way in: FALSE shuts it whatever else is right. */
    PstTri key_login, password_login, console_login;
} PstAccountData;

extern const PstFields pst_report_account_faillock_fields;
extern const PstReportKind pst_report_account_kind;
