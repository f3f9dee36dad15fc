// SPDX-License-Identifier: LGPL-2.1-or-later
/* Records are written in order and all of them, however slow the log is, by another thread. */
#include <string.h>

#include "host-sidecar/audit-writer.h"
#include "protocol/error.h"
#include "protocol/vocabulary.h"

#define N 5000
#define N_WAITING 4500 /* while the log takes nothing */
#define PATIENCE_US (60 * G_USEC_PER_SEC)

static GMutex gate; /* who holds it keeps the log from taking anything */
static gint n_written;
static gint n_complaints;
static GThread *loop;
static guint64 told;

static gboolean
write_one(const PstAuditRecord *record, GError **error)
{
    const PstAnswer *answer = record->answer;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&gate);
    gint n = g_atomic_int_get(&n_written);

    g_assert_true(g_thread_self() != loop);
    g_assert_cmpstr(record->caller, ==, "ann (uid 1000)");
    g_assert_cmpint(record->process->uid, ==, n == N_WAITING ? 1001 : 1000);
    g_assert_cmpint(record->process->gid, ==, 100);
    g_assert_cmpint(record->process->pid, ==, 4711);
    g_assert_cmpstr(record->process->executable, ==, "/usr/bin/python3");
    g_assert_cmpstr(record->method, ==, "probe");
    g_assert_cmpstr(record->uuid, ==, "5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e90");
    g_assert_cmpstr(answer->guest, ==, "web");
    g_assert_cmpint(json_object_get_int_member(answer->args, "n"), ==, n);
    g_assert_cmpint(answer->report->status, ==, PST_STATUS_CRITICAL);
    g_atomic_int_inc(&n_written);
    if (n % 7 > 1)
        return TRUE;
    g_set_error_literal(error, PST_ERROR, PST_ERROR_OUTPUT, "the disk is full");
    return FALSE;
}

static void
complain(const GError *error)
{
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
    g_atomic_int_inc(&n_complaints);
}

static void
on_told(guint64 number, gpointer user_data G_GNUC_UNUSED)
{
    g_assert_true(g_thread_self() == loop);
    g_assert_cmpuint(number, >, told);
    told = number;
}

static guint
add_of(PstAuditWriter *writer, gint n, gint64 uid)
{
    g_autoptr(JsonObject) args = json_object_new();
    g_autoptr(PstAnswer) answer = pst_answer_new("web", "system", args);

    json_object_set_int_member(args, "n", n);
    answer->report = pst_report_new(pst_vocabulary_find("system"));
    answer->report->status = PST_STATUS_CRITICAL;
    /* What the caller has is the caller's again at once. */
    g_autofree char *words = g_strdup("ann (uid 1000)");
    g_autofree char *executable = g_strdup("/usr/bin/python3");
    const PstAuditCaller caller = {words, {uid, 100, 4711, executable}};
    guint n_waiting = 0;
    answer->uuid = g_strdup("5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e90");
    g_assert_cmpuint(pst_audit_writer_add(writer, &caller, "probe", answer, &n_waiting), ==, n + 1);
    return n_waiting;
}

static guint
add(PstAuditWriter *writer, gint n)
{
    return add_of(writer, n, 1000);
}

static void
test_order(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    const PstAuditWriterFuncs funcs = {write_one, complain, on_told, context, NULL};

    loop = g_thread_self();
    PstAuditWriter *writer = pst_audit_writer_new(&funcs);

    g_mutex_lock(&gate);
    for (gint i = 0; i < N_WAITING; i++)
        g_assert_cmpuint(add(writer, i), ==, i + 1);
    /* How many wait is told of each user. */
    g_assert_cmpuint(add_of(writer, N_WAITING, 1001), ==, 1);
    /* Nobody stood still for the log until here. */
    g_assert_cmpint(g_atomic_int_get(&n_written), ==, 0);
    g_assert_false(pst_audit_writer_flush(writer, g_get_monotonic_time() + 1000));
    g_mutex_unlock(&gate);
    for (gint i = N_WAITING + 1; i < N; i++)
        add(writer, i);
    g_assert_true(pst_audit_writer_flush(writer, g_get_monotonic_time() + PATIENCE_US));
    g_assert_cmpint(g_atomic_int_get(&n_written), ==, N);
    /* Of two failures in a row one is told. */
    g_assert_cmpint(g_atomic_int_get(&n_complaints), ==, (N + 6) / 7);
    while (told < N)
        g_main_context_iteration(context, TRUE);
    g_assert_cmpuint(told, ==, N);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/audit-writer/order", test_order);
    return g_test_run();
}
