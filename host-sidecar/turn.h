// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Callers on one guest take turns: a channel has room for one. The turn is a lock on a small file,
 * which the kernel gives back however its holder ends. The file also tells when the guest last
 * answered, and whether somebody has opened its port in vain since. */

typedef struct PstTurn PstTurn;

/* Waits for the turn called NAME until DEADLINE_US (monotonic clock). NULL with PST_ERROR_BUSY that
 * names the holder's process, PST_ERROR_UNAVAILABLE where there is no place for the file. A guest's
 * channel goes by its UUID. */
PstTurn *pst_turn_take(const char *name, gint64 deadline_us, GError **error);

/* The same for any one of N places, called NAME-0 to NAME-(N-1); at the deadline they are tried
 * once more. */
PstTurn *pst_turn_take_place(const char *name, guint n, gint64 deadline_us, GError **error);
void pst_turn_free(PstTurn *turn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstTurn, pst_turn_free)

/* The folder of the turns' files: one for everybody who may use it, as the package's tmpfiles.d
 * makes it; else one's own. NULL with PST_ERROR_UNAVAILABLE. Free with g_free(). */
char *pst_turn_folder(GError **error);

/* Notes that the guest's port is about to be opened; TRUE where it was before, and the guest has
 * not answered since. */
gboolean pst_turn_note_opening(PstTurn *turn);

/* Notes that the guest has answered now. */
void pst_turn_note_answer(PstTurn *turn);

/* When the guest last answered somebody here, in microseconds of real time; 0 where that is not
 * known. */
gint64 pst_turn_last_answer_us(const char *uuid);
