// SPDX-License-Identifier: LGPL-2.1-or-later
/* A bundle on a disk: how it is written, and that each way of changing it is found. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/error.h"
#include "tests/unit/bundle-world.h"

static void
assert_mode(const char *path, mode_t mode)
{
    struct stat st;

    g_assert_cmpint(lstat(path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, mode);
}

static void
test_folder(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const files[] = {"index.html", "reports/sudo.json", "manifest.json"};
    g_autofree char *reports = inside(world, "reports");
    g_autofree char *under_way = inside(world, ".under-way");

    assert_mode(world->path, 0700);
    assert_mode(reports, 0700);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = inside(world, files[i]);
        assert_mode(path, 0600);
    }
    g_assert_cmpint(access(under_way, F_OK), !=, 0);
    assert_verdict(world, NULL, PST_VERIFY_INTACT);
    assert_verdict(world, world->sha256, PST_VERIFY_INTACT);
}

static void
test_no_bundle(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *file = g_build_filename(world->folder, "file", NULL);
    g_autofree char *none = g_build_filename(world->folder, "none", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(file, "no archive at all, but text\n", -1, NULL));
    world->path = g_strdup(file);
    assert_verdict(world, NULL, PST_VERIFY_BROKEN);
    g_free(world->path);
    world->path = g_strdup("/dev/null");
    assert_verdict(world, NULL, PST_VERIFY_BROKEN);
    g_assert_null(pst_verify_bundle(none, NULL, world->audit, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

/* A file whose first byte is EIO, as on a disk that fails: nobody could look. */
static void
test_disk(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_verify_bundle("/proc/self/mem", NULL, world->audit, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, g_strerror(EIO)));
}

static void
test_changed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    set_contents(world, "reports/sudo.json", "{\"sudo\":2}");
    assert_changed(world, PST_MANIFEST_CHANGED, "reports/sudo.json");
    set_contents(world, "reports/sudo.json", "{\"sudo\":1}\n");
    assert_changed(world, PST_MANIFEST_CHANGED, "reports/sudo.json");
    set_contents(world, "reports/sudo.json", "{\"sudo\":1}");
    assert_verdict(world, NULL, PST_VERIFY_INTACT);
}

static void
test_missing(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = inside(world, "reports/ssh.json");

    g_assert_cmpint(g_unlink(path), ==, 0);
    assert_changed(world, PST_MANIFEST_MISSING, "reports/ssh.json");
}

static void
test_added(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const names[] = {"more", ".hidden", "reports/pam.json", "with\nline"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = inside(world, names[i]);

        set_contents(world, names[i], "x");
        if (strchr(names[i], '\n') == NULL)
            assert_changed(world, PST_MANIFEST_ADDED, names[i]);
        else
            assert_verdict(world, NULL, PST_VERIFY_CHANGED);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    assert_verdict(world, NULL, PST_VERIFY_INTACT);
}

/* A folder is told with what is in it, and without. */
static void
test_added_folder(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const names[] = {"more", "reports/more", ".hidden"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = inside(world, names[i]);

        g_assert_cmpint(mkdir(path, 0700), ==, 0);
        assert_changed(world, PST_MANIFEST_ADDED, names[i]);
        g_assert_cmpint(rmdir(path), ==, 0);
    }
    assert_verdict(world, NULL, PST_VERIFY_INTACT);
}

/* A part that found no room leaves no folder that nobody sealed. */
static void
test_no_folder(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *under_way = g_build_filename(world->folder, "b", "reports", NULL);
    g_autofree char *name = g_strnfill(300, 'x');
    g_autofree char *path = g_strconcat("reports/", name, NULL);

    world->path = g_build_filename(world->folder, "b", NULL);
    g_autoptr(PstBundle) bundle = begin(world->path, NULL);
    PstManifestPart *part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
    g_assert_false(pst_bundle_write(bundle, part, path, "x", 1));
    g_assert_cmpint(access(under_way, F_OK), !=, 0);
    world->sha256 = pst_bundle_seal(bundle, NULL);
    assert_verdict(world, world->sha256, PST_VERIFY_INTACT);
}

/* What is no file is neither followed nor waited for. */
static void
test_odd(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = inside(world, "reports/sudo.json");
    g_autofree char *away = g_build_filename(world->folder, "away", NULL);

    g_assert_cmpint(g_rename(path, away), ==, 0);
    g_assert_cmpint(symlink(away, path), ==, 0);
    assert_changed(world, PST_MANIFEST_CHANGED, "reports/sudo.json");
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    assert_changed(world, PST_MANIFEST_CHANGED, "reports/sudo.json");
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rename(away, path), ==, 0);

    g_autofree char *more = inside(world, "more");
    g_assert_cmpint(mkfifo(more, 0600), ==, 0);
    assert_changed(world, PST_MANIFEST_ADDED, "more");
}

static void
assert_says(const World *world, const char *words)
{
    g_autoptr(PstVerify) verify = pst_verify_bundle(world->path, NULL, world->audit, NULL);
    g_autofree char *text = pst_verify_to_text(verify, world->path);

    g_assert_nonnull(strstr(text, words));
}

/* A report and its digest in the manifest, both changed: the seal is elsewhere. */
static void
test_manifest(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = inside(world, PST_MANIFEST_NAME);
    g_autofree char *text = NULL;
    gsize len = 0;

    g_assert_true(g_file_get_contents(path, &text, &len, NULL));
    g_autoptr(PstManifest) manifest = pst_manifest_read(text, len, NULL);
    PstManifestPart *part = manifest->parts->pdata[1];
    set_contents(world, "reports/sudo.json", "{\"sudo\":2}");
    g_free(part->sha256);
    part->sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "{\"sudo\":2}", -1);
    g_autofree char *forged = pst_manifest_to_text(manifest, &len);
    set_contents(world, PST_MANIFEST_NAME, forged);
    assert_verdict(world, NULL, PST_VERIFY_CHANGED);
    assert_verdict(world, world->sha256, PST_VERIFY_CHANGED);

    /* Under another id nothing vouches for it, and the seal of its path is of another. */
    manifest->bundle[0] = manifest->bundle[0] == 'a' ? 'b' : 'a';
    g_autofree char *renamed = pst_manifest_to_text(manifest, &len);
    set_contents(world, PST_MANIFEST_NAME, renamed);
    assert_verdict(world, NULL, PST_VERIFY_CHANGED);
    assert_verdict(world, world->sha256, PST_VERIFY_CHANGED);
    assert_says(world, "the seal of this path is of another bundle");
    assert_says(world, world->sha256);
    g_autofree char *away = g_build_filename(world->folder, "away", NULL);
    g_assert_cmpint(g_rename(world->path, away), ==, 0);
    g_autofree char *home = g_steal_pointer(&world->path);
    world->path = g_strdup(away);
    assert_verdict(world, NULL, PST_VERIFY_UNVOUCHED);
    assert_says(world, "it holds 1 of other bundles of that guest");
    g_autofree char *match = g_strdup_printf("POSTERN_BUNDLE=%s ", manifest->bundle);
    g_autofree char *writer = g_strdup_printf(" _UID=%u ", (guint)geteuid());
    assert_says(world, match);
    assert_says(world, writer);
    g_assert_cmpint(g_rename(away, home), ==, 0);
    g_free(world->path);
    world->path = g_steal_pointer(&home);

    set_contents(world, PST_MANIFEST_NAME, "{}");
    assert_verdict(world, NULL, PST_VERIFY_CHANGED);
    assert_verdict(world, world->sha256, PST_VERIFY_CHANGED);
}

static void
test_unsealed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = inside(world, PST_MANIFEST_NAME);

    g_assert_cmpint(g_unlink(path), ==, 0);
    assert_verdict(world, NULL, PST_VERIFY_UNSEALED);
    assert_verdict(world, world->sha256, PST_VERIFY_UNSEALED);
}

static void
assert_not_begun(const char *path)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(begin(path, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
    g_assert_nonnull(strstr(error->message, path));
}

static void
test_begin(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(world->folder, "empty", NULL);
    g_autofree char *slashes = g_strconcat(path, "//", NULL);
    g_autofree char *open_path = g_build_filename(world->folder, "open", NULL);
    g_autofree char *link = g_build_filename(world->folder, "link", NULL);
    g_autofree char *file = g_build_filename(world->folder, "file", NULL);
    g_autofree char *deep = g_build_filename(world->folder, "none", "deep", NULL);
    g_autofree char *partial = g_build_filename(world->folder, "x.tar.zst.partial", NULL);
    g_autofree char *archive = g_build_filename(world->folder, "x.tar.zst", NULL);

    g_assert_cmpint(mkdir(path, 0755), ==, 0);
    g_assert_cmpint(symlink(path, link), ==, 0);
    assert_not_begun(link);
    {
        g_autoptr(PstBundle) bundle = begin(slashes, NULL);
        g_assert_nonnull(bundle);
        assert_mode(path, 0755);
        write_part(bundle, "index.html", "x");
    }
    assert_not_begun(path);
    g_assert_cmpint(mkdir(open_path, 0755), ==, 0);
    g_assert_cmpint(chmod(open_path, 0777), ==, 0);
    assert_not_begun(open_path);
    assert_mode(open_path, 0777);
    g_assert_true(g_file_set_contents(file, "x", -1, NULL));
    assert_not_begun(file);
    assert_not_begun(deep);
    g_assert_cmpint(mkdir(partial, 0700), ==, 0);
    assert_not_begun(archive);
    g_assert_cmpint(rmdir(partial), ==, 0);
    g_assert_true(g_file_set_contents(archive, "x", -1, NULL));
    assert_not_begun(archive);
}

/* Bundles that are named alike are each in a folder of their own, empty ones of others spared. */
static void
test_beside(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const names[] = {"b", "b-2", "b-4"};
    g_autofree char *path = g_build_filename(world->folder, "b", NULL);
    g_autofree char *theirs = g_build_filename(world->folder, "b-3", NULL);
    g_autofree char *deep = g_build_filename(world->folder, "none", "b", NULL);

    g_assert_cmpint(mkdir(theirs, 0700), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *expected = g_build_filename(world->folder, names[i], NULL);
        g_autoptr(PstBundle) bundle =
            pst_bundle_new_beside(path, pst_manifest_new("web", "uuid", "ann"), NULL);

        g_assert_nonnull(bundle);
        g_assert_cmpstr(pst_bundle_path(bundle), ==, expected);
        g_assert_cmpstr(pst_bundle_folder(bundle), ==, expected);
        write_part(bundle, "index.html", "x");
        g_autofree char *sha256 = pst_bundle_seal(bundle, NULL);
        g_assert_nonnull(sha256);
        assert_mode(expected, 0700);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(pst_bundle_new_beside(deep, pst_manifest_new("web", "uuid", "ann"), &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
    g_assert_nonnull(strstr(error->message, deep));
}

/* Where there is no room, a folder that the user made stays, and one that was made here does not.
 */
static void
test_no_room(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *theirs = g_build_filename(world->folder, "theirs", NULL);
    g_autofree char *none = g_build_filename(world->folder, "none", NULL);
    struct rlimit before, small;

    g_assert_cmpint(mkdir(theirs, 0750), ==, 0);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    small = (struct rlimit){1024, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    assert_not_begun(theirs);
    assert_not_begun(none);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_mode(theirs, 0750);
    g_assert_cmpint(access(none, F_OK), !=, 0);
}

/* Nothing that was put into the folder meanwhile is replaced, or written through. */
static void
test_not_replaced(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *target = g_build_filename(world->folder, "target", NULL);
    g_autofree char *text = NULL;

    world->path = g_build_filename(world->folder, "b", NULL);
    g_autoptr(PstBundle) bundle = begin(world->path, NULL);
    g_autofree char *link = inside(world, "index.html");
    g_autofree char *reports = inside(world, "reports");
    g_assert_true(g_file_set_contents(target, "mine", -1, NULL));
    g_assert_cmpint(symlink(target, link), ==, 0);
    g_assert_cmpint(symlink(world->folder, reports), ==, 0);
    PstManifestPart *part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
    g_assert_false(pst_bundle_write(bundle, part, "index.html", "evil", 4));
    g_assert_null(part->path);
    g_assert_nonnull(part->error);
    g_assert_false(pst_bundle_write(bundle, part, "reports/target", "evil", 4));
    g_assert_true(g_file_get_contents(target, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
}

static void
test_bounds(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *large = g_malloc0(PST_BUNDLE_MAX_PART + 1);
    const gsize all = PST_BUNDLE_MAX_TOTAL - PST_BUNDLE_RESERVE;
    guint n = 0;

    world->path = g_build_filename(world->folder, "b", NULL);
    g_autoptr(PstBundle) bundle = begin(world->path, NULL);
    PstManifestPart *part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
    g_assert_false(pst_bundle_write(bundle, part, "large", large, PST_BUNDLE_MAX_PART + 1));
    g_assert_cmpstr(part->error, ==, "too large for a bundle");
    g_assert_true(pst_bundle_is_over_bounds(part));
    for (gsize done = 0; done < all; n++) {
        g_autofree char *path = g_strdup_printf("part%u", n);
        gsize len = MIN(PST_BUNDLE_MAX_PART, all - done);
        g_assert_cmpuint(pst_bundle_room(bundle), ==, len);
        part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
        g_assert_true(pst_bundle_write(bundle, part, path, large, len));
        done += len;
    }
    part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
    g_assert_false(pst_bundle_write(bundle, part, "one", "x", 1));
    g_assert_cmpstr(part->error, ==, "the bundle is full");
    g_assert_true(pst_bundle_is_over_bounds(part));
    g_assert_cmpint(pst_manifest_part_state(part), ==, PST_MANIFEST_PART_UNWRITTEN);
    /* The page has a place of its own. */
    pst_bundle_release(bundle);
    g_assert_cmpuint(pst_bundle_room(bundle), ==, PST_BUNDLE_RESERVE);
    part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "postern");
    g_assert_false(pst_bundle_write(bundle, part, "index.html", large, PST_BUNDLE_RESERVE + 1));
    g_assert_true(pst_bundle_write(bundle, part, "index.html", large, PST_BUNDLE_RESERVE));
    g_assert_cmpint(pst_manifest_part_state(part), ==, PST_MANIFEST_PART_WHOLE);
    /* What was gathered is sealed all the same. */
    world->sha256 = pst_bundle_seal(bundle, NULL);
    g_assert_nonnull(world->sha256);
    assert_verdict(world, world->sha256, PST_VERIFY_INTACT);
}

/* Room that nothing came for is given back; what came for it is where it belongs. */
static void
test_kept(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *long_text = g_strnfill(20000, 'x');

    world->path = g_build_filename(world->folder, "b", NULL);
    g_autoptr(PstBundle) bundle = begin(world->path, NULL);
    pst_bundle_keep(bundle, "index.html", 4096, 8192);
    pst_bundle_keep(bundle, "diagnosis.txt", 4096, 8192);
    g_autofree char *room = inside(world, ".index.html");
    g_assert_cmpint(access(room, F_OK), ==, 0);
    write_part(bundle, "reports/sudo.json", "x");
    pst_bundle_end_gathering(bundle);
    write_part(bundle, "index.html", long_text);
    world->sha256 = pst_bundle_seal(bundle, NULL);
    g_assert_nonnull(world->sha256);
    g_autofree char *page = inside(world, "index.html");
    assert_mode(page, 0600);
    assert_verdict(world, world->sha256, PST_VERIFY_INTACT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("folder", "b", test_folder);
    ADD("no-bundle", NULL, test_no_bundle);
    ADD("disk", NULL, test_disk);
    ADD("changed", "b", test_changed);
    ADD("missing", "b", test_missing);
    ADD("added", "b", test_added);
    ADD("added-folder", "b", test_added_folder);
    ADD("no-folder", NULL, test_no_folder);
    ADD("odd", "b", test_odd);
    ADD("manifest", "b", test_manifest);
    ADD("unsealed", "b", test_unsealed);
    ADD("begin", NULL, test_begin);
    ADD("beside", NULL, test_beside);
    ADD("no-room", NULL, test_no_room);
    ADD("not-replaced", NULL, test_not_replaced);
    ADD("bounds", NULL, test_bounds);
    ADD("kept", NULL, test_kept);
    return g_test_run();
}
