// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Waits for the lock on a turn's file. No system call waits for a lock until a moment: a thread
 * waits without end, one for each file however many want it, and whoever wants it waits for the
 * thread. */

/* Opens the file called NAME; -1 with the error. */
typedef int (*PstTurnWaitOpen)(const char *name, GError **error);

/* The file, locked; -1 with PST_ERROR_DEADLINE where it was not before DEADLINE_US (monotonic
 * clock), PST_ERROR_UNAVAILABLE where it can't be waited for. To be closed by the caller. */
int pst_turn_wait(const char *name, PstTurnWaitOpen open_file, gint64 deadline_us, GError **error);
