// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Hours of the week, as "Mon-Fri 22:00-06:00, Sat, Sun" of a configuration. */

#define PST_HOURS_MINUTES (7 * 24 * 60)

typedef struct {
    gboolean minutes[PST_HOURS_MINUTES]; /* from Monday, 00:00 on */
} PstHours;

/* Days, or hours, or both, several with commas: Mon to Sun, one or from one to another;
 * HH:MM-HH:MM, the end not included, over midnight where it is not after the start, and then of the
 * day on which it starts. Without days every day, without hours all of the day. NULL with
 * PST_ERROR_USAGE. Free with g_free(). */
PstHours *pst_hours_parse(const char *text, GError **error);

/* WEEKDAY is 1 (Monday) to 7, MINUTE of the day from 0 on. */
gboolean pst_hours_hold(const PstHours *hours, int weekday, int minute);
