// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-stat.h"
#include "guest-shim/finding-dates.h"
#include "protocol/vocabulary.h"
#include "tests/unit/world.h"

/* The finding of a report about PATH, once it was dated. */
static gint64
date_of(const World *world, const char *path)
{
    g_autoptr(PstReport) report = pst_report_new(pst_vocabulary_find("network"));
    PstFinding *finding =
        pst_report_add(report, "network.no-link", PST_SEVERITY_WARNING, "message");

    finding->evidence->path = g_strdup(path);
    pst_finding_dates_fill(world->sysroot, report);
    return finding->evidence->changed_us;
}

static gint64
ctime_of(const World *world, const char *path)
{
    g_autofree char *whole = g_build_filename(world->folder, path, NULL);
    struct stat st;

    g_assert_cmpint(lstat(whole, &st), ==, 0);
    return pst_careful_stat_us(&st.st_ctim);
}

static void
test_dated(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {"/etc/sudoers", "/etc", "/etc/dangling", "/etc/loop"};

    put_text(world, "/etc/sudoers", "");
    g_autofree char *dangling = place(world, "/etc/dangling");
    g_autofree char *loop = place(world, "/etc/loop");
    g_assert_cmpint(symlink("/nowhere", dangling), ==, 0);
    g_assert_cmpint(symlink("loop", loop), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        g_assert_cmpint(date_of(world, paths[i]), ==, ctime_of(world, paths[i]));
    g_assert_cmpint(date_of(world, "/etc/sudoers"), <=, g_get_real_time());
    g_assert_cmpint(date_of(world, "/etc/sudoers"), >, g_get_real_time() - G_TIME_SPAN_HOUR);
}

/* A chmod shows, though nothing was written. */
static void
test_chmod(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *whole = place(world, "/etc/sudoers");

    put_text(world, "/etc/sudoers", "");
    gint64 before = date_of(world, "/etc/sudoers");
    g_usleep(20000);
    g_assert_cmpint(chmod(whole, 0666), ==, 0);
    g_assert_cmpint(date_of(world, "/etc/sudoers"), >, before);
}

static void
test_undated(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {NULL,           "",       "etc/sudoers", "/etc/absent",
                                 "/proc/uptime", "/sys/x", "/dev/x",      "/etc/sudoers/x",
                                 "/etc/loop/x"};

    put_text(world, "/etc/sudoers", "");
    put_text(world, "/proc/uptime", "");
    put_text(world, "/sys/x", "");
    put_text(world, "/dev/x", "");
    g_autofree char *loop = place(world, "/etc/loop");
    g_assert_cmpint(symlink("loop", loop), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        g_assert_cmpint(date_of(world, paths[i]), ==, PST_INT_UNKNOWN);
}

static void
test_own_date_stays(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = pst_report_new(pst_vocabulary_find("network"));
    PstFinding *finding =
        pst_report_add(report, "network.no-link", PST_SEVERITY_WARNING, "message");

    put_text(world, "/etc/sudoers", "");
    finding->evidence->path = g_strdup("/etc/sudoers");
    finding->evidence->changed_us = 7;
    pst_finding_dates_fill(world->sysroot, report);
    g_assert_cmpint(finding->evidence->changed_us, ==, 7);
}

/* A path that leads into another mount is looked at only on the live system. */
static void
test_other_mount(void)
{
    g_autoptr(PstSysroot) root = pst_sysroot_new("/", NULL);
    g_autoptr(GError) error = NULL;
    struct stat st;

    g_assert_false(pst_sysroot_lstat_same_mount(root, "/proc/self/stat", &st, &error));
    g_assert_nonnull(error);
    g_assert_true(pst_sysroot_lstat_same_mount(root, "/", &st, NULL));
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/finding-dates/dated", test_dated);
    ADD("/finding-dates/chmod", test_chmod);
    ADD("/finding-dates/undated", test_undated);
    ADD("/finding-dates/own-date-stays", test_own_date_stays);
    g_test_add_func("/finding-dates/other-mount", test_other_mount);
    return g_test_run();
}
