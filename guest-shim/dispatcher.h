// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/message.h"

/* Carries out requests and answers them in the order in which they finish. It knows methods, probes
 * and deadlines; it does not know sessions or how an answer travels. */

typedef struct PstDispatcher PstDispatcher;

/* Takes the JSON text of an answer (borrowed). */
typedef void (*PstDispatcherReply)(const char *text, gpointer user_data);

PstDispatcher *pst_dispatcher_new(const PstSysroot *sysroot, PstDispatcherReply reply,
                                  gpointer user_data);
void pst_dispatcher_free(PstDispatcher *dispatcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstDispatcher, pst_dispatcher_free)

/* Reports of at most so many bytes (at least 32 KiB), for one who keeps them. */
void pst_dispatcher_set_max_report(PstDispatcher *dispatcher, gsize bytes);

/* Takes a request or a notification. Nothing is started before pst_dispatcher_run(), so that what
 * came later in the same input (a `cancel`, a new session) still counts. A request that can't be
 * taken is answered at once. */
void pst_dispatcher_take(PstDispatcher *dispatcher, PstMessage *message);

/* Starts what is waiting, as far as workers are free. */
void pst_dispatcher_run(PstDispatcher *dispatcher);

/* Kills what runs and forgets what waits; none of it is answered. */
void pst_dispatcher_clear(PstDispatcher *dispatcher);

/* Whether nothing waits or runs. */
gboolean pst_dispatcher_is_idle(const PstDispatcher *dispatcher);

/* Events are the session's: the dispatcher refuses it as unavailable. */
#define PST_DISPATCHER_SUBSCRIBE "subscribe"

/* The names of the methods, NULL-terminated. */
extern const char *const pst_dispatcher_methods[];
