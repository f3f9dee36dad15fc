// SPDX-License-Identifier: LGPL-2.1-or-later
/* A bundle as one file, and that each way of changing it is found. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/bundle-world.h"

static void
test_archive(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *partial = g_strconcat(world->path, PST_BUNDLE_PARTIAL_SUFFIX, NULL);
    g_autofree char *upper = g_ascii_strup(world->sha256, -1);
    struct stat st;

    g_assert_cmpint(lstat(world->path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
    g_assert_cmpint(access(partial, F_OK), !=, 0);
    assert_verdict(world, NULL, PST_VERIFY_INTACT);
    assert_verdict(world, upper, PST_VERIFY_INTACT);
}

static void
write_archive(const World *world, const char *bytes, gsize len)
{
    /* Not as a whole or not at all, which waits for the disk each time. */
    g_assert_true(g_file_set_contents_full(world->path, bytes, (gssize)len,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Every byte of it changed, and every length of it: something is always found, and it is the
 * archive that is told to be broken, and not the looking. */
static void
test_archive_bytes(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *bytes = NULL;
    gsize len = 0;
    guint n_intact = 0;

    g_assert_true(g_file_get_contents(world->path, &bytes, &len, NULL));
    for (gsize i = 0; i < 2 * len; i++) {
        g_autofree char *copy = g_memdup2(bytes, len);

        if (i < len)
            copy[i] = (char)(copy[i] ^ 0x10);
        write_archive(world, copy, i < len ? len : i - len);
        g_autoptr(PstVerify) verify = pst_verify_bundle(world->path, NULL, world->audit, NULL);
        g_assert_nonnull(verify);
        n_intact += verify->verdict == PST_VERIFY_INTACT;
    }
    /* The times of the files and the head of the frame, which tell nothing, may differ; what the
     * files hold may not. */
    g_test_message("%u of %" G_GSIZE_FORMAT " are told to be intact", n_intact, 2 * len);
    g_assert_cmpuint(n_intact, <, len / 32);
}

/* Whatever is put behind it, from a single byte on, and however much the archive holds. */
static void
test_archive_behind(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const tails[] = {"x", "\xff", "\n", "some text", "\x28\xb5\x2f\xfd"};
    g_autofree char *bytes = NULL;
    gsize len = 0;

    g_assert_true(g_file_get_contents(world->path, &bytes, &len, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(tails); i++) {
        gsize tail = strlen(tails[i]);
        g_autofree char *copy = g_malloc(len + tail);

        memcpy(copy, bytes, len);
        memcpy(copy + len, tails[i], tail);
        write_archive(world, copy, len + tail);
        assert_verdict(world, NULL, PST_VERIFY_BROKEN);
    }
    for (guint byte = 0; byte < 256; byte++) {
        g_autofree char *copy = g_malloc(len + 1);

        memcpy(copy, bytes, len);
        copy[len] = (char)byte;
        write_archive(world, copy, len + 1);
        assert_verdict(world, world->sha256, PST_VERIFY_BROKEN);
    }
}

/* Files of the size of reports, which do not compress to nothing: the damage is met in the midst of
 * a part. */
static void
test_archive_large(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *bytes = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    gsize len = 0;

    for (guint i = 0; i < 20000; i++)
        g_string_append_printf(text, "%u ", g_random_int());
    world->path = g_build_filename(world->folder, "b.tar.zst", NULL);
    g_autoptr(PstBundle) bundle = begin(world->path, NULL);
    write_part(bundle, "index.html", text->str);
    write_part(bundle, "records.json-seq", text->str);
    world->sha256 = pst_bundle_seal(bundle, NULL);
    assert_verdict(world, world->sha256, PST_VERIFY_INTACT);
    g_assert_true(g_file_get_contents(world->path, &bytes, &len, NULL));
    for (gsize i = 0; i < len; i += len / 61) {
        bytes[i] = (char)(bytes[i] ^ 1);
        write_archive(world, bytes, len);
        g_autoptr(PstVerify) verify =
            pst_verify_bundle(world->path, world->sha256, world->audit, NULL);
        g_assert_nonnull(verify);
        bytes[i] = (char)(bytes[i] ^ 1);
    }
}

/* An archive with all that is in the sealed one, and these folders. */
static void
repack(World *world, const char *const *folders)
{
    const char *const files[] = {"index.html", "reports/sudo.json", "reports/ssh.json",
                                 PST_MANIFEST_NAME};
    g_autofree char *path = g_build_filename(world->folder, "repacked.tar.zst", NULL);
    struct archive *archive = archive_write_new();

    archive_write_add_filter_zstd(archive);
    archive_write_set_format_pax_restricted(archive);
    g_assert_cmpint(archive_write_open_filename(archive, path), ==, ARCHIVE_OK);
    for (guint i = 0; folders[i] != NULL; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, folders[i]);
        archive_entry_set_filetype(entry, AE_IFDIR);
        archive_entry_set_perm(entry, 0700);
        g_assert_cmpint(archive_write_header(archive, entry), ==, ARCHIVE_OK);
        archive_entry_free(entry);
    }
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *inner = inside(world, files[i]);
        g_autofree char *name = g_strconcat("b/", files[i], NULL);
        g_autofree char *text = NULL;
        gsize len = 0;
        struct archive_entry *entry = archive_entry_new();

        g_assert_true(g_file_get_contents(inner, &text, &len, NULL));
        archive_entry_set_pathname(entry, name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)len);
        g_assert_cmpint(archive_write_header(archive, entry), ==, ARCHIVE_OK);
        g_assert_cmpint(archive_write_data(archive, text, len), ==, len);
        archive_entry_free(entry);
    }
    g_assert_cmpint(archive_write_close(archive), ==, ARCHIVE_OK);
    archive_write_free(archive);
    g_free(world->path);
    world->path = g_steal_pointer(&path);
}

/* tar(1) packs the folders too: that is no change; one that was not there is. */
static void
test_archive_folders(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const char *const usual[] = {"b", "b/reports", NULL};
    const char *const more[] = {"b", "b/reports", "b/more", NULL};
    const char *const beside[] = {"b", "more", NULL};
    g_autofree char *folder = g_strdup(world->path);

    repack(world, usual);
    assert_verdict(world, world->sha256, PST_VERIFY_INTACT);
    g_free(world->path);
    world->path = g_strdup(folder);
    repack(world, more);
    assert_changed(world, PST_MANIFEST_ADDED, "more");
    g_free(world->path);
    world->path = g_strdup(folder);
    repack(world, beside);
    assert_changed(world, PST_MANIFEST_ADDED, "more");
}

/* What is put behind the end of an archive is a part of it. */
static void
test_archive_appended(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *first = g_strdup(world->path), *digest = g_strdup(world->sha256);
    g_autofree char *one = NULL, *other = NULL;
    gsize one_len = 0, other_len = 0;

    g_free(world->path);
    g_free(world->sha256);
    make(world, "other.tar.zst");
    g_assert_true(g_file_get_contents(first, &one, &one_len, NULL));
    g_assert_true(g_file_get_contents(world->path, &other, &other_len, NULL));
    g_autoptr(GByteArray) both = g_byte_array_new();
    g_byte_array_append(both, (guint8 *)one, (guint)one_len);
    g_byte_array_append(both, (guint8 *)other, (guint)other_len);
    g_assert_true(
        g_file_set_contents(world->path, (const char *)both->data, (gssize)both->len, NULL));
    assert_verdict(world, digest, PST_VERIFY_CHANGED);
}

/* Far more than a bundle can hold, in a file of some kilobytes. */
#define BOMB_MIB 600

static void
write_zeros(struct archive *archive, guint mib)
{
    g_autofree guint8 *zeros = g_malloc0(1024 * 1024);

    for (guint i = 0; i < mib; i++)
        g_assert_cmpint(archive_write_data(archive, zeros, 1024 * 1024), ==, 1024 * 1024);
}

static void
write_entry(struct archive *archive, const char *name, guint mib)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)mib * 1024 * 1024);
    g_assert_cmpint(archive_write_header(archive, entry), ==, ARCHIVE_OK);
    archive_entry_free(entry);
    write_zeros(archive, mib);
}

/* Appends to the bundle: as an archive with entries of this name, the second of them large, or,
 * without a name, as zeros. */
static void
append_bomb(const World *world, const char *name)
{
    int fd = open(world->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    struct archive *archive = archive_write_new();

    g_assert_cmpint(archive_write_add_filter_zstd(archive), ==, ARCHIVE_OK);
    if (name != NULL)
        archive_write_set_format_pax_restricted(archive);
    else
        archive_write_set_format_raw(archive);
    archive_write_set_bytes_in_last_block(archive, 1);
    g_assert_cmpint(archive_write_open_fd(archive, fd), ==, ARCHIVE_OK);
    if (name != NULL)
        write_entry(archive, name, 0);
    write_entry(archive, name != NULL ? name : "zeros", BOMB_MIB);
    g_assert_cmpint(archive_write_close(archive), ==, ARCHIVE_OK);
    archive_write_free(archive);
    close(fd);
}

static void
assert_bomb(const World *world, const char *name)
{
    g_autoptr(GError) error = NULL;

    append_bomb(world, name);
    g_autoptr(PstVerify) verify =
        pst_verify_bundle(world->path, world->sha256, world->audit, &error);
    g_assert_no_error(error);
    g_assert_cmpint(verify->verdict, ==, PST_VERIFY_BROKEN);
    g_test_message("%s", verify->fault);
    g_assert_nonnull(strstr(verify->fault, "there is more than a bundle can hold"));
}

/* What is not read itself is decompressed all the same: it counts. */
static void
test_archive_twice(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    assert_bomb(world, "b/twice");
}

static void
test_archive_zeros(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    assert_bomb(world, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("archive", "b.tar.zst", test_archive);
    ADD("archive-bytes", "b.tar.zst", test_archive_bytes);
    ADD("archive-behind", "b.tar.zst", test_archive_behind);
    ADD("archive-large", NULL, test_archive_large);
    ADD("archive-folders", "b", test_archive_folders);
    ADD("archive-appended", "b.tar.zst", test_archive_appended);
    ADD("archive-twice", "b.tar.zst", test_archive_twice);
    ADD("archive-zeros", "b.tar.zst", test_archive_zeros);
    return g_test_run();
}
