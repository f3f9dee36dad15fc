// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-account.h"

static const PstField faillock_rows[] = {
    PST_STRING(PstAccountFaillock, path, "the tally's file"),
    PST_INT(PstAccountFaillock, failures, "failed attempts that count", PST_PASSING),
    PST_INT(PstAccountFaillock, deny, "so many shut the user out"),
    PST_INT(PstAccountFaillock, latest_us, "the latest failure, microseconds of real time",
            PST_PASSING),
    PST_INT(PstAccountFaillock, unlock_time_s, "seconds until it opens again, 0 for never"),
};
const PstFields pst_report_account_faillock_fields = PST_FIELDS(PstAccountFaillock, faillock_rows);

static const PstField data_rows[] = {
    PST_STRING(PstAccountData, user, "whose account this is"),
    PST_INT(PstAccountData, uid, "the user's number"),
    PST_INT(PstAccountData, gid, "the number of the user's own group"),
    PST_STRINGS(PstAccountData, groups, "the groups that a login would give the user"),
    PST_STRING(PstAccountData, home, "the home folder"),
    PST_STRING(PstAccountData, home_mode, "its permission bits in four octal digits"),
    PST_STRING(PstAccountData, home_owner, "its numeric owner and group, as 1000:1000"),
    PST_STRING(PstAccountData, shell, "the login shell"),
    PST_BOOL(PstAccountData, shell_usable,
             "it is there, executable, and not one that only refuses"),
    PST_BOOL(PstAccountData, shell_listed, "/etc/shells has it"),
    PST_STRING(PstAccountData, password,
               "set, empty (none is asked for), locked, none (none can match) or unknown"),
    PST_STRING(PstAccountData, validity,
               "valid, expired, change-password, password-expired, no-shadow-entry or unknown"),
    PST_INT(PstAccountData, expires_day, "the day of expiry, days since 1970-01-01"),
    PST_INT(PstAccountData, today, "the day by the guest's clock, days since 1970-01-01",
            PST_PASSING),
    PST_STRINGS(PstAccountData, sources, "where accounts are looked up (nsswitch.conf)",
                PST_ORDERED),
    PST_STRING(PstAccountData, source,
               "who knows the user: files, or getent, which asked the other sources too"),
    PST_BOOL(PstAccountData, cron, "cron.allow and cron.deny let the user have jobs"),
    PST_BOOL(PstAccountData, at, "at.allow and at.deny let the user have jobs"),
    PST_STRING(PstAccountData, nologin, "the file that keeps everybody but root out"),
    PST_OBJECT(PstAccountData, faillock, pst_report_account_faillock_fields,
               "pam_faillock's tally of the user"),
    PST_BOOL(PstAccountData, key_login, "the account allows a login by key over SSH"),
    PST_BOOL(PstAccountData, password_login, "the account allows a login by password over SSH"),
    PST_BOOL(PstAccountData, console_login, "the account allows a login on a console"),
};
static const PstFields data_fields = PST_FIELDS(PstAccountData, data_rows);

static const PstField args_rows[] = {
    PST_STRING(PstAccountArgs, user, "whose account; without it, nobody's is judged"),
    PST_BOOL(PstAccountArgs, passive, "read files only; ask no other source"),
};
static const PstFields args_fields = PST_FIELDS(PstAccountArgs, args_rows);

const PstReportKind pst_report_account_kind = {
    .name = "account",
    .question = "may this user log in at all?",
    .footprint = "where nsswitch.conf names more than files, a look-up by getent; passive=true "
                 "leaves it out",
    .args = &args_fields,
    .data = &data_fields,
    .steady = TRUE,
};
