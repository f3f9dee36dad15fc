// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-sidecar/store.h"
#include "protocol/error.h"
#include "tests/unit/record-streams.h"

#define UUID "3a4f5d6e-1111-4222-8333-444455556666"
#define OTHER "3a4f5d6e-1111-4222-8333-444455557777"
#define URI "qemu:///session"
#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)

typedef struct {
    char *root;
    char *folder; /* of the hypervisor */
    char *file;
    PstStoreSettings settings;
    PstStore *store;
} Place;

static void
set_up(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    place->root = g_dir_make_tmp("pst-store-XXXXXX", NULL);
    place->settings = (PstStoreSettings){place->root, 128 * 1024, 1024 * 1024, 0};
    place->folder = g_build_filename(place->root, "qemu%3A%2F%2F%2Fsession", NULL);
    place->file = g_build_filename(place->folder, UUID ".records", NULL);
    place->store = pst_store_open(&place->settings, URI, &error);
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

static GPtrArray *
make_volume(gint64 first, gint64 last, guint padding)
{
    GPtrArray *set = pst_record_set_new();

    for (gint64 seq = first; seq <= last; seq++) {
        const StreamRecord wanted = {STREAM_BOOT_A, STREAM_MACHINE_A, "web",      seq,
                                     seq,           PST_RECORD_EVENT, "oom-kill", padding};
        g_ptr_array_add(set, stream_record(&wanted));
    }
    return set;
}

/* How many records the view has, after it was looked at. */
static guint
harvest(const PstStore *store, const char *uuid, GPtrArray *volume, gint64 volume_us,
        gint64 *written_us)
{
    g_autoptr(GError) error = NULL;
    PstStoreView view = {NULL};

    pst_store_harvest(store, uuid, volume, volume_us, &view, &error);
    g_assert_no_error(error);
    guint n = view.records->len;
    for (guint i = 1; i < n; i++)
        g_assert_cmpint(((PstRecord *)view.records->pdata[i])->seq, >,
                        ((PstRecord *)view.records->pdata[i - 1])->seq);
    if (written_us != NULL)
        *written_us = view.written_us;
    g_ptr_array_unref(view.records);
    return n;
}

static void
test_round(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    gint64 written_us = 0;
    struct stat st;

    g_assert_cmpint(pst_store_written_us(place->store, UUID), ==, 0);
    g_assert_cmpuint(harvest(place->store, UUID, make_volume(1, 5, 10), NOW, &written_us), ==, 5);
    g_assert_cmpint(written_us, ==, NOW);
    g_assert_cmpint(pst_store_written_us(place->store, UUID), ==, NOW);
    g_assert_cmpint(stat(place->file, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
    /* Rolled, and gone: what was kept is told. */
    g_assert_cmpuint(harvest(place->store, UUID, make_volume(4, 8, 10), NOW + SECOND, NULL), ==, 8);
    g_assert_cmpuint(harvest(place->store, UUID, pst_record_set_new(), 0, &written_us), ==, 8);
    g_assert_cmpint(written_us, ==, NOW + SECOND);
    g_assert_cmpuint(harvest(place->store, OTHER, pst_record_set_new(), 0, NULL), ==, 0);
    g_assert_cmpint(g_access(place->file, F_OK), ==, 0);
}

static void
test_name(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_assert_null(pst_store_name(place->store, UUID));
    harvest(place->store, UUID, make_volume(1, 5, 10), NOW, NULL);
    g_autofree char *name = pst_store_name(place->store, UUID);
    g_assert_cmpstr(name, ==, "web");
    g_assert_null(pst_store_name(place->store, OTHER));
    g_assert_cmpint(pst_store_written_us(place->store, UUID), ==, NOW);
}

/* The newest record is as old as when it was harvested, whatever came into the volume since that is
 * no record. */
static void
test_age(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    gint64 written_us = 0;

    harvest(place->store, UUID, make_volume(1, 5, 10), NOW, NULL);
    harvest(place->store, UUID, make_volume(1, 5, 10), NOW + 9 * SECOND, &written_us);
    g_assert_cmpint(written_us, ==, NOW);
    harvest(place->store, UUID, make_volume(1, 6, 10), NOW + 10 * SECOND, &written_us);
    g_assert_cmpint(written_us, ==, NOW + 10 * SECOND);
    harvest(place->store, UUID, pst_record_set_new(), NOW + 20 * SECOND, &written_us);
    g_assert_cmpint(written_us, ==, NOW + 10 * SECOND);
}

/* What is not news is not written. */
static void
test_unchanged(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    struct stat before, after;

    harvest(place->store, UUID, make_volume(1, 5, 10), NOW, NULL);
    g_assert_cmpint(stat(place->file, &before), ==, 0);
    harvest(place->store, UUID, make_volume(1, 5, 10), NOW, NULL);
    harvest(place->store, UUID, make_volume(3, 5, 10), NOW, NULL);
    g_assert_cmpint(stat(place->file, &after), ==, 0);
    g_assert_cmpuint(before.st_ino, ==, after.st_ino);
    harvest(place->store, UUID, make_volume(3, 6, 10), NOW, NULL);
    g_assert_cmpint(stat(place->file, &after), ==, 0);
    g_assert_cmpuint(before.st_ino, !=, after.st_ino);
}

static PstStoreView
look(const Place *place, GPtrArray *volume)
{
    PstStoreView view = {NULL};

    pst_store_harvest(place->store, UUID, volume, NOW, &view, NULL);
    g_ptr_array_unref(g_steal_pointer(&view.records));
    return view;
}

/* Whether the store has all that was read of the volume, and had what it is thought to have. */
static void
test_whole(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    PstStoreView view = look(place, make_volume(1, 5, 10));
    GPtrArray *stubbed = make_volume(1, 7, 10);

    g_assert_cmpuint(view.n_before, ==, 0);
    g_assert_cmpint(view.kept, ==, 5);
    view = look(place, pst_record_set_new());
    g_assert_cmpuint(view.n_before, ==, 5);
    g_assert_cmpint(view.kept, ==, 5);
    view = look(place, make_volume(6, 6, 10));
    g_assert_cmpint(view.kept, ==, 6);
    /* There was no room in memory for one of them. */
    pst_record_stub(stubbed->pdata[6]);
    view = look(place, stubbed);
    g_assert_cmpuint(view.n_before, ==, 6);
    g_assert_cmpint(view.kept, ==, PST_INT_UNKNOWN);
    /* Nor in the store. */
    view = look(place, make_volume(1, 300, 1000));
    g_assert_cmpint(view.kept, ==, PST_INT_UNKNOWN);
    /* And where it can't be written to. */
    int held = open(place->file, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(flock(held, LOCK_EX), ==, 0);
    view = look(place, make_volume(1, 5, 10));
    g_assert_cmpint(view.kept, ==, PST_INT_UNKNOWN);
    close(held);
}

static void
test_bounds(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    gsize total = 0;

    /* All of it is told, what there is room for is kept. */
    g_assert_cmpuint(harvest(place->store, UUID, make_volume(1, 300, 1000), NOW, NULL), ==, 300);
    g_autoptr(GPtrArray) one = pst_store_list(place->store);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_cmpuint(((PstStoreFile *)one->pdata[0])->bytes, <=, 128 * 1024 + 1024);
    g_assert_cmpuint(((PstStoreFile *)one->pdata[0])->bytes, >, 100 * 1024);

    for (guint i = 0; i < 20; i++) {
        g_autofree char *uuid = g_uuid_string_random();
        harvest(place->store, uuid, make_volume(1, 300, 1000), NOW, NULL);
    }
    g_autoptr(GPtrArray) all = pst_store_list(place->store);
    g_assert_cmpuint(all->len, ==, 21);
    for (guint i = 0; i < all->len; i++) {
        const PstStoreFile *file = all->pdata[i];
        total += file->bytes;
        g_assert_cmpuint(file->bytes, >, 32 * 1024);
    }
    /* The total, and what every domain may have in any case. */
    g_assert_cmpuint(total, <=, 1024 * 1024 + 21 * 64 * 1024);
    /* Who had much gives up some of it at the next harvest. */
    harvest(place->store, UUID, make_volume(1, 301, 1000), NOW, NULL);
    g_autoptr(GPtrArray) again = pst_store_list(place->store);
    for (guint i = 0; i < again->len; i++) {
        const PstStoreFile *file = again->pdata[i];
        if (g_str_equal(file->uuid, UUID))
            g_assert_cmpuint(file->bytes, <, 70 * 1024);
    }
}

/* Domains without a recorder have a lifecycle alone: that takes nothing of the others' share. */
static void
test_share(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < 100; i++) {
        g_autofree char *uuid = g_uuid_string_random();
        g_autofree char *name = g_strconcat(uuid, PST_STORE_LIFECYCLE, NULL);
        g_autofree char *path = g_build_filename(place->folder, name, NULL);
        g_assert_true(g_file_set_contents(path, "{}", -1, NULL));
    }
    harvest(place->store, UUID, make_volume(1, 300, 1000), NOW, NULL);
    g_autoptr(GPtrArray) files = pst_store_list(place->store);
    g_assert_cmpuint(files->len, ==, 101);
    g_assert_true(((PstStoreFile *)files->pdata[0])->records);
    g_assert_cmpuint(((PstStoreFile *)files->pdata[0])->bytes, >, 100 * 1024);
}

static void
test_no_link(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *victim = g_build_filename(place->root, "victim", NULL);
    g_autoptr(GError) error = NULL;
    PstStoreView view = {NULL};
    g_autofree char *text = NULL;

    g_file_set_contents(victim, "mine", -1, NULL);
    g_assert_cmpint(symlink(victim, place->file), ==, 0);
    g_assert_false(
        pst_store_harvest(place->store, UUID, make_volume(1, 5, 10), NOW, &view, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    /* The volume is told all the same. */
    g_assert_cmpuint(view.records->len, ==, 5);
    g_ptr_array_unref(view.records);
    g_assert_true(g_file_get_contents(victim, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
    g_assert_cmpint(pst_store_written_us(place->store, UUID), ==, 0);
    unlink(place->file);
    /* Nor where it writes before it renames. */
    g_autofree char *new_file = g_build_filename(place->folder, "." UUID ".records.new", NULL);
    g_assert_cmpint(symlink(victim, new_file), ==, 0);
    g_assert_cmpuint(harvest(place->store, UUID, make_volume(1, 5, 10), NOW, NULL), ==, 5);
    g_clear_pointer(&text, g_free);
    g_assert_true(g_file_get_contents(victim, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
    /* A folder that is a link. */
    g_autofree char *linked = g_build_filename(place->root, "qemu%3A%2F%2F%2Flinked", NULL);
    g_assert_cmpint(symlink(place->folder, linked), ==, 0);
    g_clear_error(&error);
    g_assert_null(pst_store_open(&place->settings, "qemu:///linked", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

/* Whatever stands in the file: what is whole of it is read. */
static void
test_damaged(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;
    gsize len = 0;

    harvest(place->store, UUID, make_volume(1, 9, 50), NOW, NULL);
    g_assert_true(g_file_get_contents(place->file, &text, &len, NULL));
    for (gsize cut = 0; cut < len; cut += 7) {
        g_assert_true(g_file_set_contents(place->file, text, (gssize)cut, NULL));
        guint n = harvest(place->store, UUID, make_volume(9, 10, 50), NOW, NULL);
        g_assert_cmpuint(n, >=, 2);
        g_assert_cmpuint(n, <=, 10);
    }
}

static void
test_busy(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    PstStoreView view = {NULL};

    harvest(place->store, UUID, make_volume(1, 5, 10), NOW, NULL);
    FILE *holder = fopen(place->file, "r+");
    g_assert_cmpint(flock(fileno(holder), LOCK_EX), ==, 0);
    g_assert_false(
        pst_store_harvest(place->store, UUID, make_volume(5, 7, 10), NOW, &view, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    /* What is kept is told beside what is new, and nothing is lost by the next. */
    g_assert_cmpuint(view.records->len, ==, 7);
    g_ptr_array_unref(view.records);
    fclose(holder);
    g_assert_cmpuint(harvest(place->store, UUID, make_volume(6, 7, 10), NOW, NULL), ==, 7);
}

#define HARVESTERS 4
#define HARVESTS 40

/* Several at once, each with a later look at a volume that rolls: nothing is lost, and nothing torn
 * is ever read. */
static void
test_harvesters(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    pid_t pids[HARVESTERS];

    harvest(place->store, UUID, make_volume(1, 10, 200), NOW, NULL);
    for (guint i = 0; i < HARVESTERS; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        for (gint64 n = 1; n <= HARVESTS; n++)
            harvest(place->store, UUID, make_volume(n, n + 10, 200), NOW + n, NULL);
        _exit(0);
    }
    for (guint i = 0; i < HARVESTERS; i++) {
        int status = 0;
        waitpid(pids[i], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
    g_assert_cmpuint(harvest(place->store, UUID, pst_record_set_new(), 0, NULL), ==, HARVESTS + 10);
}

/* Killed at any moment: the file is the old one or the new one. */
static void
test_killed(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    gint64 known = 10;

    harvest(place->store, UUID, make_volume(1, known, 200), NOW, NULL);
    for (guint i = 0; i < 60; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            for (gint64 last = known;; last++)
                harvest(place->store, UUID, make_volume(MAX(1, last - 20), last, 200), NOW + last,
                        NULL);
        }
        g_usleep((gulong)g_test_rand_int_range(500, 12000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        guint n = harvest(place->store, UUID, pst_record_set_new(), 0, NULL);
        g_assert_cmpuint(n, >=, (guint)known);
        known = MIN((gint64)n, 100);
    }
}

static void
test_list_remove(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *stray = g_build_filename(place->folder, "notes.records", NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(stray, "not a UUID", -1, NULL);
    harvest(place->store, UUID, make_volume(1, 3, 10), NOW, NULL);
    harvest(place->store, OTHER, make_volume(1, 3, 10), NOW + SECOND, NULL);
    g_autoptr(GPtrArray) files = pst_store_list(place->store);
    g_assert_cmpuint(files->len, ==, 2);
    g_assert_true(pst_store_remove(place->store, UUID, &error));
    g_assert_no_error(error);
    g_assert_true(pst_store_remove(place->store, UUID, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) left = pst_store_list(place->store);
    g_assert_cmpuint(left->len, ==, 1);
    g_assert_cmpstr(((PstStoreFile *)left->pdata[0])->uuid, ==, OTHER);
    g_assert_cmpint(((PstStoreFile *)left->pdata[0])->written_us, ==, NOW + SECOND);
    g_assert_cmpint(g_access(stray, F_OK), ==, 0);
}

/* Another hypervisor's domains are not this one's. */
static void
test_hypervisors(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *long_uri = g_strnfill(5000, '/');
    const char *const uris[] = {"qemu+ssh://root@host/system", "../..", ".", "", long_uri};

    harvest(place->store, UUID, make_volume(1, 3, 10), NOW, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(uris); i++) {
        g_autoptr(PstStore) other = pst_store_open(&place->settings, uris[i], NULL);
        g_assert_nonnull(other);
        g_assert_cmpint(pst_store_written_us(other, UUID), ==, 0);
    }
}

/* A service of its own keeps to its own folder, whatever the host's configuration says. */
static void
test_settings_of_service(void)
{
    static const char text[] = "[store]\nfolder=/var/lib/postern/records\nkeep=3d\n";
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autoptr(GError) error = NULL;

    g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL);
    g_setenv("POSTERN_STORE", "/var/lib/service/records", TRUE);
    g_autoptr(PstStoreSettings) settings = pst_store_settings_read(config, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings->folder, ==, "/var/lib/service/records");
    g_assert_cmpint(settings->keep_us, ==, 3 * 86400 * SECOND);
    g_setenv("POSTERN_STORE", "records", TRUE);
    g_assert_null(pst_store_settings_read(config, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    g_unsetenv("POSTERN_STORE");
}

static void
test_settings(void)
{
    static const struct {
        const char *text;
        gsize domain, total;
        gint64 keep_s;
    } good[] = {
        {"", 2097152, 536870912, 30 * 86400},
        {"[store]\ndomain_size=4M\ntotal_size=1G\nkeep=3d\n", 4194304, 1073741824, 3 * 86400},
        {"[store]\ndomain_size=65536\ntotal_size=100000K\nkeep=0s\n", 65536, 102400000, 0},
    };
    static const char *const bad[] = {
        "domain_size=4X", "domain_size=",    "domain_size=M",  "domain_size=1K",
        "domain_size=1G", "keep=often",      "total_size=-1M", "total_size=99999999999999999999G",
        "folder=state",   "domain_size=4MM", "kep=3d",         "path=/x"};

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GKeyFile) config = g_key_file_new();
        g_autoptr(GError) error = NULL;
        g_key_file_load_from_data(config, good[i].text, (gsize)-1, G_KEY_FILE_NONE, NULL);
        g_autoptr(PstStoreSettings) settings = pst_store_settings_read(config, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(settings->domain_bytes, ==, good[i].domain);
        g_assert_cmpuint(settings->total_bytes, ==, good[i].total);
        g_assert_cmpint(settings->keep_us, ==, good[i].keep_s * SECOND);
        g_assert_true(g_str_has_suffix(settings->folder, "/postern/records"));
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GKeyFile) config = g_key_file_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf("[store]\n%s\n", bad[i]);
        g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL);
        g_assert_null(pst_store_settings_read(config, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

#define ADD(name, function) g_test_add("/store/" name, Place, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("name", test_name);
    ADD("round", test_round);
    ADD("age", test_age);
    ADD("unchanged", test_unchanged);
    ADD("whole", test_whole);
    ADD("bounds", test_bounds);
    ADD("share", test_share);
    ADD("no-link", test_no_link);
    ADD("damaged", test_damaged);
    ADD("busy", test_busy);
    ADD("harvesters", test_harvesters);
    ADD("killed", test_killed);
    ADD("list-remove", test_list_remove);
    ADD("hypervisors", test_hypervisors);
    g_test_add_func("/store/settings", test_settings);
    g_test_add_func("/store/settings-of-service", test_settings_of_service);
    return g_test_run();
}
