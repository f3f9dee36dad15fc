// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-system.h"

#include "guest-shim/bus-peer.h"
#include "guest-shim/daemon-state.h"
#include "guest-shim/system-facts.h"
#include "guest-shim/system-judge.h"
#include "guest-shim/units.h"
#include "protocol/error.h"

#define UNITS_MS 3000
/* Who is merely slow, on a busy machine, answers within this; with less it is not asked. */
#define BUS_MS 2000
#define MAX_JOBS 32

static char **
ids_of(const GPtrArray *units)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < units->len; i++)
        g_strv_builder_add(builder, ((const PstUnit *)units->pdata[i])->id);
    return g_strv_builder_end(builder);
}

/* The names of the units in one of STATES; NULL with an error. */
static char **
names_in(PstUnits *units, const char *state, const char *pattern, GError **error)
{
    const char *const states[] = {state, NULL};
    const char *const patterns[] = {pattern, NULL};
    GPtrArray *list = pst_units_list(units, states, patterns, error);
    char **names = list != NULL ? ids_of(list) : NULL;

    pst_units_list_free(&pst_units_unit_fields, list);
    return names;
}

static gboolean
ask_default_target(PstUnits *units, PstSystemManager *manager, GError **error)
{
    static const char *const names[] = {"default.target", NULL};
    GPtrArray *list = pst_units_named(units, names, error);

    if (list == NULL)
        return FALSE;
    manager->default_target = g_strdup(((PstUnit *)list->pdata[0])->id);
    pst_units_list_free(&pst_units_unit_fields, list);
    return TRUE;
}

/* For how long the units have been as they are whose jobs run: the others wait for these. While the
 * guest starts that is of no account. */
static gboolean
ask_how_long(PstUnits *units, const PstSystemManager *manager, GError **error)
{
    static const char *const started[] = {"running", "degraded", "maintenance", NULL};
    const GPtrArray *jobs = manager->jobs;
    gint64 now_us = g_get_monotonic_time();
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    guint n = 0;

    for (guint i = 0; jobs != NULL && i < jobs->len && n < MAX_JOBS; i++) {
        const PstSystemJob *job = jobs->pdata[i];

        if (g_strcmp0(job->state, "running") != 0 || !pst_units_is_name(job->unit))
            continue;
        g_strv_builder_add(builder, job->unit);
        n++;
    }
    g_auto(GStrv) names = g_strv_builder_end(builder);
    if (n == 0 || manager->state == NULL || !g_strv_contains(started, manager->state))
        return TRUE;
    GPtrArray *list = pst_units_details(units, (const char *const *)names, FALSE, error);
    for (guint i = 0, at = 0; list != NULL && i < jobs->len && at < list->len; i++) {
        PstSystemJob *job = jobs->pdata[i];

        if (g_strcmp0(job->unit, names[at]) != 0 || g_strcmp0(job->state, "running") != 0)
            continue;
        const PstUnitDetails *unit = list->pdata[at++];
        if (unit->state_change != PST_INT_UNKNOWN && unit->state_change > 0)
            job->unit_ms = MAX(0, now_us - unit->state_change) / 1000;
    }
    pst_units_list_free(&pst_units_details_fields, list);
    return list != NULL;
}

static gboolean
ask_jobs(PstUnits *units, PstSystemManager *manager, GError **error)
{
    GPtrArray *jobs = pst_units_jobs(units, error);

    for (guint i = 0; jobs != NULL && i < jobs->len; i++) {
        PstUnitsJob *from = jobs->pdata[i];
        PstSystemJob *to = pst_fields_append(&pst_report_system_job_fields, &manager->jobs);

        to->unit = g_steal_pointer(&from->unit);
        to->type = g_steal_pointer(&from->type);
        to->state = g_steal_pointer(&from->state);
    }
    pst_units_list_free(&pst_units_job_fields, jobs);
    return jobs != NULL && ask_how_long(units, manager, error);
}

static gboolean
ask_state(PstUnits *units, PstSystemManager *to, GError **error)
{
    PstUnitsManager *from = pst_units_manager(units, error);

    if (from == NULL)
        return FALSE;
    to->state = g_steal_pointer(&from->state);
    to->version = g_steal_pointer(&from->version);
    to->tainted = g_steal_pointer(&from->tainted);
    to->n_failed = from->n_failed;
    to->n_jobs = from->n_jobs;
    pst_fields_free(&pst_units_manager_fields, from);
    return TRUE;
}

/* What systemd says goes into DATA as far as it said it. */
static gboolean
ask_manager(const PstProbeContext *context, PstSystemData *data, GError **error)
{
    g_autoptr(PstUnits) units =
        pst_units_open(context->sysroot, pst_probe_time_left_ms(context, UNITS_MS), error);

    if (units == NULL)
        return FALSE;
    PstSystemManager *manager = pst_fields_new(&pst_report_system_manager_fields);
    data->manager = manager;
    manager->source = g_strdup(pst_units_source(units));
    if (!ask_state(units, manager, error))
        return FALSE;
    manager->targets = names_in(units, "active", "*.target", error);
    if (manager->targets == NULL || !ask_default_target(units, manager, error))
        return FALSE;
    if (manager->n_failed != 0 && (manager->failed = names_in(units, "failed", "*", error)) == NULL)
        return FALSE;
    return manager->n_jobs == 0 || ask_jobs(units, manager, error);
}

/* A daemon's process can be as any that sleeps, and answer nobody: that is seen by asking alone. */
static void
ask_bus(const PstProbeContext *context, PstSystemData *data)
{
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(data->dbus, pst_daemon_state_name(PST_DAEMON_STATE_RUNNING)) != 0 ||
        pst_probe_time_left_ms(context, BUS_MS) < BUS_MS ||
        pst_bus_peer_is_awake(pst_daemon_state_dbus.socket, BUS_MS, &error) ||
        !g_error_matches(error, PST_ERROR, PST_ERROR_DEADLINE))
        return;
    g_free(data->dbus);
    data->dbus = g_strdup(pst_daemon_state_name(PST_DAEMON_STATE_SILENT));
}

static char *
ok_summary(const PstSystemData *data)
{
    const char *os = data->os != NULL && data->os->name != NULL ? data->os->name : "the system";
    gint64 minutes = data->uptime_s != PST_INT_UNKNOWN ? data->uptime_s / 60 : 0;
    const char *state =
        data->manager != NULL && data->manager->state != NULL ? data->manager->state : "unknown";

    if (data->manager == NULL)
        return g_strdup_printf("%s, up %" G_GINT64_FORMAT " min", os, minutes);
    return g_strdup_printf("%s, up %" G_GINT64_FORMAT " min, systemd says: %s", os, minutes, state);
}

void
pst_probe_system_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    const PstSystemArgs *wanted = args;
    PstSystemData *data = report->data;
    g_autoptr(PstSystemFacts) facts = pst_system_facts_read(context->sysroot, data);
    g_autoptr(GError) cause = NULL;

    if (data->clock != NULL && wanted->host_realtime_us != PST_INT_UNKNOWN)
        data->clock->drift_ms = (data->clock->realtime_us - wanted->host_realtime_us) / 1000;
    if (pst_sysroot_is_live(context->sysroot)) {
        ask_manager(context, data, &cause);
        ask_bus(context, data);
    }
    pst_system_judge(data, facts, cause, report);

    g_autofree char *summary = ok_summary(data);
    pst_report_conclude(report, summary);
}
