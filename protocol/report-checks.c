// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-checks.h"

static const PstField value_rows[] = {
    PST_REQUIRED_STRING(PstChecksValue, label, "what was measured", PST_KEY),
    PST_STRING(PstChecksValue, value, "a number, absent where the plugin could not tell",
               PST_PASSING),
    PST_STRING(PstChecksValue, unit, "of the value: s, ms, %, B, KB … or c for a counter"),
    PST_STRING(PstChecksValue, warn, "the range outside of which it warns"),
    PST_STRING(PstChecksValue, crit, "the range outside of which it is critical"),
    PST_STRING(PstChecksValue, min, "the least that it can be"),
    PST_STRING(PstChecksValue, max, "the most that it can be"),
};
const PstFields pst_report_checks_value_fields = PST_FIELDS(PstChecksValue, value_rows);

static const PstField check_rows[] = {
    PST_REQUIRED_STRING(PstChecksCheck, name, "as the guest's configuration calls it", PST_KEY),
    PST_STRING(PstChecksCheck, description, "what it looks at"),
    PST_STRING(PstChecksCheck, command, "the program that is run"),
    PST_STRING(PstChecksCheck, user, "as whom it runs"),
    PST_INT(PstChecksCheck, timeout_s, "after so many seconds it is killed"),
    PST_STRING(PstChecksCheck, state,
               "ok, warning, critical, unknown, timed-out, not-runnable or not-run"),
    PST_INT(PstChecksCheck, exit_status, "of the program"),
    PST_INT(PstChecksCheck, signal, "that ended the program"),
    PST_STRING(PstChecksCheck, message, "the first line of its output", PST_PASSING),
    PST_STRINGS(PstChecksCheck, details, "the lines behind that one", PST_PASSING),
    PST_LIST(PstChecksCheck, values, pst_report_checks_value_fields, "its performance data"),
    PST_INT(PstChecksCheck, took_ms, "how long it ran, milliseconds", PST_PASSING),
};
const PstFields pst_report_checks_check_fields = PST_FIELDS(PstChecksCheck, check_rows);

static const PstField data_rows[] = {
    PST_LIST(PstChecksData, checks, pst_report_checks_check_fields,
             "the checks, in the order of their definition"),
};
static const PstFields data_fields = PST_FIELDS(PstChecksData, data_rows);

static const PstField args_rows[] = {
    PST_STRING(PstChecksArgs, name, "which check; without it, all of them are run"),
    PST_BOOL(PstChecksArgs, passive, "run none, only tell which there are"),
};
static const PstFields args_fields = PST_FIELDS(PstChecksArgs, args_rows);

const PstReportKind pst_report_checks_kind = {
    .name = "checks",
    .question = "what do the site's own checks say?",
    .footprint = "the programs that the guest's administrator defined as checks are run; "
                 "passive=true leaves that out",
    .slow = TRUE, /* for all that is known here: a plugin may wait for a server */
    .args = &args_fields,
    .data = &data_fields,
};
