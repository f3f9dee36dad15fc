// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-pam.h"

static const PstField phase_rows[] = {
    PST_STRING(PstPamPhaseReport, outcome, "passes, depends, fails or unknown"),
    PST_STRING(PstPamPhaseReport, file, "where the stack's line stands by which it fails"),
    PST_INT(PstPamPhaseReport, line, "that line, from 1", PST_PASSING),
    PST_STRING(PstPamPhaseReport, text, "what stands there"),
    PST_STRING(PstPamPhaseReport, rule_file, "the file of the rule that the line's module goes by"),
    PST_INT(PstPamPhaseReport, rule_line, "the rule's line, from 1", PST_PASSING),
    PST_STRING(PstPamPhaseReport, finding, "the id of the finding that tells it"),
};
const PstFields pst_report_pam_phase_fields = PST_FIELDS(PstPamPhaseReport, phase_rows);

static const PstField service_rows[] = {
    PST_STRING(PstPamServiceReport, service, "the PAM service", PST_KEY),
    PST_STRING(PstPamServiceReport, file, "its file"),
    PST_STRINGS(PstPamServiceReport, from_other, "phases for which the service `other` stands in"),
    PST_BOOL(PstPamServiceReport, aborts, "libpam gives up on it: every phase fails"),
    PST_OBJECT(PstPamServiceReport, auth, pst_report_pam_phase_fields, "who is it?"),
    PST_OBJECT(PstPamServiceReport, account, pst_report_pam_phase_fields, "may the user come in?"),
    PST_OBJECT(PstPamServiceReport, session, pst_report_pam_phase_fields, "what a session needs"),
};
const PstFields pst_report_pam_service_fields = PST_FIELDS(PstPamServiceReport, service_rows);

static const PstField faillock_rows[] = {
    PST_STRING(PstPamFaillockReport, service, "the first service that asks pam_faillock"),
    PST_STRING(PstPamFaillockReport, conf, "the file of its settings"),
    PST_STRING(PstPamFaillockReport, folder, "the folder of its tallies"),
    PST_INT(PstPamFaillockReport, deny, "so many failures shut a user out, 0 for never"),
    PST_INT(PstPamFaillockReport, unlock_time_s, "seconds until it opens again, 0 for never"),
    PST_INT(PstPamFaillockReport, failures, "the user's failed attempts that count", PST_PASSING),
    PST_BOOL(PstPamFaillockReport, locked, "the user is shut out by them"),
};
const PstFields pst_report_pam_faillock_fields = PST_FIELDS(PstPamFaillockReport, faillock_rows);

static const PstField data_rows[] = {
    PST_STRING(PstPamData, user, "for whom the stacks were judged"),
    PST_STRING(PstPamData, from, "the address that the user comes from"),
    PST_BOOL(PstPamData, sshd_asks, "sshd asks PAM at all (UsePAM)"),
    PST_LIST(PstPamData, services, pst_report_pam_service_fields,
             "the services, most urgent first"),
    PST_OBJECT(PstPamData, faillock, pst_report_pam_faillock_fields, "pam_faillock's settings"),
};
static const PstFields data_fields = PST_FIELDS(PstPamData, data_rows);

static const PstField args_rows[] = {
    PST_STRINGS(PstPamArgs, services,
                "PAM services; without it, those there that decide who gets in: sshd, login, sudo "
                "and the like"),
    PST_STRING(PstPamArgs, user, "for whom they are judged; without it, only for everybody"),
    PST_STRING(PstPamArgs, from, "the address that the user comes from"),
    PST_STRING(PstPamArgs, terminal, "the terminal of a login on the console, as tty1"),
};
static const PstFields args_fields = PST_FIELDS(PstPamArgs, args_rows);

const PstReportKind pst_report_pam_kind = {
    .name = "pam",
    .question = "which PAM stacks are sound?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
    .steady = TRUE,
};
