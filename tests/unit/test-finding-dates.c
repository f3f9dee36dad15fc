// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-stat.h"
#include "guest-shim/finding-dates.h"
#include "guest-shim/mount-table.h"
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

/* Only what is on the way to a path can keep it waiting. */
static void
test_mounts_that_answer(void)
{
    static const struct {
        const char *line;
        const char *path;
        gboolean answers;
    } rows[] = {
        {"22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw", "/etc/x", TRUE},
        {"23 22 0:5 / /dev rw - devtmpfs udev rw", "/dev/x", TRUE},
        {"30 21 0:28 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw", "/etc/x", TRUE},
        {"31 22 0:28 / /home rw - autofs systemd-1 rw", "/home/u/.ssh", FALSE},
        {"31 22 0:28 / /home rw - autofs systemd-1 rw", "/home", FALSE},
        {"31 22 0:28 / /home rw - autofs systemd-1 rw", "/homes/u", TRUE},
        {"31 22 0:28 / /home rw - autofs systemd-1 rw", "/run/systemd/system", TRUE},
        {"40 22 0:40 / /srv rw - nfs4 server:/srv rw", "/srv/x", FALSE},
        {"41 22 0:41 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw",
         "/run/user/1000/gvfs/x", FALSE},
        {"42 22 0:42 / /mnt\\040a rw - a-new-one x rw", "/mnt a/x", FALSE},
        {"43 22 0:43 / / rw - nfs4 server:/root rw", "/etc/x", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("%s\n%s\n", rows[0].line, rows[i].line);
        g_autoptr(GPtrArray) mounts = pst_mount_table_parse(text);

        g_test_message("%s: %s", rows[i].line, rows[i].path);
        g_assert_cmpuint(mounts->len, ==, 2);
        g_assert_cmpint(pst_careful_stat_answers(mounts, rows[i].path), ==, rows[i].answers);
    }
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
    g_test_add_func("/finding-dates/mounts-that-answer", test_mounts_that_answer);
    return g_test_run();
}
