// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* Probes that misbehave in every way there is, for the workers' tests. Each runs in a worker. */

/* The kind of all of them: takes a text, and tells a text and lines. */
extern const PstReportKind bad_probes_kind;

/* A folder for what they leave for a test to find; set by the test. */
extern char *bad_probes_folder;

typedef struct {
    char *text;
} BadProbeArgs;

void bad_probes_run_well(const PstProbeContext *context, gconstpointer args, PstReport *report);
void bad_probes_run_asleep(const PstProbeContext *context, gconstpointer args, PstReport *report);
void bad_probes_run_in_a_loop(const PstProbeContext *context, gconstpointer args,
                              PstReport *report);
void bad_probes_run_into_a_crash(const PstProbeContext *context, gconstpointer args,
                                 PstReport *report);
void bad_probes_run_abort(const PstProbeContext *context, gconstpointer args, PstReport *report);
void bad_probes_run_early_exit(const PstProbeContext *context, gconstpointer args,
                               PstReport *report);
void bad_probes_run_exit_with_status(const PstProbeContext *context, gconstpointer args,
                                     PstReport *report);
void bad_probes_run_with_children(const PstProbeContext *context, gconstpointer args,
                                  PstReport *report);
void bad_probes_run_with_children_asleep(const PstProbeContext *context, gconstpointer args,
                                         PstReport *report);
void bad_probes_run_with_noisy_children(const PstProbeContext *context, gconstpointer args,
                                        PstReport *report);
void bad_probes_run_large(const PstProbeContext *context, gconstpointer args, PstReport *report);
void bad_probes_run_flood(const PstProbeContext *context, gconstpointer args, PstReport *report);
void bad_probes_run_garbage(const PstProbeContext *context, gconstpointer args, PstReport *report);
void bad_probes_run_with_pipe_closed(const PstProbeContext *context, gconstpointer args,
                                     PstReport *report);
void bad_probes_run_into_a_fifo(const PstProbeContext *context, gconstpointer args,
                                PstReport *report);
void bad_probes_run_hungry(const PstProbeContext *context, gconstpointer args, PstReport *report);
void bad_probes_run_inventory(const PstProbeContext *context, gconstpointer args,
                              PstReport *report);
void bad_probes_run_crowd(const PstProbeContext *context, gconstpointer args, PstReport *report);
