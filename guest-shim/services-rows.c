// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/services-rows.h"

#include <string.h>

#define LATELY_US (60 * G_USEC_PER_SEC)

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A copy of NAMES in their order; these lose theirs. */
static char **
sorted(GPtrArray *names)
{
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strdupv((char **)names->pdata);
}

GPtrArray *
pst_services_rows_tell_active(PstServicesData *data, const GPtrArray *units)
{
    g_autoptr(GPtrArray) running = g_ptr_array_new();
    g_autoptr(GPtrArray) exited = g_ptr_array_new();
    GPtrArray *alive = g_ptr_array_new();

    for (guint i = 0; i < units->len; i++) {
        const PstUnit *unit = units->pdata[i];

        if (g_strcmp0(unit->sub, "exited") == 0) {
            if (!g_str_has_prefix(unit->id, "user-runtime-dir@"))
                g_ptr_array_add(exited, unit->id);
            continue;
        }
        g_ptr_array_add(alive, unit->id);
        if (g_strcmp0(unit->active, "active") == 0)
            g_ptr_array_add(running, unit->id);
    }
    /* One that was stopped in order is not told of otherwise: it may be meant to be. */
    data->running = sorted(running);
    data->exited = sorted(exited);
    data->n_running = alive->len;
    g_ptr_array_add(alive, NULL);
    return alive;
}

void
pst_services_rows_tell_started(PstServicesData *data, const GPtrArray *units, gint64 now)
{
    for (guint i = 0; i < units->len; i++) {
        const PstUnitDetails *unit = units->pdata[i];
        gboolean active = g_strcmp0(unit->active, "active") == 0 && unit->id != NULL;

        if (!active || unit->active_enter <= 0 || now - unit->active_enter >= LATELY_US)
            continue;
        PstServicesStarted *started =
            pst_fields_append(&pst_report_services_started_fields, &data->started);
        started->name = g_strdup(unit->id);
        started->ago_ms = MAX(0, now - unit->active_enter) / 1000;
    }
}

void
pst_services_rows_add_asked(PstServicesUnit *unit, const char *asked_as)
{
    guint n = unit->also_asked_as != NULL ? g_strv_length(unit->also_asked_as) : 0;

    if (asked_as == NULL || g_strcmp0(unit->asked_as, asked_as) == 0)
        return;
    if (unit->asked_as == NULL) {
        unit->asked_as = g_strdup(asked_as);
        return;
    }
    unit->also_asked_as = g_renew(char *, unit->also_asked_as, n + 2);
    unit->also_asked_as[n] = g_strdup(asked_as);
    unit->also_asked_as[n + 1] = NULL;
}
