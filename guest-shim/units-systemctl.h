// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/units.h"

/* units.h's questions as calls of systemctl(1), for where PID 1's private socket can't be used. */

typedef struct {
    const PstSysroot *sysroot;
    gint64 deadline_us; /* of g_get_monotonic_time() */
} PstUnitsSystemctl;

PstUnitsManager *pst_units_systemctl_manager(const PstUnitsSystemctl *systemctl, GError **error);
GPtrArray *pst_units_systemctl_list(const PstUnitsSystemctl *systemctl, const char *const *states,
                                    const char *const *patterns, GError **error);
GPtrArray *pst_units_systemctl_named(const PstUnitsSystemctl *systemctl, const char *const *names,
                                     GError **error);
GPtrArray *pst_units_systemctl_jobs(const PstUnitsSystemctl *systemctl, GError **error);
GPtrArray *pst_units_systemctl_details(const PstUnitsSystemctl *systemctl, const char *const *names,
                                       gboolean brief, GError **error);

/* Fills in what one line `Property=value` of `systemctl show` says; other lines are ignored. */
void pst_units_systemctl_take_line(const PstFields *fields, gpointer object,
                                   const PstUnitsProperty *properties, guint n_properties,
                                   const char *line);

/* The list behind the output of `systemctl show` for several units, which are separated by empty
 * lines. */
GPtrArray *pst_units_systemctl_parse(const char *text);

/* The list behind the output of `systemctl list-units --plain --no-legend`. */
GPtrArray *pst_units_systemctl_parse_list(const char *text);

/* The list behind the output of `systemctl list-jobs --no-legend`. */
GPtrArray *pst_units_systemctl_parse_jobs(const char *text);
