// SPDX-License-Identifier: LGPL-2.1-or-later
/* What went away, of which nothing but its folder tells. */
#include "tests/unit/changes-world.h"

/* A file that went away leaves its folder changed. */
static void
test_removed(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    put_text(world, "/etc/sudoers.d/harness", "");
    gint64 since_us = long_after_that();
    remove_path(world, "/etc/sudoers.d/harness");
    g_autoptr(PstReport) report = run(world, since_us);
    const PstChangesData *found = report->data;

    g_assert_cmpuint(found->files->len, ==, 1);
    const PstChangesFile *folder = found->files->pdata[0];
    g_assert_cmpstr(folder->path, ==, "/etc/sudoers.d");
    g_assert_cmpstr(folder->kind, ==, "folder");
}

/* Also where something else had come there a while before; what only came tells of itself. */
static void
test_removed_after_another(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    put_text(world, "/etc/sudoers.d/harness", "");
    gint64 since_us = after_that();
    put_text(world, "/etc/sudoers.d/other", "");
    g_autoptr(PstReport) before = run(world, since_us);
    g_assert_null(find_file(before, "/etc/sudoers.d"));
    long_after_that();
    remove_path(world, "/etc/sudoers.d/harness");
    g_autoptr(PstReport) after = run(world, since_us);
    g_assert_nonnull(find_file(after, "/etc/sudoers.d"));
    g_assert_nonnull(find_file(after, "/etc/sudoers.d/other"));
}

/* And where something else in it was changed later, which never came to it. */
static void
test_removed_before_another(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    put_text(world, "/etc/sudoers.d/harness", "");
    put_text(world, "/etc/sudoers.d/other", "");
    gint64 since_us = long_after_that();
    remove_path(world, "/etc/sudoers.d/harness");
    long_after_that();
    g_autofree char *other = g_build_filename(world->folder, "etc/sudoers.d/other", NULL);
    g_assert_cmpint(g_chmod(other, 0600), ==, 0);
    g_autoptr(PstReport) report = run(world, since_us);
    g_assert_nonnull(find_file(report, "/etc/sudoers.d/other"));
    g_assert_nonnull(find_file(report, "/etc/sudoers.d"));
}

/* And where something else in it was written to or changed in the same second: it was there. */
static void
test_removed_beside_another(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    put_text(world, "/etc/sudoers.d/harness", "");
    put_text(world, "/etc/sudoers.d/other", "");
    put_text(world, "/etc/pam.d/gone", "");
    put_text(world, "/etc/pam.d/other", "");
    gint64 since_us = long_after_that();
    g_autofree char *other = g_build_filename(world->folder, "etc/sudoers.d/other", NULL);
    g_autofree char *written = g_build_filename(world->folder, "etc/pam.d/other", NULL);
    remove_path(world, "/etc/sudoers.d/harness");
    g_assert_cmpint(g_chmod(other, 0600), ==, 0);
    remove_path(world, "/etc/pam.d/gone");
    FILE *file = g_fopen(written, "a");
    g_assert_cmpint(fputs("more", file) | fclose(file), >=, 0);
    g_autoptr(PstReport) report = run(world, since_us);
    g_assert_nonnull(find_file(report, "/etc/sudoers.d"));
    g_assert_nonnull(find_file(report, "/etc/pam.d"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)
    ADD("/changes/removed", test_removed);
    ADD("/changes/removed-after-another", test_removed_after_another);
    ADD("/changes/removed-before-another", test_removed_before_another);
    ADD("/changes/removed-beside-another", test_removed_beside_another);
    return g_test_run();
}
