// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-sidecar/store-lifecycle.h"
#include "protocol/error.h"
#include "tests/unit/record-streams.h"

#define UUID "3a4f5d6e-1111-4222-8333-444455556666"
#define OTHER "3a4f5d6e-1111-4222-8333-444455557777"
#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
#define RUNNING 1
#define PAUSED 3
#define OFF 5

typedef struct {
    char *root, *folder, *file;
    PstStore *store;
} Place;

static void
set_up(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    place->root = g_dir_make_tmp("pst-lifecycle-XXXXXX", NULL);
    place->folder = g_build_filename(place->root, "here", NULL);
    place->file = g_build_filename(place->folder, UUID ".lifecycle", NULL);
    const PstStoreSettings settings = {place->root, 128 * 1024, 1024 * 1024, 0};
    place->store = pst_store_open(&settings, "here", &error);
    g_assert_no_error(error);
}

static void
remove_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *item = g_build_filename(path, name, NULL);
        if (g_file_test(item, G_FILE_TEST_IS_DIR) && !g_file_test(item, G_FILE_TEST_IS_SYMLINK))
            remove_folder(item);
        else
            unlink(item);
    }
    rmdir(path);
}

static void
tear_down(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    pst_store_free(place->store);
    remove_folder(place->root);
    g_free(place->root);
    g_free(place->folder);
    g_free(place->file);
}

static PstLifecycle *
try_note(const Place *place, gint64 state, gint64 seen_us, GError **error)
{
    const PstLifecycleSight sight = {state, 1, PST_INT_UNKNOWN, seen_us, FALSE};

    return pst_store_lifecycle_note(place->store, UUID, "web", &sight, error);
}

/* How many entries there are after it. */
static guint
note(const Place *place, gint64 state, gint64 seen_us)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstLifecycle) lifecycle = try_note(place, state, seen_us, &error);

    g_assert_no_error(error);
    return lifecycle->entries->len;
}

static GStatBuf
file_status(const Place *place)
{
    GStatBuf st;

    g_assert_cmpint(g_stat(place->file, &st), ==, 0);
    return st;
}

static void
test_round(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstLifecycle) none = pst_store_lifecycle_read(place->store, UUID);

    g_assert_null(none->entries);
    g_assert_cmpint(g_access(place->file, F_OK), !=, 0);
    g_assert_cmpuint(note(place, RUNNING, NOW), ==, 1);
    GStatBuf first = file_status(place);
    g_assert_cmphex(first.st_mode & 07777, ==, 0600);
    g_assert_cmpint(pst_store_file_written_us(&first), ==, NOW);

    /* Nothing new: nothing is written, but somebody has looked. */
    g_assert_cmpuint(note(place, RUNNING, NOW + 60 * SECOND), ==, 1);
    GStatBuf second = file_status(place);
    g_assert_cmpuint(second.st_ino, ==, first.st_ino);
    g_assert_cmpint(pst_store_file_written_us(&second), ==, NOW + 60 * SECOND);

    g_assert_cmpuint(note(place, OFF, NOW + 100 * SECOND), ==, 2);
    g_autoptr(PstLifecycle) kept = pst_store_lifecycle_read(place->store, UUID);
    const PstLifecycleEntry *last = kept->entries->pdata[1];
    g_assert_cmpint(last->state, ==, OFF);
    g_assert_cmpint(last->seen_us, ==, NOW + 100 * SECOND);
    g_assert_cmpint(last->before_us, ==, NOW + 60 * SECOND);
    g_assert_cmpstr(kept->domain, ==, "web");
    g_autoptr(PstLifecycle) other = pst_store_lifecycle_read(place->store, OTHER);
    g_assert_null(other->entries);
}

/* One that looked before the last who did, and is noted after. */
static void
test_late(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    note(place, RUNNING, NOW);
    note(place, OFF, NOW + 10 * SECOND);
    GStatBuf before = file_status(place);
    g_assert_cmpuint(note(place, RUNNING, NOW + 9 * SECOND), ==, 2);
    GStatBuf after = file_status(place);
    g_assert_cmpuint(after.st_ino, ==, before.st_ino);
    g_assert_cmpint(pst_store_file_written_us(&after), ==, NOW + 10 * SECOND);
}

/* What the volume held is noted beside the states, and is no look at them. */
static void
test_dates(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    PstRecord record = {.boot_id = (char *)"b", .machine_id = (char *)"m", .boottime_us = 5};
    g_autoptr(GError) error = NULL;
    struct stat st;

    for (record.seq = 1; record.seq <= 100; record.seq++) {
        if (record.seq == 50)
            pst_lifecycle_free(try_note(place, RUNNING, NOW, NULL));
        g_assert_true(
            pst_store_lifecycle_date(place->store, UUID, &record, NOW + record.seq, NULL, &error));
        g_assert_no_error(error);
        g_assert_true(
            pst_store_lifecycle_date(place->store, UUID, &record, NOW + 500, NULL, &error));
    }
    g_assert_cmpint(stat(place->file, &st), ==, 0);
    g_assert_cmpint(st.st_mtime, ==, NOW / SECOND);
    g_autoptr(PstLifecycle) lifecycle = pst_store_lifecycle_read(place->store, UUID);
    g_assert_cmpuint(lifecycle->entries->len, ==, 1);
    g_assert_cmpuint(lifecycle->dates->len, ==, PST_RECORD_DATES_MAX);
    const PstRecordDate *last = lifecycle->dates->pdata[PST_RECORD_DATES_MAX - 1];
    g_assert_cmpint(last->seq, ==, 100);
    g_assert_cmpint(last->written_us, ==, NOW + 100);
}

/* As if the guest had recorded that it is called NAME. */
static void
record_name(const Place *place, const char *uuid, const char *name)
{
    const StreamRecord wanted = {STREAM_BOOT_A, STREAM_MACHINE_A, name, 1,
                                 SECOND,        PST_RECORD_BOOT,  NULL, 0};
    GPtrArray *set = pst_record_set_new();
    PstStoreView view;

    g_ptr_array_add(set, stream_record(&wanted));
    g_assert_true(pst_store_harvest(place->store, uuid, set, NOW, &view, NULL));
    g_ptr_array_unref(view.records);
}

/* What a guest calls itself counts only where nobody has seen it. */
static void
test_renamed(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    const PstLifecycleSight sight = {RUNNING, 1, PST_INT_UNKNOWN, NOW + SECOND, FALSE};

    note(place, RUNNING, NOW);
    g_autoptr(PstLifecycle) renamed =
        pst_store_lifecycle_note(place->store, UUID, "mail", &sight, NULL);
    g_assert_cmpuint(renamed->entries->len, ==, 1);
    record_name(place, UUID, "db");
    g_autofree char *name = pst_store_lifecycle_name(place->store, UUID);
    g_assert_cmpstr(name, ==, "mail");
    g_assert_null(pst_store_lifecycle_name(place->store, OTHER));
    record_name(place, OTHER, "db");
    g_autofree char *other = pst_store_lifecycle_name(place->store, OTHER);
    g_assert_cmpstr(other, ==, "db");
}

/* Whatever stands in the file: it is whole, or begun anew. */
static void
test_damaged(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;
    gsize len = 0;

    note(place, RUNNING, NOW);
    note(place, PAUSED, NOW + 20 * SECOND);
    g_assert_true(g_file_get_contents(place->file, &text, &len, NULL));
    for (gsize cut = 0; cut < len; cut++) {
        g_assert_true(g_file_set_contents(place->file, text, (gssize)cut, NULL));
        g_assert_cmpuint(note(place, OFF, NOW + 40 * SECOND), ==, 1);
    }
    g_autofree char *blank = g_strnfill(8 * 1024 * 1024, ' ');
    g_assert_true(g_file_set_contents(place->file, blank, -1, NULL));
    g_assert_cmpuint(note(place, OFF, NOW + 40 * SECOND), ==, 1);
    g_assert_cmpint(file_status(place).st_size, <, 1024);
}

static void
test_no_link(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *victim = g_build_filename(place->root, "victim", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_set_contents(victim, "mine", -1, NULL);
    g_assert_cmpint(symlink(victim, place->file), ==, 0);
    g_autoptr(PstLifecycle) told = try_note(place, RUNNING, NOW, &error);
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    /* What is seen is told all the same. */
    g_assert_cmpuint(told->entries->len, ==, 1);
    g_assert_true(g_file_get_contents(victim, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
    unlink(place->file);
    /* Nor does it wait for what is no file. */
    g_assert_cmpint(mkfifo(place->file, 0600), ==, 0);
    g_clear_error(&error);
    g_autoptr(PstLifecycle) again = try_note(place, RUNNING, NOW, &error);
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_cmpuint(again->entries->len, ==, 1);
}

static void
test_busy(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    note(place, RUNNING, NOW);
    FILE *holder = fopen(place->file, "r+");
    g_assert_cmpint(flock(fileno(holder), LOCK_EX), ==, 0);
    /* Who has nothing new needs no turn. */
    g_assert_cmpuint(note(place, RUNNING, NOW + 20 * SECOND), ==, 1);
    g_autoptr(PstLifecycle) told = try_note(place, OFF, NOW + 40 * SECOND, &error);
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_cmpuint(told->entries->len, ==, 2);
    g_assert_cmpint(((PstLifecycleEntry *)told->entries->pdata[1])->before_us, ==,
                    NOW + 20 * SECOND);
    fclose(holder);
    g_autoptr(PstLifecycle) kept = pst_store_lifecycle_read(place->store, UUID);
    g_assert_cmpuint(kept->entries->len, ==, 1);
    g_assert_cmpuint(note(place, OFF, NOW + 40 * SECOND), ==, 2);
}

#define NOTERS 4
#define NOTES 60

/* Several at once who see the same, each a moment of its own: each change stands there once. */
static void
test_noters(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    static const gint64 states[] = {RUNNING, PAUSED, RUNNING, OFF};
    pid_t pids[NOTERS];

    for (guint i = 0; i < NOTERS; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        for (guint n = 0; n < NOTES; n++)
            note(place, states[n * G_N_ELEMENTS(states) / NOTES], NOW + n);
        _exit(0);
    }
    for (guint i = 0; i < NOTERS; i++) {
        int status = 0;
        waitpid(pids[i], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
    g_autoptr(PstLifecycle) kept = pst_store_lifecycle_read(place->store, UUID);
    g_assert_cmpuint(kept->entries->len, ==, G_N_ELEMENTS(states));
    for (guint i = 0; i < G_N_ELEMENTS(states); i++)
        g_assert_cmpint(((PstLifecycleEntry *)kept->entries->pdata[i])->state, ==, states[i]);
}

/* Killed at any moment: the file is the old one or the new one. */
static void
test_killed(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    guint known = note(place, OFF, NOW);

    for (guint i = 0; i < 40; i++) {
        gint64 from_us = NOW + (i + 1) * 1000 * SECOND;
        pid_t pid = fork();

        for (gint64 n = 0; pid == 0; n++)
            note(place, n % 2 != 0 ? RUNNING : PAUSED, from_us + n * SECOND);
        g_usleep((gulong)g_test_rand_int_range(500, 12000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        g_autoptr(PstLifecycle) kept = pst_store_lifecycle_read(place->store, UUID);
        g_assert_nonnull(kept->entries);
        g_assert_cmpuint(kept->entries->len, >=, known);
        known = kept->entries->len;
    }
    g_assert_cmpuint(known, >, 1);
}

/* Both of a domain's files are the domain's. */
static void
test_list_remove(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *records = g_build_filename(place->folder, UUID ".records", NULL);
    g_autofree char *stray = g_build_filename(place->folder, "notes.lifecycle", NULL);
    g_autoptr(GError) error = NULL;

    note(place, RUNNING, NOW);
    g_file_set_contents(stray, "not a UUID", -1, NULL);
    g_file_set_contents(records, "records", -1, NULL);
    g_autoptr(GPtrArray) files = pst_store_list(place->store);
    g_assert_cmpuint(files->len, ==, 2);
    for (guint i = 0; i < files->len; i++) {
        const PstStoreFile *file = files->pdata[i];
        g_assert_cmpstr(file->uuid, ==, UUID);
        g_assert_cmpint(file->records, ==, i == 0);
        g_assert_cmpuint(file->bytes, >, 0);
    }
    g_assert_cmpint(((PstStoreFile *)files->pdata[1])->written_us, ==, NOW);
    g_assert_true(pst_store_remove(place->store, UUID, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) left = pst_store_list(place->store);
    g_assert_cmpuint(left->len, ==, 0);
    g_assert_cmpint(g_access(stray, F_OK), ==, 0);
    g_assert_true(pst_store_remove(place->store, UUID, &error));
    g_assert_no_error(error);
}

#define ADD(name, function)                                                                        \
    g_test_add("/store-lifecycle/" name, Place, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("round", test_round);
    ADD("late", test_late);
    ADD("dates", test_dates);
    ADD("renamed", test_renamed);
    ADD("damaged", test_damaged);
    ADD("no-link", test_no_link);
    ADD("busy", test_busy);
    ADD("noters", test_noters);
    ADD("killed", test_killed);
    ADD("list-remove", test_list_remove);
    return g_test_run();
}
