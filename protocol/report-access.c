// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-access.h"

const char *const pst_report_access_verdicts[] = {"unknown", "open", "shut", NULL};

static const PstField step_rows[] = {
    PST_STRING(PstAccessStep, step,
               "network, firewall, sshd, algorithms, user, key, password, account, pam or sudo",
               PST_KEY),
    PST_ENUM(PstAccessStep, verdict, pst_report_access_verdicts, "whether this step can be taken"),
    PST_STRING(PstAccessStep, probe, "whose report says so"),
    PST_STRING(PstAccessStep, finding, "the id of the finding that shuts it", PST_PASSING),
    PST_STRING(PstAccessStep, reason, "why it is shut or unknown", PST_PASSING),
    PST_STRING(PstAccessStep, note, "of an open one: for whom it may be otherwise", PST_PASSING),
};
const PstFields pst_report_access_step_fields = PST_FIELDS(PstAccessStep, step_rows);

static const PstField way_rows[] = {
    PST_STRING(PstAccessWay, way, "ssh-key, ssh-password, console or sudo", PST_KEY),
    PST_ENUM(PstAccessWay, verdict, pst_report_access_verdicts,
             "shut where a step is, else unknown where a step is, else open"),
    PST_STRING(PstAccessWay, because, "the reason of the step that decides", PST_PASSING),
    PST_LIST(PstAccessWay, steps, pst_report_access_step_fields,
             "what it leads through, in that order", PST_PASSING),
};
const PstFields pst_report_access_way_fields = PST_FIELDS(PstAccessWay, way_rows);

static const PstField data_rows[] = {
    PST_STRING(PstAccessData, user, "whose access is in question"),
    PST_STRING(PstAccessData, from, "the address that the user comes from"),
    PST_INT(PstAccessData, port, "the port of the guest that the user connects to"),
    PST_LIST(PstAccessData, ways, pst_report_access_way_fields, "the ways in, and to root"),
    PST_ENUM(PstAccessData, login, pst_report_access_verdicts,
             "in by SSH; with a key named, by key"),
    PST_ENUM(PstAccessData, root, pst_report_access_verdicts,
             "to root by sudo, without a password"),
};
static const PstFields data_fields = PST_FIELDS(PstAccessData, data_rows);

static const PstField args_rows[] = {
    PST_STRING(PstAccessArgs, user, "whose access; without it, nobody's is judged"),
    PST_STRING(PstAccessArgs, from, "the address that the user comes from"),
    PST_INT(PstAccessArgs, port, "the port of the guest that the user connects to"),
    PST_STRING(PstAccessArgs, key, "the public key that is offered, or its SHA256 fingerprint"),
    PST_STRINGS(PstAccessArgs, kex, "the key exchanges that the client has"),
    PST_STRINGS(PstAccessArgs, ciphers, "its ciphers"),
    PST_STRINGS(PstAccessArgs, macs, "its message authentication codes"),
    PST_STRINGS(PstAccessArgs, hostkey, "the host key algorithms that it takes"),
    PST_STRINGS(PstAccessArgs, command, "what is run through sudo"),
    PST_BOOL(PstAccessArgs, tty, "there is a terminal"),
    PST_BOOL(PstAccessArgs, passive, "leave no trace in the guest's own logs"),
};
static const PstFields args_fields = PST_FIELDS(PstAccessArgs, args_rows);

const PstReportKind pst_report_access_kind = {
    .name = "access",
    .question = "can this user get in, and how?",
    .footprint = "that of the probes that it is derived from",
    .args = &args_fields,
    .data = &data_fields,
    .derived = TRUE,
};
