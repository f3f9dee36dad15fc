// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/bus-peer.h"
#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* What systemd says of its units, asked of PID 1 itself over its private socket, and of systemctl
 * where that socket can't be used. Every structure here is described by a table of rows, so that
 * both sources fill in the same one. What a source did not say stays unknown (NULL,
 * PST_INT_UNKNOWN). The names are those of org.freedesktop.systemd1(5), where the values are
 * explained. */

typedef struct PstUnits PstUnits;

typedef struct {
    char *state;   /* initializing, starting, running, degraded, maintenance, stopping */
    char *version; /* of systemd */
    char *tainted; /* why systemd itself calls the system odd; "" for no reason */
    gint64 n_failed;
    gint64 n_jobs;
} PstUnitsManager;

/* A row of a list of units. */
typedef struct {
    char *id;
    char *description;
    char *load;   /* loaded, not-found, bad-setting, error, masked … */
    char *active; /* active, reloading, inactive, failed, activating, deactivating */
    char *sub;
} PstUnit;

typedef struct {
    char *unit;
    char *type;  /* start, stop, restart … */
    char *state; /* running, or waiting for others */
} PstUnitsJob;

/* Times are microseconds on CLOCK_MONOTONIC; 0 for what has not happened in this boot. */
typedef struct {
    char *id; /* the unit's own name, where it was asked for by an alias */
    char *description;
    char *load;
    char *load_error;
    char *active;
    char *sub;
    char *fragment_path;
    char *enabled; /* enabled, disabled, static, masked … */
    gint64 active_enter;
    gint64 active_exit;
    gint64 inactive_enter;
    gint64 state_change;
    PstTri condition_met;                           /* of its last start */
    PstTri needs_reload;                            /* its file was changed since it was read */
    PstTri default_dependencies, ignore_on_isolate; /* as systemd.unit(5) has them */
    char **triggered_by;
    char *type;         /* of a service: simple, exec, forking, oneshot, dbus, notify, idle */
    char *result;       /* success, exit-code, signal, core-dump, timeout, start-limit-hit … */
    gint64 restarts;    /* automatic ones, since it was last started by hand */
    gint64 exit_code;   /* si_code of its main process: 1 exited, 2 killed, 3 dumped; 0 never */
    gint64 exit_status; /* or the signal's number */
    gint64 main_pid;
} PstUnitDetails;

extern const PstFields pst_units_unit_fields;
extern const PstFields pst_units_job_fields;
extern const PstFields pst_units_manager_fields;
extern const PstFields pst_units_details_fields;

/* Where the details of a field come from: a property of systemd's. */
typedef struct {
    const char *field; /* of the structure */
    const char *property;
    gboolean of_type; /* of the interface of its type (Service, Mount …), not of Unit */
    gboolean brief;   /* also asked for where only the state is wanted */
    gboolean listed;  /* a list of units has it already */
} PstUnitsProperty;

extern const PstUnitsProperty pst_units_details_properties[];
extern const guint pst_units_details_properties_n;
extern const PstUnitsProperty pst_units_manager_properties[];
extern const guint pst_units_manager_properties_n;

/* Reaches systemd within TIMEOUT_MS, which is also all the time that its answers may take together.
 * Errors: PST_ERROR_ABSENT where the system was not booted with systemd; PST_ERROR_UNAVAILABLE
 * where PID 1 refuses or hangs up, and in a sysroot that is not live; PST_ERROR_DEADLINE; and what
 * says nothing of PID 1: PST_ERROR_NOT_ALLOWED, PST_ERROR_INTERNAL. */
PstUnits *pst_units_open(const PstSysroot *sysroot, gint64 timeout_ms, GError **error);

/* The same over a conversation that is there already, which it takes. */
PstUnits *pst_units_new_for_peer(PstBusPeer *peer);
void pst_units_free(PstUnits *units);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstUnits, pst_units_free)

/* "systemd" or "systemctl": who answers. */
const char *pst_units_source(const PstUnits *units);

/* NULL with an error as above. Free with pst_fields_free() and the table of the structure. */
PstUnitsManager *pst_units_manager(PstUnits *units, GError **error);

/* The loaded units that are in any of STATES (load, active or sub; NULL: in any state) and match
 * any of PATTERNS (shell globs; NULL: all). A list of PstUnit; free with pst_units_list_free(). */
GPtrArray *pst_units_list(PstUnits *units, const char *const *states, const char *const *patterns,
                          GError **error);

/* The state of each of NAMES in this order, a list of PstUnit; `load` says not-found of a unit that
 * is not there. Every one of NAMES must be what pst_units_is_name() accepts. */
GPtrArray *pst_units_named(PstUnits *units, const char *const *names, GError **error);

/* What systemd has still to do, a list of PstUnitsJob. */
GPtrArray *pst_units_jobs(PstUnits *units, GError **error);

/* The details of each of NAMES as above, a list of PstUnitDetails. BRIEF: only the state, when it
 * was reached, and the restarts. */
GPtrArray *pst_units_details(PstUnits *units, const char *const *names, gboolean brief,
                             GError **error);

/* Frees a list and its elements, which FIELDS describes. */
void pst_units_list_free(const PstFields *fields, GPtrArray *list);

/* Whether NAME can be a unit's, with its type and without being a template: systemd.unit(5). */
gboolean pst_units_is_name(const char *name);
