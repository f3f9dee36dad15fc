// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* What a simulated guest has at the other end of its channel. */
typedef enum {
    PST_SIM_REAL,     /* a postern-shim of its own, on a small system of its own */
    PST_SIM_QUICK,    /* a script that answers everything, at once */
    PST_SIM_SLOW,     /* the same, PST_SIM_SLOW_MS after it was asked; a ping at once */
    PST_SIM_SILENT,   /* one that reads everything and answers nothing */
    PST_SIM_FLOODING, /* one that answers the hello, and then sends bad frames without end */
    PST_SIM_LYING,    /* one that answers each question with the report of another probe */
    PST_SIM_POSING,   /* one that answers under the ids of the guest that was greeted before it */
    PST_SIM_N_KINDS
} PstSimKind;

#define PST_SIM_SLOW_MS 150

extern const char *const pst_sim_kind_names[PST_SIM_N_KINDS];
