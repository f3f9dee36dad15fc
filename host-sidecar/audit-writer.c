// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/audit-writer.h"

#include <string.h>

#include "host-sidecar/loop-tell.h"
#include "protocol/json.h"

struct PstAuditWriter {
    PstAuditWriterFuncs funcs;
    GMutex lock;
    GCond changed;
    GQueue waiting;        /* of Entry */
    GHashTable *n_of_user; /* how many of them, by uid */
    guint64 last_number, last_written;
    gboolean writing, telling;
};

typedef struct {
    char *words, *executable, *method;
    PstAuditProcess process;
    PstAnswer *answer;
    guint64 number;
} Entry;

static void
free_entry(Entry *entry)
{
    pst_answer_free(entry->answer);
    g_free(entry->words);
    g_free(entry->executable);
    g_free(entry->method);
    g_free(entry);
}

/* JsonObjects are not shared between threads, and of a report its status alone is recorded. */
static PstAnswer *
copy_what_is_recorded(const PstAnswer *answer)
{
    g_autofree char *text = pst_json_to_text(answer->args, NULL);
    g_autoptr(JsonObject) args = pst_json_parse_validated(text, strlen(text), NULL);
    PstAnswer *copy = pst_answer_new(answer->guest, answer->probe, args);

    copy->uuid = g_strdup(answer->uuid);
    copy->via = answer->via;
    copy->took_ms = answer->took_ms;
    if (answer->report != NULL) {
        copy->report = pst_report_new(answer->report->kind);
        copy->report->status = answer->report->status;
    }
    if (answer->error != NULL)
        copy->error = g_error_copy(answer->error);
    return copy;
}

static Entry *
take_next(PstAuditWriter *writer)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&writer->lock);

    writer->writing = FALSE;
    g_cond_broadcast(&writer->changed);
    while (writer->waiting.length == 0)
        g_cond_wait(&writer->changed, &writer->lock);
    writer->writing = TRUE;
    return g_queue_pop_head(&writer->waiting);
}

/* Returns how many they are then. */
static guint
count(PstAuditWriter *writer, gint64 uid, int change)
{
    gpointer key = GINT_TO_POINTER((gint)uid);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(writer->n_of_user, key)) + (guint)change;

    if (n == 0)
        g_hash_table_remove(writer->n_of_user, key);
    else
        g_hash_table_insert(writer->n_of_user, key, GUINT_TO_POINTER(n));
    return n;
}

static gboolean
on_written(gpointer data)
{
    PstAuditWriter *writer = data;

    g_mutex_lock(&writer->lock);
    guint64 number = writer->last_written;
    writer->telling = FALSE;
    g_mutex_unlock(&writer->lock);
    writer->funcs.written(number, writer->funcs.user_data);
    return G_SOURCE_REMOVE;
}

static void
note_written(PstAuditWriter *writer, const Entry *entry)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&writer->lock);

    count(writer, entry->process.uid, -1);
    writer->last_written = entry->number;
    if (writer->funcs.written == NULL || writer->telling)
        return;
    writer->telling = TRUE;
    pst_loop_tell(writer->funcs.context, on_written, writer, NULL);
}

static gpointer
run_writer(gpointer data)
{
    PstAuditWriter *writer = data;
    gboolean said = FALSE;

    for (;;) {
        Entry *entry = take_next(writer);
        g_autoptr(GError) error = NULL;
        const PstAuditRecord record = {entry->words, &entry->process, entry->method,
                                       entry->answer->uuid, entry->answer};
        gboolean written = writer->funcs.write(&record, &error);

        if (!written && !said)
            writer->funcs.complain(error);
        said = !written;
        note_written(writer, entry);
        free_entry(entry);
    }
    return NULL;
}

PstAuditWriter *
pst_audit_writer_new(const PstAuditWriterFuncs *funcs)
{
    PstAuditWriter *writer = g_new0(PstAuditWriter, 1);

    writer->funcs = *funcs;
    g_mutex_init(&writer->lock);
    g_cond_init(&writer->changed);
    g_queue_init(&writer->waiting);
    writer->n_of_user = g_hash_table_new(NULL, NULL);
    g_thread_unref(g_thread_new("audit", run_writer, writer));
    return writer;
}

guint64
pst_audit_writer_add(PstAuditWriter *writer, const PstAuditCaller *caller, const char *method,
                     const PstAnswer *answer, guint *n_waiting)
{
    Entry *entry = g_new0(Entry, 1);

    entry->words = g_strdup(caller->words);
    entry->executable = g_strdup(caller->process.executable);
    entry->process = caller->process;
    entry->process.executable = entry->executable;
    entry->method = g_strdup(method);
    entry->answer = copy_what_is_recorded(answer);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&writer->lock);
    guint n = count(writer, entry->process.uid, 1);
    guint64 number = entry->number = ++writer->last_number;
    g_queue_push_tail(&writer->waiting, entry);
    g_cond_broadcast(&writer->changed);
    if (n_waiting != NULL)
        *n_waiting = n;
    return number;
}

gboolean
pst_audit_writer_flush(PstAuditWriter *writer, gint64 deadline_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&writer->lock);

    while (writer->waiting.length > 0 || writer->writing)
        if (!g_cond_wait_until(&writer->changed, &writer->lock, deadline_us))
            return FALSE;
    return TRUE;
}
