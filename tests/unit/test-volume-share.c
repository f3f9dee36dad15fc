// SPDX-License-Identifier: LGPL-2.1-or-later
/* One reading of a volume for all who want it, on volumes that the test makes. */
#include "host-sidecar/task.h"
#include "host-sidecar/volume-share.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "tests/unit/record-streams.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
#define N_RECORDS 5
#define N_READERS 8

#define MAX_READINGS 3
/* In which a thread comes to wait, mostly: it may as well come late. */
#define COME_US (SECOND / 50)

/* A volume of which readings hang, by their numbers from 1 on, until they are let go. */
typedef struct {
    GMutex lock;
    GCond changed;
    guint n_begun;
    gboolean hangs[MAX_READINGS + 1];
    const char *fails;
} Volume;

static void
set_up(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    g_mutex_init(&volume->lock);
    g_cond_init(&volume->changed);
}

static void
tear_down(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    g_mutex_clear(&volume->lock);
    g_cond_clear(&volume->changed);
}

static void
let_go(Volume *volume, guint number)
{
    g_mutex_lock(&volume->lock);
    volume->hangs[number] = FALSE;
    g_cond_broadcast(&volume->changed);
    g_mutex_unlock(&volume->lock);
}

static void
await_begun(Volume *volume, guint n)
{
    g_mutex_lock(&volume->lock);
    while (volume->n_begun < n)
        g_cond_wait(&volume->changed, &volume->lock);
    g_mutex_unlock(&volume->lock);
}

/* Of the reading with that number; the first record's sequence tells it. */
static PstVolumeRecords *
make_records(guint number)
{
    const PstRecordCounters counters = {N_RECORDS, 2, 3};
    GPtrArray *set = pst_record_set_new();

    for (guint i = 0; i < N_RECORDS; i++) {
        const StreamRecord wanted = {i < 3 ? STREAM_BOOT_A : STREAM_BOOT_B,
                                     STREAM_MACHINE_A,
                                     "web",
                                     100 * number + i,
                                     i * SECOND,
                                     PST_RECORD_REPORT,
                                     "sudo",
                                     40};
        g_ptr_array_add(set, stream_record(&wanted));
    }
    PstVolumeRecords *records = pst_volume_records_new(set, &counters, NOW - 60 * SECOND, 2);
    records->volume_us = NOW - 30 * SECOND;
    records->n_stored = 4;
    records->missed = 17;
    records->unread = g_strdup("a part can't be read");
    records->unkept = g_strdup("the disk is full");
    pst_volume_records_note(records, "the volume is written to");
    return records;
}

static PstVolumeRecords *
read_volume(gpointer data, GError **error)
{
    Volume *volume = data;

    g_mutex_lock(&volume->lock);
    guint number = ++volume->n_begun;
    g_cond_broadcast(&volume->changed);
    g_assert_cmpuint(number, <=, MAX_READINGS);
    while (volume->hangs[number])
        g_cond_wait(&volume->changed, &volume->lock);
    g_mutex_unlock(&volume->lock);
    if (volume->fails == NULL)
        return make_records(number);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s", volume->fails);
    return NULL;
}

/* Which reading the records are of. */
static guint
number_of(const PstVolumeRecords *records)
{
    g_assert_nonnull(records);
    return (guint)((const PstRecord *)records->records->pdata[0])->seq / 100;
}

typedef struct {
    PstVolumeShare *share;
    Volume *volume;
    gint64 since_us;
} Reader;

/* Does with its records what others do with theirs: reports that keep a body, notes of its own. */
static gpointer
use(gpointer data)
{
    const Reader *reader = data;
    g_autoptr(PstVolumeRecords) records =
        pst_volume_share_read(reader->share, reader->since_us, read_volume, reader->volume, NULL);
    guint number = number_of(records);

    for (guint i = 0; i < 1000; i++) {
        g_autoptr(JsonObject) item = pst_volume_records_item(records, i % N_RECORDS, NOW);
        g_assert_cmpint(json_object_get_int_member(item, "seq"), ==, 100 * number + i % N_RECORDS);
    }
    pst_volume_records_note(records, "of this reader");
    g_assert_cmpuint(records->notes->len, ==, 2);
    return GUINT_TO_POINTER(number);
}

static void
test_one(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    PstVolumeShare *share = pst_volume_share_new();
    Reader reader = {share, volume, PST_VOLUME_SHARE_ANY};
    GThread *threads[N_READERS];

    volume->hangs[1] = TRUE;
    threads[0] = g_thread_new("reader", use, &reader);
    await_begun(volume, 1);
    for (guint i = 1; i < N_READERS; i++)
        threads[i] = g_thread_new("reader", use, &reader);
    g_usleep(COME_US);
    let_go(volume, 1);
    for (guint i = 0; i < N_READERS; i++)
        g_assert_cmpuint(GPOINTER_TO_UINT(g_thread_join(threads[i])), ==, 1);
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&reader)), ==, 1);
    g_assert_cmpuint(volume->n_begun, ==, 1);
    pst_volume_share_free(share);
}

/* Whoever read it and whoever is told have the same. */
static void
test_same(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    PstVolumeShare *share = pst_volume_share_new();
    g_autoptr(PstVolumeRecords) first =
        pst_volume_share_read(share, PST_VOLUME_SHARE_ANY, read_volume, volume, NULL);
    g_autoptr(PstVolumeRecords) second =
        pst_volume_share_read(share, PST_VOLUME_SHARE_ANY, read_volume, volume, NULL);
    g_autoptr(JsonObject) json = pst_volume_records_to_json(first, N_RECORDS, NOW);
    g_autoptr(JsonObject) other_json = pst_volume_records_to_json(second, N_RECORDS, NOW);
    g_autofree char *text = pst_json_to_text(json, NULL);
    g_autofree char *other_text = pst_json_to_text(other_json, NULL);

    g_assert_cmpuint(volume->n_begun, ==, 1);
    g_assert_true(first != second);
    g_assert_cmpstr(text, ==, other_text);
    g_assert_nonnull(g_strstr_len(text, -1, "\"missed\":17"));
    g_assert_cmpint(second->written_us, ==, NOW - 60 * SECOND);
    g_assert_cmpint(second->volume_us, ==, NOW - 30 * SECOND);
    g_assert_cmpuint(second->n_stored, ==, 4);
    g_assert_cmpstr(second->unread, ==, "a part can't be read");
    g_assert_cmpstr(second->unkept, ==, "the disk is full");
    g_assert_cmpuint(second->live->len, ==, first->live->len);
    for (guint i = 0; i < N_RECORDS; i++)
        g_assert_true(pst_record_set_same(first->records->pdata[i], second->records->pdata[i]));
    pst_volume_share_free(share);
}

/* Who needs to know what came since gets a reading that was begun since, and so do all after it. */
static void
test_since(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    PstVolumeShare *share = pst_volume_share_new();
    Reader any = {share, volume, PST_VOLUME_SHARE_ANY};
    gint64 before_us = g_get_monotonic_time();

    g_assert_cmpuint(GPOINTER_TO_UINT(use(&any)), ==, 1);
    Reader before = {share, volume, before_us};
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&before)), ==, 1);
    g_usleep(10);
    Reader after = {share, volume, g_get_monotonic_time()};
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&after)), ==, 2);
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&after)), ==, 2);
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&any)), ==, 2);
    g_assert_cmpuint(volume->n_begun, ==, 2);
    pst_volume_share_free(share);
}

/* A reading that hangs holds up only those whom it would be enough for; and once another is made,
 * not even them. */
static void
test_hangs(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    PstVolumeShare *share = pst_volume_share_new();
    Reader any = {share, volume, PST_VOLUME_SHARE_ANY};

    volume->hangs[1] = TRUE;
    GThread *hanging = g_thread_new("hanging", use, &any);
    await_begun(volume, 1);
    g_usleep(10);
    Reader after = {share, volume, g_get_monotonic_time()};
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&after)), ==, 2);
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&any)), ==, 2);
    let_go(volume, 1);
    g_assert_cmpuint(GPOINTER_TO_UINT(g_thread_join(hanging)), ==, 1);
    /* What was begun earlier does not take the place of what was begun later. */
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&any)), ==, 2);
    g_assert_cmpuint(volume->n_begun, ==, 2);
    pst_volume_share_free(share);
}

static gpointer
run_read(gpointer data, GError **error)
{
    const Reader *reader = data;

    return pst_volume_share_read(reader->share, reader->since_us, read_volume, reader->volume,
                                 error);
}

static void
free_records(gpointer records)
{
    pst_volume_records_free(records);
}

/* The wait is bounded by the deadline of whoever waits, and the reading outlives it. */
static void
test_deadline(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    PstVolumeShare *share = pst_volume_share_new();
    Reader any = {share, volume, PST_VOLUME_SHARE_ANY};

    volume->hangs[1] = TRUE;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        gint64 until_us = g_get_monotonic_time() + SECOND / 50;

        g_assert_null(pst_task_call(run_read, &any, NULL, free_records, until_us, "it", &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_DEADLINE);
    }
    let_go(volume, 1);
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&any)), ==, 1);
    pst_task_settle(10 * SECOND);
    g_assert_cmpuint(volume->n_begun, ==, 1);
    pst_volume_share_free(share);
}

/* That it failed is told to all, and tried again only for what came since. */
static void
test_fails(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    PstVolumeShare *share = pst_volume_share_new();

    volume->fails = "there is no storage pool postern";
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(
            pst_volume_share_read(share, PST_VOLUME_SHARE_ANY, read_volume, volume, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
        g_assert_cmpstr(error->message, ==, volume->fails);
    }
    g_assert_null(pst_volume_share_read(share, PST_VOLUME_SHARE_ANY, read_volume, volume, NULL));
    g_assert_cmpuint(volume->n_begun, ==, 1);
    g_usleep(10);
    volume->fails = NULL;
    Reader after = {share, volume, g_get_monotonic_time()};
    g_assert_cmpuint(GPOINTER_TO_UINT(use(&after)), ==, 2);
    pst_volume_share_free(share);
}

static gpointer
await(gpointer share)
{
    return GINT_TO_POINTER(pst_volume_share_await(share));
}

/* In passing, nobody begins a reading of what is being read. */
static void
test_await(Volume *volume, gconstpointer data G_GNUC_UNUSED)
{
    PstVolumeShare *share = pst_volume_share_new();
    Reader any = {share, volume, PST_VOLUME_SHARE_ANY};

    g_assert_false(pst_volume_share_await(share));
    volume->hangs[1] = TRUE;
    GThread *reader = g_thread_new("reader", use, &any);
    await_begun(volume, 1);
    GThread *passer = g_thread_new("passer", await, share);
    g_usleep(COME_US);
    let_go(volume, 1);
    g_assert_true(GPOINTER_TO_INT(g_thread_join(passer)));
    g_assert_true(pst_volume_share_await(share));
    g_thread_join(reader);
    g_assert_cmpuint(volume->n_begun, ==, 1);
    pst_volume_share_free(share);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/volume-share/one", Volume, NULL, set_up, test_one, tear_down);
    g_test_add("/volume-share/same", Volume, NULL, set_up, test_same, tear_down);
    g_test_add("/volume-share/since", Volume, NULL, set_up, test_since, tear_down);
    g_test_add("/volume-share/hangs", Volume, NULL, set_up, test_hangs, tear_down);
    g_test_add("/volume-share/deadline", Volume, NULL, set_up, test_deadline, tear_down);
    g_test_add("/volume-share/fails", Volume, NULL, set_up, test_fails, tear_down);
    g_test_add("/volume-share/await", Volume, NULL, set_up, test_await, tear_down);
    return g_test_run();
}
