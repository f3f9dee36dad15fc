// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "guest-shim/sysroot.h"

/* One look of the recorder's: probe after probe, each asked so that it leaves no trace in the
 * guest, about nobody and then about each user of interest. One that did not answer is told of as a
 * report of the status unknown. One whose worker hangs in the kernel is not asked again while it
 * does, but told of in the same way: so each question holds one worker at most. The others go on,
 * as long as those that hang leave a host room for a question of its own. */

typedef struct PstRecorderLook PstRecorderLook;

/* USER: about whom the probe was asked; NULL: about nobody. CHANGED: it is not what was said the
 * last time to the same question (recorder-digest.h) and is to be kept, which a bucket a question
 * bounds. FALSE where it could not be kept. */
typedef gboolean (*PstRecorderLookReport)(JsonObject *report, const char *user, gboolean changed,
                                          gpointer user_data);

/* All that was due has been told of. */
typedef enum {
    PST_RECORDER_LOOK_WHOLE,
    PST_RECORDER_LOOK_PART,     /* what has changed too often was not told as that */
    PST_RECORDER_LOOK_GIVEN_UP, /* so many workers hang that questions were not asked */
} PstRecorderLookResult;

typedef void (*PstRecorderLookEnd)(PstRecorderLookResult result, gpointer user_data);

/* PROBES: NULL-terminated, copied; NULL: all that leave no trace. In an initramfs only those of
 * them that look at the same there. USERS, NULL-terminated and copied: those of them that judge a
 * user are asked about each as well. */
PstRecorderLook *pst_recorder_look_new(const PstSysroot *sysroot, const char *const *probes,
                                       const char *const *users, PstRecorderLookReport report,
                                       PstRecorderLookEnd end, gpointer user_data);
void pst_recorder_look_free(PstRecorderLook *look);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderLook, pst_recorder_look_free)

/* PROBES (NULL: all) are due; the one that is asked already is asked once more. */
void pst_recorder_look_begin(PstRecorderLook *look, const char *const *probes);

/* Nothing is due any more; whom it asks is given up. */
void pst_recorder_look_stop(PstRecorderLook *look);

/* The next look hands on every report as changed. */
void pst_recorder_look_forget(PstRecorderLook *look);
