// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-services.h"

static const PstField line_rows[] = {
    PST_INT(PstServicesLine, realtime_us, "microseconds since 1970 UTC by the guest's clock"),
    PST_INT(PstServicesLine, priority, "0 (emergency) to 7 (debug)"),
    PST_STRING(PstServicesLine, identifier, "who logged it"),
    PST_STRING(PstServicesLine, message, "the line"),
};
const PstFields pst_report_services_line_fields = PST_FIELDS(PstServicesLine, line_rows);

static const PstField unit_rows[] = {
    PST_REQUIRED_STRING(PstServicesUnit, name, "the unit's own name", PST_KEY),
    PST_STRING(PstServicesUnit, asked_as, "as it was asked for, absent where nobody asked"),
    PST_STRINGS(PstServicesUnit, also_asked_as,
                "other names that it was asked for by, absent for none"),
    PST_STRING(PstServicesUnit, description, "what it is"),
    PST_STRING(PstServicesUnit, load, "loaded, not-found, masked, bad-setting, error"),
    PST_STRING(PstServicesUnit, active,
               "active, reloading, inactive, failed, activating, deactivating"),
    PST_STRING(PstServicesUnit, sub, "the state in the words of its type"),
    PST_STRING(PstServicesUnit, result, "success, or how it failed"),
    PST_INT(PstServicesUnit, exit_status, "of its main process, absent where that runs"),
    PST_INT(PstServicesUnit, exit_signal, "that ended its main process"),
    PST_INT(PstServicesUnit, restarts, "automatic ones since it was last started by hand",
            PST_PASSING),
    PST_INT(PstServicesUnit, since_us,
            "when it came into this state, microseconds since 1970 UTC by the guest's clock",
            PST_PASSING),
    PST_INT(PstServicesUnit, main_pid, "its main process, absent for none", PST_PASSING),
    PST_STRING(PstServicesUnit, enabled, "enabled, disabled, static, masked and others"),
    PST_STRING(PstServicesUnit, fragment_path, "its unit file"),
    PST_BOOL(PstServicesUnit, needs_reload, "the unit file was changed since systemd read it"),
    PST_BOOL(PstServicesUnit, default_dependencies,
             "it starts and stops with the ordinary services, and not in emergency mode"),
    PST_BOOL(PstServicesUnit, ignore_on_isolate, "it stays where another target is isolated"),
    PST_BOOL(PstServicesUnit, wanted, "a unit wants it by a link, as systemctl enable makes it"),
    PST_BOOL(PstServicesUnit, on_demand, "a socket, path or timer that waits starts it",
             PST_PASSING),
    PST_LIST(PstServicesUnit, lines, pst_report_services_line_fields,
             "its last journal lines, newest first", PST_PASSING),
};
const PstFields pst_report_services_unit_fields = PST_FIELDS(PstServicesUnit, unit_rows);

static const PstField started_rows[] = {
    PST_REQUIRED_STRING(PstServicesStarted, name, "the service", PST_KEY),
    PST_INT(PstServicesStarted, ago_ms, "milliseconds since it became active", PST_PASSING),
};
const PstFields pst_report_services_started_fields = PST_FIELDS(PstServicesStarted, started_rows);

static const PstField data_rows[] = {
    PST_STRING(PstServicesData, source, "who said so: systemd or systemctl", PST_PASSING),
    PST_LIST(PstServicesData, units, pst_report_services_unit_fields,
             "units asked for, and those that failed, restart or ought to run"),
    PST_INT(PstServicesData, n_running, "number of services that run", PST_PASSING),
    PST_STRINGS(PstServicesData, running, "the services that run"),
    PST_STRINGS(PstServicesData, exited,
                "the services that did their work and count as active until they are stopped, but "
                "for user-runtime-dir@, which come and go with logins"),
    PST_LIST(PstServicesData, started, pst_report_services_started_fields,
             "those of running that became active less than a minute ago, and may not do yet what "
             "they are for",
             PST_PASSING),
};
static const PstFields data_fields = PST_FIELDS(PstServicesData, data_rows);

static const PstField args_rows[] = {
    PST_STRINGS(PstServicesArgs, units, "units that must be active, as ssh or nginx.service"),
};
static const PstFields args_fields = PST_FIELDS(PstServicesArgs, args_rows);

const PstReportKind pst_report_services_kind = {
    .name = "services",
    .question = "what runs, what failed?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
};

gboolean
pst_report_services_is(const PstServicesUnit *unit, const char *name)
{
    return g_strcmp0(unit->name, name) == 0 || g_strcmp0(unit->asked_as, name) == 0 ||
           (unit->also_asked_as != NULL && name != NULL &&
            g_strv_contains((const char *const *)unit->also_asked_as, name));
}
