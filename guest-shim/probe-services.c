// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-services.h"

#include <time.h>

#include "guest-shim/services-judge.h"
#include "guest-shim/services-lines.h"
#include "guest-shim/services-rows.h"
#include "guest-shim/units-wanted.h"
#include "protocol/error.h"

#define UNITS_MS 3000
#define MAX_ASKED 64
#define MAX_UNITS 100
#define LINES_OF_UNIT 5

/* The work of one run. Units by their own names, each once. */
typedef struct {
    const PstProbeContext *context;
    PstReport *report;
    PstServicesData *data;
    PstUnits *units;
    GPtrArray *names;     /* to look at closely, as asked of systemd */
    GHashTable *asked_as; /* name → as it was asked for */
    GHashTable *triggers; /* names of units that wait for work, as sockets do */
    gint64 now;           /* CLOCK_MONOTONIC */
    gint64 now_realtime;
} Work;

static gint64
clock_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
want(Work *work, const char *name)
{
    for (guint i = 0; i < work->names->len; i++)
        if (g_str_equal(work->names->pdata[i], name))
            return;
    if (work->names->len < MAX_UNITS)
        g_ptr_array_add(work->names, g_strdup(name));
    else
        work->report->truncated = TRUE;
}

/* A name without a type is a service's, as for systemctl. */
static void
want_asked(Work *work, char **units)
{
    for (guint i = 0; units != NULL && units[i] != NULL; i++) {
        g_autofree char *name = pst_units_is_name(units[i])
                                    ? g_strdup(units[i])
                                    : g_strconcat(units[i], ".service", NULL);

        if (i >= MAX_ASKED) {
            pst_report_add(work->report, "services.could-not-look", PST_SEVERITY_UNKNOWN,
                           "more than %d units were asked for: only the first ones were looked at",
                           MAX_ASKED);
            return;
        }
        if (!pst_units_is_name(name)) {
            pst_report_add(work->report, "services.not-found", PST_SEVERITY_CRITICAL,
                           "'%.80s' can't be the name of a unit", units[i]);
            continue;
        }
        want(work, name);
        g_hash_table_insert(work->asked_as, g_steal_pointer(&name), g_strdup(units[i]));
    }
}

/* Those that failed or are between two tries. */
static gboolean
want_failed(Work *work, GError **error)
{
    static const char *const states[] = {"failed", "auto-restart", "auto-restart-queued", NULL};
    GPtrArray *list = pst_units_list(work->units, states, NULL, error);

    for (guint i = 0; list != NULL && i < list->len; i++)
        want(work, ((PstUnit *)list->pdata[i])->id);
    pst_units_list_free(&pst_units_unit_fields, list);
    return list != NULL;
}

static gboolean
is_listed(const GPtrArray *list, const char *name)
{
    for (guint i = 0; i < list->len; i++) {
        const PstUnit *unit = list->pdata[i];
        if (g_str_equal(unit->id, name))
            return g_strcmp0(unit->load, "not-found") != 0;
    }
    return FALSE;
}

/* Those of the control plane that don't run though they are meant to. Naming them would make
 * systemd read the files of those that nobody uses; a pattern finds only those that it has loaded,
 * and what is wanted by an active target is always loaded. */
static gboolean
want_control_plane(Work *work, GError **error)
{
    static const char *const states[] = {"inactive", "activating", "deactivating", NULL};
    const char *const *names = pst_services_judge_control_plane;
    GPtrArray *list = pst_units_list(work->units, states, names, error);

    for (guint i = 0; list != NULL && list->len > 0 && names[i] != NULL; i++)
        if (is_listed(list, names[i]) && pst_units_wanted(work->context->sysroot, names[i]))
            want(work, names[i]);
    pst_units_list_free(&pst_units_unit_fields, list);
    return list != NULL;
}

/* Services that run, or are about to, and have been restarted often lately. */
static gboolean
want_restarting(Work *work, GError **error)
{
    static const char *const states[] = {"running", "activating", "exited", NULL};
    static const char *const patterns[] = {"*.service", NULL};
    GPtrArray *list = pst_units_list(work->units, states, patterns, error);
    g_autoptr(GPtrArray) names =
        list != NULL ? pst_services_rows_tell_active(work->data, list) : NULL;
    GPtrArray *details = NULL;

    if (list != NULL)
        details = pst_units_details(work->units, (const char *const *)names->pdata, TRUE, error);
    if (details != NULL)
        pst_services_rows_tell_started(work->data, details, work->now);
    for (guint i = 0; details != NULL && i < details->len; i++) {
        const PstUnitDetails *one = details->pdata[i];
        if (pst_services_judge_restarts(one, work->now))
            want(work, one->id);
    }
    pst_units_list_free(&pst_units_details_fields, details);
    pst_units_list_free(&pst_units_unit_fields, list);
    return details != NULL;
}

/* Sockets, timers and paths that wait: what they trigger is not missed while it is not running. */
static gboolean
list_triggers(Work *work, const GPtrArray *details, GError **error)
{
    static const char *const states[] = {"listening", "waiting", "running", NULL};
    static const char *const patterns[] = {"*.socket", "*.path", "*.timer", NULL};
    gboolean needed = FALSE;

    for (guint i = 0; i < details->len; i++)
        needed |= ((PstUnitDetails *)details->pdata[i])->triggered_by != NULL;
    if (!needed)
        return TRUE;

    GPtrArray *list = pst_units_list(work->units, states, patterns, error);
    for (guint i = 0; list != NULL && i < list->len; i++)
        g_hash_table_add(work->triggers, g_strdup(((PstUnit *)list->pdata[i])->id));
    pst_units_list_free(&pst_units_unit_fields, list);
    return list != NULL;
}

static void
take_exit(const PstUnitDetails *from, PstServicesUnit *to)
{
    gboolean failed = g_strcmp0(from->result, "success") != 0;

    if (from->exit_code == 1 && !(failed && from->exit_status == 0))
        to->exit_status = from->exit_status;
    else if (from->exit_code == 2 || from->exit_code == 3)
        to->exit_signal = from->exit_status;
}

static PstServicesUnit *
take_details(const Work *work, PstUnitDetails *from, const char *asked_as)
{
    PstServicesUnit *to = pst_fields_append(&pst_report_services_unit_fields, &work->data->units);

    to->name = g_strdup(from->id);
    to->asked_as = g_strdup(asked_as);
    to->description = g_strdup(from->description);
    to->load = g_strdup(from->load);
    to->active = g_strdup(from->active);
    to->sub = g_strdup(from->sub);
    to->enabled = from->enabled != NULL && *from->enabled != '\0' ? g_strdup(from->enabled) : NULL;
    to->fragment_path = from->fragment_path != NULL && *from->fragment_path != '\0'
                            ? g_strdup(from->fragment_path)
                            : NULL;
    to->result = g_strdup(from->result);
    to->restarts = from->restarts;
    to->needs_reload = from->needs_reload;
    to->default_dependencies = from->default_dependencies;
    to->ignore_on_isolate = from->ignore_on_isolate;
    to->main_pid = from->main_pid > 0 ? from->main_pid : PST_INT_UNKNOWN;
    take_exit(from, to);
    if (from->state_change != PST_INT_UNKNOWN && from->state_change > 0)
        to->since_us = work->now_realtime - (work->now - from->state_change);
    return to;
}

static gboolean
is_on_demand(const Work *work, const PstUnitDetails *details)
{
    for (guint i = 0; details->triggered_by != NULL && details->triggered_by[i] != NULL; i++)
        if (g_hash_table_contains(work->triggers, details->triggered_by[i]))
            return TRUE;
    return FALSE;
}

/* Lines are read for what was asked for and for what is in trouble: not for those that are only
 * stopped, which are most often meant to be. */
static gboolean
needs_lines(const Work *work, const PstUnitDetails *details)
{
    return g_strcmp0(details->load, "not-found") != 0 &&
           (g_strcmp0(details->active, "failed") == 0 ||
            pst_services_lines_find(work->data, details->id)->asked_as != NULL ||
            pst_services_judge_restarts(details, work->now));
}

/* Lines for all units that need them. */
static void
read_lines(Work *work, const GPtrArray *list)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < list->len; i++) {
        PstUnitDetails *details = list->pdata[i];
        if (needs_lines(work, details))
            g_ptr_array_add(names, details->id);
    }
    pst_services_lines_read(work->context, names, work->report);
}

static gboolean
gather(Work *work, char **asked, GError **error)
{
    work->units = pst_units_open(work->context->sysroot,
                                 pst_probe_time_left_ms(work->context, UNITS_MS), error);
    if (work->units == NULL)
        return FALSE;
    work->data->source = g_strdup(pst_units_source(work->units));
    want_asked(work, asked);
    return want_failed(work, error) && want_control_plane(work, error) &&
           want_restarting(work, error);
}

static void
judge(Work *work, GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const PstUnitDetails *details = list->pdata[i];
        PstServicesUnit *unit = pst_services_lines_find(work->data, details->id);

        if (unit == NULL)
            continue;
        PstServicesCase one = {
            .details = details,
            .unit = unit,
            .asked = unit->asked_as != NULL,
            .restarting = pst_services_judge_restarts(details, work->now),
            .wanted = pst_units_wanted(work->context->sysroot, details->id),
            .on_demand = is_on_demand(work, details),
        };
        unit->wanted = PST_TRI(one.wanted);
        unit->on_demand = PST_TRI(one.on_demand);
        pst_services_judge(&one, work->report);
    }
}

/* More lines are judged than are told. */
static void
trim_lines(PstServicesUnit *unit)
{
    while (unit->lines != NULL && unit->lines->len > LINES_OF_UNIT)
        pst_fields_free(&pst_report_services_line_fields,
                        g_ptr_array_steal_index(unit->lines, unit->lines->len - 1));
}

/* What nobody asked for and nothing is wrong with was only looked at. */
static void
leave_out_sound(Work *work)
{
    GPtrArray *units = work->data->units;

    for (guint i = 0; units != NULL && i < units->len;) {
        PstServicesUnit *unit = units->pdata[i];
        gboolean named = unit->asked_as != NULL;

        for (guint j = 0; j < work->report->findings->len && !named; j++) {
            const PstFinding *finding = work->report->findings->pdata[j];
            named = g_strcmp0(finding->evidence->unit, unit->name) == 0;
        }
        if (named) {
            trim_lines(unit);
            i++;
        } else {
            pst_fields_free(&pst_report_services_unit_fields, unit);
            g_ptr_array_remove_index(units, i);
        }
    }
}

/* An alias and its unit are one: the first that comes stays, and remembers by what names it was
 * asked for. */
static GPtrArray *
look_closely(Work *work, GError **error)
{
    GPtrArray *list, *unique = g_ptr_array_new();

    g_ptr_array_add(work->names, NULL);
    list = pst_units_details(work->units, (const char *const *)work->names->pdata, FALSE, error);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        PstUnitDetails *details = list->pdata[i];
        const char *asked_as = g_hash_table_lookup(work->asked_as, work->names->pdata[i]);
        PstServicesUnit *known = pst_services_lines_find(work->data, details->id);

        if (known == NULL && details->id != NULL) {
            take_details(work, details, asked_as);
            g_ptr_array_add(unique, details);
            continue;
        }
        if (known != NULL)
            pst_services_rows_add_asked(known, asked_as);
        pst_fields_free(&pst_units_details_fields, details);
    }
    if (list != NULL)
        g_ptr_array_unref(list);
    else
        g_clear_pointer(&unique, g_ptr_array_unref);
    return unique;
}

static void
look(Work *work, char **asked)
{
    g_autoptr(GError) cause = NULL;
    GPtrArray *list = NULL;

    if (gather(work, asked, &cause))
        list = look_closely(work, &cause);
    if (list == NULL || !list_triggers(work, list, &cause)) {
        pst_probe_add_unlooked(work->report, "services.could-not-look", "the units", cause);
        pst_units_list_free(&pst_units_details_fields, list);
        return;
    }
    read_lines(work, list);
    judge(work, list);
    leave_out_sound(work);
    pst_units_list_free(&pst_units_details_fields, list);
}

void
pst_probe_services_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) asked_as = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) triggers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Work work = {
        .context = context,
        .report = report,
        .data = report->data,
        .names = names,
        .asked_as = asked_as,
        .triggers = triggers,
        .now = clock_us(CLOCK_MONOTONIC),
        .now_realtime = clock_us(CLOCK_REALTIME),
    };

    look(&work, ((const PstServicesArgs *)args)->units);
    g_clear_pointer(&work.units, pst_units_free);
    g_autofree char *summary = g_strdup_printf("%" G_GINT64_FORMAT " services run, none failed",
                                               MAX(0, work.data->n_running));
    pst_report_conclude(report, summary);
}
