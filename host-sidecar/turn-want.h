// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Who holds a guest's turn for longer than a conversation (channel-keep.h) hears here that another
 * process waits for it. */

typedef struct PstTurnWants PstTurnWants;

/* NAME is whose turn is wanted, or NULL: what is wanted can't be heard of any more. */
typedef void (*PstTurnWanted)(const char *name, gpointer user_data);

/* Tells holders, in whatever other process, that the turn NAME is waited for; FOLDER is that of the
 * turns.
 */
void pst_turn_want_tell(const char *folder, const char *name);

/* Hears of it in CONTEXT's thread, from now on. NULL with PST_ERROR_UNAVAILABLE where the kernel
 * can't be asked for it. */
PstTurnWants *pst_turn_want_hear(const char *folder, GMainContext *context, PstTurnWanted wanted,
                                 gpointer user_data, GError **error);
void pst_turn_want_stop(PstTurnWants *wants);
