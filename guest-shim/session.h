// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/recorder.h"

/* One conversation: bytes in, bytes out. It deframes, knows which session is the current one, drops
 * what belongs to another, and hands the rest to the dispatcher. It does not know what carries the
 * bytes. */

typedef struct PstSession PstSession;

typedef enum {
    PST_SESSION_CHANNEL,  /* nothing is answered before a hello */
    PST_SESSION_ONE_SHOT, /* the first frame's own session holds */
} PstSessionMode;

/* Called when output has been added where there was none. */
typedef void (*PstSessionReady)(gpointer user_data);

PstSession *pst_session_new(const PstSysroot *sysroot, PstSessionMode mode, PstSessionReady ready,
                            gpointer user_data);
void pst_session_free(PstSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSession, pst_session_free)

/* Whose state a hello tells, which learns from it what the host calls the guest, and whose events
 * the host may subscribe to; borrowed. Without it there are none. */
void pst_session_set_recorder(PstSession *session, PstRecorder *recorder);

/* The largest total of answers, in bytes; one that would pass it becomes PST_ERROR_TOO_LARGE. */
void pst_session_set_output_limit(PstSession *session, gsize bytes);

/* Takes bytes; nothing is started yet. */
void pst_session_feed(PstSession *session, const guint8 *data, gsize len);

/* Starts what the bytes fed so far ask for; to be called when the input is drained. */
void pst_session_run(PstSession *session);

/* Nobody waits for the answers any more: kills what runs and drops what waits, and tells of no more
 * events, but a hello that was answered stays valid. */
void pst_session_abandon(PstSession *session);

/* The other side has gone: kills what runs, drops what was queued. */
void pst_session_reset(PstSession *session);

/* What waits to be written, borrowed; pst_session_written() takes N bytes off it. */
const guint8 *pst_session_output(const PstSession *session, gsize *len);
void pst_session_written(PstSession *session, gsize n);

/* Whether every request has been answered (the answers may still wait to be written). */
gboolean pst_session_is_idle(const PstSession *session);

/* Whether the host is to be told of events. */
gboolean pst_session_is_subscribed(const PstSession *session);
