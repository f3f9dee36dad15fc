// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"

/* The child's side of a worker, right after fork: sheds what it inherited, runs the probe, writes
 * the report's text of at most MAX_TEXT bytes to OUT, and ends; at once where SHIM, the process
 * that started it, has gone already. */
void pst_worker_child_run(const PstProbe *probe, gconstpointer args, const PstProbeContext *context,
                          pid_t shim, int out, gsize max_text) G_GNUC_NORETURN;
