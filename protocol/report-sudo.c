// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-sudo.h"

const char *const pst_report_sudo_verdicts[] = {"unknown", "granted", "granted-with-password",
                                                "refused", NULL};

static const PstField program_rows[] = {
    PST_STRING(PstSudoProgram, path, "sudo's program"),
    PST_STRING(PstSudoProgram, real_path, "where its symbolic links lead, if it is one"),
    PST_STRING(PstSudoProgram, implementation, "sudo or sudo-rs"),
    PST_STRING(PstSudoProgram, mode, "permission bits in four octal digits"),
    PST_STRING(PstSudoProgram, owner, "numeric owner and group, as 0:0"),
    PST_BOOL(PstSudoProgram, setuid, "it has the setuid bit"),
    PST_BOOL(PstSudoProgram, nosuid_mount, "its file system is mounted nosuid"),
};
const PstFields pst_report_sudo_program_fields = PST_FIELDS(PstSudoProgram, program_rows);

static const PstField file_rows[] = {
    PST_STRING(PstSudoFile, path, "a file or folder of the policy, in the order of reading",
               PST_KEY),
    PST_BOOL(PstSudoFile, folder, "it is a folder"),
    PST_STRING(PstSudoFile, mode, "permission bits in four octal digits"),
    PST_STRING(PstSudoFile, owner, "numeric owner and group, as 0:0"),
    PST_BOOL(PstSudoFile, obeyed, "sudo reads it"),
    PST_STRING(PstSudoFile, reason, "why sudo passes over it"),
};
const PstFields pst_report_sudo_file_fields = PST_FIELDS(PstSudoFile, file_rows);

static const PstField rule_rows[] = {
    PST_STRING(PstSudoRule, path, "the file of the rule that decides"),
    PST_INT(PstSudoRule, line, "its line, from 1", PST_PASSING),
    PST_STRING(PstSudoRule, text, "the rule"),
    PST_BOOL(PstSudoRule, allows, "it allows the command (else it denies it)"),
    PST_BOOL(PstSudoRule, nopasswd, "it asks for no password"),
};
const PstFields pst_report_sudo_rule_fields = PST_FIELDS(PstSudoRule, rule_rows);

static const PstField default_rows[] = {
    PST_STRING(PstSudoDefault, name, "a Defaults parameter that bears on the answer", PST_KEY),
    PST_STRING(PstSudoDefault, value, "its value; true or false of a flag"),
    PST_STRING(PstSudoDefault, path, "the file that sets it"),
    PST_INT(PstSudoDefault, line, "its line, from 1", PST_PASSING),
};
const PstFields pst_report_sudo_default_fields = PST_FIELDS(PstSudoDefault, default_rows);

static const PstField account_rows[] = {
    PST_INT(PstSudoAccount, uid, "the user's number"),
    PST_INT(PstSudoAccount, gid, "the number of its own group"),
    PST_STRINGS(PstSudoAccount, groups, "all its groups by /etc/group, by name or by number"),
    PST_STRINGS(PstSudoAccount, sources, "where users come from, as in nsswitch.conf", PST_ORDERED),
    PST_STRING(PstSudoAccount, password, "set, empty, locked, none or unknown"),
    PST_STRING(PstSudoAccount, validity,
               "valid, expired, change-password, password-expired, no-shadow-entry or unknown"),
    PST_INT(PstSudoAccount, expires_day, "the first day without access, in days since 1970-01-01"),
    PST_INT(PstSudoAccount, today, "the guest's own clock, in days since 1970-01-01", PST_PASSING),
};
const PstFields pst_report_sudo_account_fields = PST_FIELDS(PstSudoAccount, account_rows);

static const PstField pam_rows[] = {
    PST_STRING(PstSudoPam, service, "the PAM service that sudo uses"),
    PST_STRING(PstSudoPam, file, "the service's file"),
    PST_STRINGS(PstSudoPam, from_other, "phases for which the service `other` stands in"),
    PST_STRING(PstSudoPam, auth, "what the phase gives: passes, depends, fails or unknown"),
    PST_STRING(PstSudoPam, account, "as above"),
    PST_STRING(PstSudoPam, session, "as above"),
};
const PstFields pst_report_sudo_pam_fields = PST_FIELDS(PstSudoPam, pam_rows);

static const PstField live_rows[] = {
    PST_STRING(PstSudoLive, command, "what was run as the user", PST_PASSING),
    PST_STRING(PstSudoLive, skipped_because, "why nothing was run", PST_PASSING),
    PST_INT(PstSudoLive, exit_status, "its exit status", PST_PASSING),
    PST_INT(PstSudoLive, signal, "the signal that ended it", PST_PASSING),
    PST_BOOL(PstSudoLive, timed_out, "it did not end in its time and was killed", PST_PASSING),
    PST_INT(PstSudoLive, took_ms, "milliseconds that it took", PST_PASSING),
    PST_STRING(PstSudoLive, error, "its standard error", PST_FOLDED),
    PST_STRING(PstSudoLive, word, "what that was recognised as"),
};
const PstFields pst_report_sudo_live_fields = PST_FIELDS(PstSudoLive, live_rows);

static const PstField data_rows[] = {
    PST_STRING(PstSudoData, user, "whose right is asked for"),
    PST_STRINGS(PstSudoData, command, "what the user wants to run as root", PST_ORDERED),
    PST_ENUM(PstSudoData, verdict, pst_report_sudo_verdicts,
             "whether the user may, by all that was seen"),
    PST_OBJECT(PstSudoData, rule, pst_report_sudo_rule_fields, "the rule that decides"),
    PST_OBJECT(PstSudoData, program, pst_report_sudo_program_fields, "sudo itself"),
    PST_LIST(PstSudoData, files, pst_report_sudo_file_fields, "the policy's files"),
    PST_LIST(PstSudoData, defaults, pst_report_sudo_default_fields, "Defaults that are set"),
    PST_OBJECT(PstSudoData, account, pst_report_sudo_account_fields, "the user's account"),
    PST_OBJECT(PstSudoData, pam, pst_report_sudo_pam_fields, "the PAM stacks that sudo runs"),
    PST_OBJECT(PstSudoData, live, pst_report_sudo_live_fields, "sudo's own word"),
    PST_STRINGS(PstSudoData, sources, "where rules come from, as in nsswitch.conf", PST_ORDERED),
    PST_ROW(PST_FIELD_TRI, PstSudoData, timestamps,
            .doc = "sudo remembers an authentication of this user", PST_PASSING),
    PST_STRING(PstSudoData, doas, "doas's program, where it is installed too"),
    PST_OBJECT(PstSudoData, doas_rule, pst_report_sudo_rule_fields,
               "the rule of doas.conf that decides"),
};
static const PstFields data_fields = PST_FIELDS(PstSudoData, data_rows);

static const PstField args_rows[] = {
    PST_STRING(PstSudoArgs, user,
               "whose right is asked for; without it, the only user that a rule names"),
    PST_STRINGS(PstSudoArgs, command,
                "what the user wants to run as root: program and arguments; /usr/bin/true without "
                "it. It is never run"),
    PST_BOOL(PstSudoArgs, tty, "a person at a terminal asks, who can type a password"),
    PST_BOOL(PstSudoArgs, passive, "read files only; do not run sudo"),
};
static const PstFields args_fields = PST_FIELDS(PstSudoArgs, args_rows);

const PstReportKind pst_report_sudo_kind = {
    .name = "sudo",
    .question = "can this user become root, and if not, why?",
    .footprint = "a run of sudo as the user, in sudo's log and PAM's; passive=true leaves it out",
    .args = &args_fields,
    .data = &data_fields,
    .slow = TRUE,
    .steady = TRUE,
};
