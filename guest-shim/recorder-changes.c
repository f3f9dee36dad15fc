// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-changes.h"

#include <sys/inotify.h>

#include "guest-shim/loop-handles.h"

#define TOGETHER_S 3
#define MAX_PATHS 256

struct PstRecorderChanges {
    PstRecorderChange change;
    gpointer user_data;
    GHashTable *later; /* path → what happened since it was told */
    guint source;
};

PstRecorderChanges *
pst_recorder_changes_new(PstRecorderChange change, gpointer user_data)
{
    PstRecorderChanges *changes = g_new0(PstRecorderChanges, 1);

    changes->change = change;
    changes->user_data = user_data;
    changes->later = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return changes;
}

void
pst_recorder_changes_free(PstRecorderChanges *changes)
{
    pst_loop_handles_remove(&changes->source);
    g_hash_table_unref(changes->later);
    g_free(changes);
}

static gboolean
on_together(gpointer user_data)
{
    PstRecorderChanges *changes = user_data;
    GHashTableIter iter;
    gpointer path, mask;

    changes->source = 0;
    g_hash_table_iter_init(&iter, changes->later);
    while (g_hash_table_iter_next(&iter, &path, &mask))
        if (GPOINTER_TO_UINT(mask) != 0)
            changes->change(path, GPOINTER_TO_UINT(mask), changes->user_data);
    g_hash_table_remove_all(changes->later);
    return G_SOURCE_REMOVE;
}

void
pst_recorder_changes_take(PstRecorderChanges *changes, const char *path, guint32 mask)
{
    gpointer before = NULL;

    if (g_hash_table_lookup_extended(changes->later, path, NULL, &before)) {
        g_hash_table_insert(changes->later, g_strdup(path),
                            GUINT_TO_POINTER(GPOINTER_TO_UINT(before) | mask));
        return;
    }
    changes->change(path, mask, changes->user_data);
    if (g_hash_table_size(changes->later) < MAX_PATHS)
        g_hash_table_insert(changes->later, g_strdup(path), NULL);
    if (changes->source == 0)
        changes->source = g_timeout_add_seconds(TOGETHER_S, on_together, changes);
}

char *
pst_recorder_changes_words(guint32 mask)
{
    static const struct {
        guint32 mask;
        const char *words;
    } rows[] = {
        {IN_DELETE | IN_MOVED_FROM, "removed"},
        {IN_CREATE | IN_MOVED_TO, "put there"},
        {IN_CLOSE_WRITE, "written"},
        {IN_ATTRIB, "mode or owner changed"},
    };
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if ((mask & rows[i].mask) != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", rows[i].words);
    return g_string_free(text, FALSE);
}
