// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A blocking call with a deadline around it. It runs in a thread of its own; when the deadline
 * passes the thread is abandoned and the caller goes on. What the call owns is freed whenever, and
 * if ever, it returns. */

/* Does the work. Returns a result, or NULL with an error. */
typedef gpointer (*PstTaskRun)(gpointer data, GError **error);

/* Runs RUN(DATA) and waits until DEADLINE_US on the monotonic clock (g_get_monotonic_time()).
 * DATA belongs to the task. FREE_RESULT disposes of a result that came too late. NULL with RUN's
 * own error, or PST_ERROR_DEADLINE: "WHAT did not answer in time". */
gpointer pst_task_call(PstTaskRun run, gpointer data, GDestroyNotify free_data,
                       GDestroyNotify free_result, gint64 deadline_us, const char *what,
                       GError **error);

/* As above without waiting for it: whoever needs the outcome is told by RUN itself. FALSE with
 * PST_ERROR_UNAVAILABLE where no thread can be had; DATA is freed then too. */
gboolean pst_task_start(PstTaskRun run, gpointer data, GDestroyNotify free_data, const char *name,
                        GError **error);

/* Before a program ends: waits until no task is running, at most LIMIT_US microseconds, so that
 * what can be closed in good order is. */
void pst_task_settle(gint64 limit_us);
