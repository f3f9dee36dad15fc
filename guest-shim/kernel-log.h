// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The kernel's log since the start, as far as its ring goes back, from /dev/kmsg
 * (Documentation/ABI/testing/dev-kmsg). Reading takes nothing from other readers. */

/* A record of the kernel's own: MESSAGE is without its prefix, TIME_US on about CLOCK_MONOTONIC. */
typedef void (*PstKernelLogRecord)(const char *message, gint64 time_us, gpointer user_data);

/* Hands each record of the kernel itself to RECORD, oldest first; what programs wrote there is left
 * out. At most 4 MiB are read. FALSE with an error. */
gboolean pst_kernel_log_read(const PstSysroot *sysroot, PstKernelLogRecord record,
                             gpointer user_data, GError **error);

/* The message in LINE, a record as read(2) gives it; NULL where it is none, or not the kernel's.
 * Borrowed from LINE. */
const char *pst_kernel_log_parse(const char *line, gint64 *time_us);

/* Whether what pst_kernel_log_parse() took is flagged as the fragment of a line, and as the how
 * manieth record of the log it was written. */
gboolean pst_kernel_log_is_fragment(const char *line, guint64 *seq);
