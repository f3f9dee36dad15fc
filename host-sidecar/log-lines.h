// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The lines of a log and of those that logrotate(8) set aside of it: FILE.1, FILE-20260101, and the
 * same with .gz. */

/* Of a line; the rest of a longer one is left out. */
#define PST_LOG_LINES_MAX (64 * 1024)

/* Without its line feed, and with a NUL behind it. */
typedef void (*PstLogLine)(const char *line, gsize len, gpointer user_data);

/* Tells EACH of all of them, those of the oldest file first. That there is no file is no error.
 * Returns NULL, or what could not be read, and why, for people: free with g_free(). */
char *pst_log_lines_each(const char *file, PstLogLine each, gpointer user_data);
