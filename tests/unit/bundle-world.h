// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* A folder with a sealed bundle in it, and the audit log that holds its seal. */
#include <glib/gstdio.h>
#include <string.h>

#include "host-sidecar/bundle.h"
#include "host-sidecar/seal.h"
#include "host-sidecar/verify.h"

typedef struct {
    char *folder, *audit;
    char *path;   /* of the bundle */
    char *sha256; /* of its manifest */
} World;

static inline void
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

static inline PstBundle *
begin(const char *path, GError **error)
{
    return pst_bundle_new(path, pst_manifest_new("web", "uuid", "ann"), error);
}

static inline void
write_part(PstBundle *bundle, const char *path, const char *text)
{
    PstManifestPart *part = pst_manifest_add(pst_bundle_manifest(bundle), "a part", "channel");

    g_assert_true(pst_bundle_write(bundle, part, path, text, strlen(text)));
}

/* A sealed bundle, with its seal in the audit log. */
static inline void
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

static inline void
set_up(World *world, gconstpointer name)
{
    world->folder = g_dir_make_tmp("postern-bundle-XXXXXX", NULL);
    world->audit = g_build_filename(world->folder, "audit", "audit.jsonl", NULL);
    if (name != NULL)
        make(world, name);
}

static inline void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    remove_tree(world->folder);
    g_free(world->folder);
    g_free(world->audit);
    g_free(world->path);
    g_free(world->sha256);
}

static inline char *
inside(const World *world, const char *name)
{
    return g_build_filename(world->path, name, NULL);
}

static inline void
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
static inline void
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

static inline void
set_contents(const World *world, const char *name, const char *text)
{
    g_autofree char *path = inside(world, name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

#define ADD(name, bundle, function)                                                                \
    g_test_add("/bundle/" name, World, bundle, set_up, function, tear_down)
