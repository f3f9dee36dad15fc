// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-host.h"

/* What follows from what the host saw: pure functions of a PstHostData. */

/* Whether nothing in the guest can answer now, so that nobody need wait for it: it is not running,
 * its kernel has panicked, or, while it was asked and silent, its processors stood still or spun
 * without any work being done. A running guest is never certain to have done so at first sight. */
gboolean pst_host_judge_is_certain(const PstHostData *data);

/* Whether its console shows a panic, it runs, and nothing that is seen of it came after that: a
 * watch then tells whether it is a panic of now. */
gboolean pst_host_judge_may_have_panicked(const PstHostData *data);

/* A monitor that is well answers in a few milliseconds. One that has not for so long tells that
 * QEMU's main loop stands still, and with it all ports of the guest. */
#define PST_HOST_JUDGE_BUSY_MS 2000

/* Whether that is so, or libvirt has lost the monitor. */
gboolean pst_host_judge_is_monitor_silent(const PstHostData *data);

/* Adds the findings to a report of kind `host` that has its data, and concludes it. NOT_TOLD, of
 * char *, is what could not be had, and why. */
void pst_host_judge(PstReport *report, const GPtrArray *not_told);

/* Moves the findings of OTHER, of the same kind, into the report. Takes OTHER over. */
void pst_host_judge_merge(PstReport *report, PstReport *other);
