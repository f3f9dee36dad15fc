// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* A guest's power button: what it can be asked, and what is told of it. Pure functions. */

typedef enum {
    PST_POWER_RESET, /* the machine goes on, and boots anew */
    PST_POWER_STOP,
    PST_POWER_START,
    PST_POWER_CYCLE, /* stopped, and started: a new QEMU */
} PstPowerAction;

extern const char *const pst_power_action_names[];
#define PST_POWER_N_ACTIONS 4

/* One way that was taken. */
typedef struct {
    char *step; /* agent, acpi, hard or start */
    gint64 took_ms;
    char *problem; /* why it brought nothing about; NULL where it did */
} PstPowerStep;

typedef struct {
    int action;         /* PstPowerAction */
    char *state_before; /* in libvirt's words, as `running (booted)` */
    char *state_after;
    PstTri changed;   /* no: it was so already, and nothing was done */
    GPtrArray *steps; /* of PstPowerStep, in their order */
    char *note;       /* what is to be known of it beside; NULL */
} PstPowerDone;

extern const PstFields pst_power_step_fields;
extern const PstFields pst_power_done_fields;

void pst_power_done_free(PstPowerDone *done);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPowerDone, pst_power_done_free)

/* ACTION by its name; FALSE with PST_ERROR_USAGE. */
gboolean pst_power_parse(const char *text, PstPowerAction *action, GError **error);

typedef struct {
    PstPowerAction action;
    gboolean graceful;
    const char *without_forensics; /* why no evidence is kept; NULL: it is */
} PstPowerWish;

/* A reason is some text of at most so many bytes. */
#define PST_POWER_MAX_REASON 400

/* Whether REASON, which may be NULL, can be one; else PST_ERROR_INVALID_PARAMS. */
gboolean pst_power_check_reason(const char *reason, GError **error);

/* How a guest that is in STATE (virDomainState) can be asked for ACTION: TRUE, with *NEEDED whether
 * there is anything to do; else FALSE with PST_ERROR_PATH_SHUT and the way out. */
gboolean pst_power_may(PstPowerAction action, int state, gboolean *needed, GError **error);
