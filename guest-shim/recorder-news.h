// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/recorder-kinds.h"

/* What a report says that the one of its probe before did not: a unit that has failed, a disk that
 * has got full. The first report of a probe is news to nobody: it is a record itself. */

typedef struct PstRecorderNews PstRecorderNews;

typedef void (*PstRecorderNewsEvent)(PstEventKind kind, const PstEventFacts *facts,
                                     gpointer user_data);

PstRecorderNews *pst_recorder_news_new(PstRecorderNewsEvent event, gpointer user_data);
void pst_recorder_news_free(PstRecorderNews *news);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderNews, pst_recorder_news_free)

/* The probes in whose reports there is any, NULL-terminated. */
extern const char *const pst_recorder_news_probes[];

/* UNIT has ended: that it has failed is news, though it had failed before. */
void pst_recorder_news_ended(PstRecorderNews *news, const char *unit);

/* A report as a worker sent it, validated. */
void pst_recorder_news_take(PstRecorderNews *news, JsonObject *report);
