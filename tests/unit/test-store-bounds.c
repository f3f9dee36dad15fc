// SPDX-License-Identifier: LGPL-2.1-or-later
/* A store on a disk that fails, and one whose records are small. */
#include <errno.h>
#include <glib/gstdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host-sidecar/store-lifecycle.h"
#include "host-sidecar/store.h"
#include "protocol/error.h"
#include "tests/unit/record-streams.h"

#define UUID "3a4f5d6e-1111-4222-8333-444455556666"
#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
#define DOMAIN_BYTES (128 * 1024)

/* From which byte of a file on the disk fails; -1: it does not. */
static off_t broken_from = -1;

/* Takes the place of the C library's in this program. */
ssize_t
pread(int fd, void *buffer, size_t len, off_t offset)
{
    if (broken_from >= 0 && offset >= broken_from) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, buffer, len, offset);
}

typedef struct {
    char *root;
    PstStore *store;
} Place;

static void
set_up(Place *place, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    place->root = g_dir_make_tmp("pst-store-XXXXXX", NULL);
    const PstStoreSettings settings = {place->root, DOMAIN_BYTES, 1024 * 1024, 0};
    place->store = pst_store_open(&settings, "test:///default", &error);
    g_assert_no_error(error);
}

static void
tear_down(Place *place, gconstpointer unused G_GNUC_UNUSED)
{
    const PstStoreFolder *folder = pst_store_folder(place->store);

    broken_from = -1;
    g_assert_true(pst_store_remove(place->store, UUID, NULL));
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_assert_cmpint(g_rmdir(place->root), ==, 0);
    pst_store_free(place->store);
    g_free(place->root);
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

/* How many records it has; 0 with an error. */
static guint
harvest(const Place *place, GPtrArray *volume, GError **error)
{
    PstStoreView view = {0};
    gboolean done = pst_store_harvest(place->store, UUID, volume, NOW, &view, error);
    guint n = view.records->len;

    g_assert_true(done || error == NULL || *error != NULL);
    g_ptr_array_unref(view.records);
    return done ? n : 0;
}

/* What the disk does not give is not taken for what is not there. */
static void
test_read_error(Place *place, gconstpointer unused G_GNUC_UNUSED)
{
    const off_t from[] = {0, 65536};

    g_assert_cmpuint(harvest(place, make_volume(1, 100, 1000), NULL), ==, 100);
    for (guint i = 0; i < G_N_ELEMENTS(from); i++) {
        g_autoptr(GError) error = NULL;

        broken_from = from[i];
        g_assert_cmpuint(harvest(place, make_volume(101, 102, 10), &error), ==, 0);
        g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
        broken_from = -1;
        g_assert_cmpuint(harvest(place, make_volume(100, 100, 1000), NULL), ==, 100);
    }
}

static void
note(const Place *place, int state, gint64 seen_us, GError **error)
{
    const PstLifecycleSight sight = {.state = state, .seen_us = seen_us};
    g_autoptr(PstLifecycle) lifecycle =
        pst_store_lifecycle_note(place->store, UUID, "web", &sight, error);

    g_assert_nonnull(lifecycle);
}

/* Nor are the states of a domain. */
static void
test_lifecycle_error(Place *place, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    note(place, 1, NOW, NULL);
    note(place, 5, NOW + SECOND, NULL);
    g_autoptr(PstLifecycle) before = pst_store_lifecycle_read(place->store, UUID);
    broken_from = 0;
    note(place, 1, NOW + 2 * SECOND, &error);
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    broken_from = -1;
    g_autoptr(PstLifecycle) after = pst_store_lifecycle_read(place->store, UUID);
    gsize len = 0, after_len = 0;
    g_autofree char *text = pst_lifecycle_to_text(before, &len);
    g_autofree char *after_text = pst_lifecycle_to_text(after, &after_len);
    g_assert_cmpmem(text, len, after_text, after_len);
}

/* Of many small records the frames are a good part: they count too. */
static void
test_frames(Place *place, gconstpointer unused G_GNUC_UNUSED)
{
    g_assert_cmpuint(harvest(place, make_volume(1, 3000, 0), NULL), ==, 3000);
    g_autoptr(GPtrArray) files = pst_store_list(place->store);
    g_assert_cmpuint(files->len, ==, 1);
    gsize bytes = ((PstStoreFile *)files->pdata[0])->bytes;
    g_assert_cmpuint(bytes, <=, DOMAIN_BYTES);
    g_assert_cmpuint(bytes, >, DOMAIN_BYTES - 1024);
}

#define ADD(name, function) g_test_add("/store/" name, Place, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("read-error", test_read_error);
    ADD("lifecycle-error", test_lifecycle_error);
    ADD("frames", test_frames);
    return g_test_run();
}
