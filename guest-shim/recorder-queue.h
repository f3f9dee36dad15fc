// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Records in their frames that wait for a port, up to a bound; those that never got to it are
 * counted. No I/O. */

/* Of bytes: more than all reports of a boot together. */
#define PST_RECORDER_QUEUE_MAX (1024 * 1024)
/* The rest is for what happens once and is not written anew, as reports are. */
#define PST_RECORDER_QUEUE_REPORTS (PST_RECORDER_QUEUE_MAX / 8 * 7)

typedef struct PstRecorderQueue PstRecorderQueue;

PstRecorderQueue *pst_recorder_queue_new(void);
void pst_recorder_queue_free(PstRecorderQueue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderQueue, pst_recorder_queue_free)

/* Takes a frame around TEXT, or nothing: FALSE where with it more than MAX bytes would wait, which
 * is counted. */
gboolean pst_recorder_queue_add(PstRecorderQueue *queue, const char *text, gsize len, gsize max);

/* What waits, borrowed until the next call; NULL where nothing does. */
const guint8 *pst_recorder_queue_peek(const PstRecorderQueue *queue, gsize *len);

/* LEN bytes of it are written. */
void pst_recorder_queue_advance(PstRecorderQueue *queue, gsize len);

/* What is written next goes elsewhere: the rest of a frame that was begun is dropped and counted as
 * lost; those behind it wait on. */
void pst_recorder_queue_interrupt(PstRecorderQueue *queue);

/* One more was lost, that was not even to be added. */
void pst_recorder_queue_lose(PstRecorderQueue *queue);

/* How many records were lost since the beginning. */
guint64 pst_recorder_queue_lost(const PstRecorderQueue *queue);
