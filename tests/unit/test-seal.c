// SPDX-License-Identifier: LGPL-2.1-or-later
/* Seals in the audit log, and in what was rotated out of it. */
#include <gio/gio.h>
#include <sys/stat.h>
#include <utime.h>

#include "host-sidecar/log-lines.h"
#include "tests/unit/bundle-world.h"

static const char id[] = "0123456789abcdef0123456789abcdef";
static const char other_id[] = "fedcba9876543210fedcba9876543210";

static void
write_seal(const World *world, const char *bundle, const char *path, const char *sha256)
{
    const PstAuditPlaces places = {"/nonexistent", world->audit};
    const PstSeal seal = {bundle, "web", path, sha256};
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_seal_write(&places, "ann", &seal, &error));
    g_assert_no_error(error);
}

static PstSealFound *
find(const World *world, const char *path)
{
    const PstSeal sought = {id, "web", path, NULL};

    return pst_seal_find(world->audit, &sought);
}

static void
assert_found(const World *world, const char *sha256)
{
    g_autoptr(PstSealFound) found = find(world, "/y");

    g_assert_cmpstr(found->fault, ==, NULL);
    g_assert_cmpstr(found->sha256, ==, sha256);
}

/* No line of the log that only speaks of the bundle passes for its seal; the newest seal counts. */
static void
test_lines(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;

    assert_found(world, NULL);
    write_seal(world, id, "/x", "one");
    write_seal(world, id, "/x", "two");
    g_assert_true(g_file_get_contents(world->audit, &text, NULL, NULL));
    g_autofree char *filler = g_strnfill(PST_LOG_LINES_MAX, 'x');
    g_autofree char *more =
        g_strconcat(text, "{\"method\":\"probe\",\"guest\":\"web\",\"path\":\"/y\",\"bundle\":\"",
                    id, "\",\"sha256\":\"no\"}\n{\"method\":\"forensics\",\"args\":{\"bundle\":\"",
                    id, "\"}}\n\xff\n", filler, text, id, NULL);
    g_assert_true(g_file_set_contents(world->audit, more, -1, NULL));
    assert_found(world, "two");
}

static void
test_unreadable(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *folder = g_path_get_dirname(world->audit);

    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(world->audit, 0700), ==, 0);
    g_autoptr(PstSealFound) found = find(world, "/y");
    g_assert_null(found->sha256);
    g_assert_nonnull(strstr(found->fault, world->audit));
}

static void
test_path(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    write_seal(world, other_id, "/x/b.tar.zst", "one");
    write_seal(world, other_id, "/x/bb", "two");
    g_autoptr(PstSealFound) unpacked = find(world, "/x/b");
    g_assert_cmpstr(unpacked->sha256, ==, NULL);
    g_assert_cmpstr(unpacked->path_bundle, ==, other_id);
    g_assert_cmpstr(unpacked->path_sha256, ==, "one");
    g_assert_cmpuint(unpacked->n_guest, ==, 2);
    g_autoptr(PstSealFound) elsewhere = find(world, "/x");
    g_assert_null(elsewhere->path_bundle);
    /* Its own is none of another. */
    write_seal(world, id, "/x/bb", "mine");
    g_autoptr(PstSealFound) mine = find(world, "/x/bb");
    g_assert_cmpstr(mine->sha256, ==, "mine");
    g_assert_cmpuint(mine->n_guest, ==, 2);
}

static void
rotate(const World *world, const char *suffix, gint64 time)
{
    g_autofree char *path = g_strconcat(world->audit, suffix, NULL);
    struct utimbuf times = {time, time};

    g_assert_cmpint(g_rename(world->audit, path), ==, 0);
    g_assert_cmpint(utime(path, &times), ==, 0);
}

static void
compress(const World *world)
{
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    g_autofree char *bytes = NULL;
    gsize len = 0;

    g_assert_true(g_file_get_contents(world->audit, &bytes, &len, NULL));
    g_autoptr(GInputStream) plain = g_memory_input_stream_new_from_data(bytes, (gssize)len, NULL);
    g_autoptr(GInputStream) packed = g_converter_input_stream_new(plain, G_CONVERTER(zlib));
    g_autofree char *out = g_malloc(65536);
    gsize n = 0;
    g_assert_true(g_input_stream_read_all(packed, out, 65536, &n, NULL, NULL));
    g_assert_true(g_file_set_contents(world->audit, out, (gssize)n, NULL));
}

/* Whatever logrotate made of the file: the oldest first, however they are named. */
static void
test_rotated(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    write_seal(world, id, "/x", "first");
    compress(world);
    rotate(world, ".2.gz", 1000);
    assert_found(world, "first");
    write_seal(world, id, "/x", "third");
    rotate(world, "-20260102", 3000);
    write_seal(world, id, "/x", "second");
    rotate(world, ".1", 2000);
    assert_found(world, "third");
    write_seal(world, id, "/x", "last");
    assert_found(world, "last");
    rotate(world, ".bak", 4000);
    assert_found(world, "third");
}

static void
test_damaged(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    write_seal(world, id, "/x", "first");
    rotate(world, ".1.gz", 1000);
    write_seal(world, id, "/x", "second");
    g_autoptr(PstSealFound) found = find(world, "/y");
    g_assert_cmpstr(found->sha256, ==, "second");
    g_assert_nonnull(strstr(found->fault, ".1.gz"));
}

static gboolean
count_line(const PstLogLine *line G_GNUC_UNUSED, gpointer n)
{
    ++*(guint *)n;
    return TRUE;
}

/* What has no end, or comes from somebody, is no log. */
static void
test_no_file(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *fifo = g_build_filename(world->folder, "fifo", NULL);
    const char *const paths[] = {"/dev/zero", "/dev/full", "/dev/null", fifo, world->folder};

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        guint n = 0;
        g_autoptr(GPtrArray) files = pst_log_lines_open(paths[i]);
        const PstLogFile *last = files->pdata[files->len - 1];
        g_autofree char *fault = pst_log_lines_read(last, count_line, &n);

        g_assert_nonnull(fault);
        g_assert_nonnull(strstr(fault, "it is no plain file"));
        g_assert_cmpuint(n, ==, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("seal/lines", NULL, test_lines);
    ADD("seal/unreadable", NULL, test_unreadable);
    ADD("seal/path", NULL, test_path);
    ADD("seal/rotated", NULL, test_rotated);
    ADD("seal/damaged", NULL, test_damaged);
    ADD("seal/no-file", NULL, test_no_file);
    return g_test_run();
}
