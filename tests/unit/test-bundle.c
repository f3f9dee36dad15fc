// SPDX-License-Identifier: LGPL-2.1-or-later
/* A bundle on a disk: how it is written, and that each way of changing it is found. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/archive.h"
#include "host-sidecar/bundle.h"
#include "host-sidecar/seal.h"
#include "host-sidecar/verify.h"
#include "protocol/error.h"

typedef struct {
    char *folder, *audit;
    char *path;   /* of the bundle */
    char *sha256; /* of its manifest */
} World;

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) folder =
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        remove_tree(inner);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

static PstBundle *
begin(const char *path, GError **error)
{
    return pst_bundle_new(path, pst_manifest_new("web", "uuid", "ann"), error);
}

static void
write_part(PstBundle *bundle, const char *path, const char *text)
{
    PstManifestPart *part = pst_manifest_add(pst_bundle_manifest(bundle), "a part", "channel");

    g_assert_true(pst_bundle_write(bundle, part, path, text, strlen(text)));
}

/* A sealed bundle, with its seal in the audit log. */
static void
make(World *world, const char *name)
{
    g_autoptr(GError) error = NULL;

    world->path = g_build_filename(world->folder, name, NULL);
    g_autoptr(PstBundle) bundle = begin(world->path, &error);
    g_assert_no_error(error);
    write_part(bundle, "index.html", "<p>");
    write_part(bundle, "reports/sudo.json", "{\"sudo\":1}");
    write_part(bundle, "reports/ssh.json", "{\"ssh\":1}");
    world->sha256 = pst_bundle_seal(bundle, &error);
    g_assert_no_error(error);

    const PstAuditPlaces places = {"/nonexistent", world->audit};
    const PstSeal seal = {pst_bundle_manifest(bundle)->bundle, "web", world->path, world->sha256};
    g_assert_true(pst_seal_write(&places, "ann", &seal, &error));
}

static void
set_up(World *world, gconstpointer name)
{
    world->folder = g_dir_make_tmp("postern-bundle-XXXXXX", NULL);
    world->audit = g_build_filename(world->folder, "audit", "audit.jsonl", NULL);
    if (name != NULL)
        make(world, name);
}

static void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    remove_tree(world->folder);
    g_free(world->folder);
    g_free(world->audit);
    g_free(world->path);
    g_free(world->sha256);
}

static char *
inside(const World *world, const char *name)
{
    return g_build_filename(world->path, name, NULL);
}

static void
assert_verdict(const World *world, const char *digest, PstVerifyVerdict verdict)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstVerify) verify = pst_verify_bundle(world->path, digest, world->audit, &error);

    g_assert_no_error(error);
    g_autofree char *text = pst_verify_to_text(verify, world->path);
    g_test_message("%s", text);
    g_assert_cmpint(verify->verdict, ==, verdict);
    g_assert_true(g_str_has_suffix(text, "\n"));
}

/* It has this change and no other. */
static void
assert_changed(const World *world, PstManifestChangeKind kind, const char *path)
{
    g_autoptr(PstVerify) verify = pst_verify_bundle(world->path, NULL, world->audit, NULL);

    g_assert_nonnull(verify);
    g_assert_cmpint(verify->verdict, ==, PST_VERIFY_CHANGED);
    g_assert_cmpuint(verify->changes->len, ==, 1);
    const PstManifestChange *change = verify->changes->pdata[0];
    g_assert_cmpint(change->kind, ==, kind);
    g_assert_cmpstr(change->path, ==, path);
    g_autofree char *text = pst_verify_to_text(verify, world->path);
    g_assert_nonnull(strstr(text, path));
}

static void
set_contents(const World *world, const char *name, const char *text)
{
    g_autofree char *path = inside(world, name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

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
test_archive(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *partial = g_strconcat(world->path, PST_BUNDLE_PARTIAL_SUFFIX, NULL);
    g_autofree char *upper = g_ascii_strup(world->sha256, -1);

    assert_mode(world->path, 0600);
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

    /* Under another id nothing vouches for it, and that is no yes. */
    manifest->bundle[0] = manifest->bundle[0] == 'a' ? 'b' : 'a';
    g_autofree char *renamed = pst_manifest_to_text(manifest, &len);
    set_contents(world, PST_MANIFEST_NAME, renamed);
    assert_verdict(world, NULL, PST_VERIFY_UNVOUCHED);
    assert_verdict(world, world->sha256, PST_VERIFY_CHANGED);

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

/* No line of the log that only speaks of the bundle passes for its seal; the newest seal counts. */
static void
test_log(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *text = NULL, *found = NULL;
    g_autoptr(GError) error = NULL;
    const char *id = "0123456789abcdef0123456789abcdef";
    const PstAuditPlaces places = {"/nonexistent", world->audit};
    const PstSeal one = {id, "web", "/x", "one"}, two = {id, "web", "/x", "two"};

    g_assert_null(pst_seal_find(world->audit, id, &error));
    g_assert_no_error(error);
    g_assert_true(pst_seal_write(&places, "ann", &one, NULL));
    g_assert_true(pst_seal_write(&places, "ann", &two, NULL));
    g_assert_true(g_file_get_contents(world->audit, &text, NULL, NULL));
    g_autofree char *more = g_strconcat(
        text, "{\"method\":\"probe\",\"bundle\":\"", id, "\",\"sha256\":\"no\"}\n",
        "{\"method\":\"forensics\",\"args\":{\"bundle\":\"", id, "\"}}\n\xff\n", id, NULL);
    g_assert_true(g_file_set_contents(world->audit, more, -1, NULL));
    found = pst_seal_find(world->audit, id, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, "two");
    g_assert_null(pst_seal_find(world->folder, id, &error));
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
        assert_mode(path, 0700);
        write_part(bundle, "index.html", "x");
    }
    assert_not_begun(path);
    g_assert_true(g_file_set_contents(file, "x", -1, NULL));
    assert_not_begun(file);
    assert_not_begun(deep);
    g_assert_cmpint(mkdir(partial, 0700), ==, 0);
    assert_not_begun(archive);
    g_assert_cmpint(rmdir(partial), ==, 0);
    g_assert_true(g_file_set_contents(archive, "x", -1, NULL));
    assert_not_begun(archive);
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
    guint n = PST_BUNDLE_MAX_TOTAL / PST_BUNDLE_MAX_PART;

    world->path = g_build_filename(world->folder, "b", NULL);
    g_autoptr(PstBundle) bundle = begin(world->path, NULL);
    PstManifestPart *part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
    g_assert_false(pst_bundle_write(bundle, part, "large", large, PST_BUNDLE_MAX_PART + 1));
    g_assert_cmpstr(part->error, ==, "too large for a bundle");
    for (guint i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("part%u", i);
        part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
        g_assert_true(pst_bundle_write(bundle, part, path, large, PST_BUNDLE_MAX_PART));
    }
    part = pst_manifest_add(pst_bundle_manifest(bundle), "x", "channel");
    g_assert_false(pst_bundle_write(bundle, part, "one", "x", 1));
    g_assert_cmpstr(part->error, ==, "the bundle is full");
    /* What was gathered is sealed all the same. */
    world->sha256 = pst_bundle_seal(bundle, NULL);
    g_assert_nonnull(world->sha256);
    assert_verdict(world, world->sha256, PST_VERIFY_INTACT);
}

#define ADD(name, bundle, function)                                                                \
    g_test_add("/bundle/" name, World, bundle, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("folder", "b", test_folder);
    ADD("archive", "b.tar.zst", test_archive);
    ADD("archive-bytes", "b.tar.zst", test_archive_bytes);
    ADD("archive-behind", "b.tar.zst", test_archive_behind);
    ADD("archive-large", NULL, test_archive_large);
    ADD("archive-folders", "b", test_archive_folders);
    ADD("archive-appended", "b.tar.zst", test_archive_appended);
    ADD("archive-twice", "b.tar.zst", test_archive_twice);
    ADD("archive-zeros", "b.tar.zst", test_archive_zeros);
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
    ADD("log", NULL, test_log);
    ADD("begin", NULL, test_begin);
    ADD("not-replaced", NULL, test_not_replaced);
    ADD("bounds", NULL, test_bounds);
    return g_test_run();
}
