// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is mounted below a place, places that are links, and the bounds of the walk. */
#include <sched.h>
#include <sys/mount.h>

#include "guest-shim/changes-walk.h"
#include "guest-shim/mount-table.h"
#include "guest-shim/probe-changes.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

#define ROOT "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"

static PstReport *
run_since(const PstSysroot *sysroot, const char *path, gint64 since_us)
{
    PstProbeContext context = {sysroot, G_MAXINT64};
    PstReport *report = pst_report_new(&pst_report_changes_kind);
    char *paths[] = {(char *)path, NULL};
    PstChangesArgs args = {since_us, PST_INT_UNKNOWN, paths, NULL};

    pst_probe_changes_run(&context, &args, report);
    return report;
}

static PstReport *
run(const PstSysroot *sysroot, const char *path)
{
    return run_since(sysroot, path, 0);
}

static gboolean
tells_file(const PstReport *report, const char *path)
{
    const PstChangesData *data = report->data;

    for (guint i = 0; data->files != NULL && i < data->files->len; i++)
        if (g_str_equal(((PstChangesFile *)data->files->pdata[i])->path, path))
            return TRUE;
    return FALSE;
}

static gboolean
has_entry(const PstChangesWalk *walk, const char *path)
{
    for (guint i = 0; i < walk->entries->len; i++)
        if (g_str_equal(((PstChangesEntry *)walk->entries->pdata[i])->path, path))
            return TRUE;
    return FALSE;
}

/* By the table of what is mounted: what may hang is told and not entered, what is the kernel's own
 * is nobody's, and what is on a disk of the guest's is gone through. */
static void
test_table(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *type;
        gboolean entered, left;
    } rows[] = {
        {"ext4 /dev/vdb1 rw", TRUE, FALSE},        {"tmpfs tmpfs rw", TRUE, FALSE},
        {"btrfs /dev/vda2 rw", TRUE, FALSE},       {"overlay x rw,upperdir=/u", TRUE, FALSE},
        {"overlay x ro,lowerdir=/l", TRUE, FALSE}, {"proc proc rw", FALSE, FALSE},
        {"cgroup2 cgroup2 rw", FALSE, FALSE},      {"squashfs /dev/loop1 ro", FALSE, FALSE},
        {"fuse.lxcfs lxcfs rw", FALSE, FALSE},     {"nfs4 server:/ rw", FALSE, TRUE},
        {"fuse.sshfs x rw", FALSE, TRUE},          {"autofs systemd-1 rw", FALSE, TRUE},
        {"a-new-one x rw", FALSE, TRUE},
    };

    put_text(world, "/srv/my disk/file", "");
    put_text(world, "/srv/beside", "");
    put_symlink(world, "/alias", "srv");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *table =
            g_strdup_printf(ROOT "30 22 0:30 / /srv/my\\040disk rw - %s\n", rows[i].type);
        g_autoptr(GPtrArray) mounts = pst_mount_table_parse(table);
        g_autoptr(PstChangesWalk) walk =
            pst_changes_walk_new(world->sysroot, mounts, 0, G_MAXINT64);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", rows[i].type);
        g_assert_cmpuint(mounts->len, ==, 2);
        g_assert_true(pst_changes_walk_place(walk, "/srv", FALSE, &error));
        g_assert_no_error(error);
        g_assert_true(has_entry(walk, "/srv/beside"));
        g_assert_cmpint(has_entry(walk, "/srv/my disk/file"), ==, rows[i].entered);
        g_assert_cmpuint(walk->not_entered->len, ==, rows[i].left);
        if (rows[i].left)
            g_assert_cmpstr(walk->not_entered->pdata[0], ==, "/srv/my disk");
        g_assert_true(walk->complete);
    }
}

/* An automount, and what it mounted: the former is seen again when the latter goes. And the folder
 * is the same by whatever name. */
static void
test_twice_at_one_place(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GPtrArray) mounts =
        pst_mount_table_parse(ROOT "30 22 0:30 / /srv/a/auto rw - autofs systemd-1 rw\n"
                                   "31 30 8:1 / /srv/a/auto rw - ext4 /dev/sda1 rw\n");
    g_autoptr(PstChangesWalk) walk = pst_changes_walk_new(world->sysroot, mounts, 0, G_MAXINT64);
    g_autoptr(GError) error = NULL;

    put_text(world, "/srv/a/auto/file", "");
    put_symlink(world, "/alias", "srv");
    g_assert_true(pst_changes_walk_place(walk, "/alias/a", FALSE, &error));
    g_assert_no_error(error);
    g_assert_false(has_entry(walk, "/alias/a/auto/file"));
    g_assert_cmpuint(walk->not_entered->len, ==, 1);
    g_assert_cmpstr(walk->not_entered->pdata[0], ==, "/alias/a/auto");
}

/* As the kernel has it: two file systems below one that was named, of which one is proc. */
static void
test_mounted(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *etc = g_build_filename(world->folder, "etc", NULL);
    g_autofree char *hidden = place(world, "/etc/cron.d/x");
    g_autofree char *cron = g_path_get_dirname(hidden);
    g_autofree char *below_proc = place(world, "/etc/kernel/x");
    g_autofree char *kernel = g_path_get_dirname(below_proc);
    g_autoptr(PstSysroot) live = pst_sysroot_new("/", NULL);

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", cron, "tmpfs", 0, NULL) < 0 ||
        mount("/proc", kernel, NULL, MS_BIND, NULL) < 0) {
        g_test_skip("nothing can be mounted here");
        return;
    }
    g_assert_true(g_file_set_contents(hidden, "", 0, NULL));
    g_autoptr(PstReport) report = run(live, etc);
    const PstChangesData *found = report->data;

    g_assert_cmpint(found->complete, ==, PST_TRI_YES);
    g_assert_true(tells_file(report, hidden));
    g_assert_cmpint(found->entries, <, 10);
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(umount(cron), ==, 0);
    g_assert_cmpint(umount(kernel), ==, 0);
}

/* /bin of a system whose /usr was merged: what is in usr/bin is told, by its own name. */
static void
test_link(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/usr/bin/ls", "");
    put_symlink(world, "/usr/bin/inside", "../../etc");
    put_text(world, "/etc/hosts", "");
    put_symlink(world, "/bin", "usr/bin");
    put_symlink(world, "/sbin", "/bin");
    put_symlink(world, "/dangling", "nowhere");
    g_autoptr(PstReport) report = run(world->sysroot, "/sbin");
    const PstChangesData *found = report->data;

    g_assert_cmpstr(found->looked_at[0], ==, "/sbin");
    g_assert_true(tells_file(report, "/usr/bin/ls"));
    g_assert_true(tells_file(report, "/sbin"));
    g_assert_true(tells_file(report, "/usr/bin/inside"));
    g_assert_false(tells_file(report, "/etc/hosts"));

    g_autoptr(PstReport) other = run(world->sysroot, "/dangling");
    g_assert_cmpuint(g_strv_length(((PstChangesData *)other->data)->looked_at), ==, 0);
    g_assert_true(tells_file(other, "/dangling"));
}

/* Twelve folders below the place are gone into, and no more; the reason names that. */
static void
test_deep(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/srv/1/2/3/4/5/6/7/8/9/10/11/12/file", "");
    g_autoptr(PstReport) all = run(world->sysroot, "/srv");
    const PstChangesData *found = all->data;

    g_assert_cmpint(found->complete, ==, PST_TRI_YES);
    g_assert_null(found->incomplete);
    g_assert_true(tells_file(all, "/srv/1/2/3/4/5/6/7/8/9/10/11/12/file"));
    put_text(world, "/srv/1/2/3/4/5/6/7/8/9/10/11/12/13/file", "");
    g_autoptr(PstReport) part = run(world->sysroot, "/srv");
    found = part->data;
    g_assert_cmpint(found->complete, ==, PST_TRI_NO);
    g_assert_cmpstr(found->incomplete, ==,
                    "folders are gone into 12 deep, and /srv/1/2/3/4/5/6/7/8/9/10/11/12/13 is "
                    "deeper");
}

/* The 50,000th entry is the last. Links to one file cost no more than names. */
static void
test_wide(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/srv/0", "");
    g_autofree char *first = g_build_filename(world->folder, "srv/0", NULL);

    for (guint i = 1; i <= 50000; i++) {
        g_autofree char *name = g_strdup_printf("%s/srv/%u", world->folder, i);
        g_assert_cmpint(i % 1000 != 0 ? link(first, name) : g_mkdir(name, 0755), ==, 0);
    }
    g_autoptr(PstReport) report =
        run_since(world->sysroot, "/srv", g_get_real_time() + G_USEC_PER_SEC);
    const PstChangesData *found = report->data;

    g_assert_cmpint(found->complete, ==, PST_TRI_NO);
    g_assert_cmpint(found->entries, ==, 50000);
    g_assert_cmpstr(found->incomplete, ==,
                    "there are more files and folders than the 50000 that are gone through");
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/changes-mounts/table", test_table);
    ADD("/changes-mounts/twice-at-one-place", test_twice_at_one_place);
    ADD("/changes-mounts/mounted", test_mounted);
    ADD("/changes-mounts/link", test_link);
    ADD("/changes-mounts/deep", test_deep);
    ADD("/changes-mounts/wide", test_wide);
    return g_test_run();
}
