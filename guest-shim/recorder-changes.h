// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Changes of files, of which one that is copied or edited has several at once: the first is told as
 * it comes, and those that follow it within seconds are told together. Served from the default main
 * loop. */

typedef struct PstRecorderChanges PstRecorderChanges;

/* MASK: what happened to PATH, bits of inotify(7). */
typedef void (*PstRecorderChange)(const char *path, guint32 mask, gpointer user_data);

PstRecorderChanges *pst_recorder_changes_new(PstRecorderChange change, gpointer user_data);
void pst_recorder_changes_free(PstRecorderChanges *changes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderChanges, pst_recorder_changes_free)

void pst_recorder_changes_take(PstRecorderChanges *changes, const char *path, guint32 mask);

/* What MASK means, in words. Free with g_free(). */
char *pst_recorder_changes_words(guint32 mask);
