// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-host.h"

/* What the messages of host-judge.h say of what the host saw: each begins with its own punctuation,
 * and is "" where it is not known. Free with g_free(). */

/* Of all processors while they were watched; PST_INT_UNKNOWN where that was too short, or is not
 * known of one. */
gint64 pst_host_words_progress_ms(const PstHostData *data);

/* "; its processors did 12 ms of work in 3.0 s" */
char *pst_host_words_cpus(const PstHostData *data);

/* ", since 3 min ago", of the state that it is in */
char *pst_host_words_since(const PstHostData *data);

/* ", which last grew 3 min ago", of the console */
char *pst_host_words_console_age(const PstHostData *data);

/* "; its last record: 15 s ago", and how long that is before the console's last word, or else
 * before the domain came into its state */
char *pst_host_words_record(const PstHostData *data);
