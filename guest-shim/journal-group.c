// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal-group.h"

#include <string.h>

#include "protocol/fold.h"

#define MAX_MESSAGE 400
#define PRIORITY_NONE 8 /* behind all that have one */

static char *
key_of(const PstJournalEntry *entry)
{
    g_autofree char *folded = pst_fold(entry->message != NULL ? entry->message : "");

    return g_strconcat(entry->identifier != NULL ? entry->identifier : "", "\n", folded, NULL);
}

static char *
cut_message(const char *message)
{
    if (message == NULL || strlen(message) <= MAX_MESSAGE)
        return g_strdup(message);
    return g_strndup(message,
                     (gsize)(g_utf8_find_prev_char(message, message + MAX_MESSAGE + 1) - message));
}

static void
count(PstJournalGroup *group, const PstJournalEntry *entry)
{
    gint64 priority =
        entry->priority == PST_JOURNAL_PRIORITY_NONE ? PRIORITY_NONE : entry->priority;

    group->count++;
    group->first_us = MIN(group->first_us, entry->realtime_us);
    group->last_us = MAX(group->last_us, entry->realtime_us);
    group->priority = MIN(group->priority, priority);
}

static gint
compare(gconstpointer a, gconstpointer b)
{
    const PstJournalGroup *left = *(const PstJournalGroup *const *)a;
    const PstJournalGroup *right = *(const PstJournalGroup *const *)b;

    if (left->priority != right->priority)
        return left->priority < right->priority ? -1 : 1;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->last_us > right->last_us ? -1 : left->last_us < right->last_us;
}

static void
limit(GPtrArray *groups, guint max, gboolean *cut)
{
    g_ptr_array_sort(groups, compare);
    for (guint i = max; i < groups->len; i++)
        pst_fields_free(&pst_report_journal_group_fields, groups->pdata[i]);
    if (groups->len > max) {
        g_ptr_array_set_size(groups, (int)max);
        *cut = TRUE;
    }
    for (guint i = 0; i < groups->len; i++) {
        PstJournalGroup *group = groups->pdata[i];
        if (group->priority == PRIORITY_NONE)
            group->priority = PST_INT_UNKNOWN;
    }
}

GPtrArray *
pst_journal_group(const GPtrArray *entries, guint max, gboolean *cut)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *groups = NULL;

    for (guint i = 0; i < entries->len; i++) {
        const PstJournalEntry *entry = entries->pdata[i];
        char *key = key_of(entry);
        PstJournalGroup *group = g_hash_table_lookup(known, key);

        if (group == NULL) {
            group = pst_fields_append(&pst_report_journal_group_fields, &groups);
            group->count = 0;
            group->first_us = group->last_us = entry->realtime_us;
            group->priority = PRIORITY_NONE;
            group->identifier = g_strdup(entry->identifier);
            group->unit = g_strdup(entry->unit);
            group->message = cut_message(entry->message);
            g_hash_table_insert(known, key, group);
        } else {
            g_free(key);
        }
        count(group, entry);
    }
    if (groups != NULL)
        limit(groups, max, cut);
    return groups;
}
