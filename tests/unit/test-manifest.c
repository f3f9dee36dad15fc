// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/manifest.h"
#include "protocol/error.h"

#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
add_part(PstManifest *manifest, const char *path)
{
    PstManifestPart *part = pst_manifest_add(manifest, "a report", "channel");

    part->path = g_strdup(path);
    part->bytes = 7;
    part->sha256 = g_strdup(SHA256);
    part->age_ms = 3;
}

static PstManifest *
make(void)
{
    PstManifest *manifest = pst_manifest_new("web\n<b>", "uuid", "ann (uid 7)");

    add_part(manifest, "reports/sudo.json");
    add_part(manifest, "domain.xml");
    pst_manifest_add(manifest, "the screen", "libvirt")->error = g_strdup("there is none");
    return manifest;
}

static void
test_round(void)
{
    g_autoptr(PstManifest) manifest = make();
    gsize len = 0;
    g_autofree char *text = pst_manifest_to_text(manifest, &len);
    g_autoptr(PstManifest) read = pst_manifest_read(text, len, NULL);

    g_assert_nonnull(read);
    g_assert_cmpstr(read->guest, ==, "web\n<b>");
    g_assert_cmpstr(read->bundle, ==, manifest->bundle);
    g_assert_cmpint(read->end, ==, PST_MANIFEST_COMPLETE);
    g_assert_cmpuint(read->parts->len, ==, 3);
    const PstManifestPart *first = read->parts->pdata[0];
    const PstManifestPart *last = read->parts->pdata[2];
    g_assert_cmpstr(first->path, ==, "reports/sudo.json");
    g_assert_cmpint(first->bytes, ==, 7);
    g_assert_cmpint(first->age_ms, ==, 3);
    g_assert_null(last->path);
    g_assert_cmpstr(last->error, ==, "there is none");

    g_autofree char *again = pst_manifest_to_text(read, &len);
    g_assert_cmpstr(again, ==, text);
}

static void
assert_states(const PstManifest *manifest)
{
    g_assert_cmpuint(pst_manifest_count(manifest, PST_MANIFEST_PART_WHOLE), ==, 2);
    g_assert_cmpuint(pst_manifest_count(manifest, PST_MANIFEST_PART_NOT_WHOLE), ==, 1);
    g_assert_cmpuint(pst_manifest_count(manifest, PST_MANIFEST_PART_NOT_HAD), ==, 1);
    g_assert_cmpuint(pst_manifest_count(manifest, PST_MANIFEST_PART_UNWRITTEN), ==, 2);
}

/* What is not there because it could not be written is told from what was never had. */
static void
test_states(void)
{
    const char *const lost[] = {"the screen", "report sudo"};
    g_autoptr(PstManifest) manifest = make();

    g_assert_null(pst_manifest_unwritten(manifest));
    add_part(manifest, "screenshot.png");
    ((PstManifestPart *)manifest->parts->pdata[3])->error = g_strdup("scaled down");
    for (guint i = 0; i < G_N_ELEMENTS(lost); i++) {
        PstManifestPart *part = pst_manifest_add(manifest, lost[i], "libvirt");
        part->error = g_strdup(i == 0 ? "No space" : "too large");
        part->unwritten = PST_TRI_YES;
    }
    assert_states(manifest);
    gsize len = 0;
    g_autofree char *text = pst_manifest_to_text(manifest, &len);
    g_autoptr(PstManifest) read = pst_manifest_read(text, len, NULL);
    g_assert_nonnull(read);
    assert_states(read);
    g_autofree char *words = pst_manifest_unwritten(read);
    g_assert_cmpstr(words, ==,
                    "2 parts were had and could not be written: the screen, report sudo "
                    "(No space)");
}

static void
test_ids(void)
{
    g_autoptr(PstManifest) one = make();
    g_autoptr(PstManifest) other = make();

    g_assert_cmpstr(one->bundle, !=, other->bundle);
    g_assert_cmpuint(strlen(one->bundle), ==, 32);
}

static void
test_paths(void)
{
    const char *const good[] = {"index.html", "reports/sudo.json", "records.json-seq", "a_b-1.2/3"};
    const char *const bad[] = {
        "",     "/",  "/etc/passwd", "..", "../x",          "a/../b", "a//b", "a/",   ".hidden",
        "a/.b", "-x", "a/b/c",       "A",  "manifest.json", "a b",    "a\nb", "\xff", "a\\b"};

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(pst_manifest_is_path(good[i]));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(pst_manifest_is_path(bad[i]));
}

/* The manifest with one text in it for another. */
static void
assert_refused(const char *from, const char *to)
{
    g_autoptr(PstManifest) manifest = make();
    gsize len = 0;
    g_autofree char *text = pst_manifest_to_text(manifest, &len);
    g_autoptr(GString) changed = g_string_new(text);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(g_string_replace(changed, from, to, 1), ==, 1);
    g_assert_null(pst_manifest_read(changed->str, changed->len, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
}

static void
test_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *large = g_strnfill(PST_MANIFEST_MAX_BYTES + 1, ' ');

    assert_refused("domain.xml", "../../domain.xml");
    assert_refused("domain.xml", "/domain.xml");
    assert_refused("domain.xml", "reports/sudo.json");
    assert_refused("domain.xml", PST_MANIFEST_NAME);
    assert_refused("postern-forensics-1", "postern-forensics-2");
    assert_refused(SHA256, "abc");
    assert_refused("\"bytes\":7", "\"bytes\":-7");
    assert_refused("\"bytes\":7", "\"bytes\":\"7\"");
    assert_refused("\"bundle\":\"", "\"bundle\":\"x");
    assert_refused("\"guest\"", "\"gast\"");
    assert_refused("\"complete\"", "\"perhaps\"");
    assert_refused("\"parts\"", "\"pieces\"");
    assert_refused("}\n", "");
    g_assert_null(pst_manifest_read(large, strlen(large), &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
}

static void
test_too_many(void)
{
    g_autoptr(PstManifest) manifest = make();
    gsize len = 0;

    for (guint i = manifest->parts->len; i <= PST_MANIFEST_MAX_PARTS; i++) {
        g_autofree char *path = g_strdup_printf("x%u", i);
        add_part(manifest, path);
    }
    g_autofree char *text = pst_manifest_to_text(manifest, &len);
    g_assert_null(pst_manifest_read(text, len, NULL));
}

static void
free_file(gpointer file)
{
    pst_manifest_file_free(file);
}

static void
add_file(GPtrArray *files, const char *path, gint64 bytes, const char *sha256, const char *odd)
{
    PstManifestFile *file = g_new0(PstManifestFile, 1);

    file->path = g_strdup(path);
    file->bytes = bytes;
    file->sha256 = g_strdup(sha256);
    file->odd = g_strdup(odd);
    g_ptr_array_add(files, file);
}

static void
assert_change(const GPtrArray *changes, guint i, PstManifestChangeKind kind, const char *path)
{
    const PstManifestChange *change = changes->pdata[i];

    g_assert_cmpuint(i, <, changes->len);
    g_assert_cmpint(change->kind, ==, kind);
    g_assert_cmpstr(change->path, ==, path);
}

static GPtrArray *
compare(const PstManifest *manifest, GPtrArray *files, guint n)
{
    GPtrArray *changes = pst_manifest_compare(manifest, files);

    g_assert_cmpuint(changes->len, ==, n);
    return changes;
}

static void
test_compare(void)
{
    g_autoptr(PstManifest) manifest = make();
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_file);

    add_file(files, "domain.xml", 7, SHA256, NULL);
    {
        g_autoptr(GPtrArray) changes = compare(manifest, files, 1);
        assert_change(changes, 0, PST_MANIFEST_MISSING, "reports/sudo.json");
    }
    add_file(files, "reports/sudo.json", 7, SHA256, NULL);
    g_ptr_array_unref(compare(manifest, files, 0));

    add_file(files, "more", 1, SHA256, NULL);
    {
        g_autoptr(GPtrArray) changes = compare(manifest, files, 1);
        assert_change(changes, 0, PST_MANIFEST_ADDED, "more");
    }
    g_ptr_array_set_size(files, 0);
    add_file(files, "reports/sudo.json", 8, SHA256, NULL);
    add_file(files, "domain.xml", 7, OTHER, NULL);
    {
        g_autoptr(GPtrArray) changes = compare(manifest, files, 2);
        assert_change(changes, 0, PST_MANIFEST_CHANGED, "reports/sudo.json");
        assert_change(changes, 1, PST_MANIFEST_CHANGED, "domain.xml");
    }
    g_ptr_array_set_size(files, 0);
    add_file(files, "reports/sudo.json", 0, NULL, "a link");
    add_file(files, "domain.xml", 7, SHA256, NULL);
    g_autoptr(GPtrArray) changes = compare(manifest, files, 1);
    assert_change(changes, 0, PST_MANIFEST_CHANGED, "reports/sudo.json");
}

/* A file that is there twice, as in an archive: the second is not hidden behind the first. */
static void
test_twice(void)
{
    g_autoptr(PstManifest) manifest = make();
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_file);

    add_file(files, "domain.xml", 7, SHA256, NULL);
    add_file(files, "reports/sudo.json", 7, SHA256, NULL);
    add_file(files, "domain.xml", 0, NULL, "there twice");
    g_autoptr(GPtrArray) changes = compare(manifest, files, 1);
    assert_change(changes, 0, PST_MANIFEST_CHANGED, "domain.xml");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manifest/round", test_round);
    g_test_add_func("/manifest/states", test_states);
    g_test_add_func("/manifest/ids", test_ids);
    g_test_add_func("/manifest/paths", test_paths);
    g_test_add_func("/manifest/refused", test_refused);
    g_test_add_func("/manifest/too-many", test_too_many);
    g_test_add_func("/manifest/compare", test_compare);
    g_test_add_func("/manifest/twice", test_twice);
    return g_test_run();
}
