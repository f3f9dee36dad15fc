// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/message.h"
#include "protocol/report.h"

/* A probe answers one question about the guest it runs in. It runs in a worker process of its own
 * that may be killed at any moment, has no idea who asked or how the answer travels, and changes
 * nothing. docs/adding-a-probe.md shows how to write one. */

typedef struct {
    const PstSysroot *sysroot;
    gint64 deadline_us;     /* on CLOCK_BOOTTIME: then the worker is killed */
    const char *caller;     /* who asks, as the host names it; NULL where it does not say */
    gsize max_bytes;        /* of the report's text, at least 32 KiB; 0: what a frame can hold */
    const PstMessageId *id; /* of the question; NULL: its worker is not asked after */
} PstProbeContext;

/* Fills in the report's data and findings, and ends with pst_report_conclude(). ARGS is of
 * report->kind->args. What could not be looked at becomes a finding of severity unknown: a probe
 * that fails to look never passes for one that saw nothing wrong. */
typedef void (*PstProbeRun)(const PstProbeContext *context, gconstpointer args, PstReport *report);

typedef struct {
    const PstReportKind *kind;
    PstProbeRun run;
    /* It leaves the processor to sudo, sshd and systemd, whose answers are waited for no longer
     * than a few seconds: in a guest with one processor all probes at once would make them late.
     */
    gboolean patient;
    /* What it looks at is the same in an initramfs. The others ask about the installed system,
     * which is not there: what they would see in its place must not pass for it. */
    gboolean early;
} PstProbe;

extern const PstProbe pst_probe_table[];
extern const guint pst_probe_table_n;

/* The row called NAME; NULL with PST_ERROR_INVALID_PARAMS that names the nearest valid one. */
const PstProbe *pst_probe_require(const char *name, GError **error);

/* How long a program may run that a probe starts: at most WANTED_MS, and so that some time is left
 * of the probe's own deadline to report it. */
gint64 pst_probe_time_left_ms(const PstProbeContext *context, gint64 wanted_ms);

/* Adds a finding of severity unknown because of CAUSE, with its message as the evidence. */
PstFinding *pst_probe_add_unlooked(PstReport *report, const char *id, const char *what,
                                   const GError *cause);
