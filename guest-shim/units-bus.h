// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/units.h"

/* units.h's questions as calls of org.freedesktop.systemd1(5) on PID 1's private socket. */

PstUnitsManager *pst_units_bus_manager(PstBusPeer *peer, GError **error);
GPtrArray *pst_units_bus_list(PstBusPeer *peer, const char *const *states,
                              const char *const *patterns, GError **error);
GPtrArray *pst_units_bus_named(PstBusPeer *peer, const char *const *names, GError **error);
GPtrArray *pst_units_bus_jobs(PstBusPeer *peer, GError **error);
GPtrArray *pst_units_bus_details(PstBusPeer *peer, const char *const *names, gboolean brief,
                                 GError **error);

/* The object path of a unit: its name with all but letters and digits escaped. Free with g_free().
 */
char *pst_units_bus_path(const char *name);

/* Sets FIELD of OBJECT, which FIELDS describes, to a property's value of whatever type it has; a
 * type that does not fit leaves it unknown. */
void pst_units_bus_set(const PstFields *fields, gpointer object, const char *field,
                       GVariant *value);
