// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/recorder-kinds.h"
#include "guest-shim/sysroot.h"

/* What the kernel writes to its log from now on: warnings and worse, and processes killed for want
 * of memory. Lines that come together are told together, and after them the log is left alone for a
 * second, so that a flood of it wakes nobody more often than that. Served from the default main
 * loop. */

typedef struct PstRecorderKernel PstRecorderKernel;

typedef void (*PstRecorderKernelNews)(PstEventKind kind, const PstEventFacts *facts,
                                      gpointer user_data);

PstRecorderKernel *pst_recorder_kernel_new(PstRecorderKernelNews news, gpointer user_data);
void pst_recorder_kernel_free(PstRecorderKernel *kernel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderKernel, pst_recorder_kernel_free)

/* Reads on from the end of the log, where it is not read already. */
void pst_recorder_kernel_start(PstRecorderKernel *kernel, const PstSysroot *sysroot);

/* A record of the log, and that for now it was the last. */
void pst_recorder_kernel_take(PstRecorderKernel *kernel, const char *record);
void pst_recorder_kernel_pause(PstRecorderKernel *kernel);
