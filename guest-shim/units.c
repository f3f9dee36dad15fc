// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/units.h"

#include <string.h>

#include "guest-shim/units-bus.h"
#include "guest-shim/units-systemctl.h"
#include "protocol/error.h"

#define PRIVATE_SOCKET "/run/systemd/private"
#define BOOTED_FOLDER "/run/systemd/system" /* sd_booted(3) */
#define MAX_UNIT_NAME 255

static const PstField unit_rows[] = {
    PST_STRING(PstUnit, id, ""),   PST_STRING(PstUnit, description, ""),
    PST_STRING(PstUnit, load, ""), PST_STRING(PstUnit, active, ""),
    PST_STRING(PstUnit, sub, ""),
};
const PstFields pst_units_unit_fields = PST_FIELDS(PstUnit, unit_rows);

static const PstField job_rows[] = {
    PST_STRING(PstUnitsJob, unit, ""),
    PST_STRING(PstUnitsJob, type, ""),
    PST_STRING(PstUnitsJob, state, ""),
};
const PstFields pst_units_job_fields = PST_FIELDS(PstUnitsJob, job_rows);

static const PstField manager_rows[] = {
    PST_STRING(PstUnitsManager, state, ""),   PST_STRING(PstUnitsManager, version, ""),
    PST_STRING(PstUnitsManager, tainted, ""), PST_INT(PstUnitsManager, n_failed, ""),
    PST_INT(PstUnitsManager, n_jobs, ""),
};
const PstFields pst_units_manager_fields = PST_FIELDS(PstUnitsManager, manager_rows);

const PstUnitsProperty pst_units_manager_properties[] = {
    {"state", "SystemState", FALSE, TRUE, FALSE}, {"version", "Version", FALSE, TRUE, FALSE},
    {"tainted", "Tainted", FALSE, TRUE, FALSE},   {"n_failed", "NFailedUnits", FALSE, TRUE, FALSE},
    {"n_jobs", "NJobs", FALSE, TRUE, FALSE},
};
const guint pst_units_manager_properties_n = G_N_ELEMENTS(pst_units_manager_properties);

static const PstField details_rows[] = {
    PST_STRING(PstUnitDetails, id, ""),
    PST_STRING(PstUnitDetails, description, ""),
    PST_STRING(PstUnitDetails, load, ""),
    PST_STRING(PstUnitDetails, load_error, ""),
    PST_STRING(PstUnitDetails, active, ""),
    PST_STRING(PstUnitDetails, sub, ""),
    PST_STRING(PstUnitDetails, fragment_path, ""),
    PST_STRING(PstUnitDetails, enabled, ""),
    PST_INT(PstUnitDetails, active_enter, ""),
    PST_INT(PstUnitDetails, active_exit, ""),
    PST_INT(PstUnitDetails, inactive_enter, ""),
    PST_INT(PstUnitDetails, state_change, ""),
    PST_BOOL(PstUnitDetails, condition_met, ""),
    PST_BOOL(PstUnitDetails, needs_reload, ""),
    PST_BOOL(PstUnitDetails, default_dependencies, ""),
    PST_BOOL(PstUnitDetails, ignore_on_isolate, ""),
    PST_STRINGS(PstUnitDetails, triggered_by, ""),
    PST_STRING(PstUnitDetails, type, ""),
    PST_STRING(PstUnitDetails, result, ""),
    PST_INT(PstUnitDetails, restarts, ""),
    PST_INT(PstUnitDetails, exit_code, ""),
    PST_INT(PstUnitDetails, exit_status, ""),
    PST_INT(PstUnitDetails, main_pid, ""),
};
const PstFields pst_units_details_fields = PST_FIELDS(PstUnitDetails, details_rows);

const PstUnitsProperty pst_units_details_properties[] = {
    {"id", "Id", FALSE, TRUE, TRUE},
    {"description", "Description", FALSE, FALSE, TRUE},
    {"load", "LoadState", FALSE, FALSE, TRUE},
    {"load_error", "LoadError", FALSE, FALSE, FALSE},
    {"active", "ActiveState", FALSE, TRUE, TRUE},
    {"sub", "SubState", FALSE, TRUE, TRUE},
    {"fragment_path", "FragmentPath", FALSE, FALSE, FALSE},
    {"enabled", "UnitFileState", FALSE, FALSE, FALSE},
    {"active_enter", "ActiveEnterTimestampMonotonic", FALSE, TRUE, FALSE},
    {"active_exit", "ActiveExitTimestampMonotonic", FALSE, FALSE, FALSE},
    {"inactive_enter", "InactiveEnterTimestampMonotonic", FALSE, FALSE, FALSE},
    {"state_change", "StateChangeTimestampMonotonic", FALSE, FALSE, FALSE},
    {"condition_met", "ConditionResult", FALSE, FALSE, FALSE},
    {"needs_reload", "NeedDaemonReload", FALSE, FALSE, FALSE},
    {"default_dependencies", "DefaultDependencies", FALSE, FALSE, FALSE},
    {"ignore_on_isolate", "IgnoreOnIsolate", FALSE, FALSE, FALSE},
    {"triggered_by", "TriggeredBy", FALSE, FALSE, FALSE},
    {"type", "Type", TRUE, FALSE, FALSE},
    {"result", "Result", TRUE, FALSE, FALSE},
    {"restarts", "NRestarts", TRUE, TRUE, FALSE},
    {"exit_code", "ExecMainCode", TRUE, FALSE, FALSE},
    {"exit_status", "ExecMainStatus", TRUE, FALSE, FALSE},
    {"main_pid", "MainPID", TRUE, FALSE, FALSE},
};
const guint pst_units_details_properties_n = G_N_ELEMENTS(pst_units_details_properties);

struct PstUnits {
    PstBusPeer *peer; /* or, where it is NULL: */
    PstUnitsSystemctl systemctl;
};

PstUnits *
pst_units_new_for_peer(PstBusPeer *peer)
{
    PstUnits *units = g_new0(PstUnits, 1);

    units->peer = peer;
    return units;
}

PstUnits *
pst_units_open(const PstSysroot *sysroot, gint64 timeout_ms, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!pst_sysroot_exists(sysroot, BOOTED_FOLDER)) {
        g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "the system was not booted with systemd");
        return NULL;
    }
    if (!pst_sysroot_is_live(sysroot)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "systemd is asked only in a running system");
        return NULL;
    }

    PstBusPeer *peer = pst_bus_peer_open(PRIVATE_SOCKET, timeout_ms, &cause);
    if (peer != NULL)
        return pst_units_new_for_peer(peer);
    /* Where PID 1 does not answer, systemctl only waits 25 s for the same answer. */
    if (!g_error_matches(cause, PST_ERROR, PST_ERROR_ABSENT) &&
        !g_error_matches(cause, PST_ERROR, PST_ERROR_PROTOCOL)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }

    PstUnits *units = g_new0(PstUnits, 1);
    units->systemctl.sysroot = sysroot;
    units->systemctl.deadline_us = g_get_monotonic_time() + timeout_ms * 1000;
    return units;
}

void
pst_units_free(PstUnits *units)
{
    g_clear_pointer(&units->peer, pst_bus_peer_free);
    g_free(units);
}

const char *
pst_units_source(const PstUnits *units)
{
    return units->peer != NULL ? "systemd" : "systemctl";
}

PstUnitsManager *
pst_units_manager(PstUnits *units, GError **error)
{
    if (units->peer != NULL)
        return pst_units_bus_manager(units->peer, error);
    return pst_units_systemctl_manager(&units->systemctl, error);
}

GPtrArray *
pst_units_list(PstUnits *units, const char *const *states, const char *const *patterns,
               GError **error)
{
    if (units->peer != NULL)
        return pst_units_bus_list(units->peer, states, patterns, error);
    return pst_units_systemctl_list(&units->systemctl, states, patterns, error);
}

GPtrArray *
pst_units_named(PstUnits *units, const char *const *names, GError **error)
{
    if (units->peer != NULL)
        return pst_units_bus_named(units->peer, names, error);
    return pst_units_systemctl_named(&units->systemctl, names, error);
}

GPtrArray *
pst_units_jobs(PstUnits *units, GError **error)
{
    if (units->peer != NULL)
        return pst_units_bus_jobs(units->peer, error);
    return pst_units_systemctl_jobs(&units->systemctl, error);
}

GPtrArray *
pst_units_details(PstUnits *units, const char *const *names, gboolean brief, GError **error)
{
    if (units->peer != NULL)
        return pst_units_bus_details(units->peer, names, brief, error);
    return pst_units_systemctl_details(&units->systemctl, names, brief, error);
}

void
pst_units_list_free(const PstFields *fields, GPtrArray *list)
{
    for (guint i = 0; list != NULL && i < list->len; i++)
        pst_fields_free(fields, list->pdata[i]);
    g_clear_pointer(&list, g_ptr_array_unref);
}

gboolean
pst_units_is_name(const char *name)
{
    static const char *const suffixes[] = {".service", ".socket", ".target",   ".timer",
                                           ".mount",   ".path",   ".slice",    ".scope",
                                           ".swap",    ".device", ".automount"};
    gsize len = strlen(name);
    gboolean suffixed = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++)
        suffixed |= g_str_has_suffix(name, suffixes[i]) && len > strlen(suffixes[i]);
    for (gsize i = 0; i < len; i++)
        if (!g_ascii_isalnum(name[i]) && strchr(":-_.\\@", name[i]) == NULL)
            return FALSE;
    return suffixed && len <= MAX_UNIT_NAME && *name != '@' && strstr(name, "@.") == NULL;
}
