// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <sys/time.h>

#include "guest-shim/storage-frozen.h"
#include "guest-shim/storage-judge-parts.h"
#include "tests/unit/world.h"

#define MOUNTS                                                                                     \
    "27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"                                    \
    "40 27 254:17 / /srv/data rw,relatime shared:30 - xfs /dev/vdb1 rw\n"
#define IN_FTRUNCATE                                                                               \
    "[<0>] percpu_rwsem_wait+0x116/0x140\n"                                                        \
    "[<0>] do_sys_ftruncate+0x16e/0x1a0\n"                                                         \
    "[<0>] do_syscall_64+0x5d/0x90\n"
#define IN_OPEN                                                                                    \
    "[<0>] percpu_rwsem_wait+0x116/0x140\n"                                                        \
    "[<0>] mnt_want_write+0x8b/0xc0\n"                                                             \
    "[<0>] path_openat+0xb00/0x1260\n"
#define NOW_US (1764165600 * (gint64)G_USEC_PER_SEC)

static const struct {
    const char *stack;
    gboolean waiting;
} stacks[] = {
    {IN_FTRUNCATE, TRUE},
    {IN_OPEN, TRUE},
    {"[<0>] percpu_rwsem_wait+0x1/0x2\n[<0>] __percpu_down_read+0x1/0x2\n[<0>] vfs_write+0x1/0x2",
     TRUE},
    {"[<0>] percpu_rwsem_wait.constprop.0+0x1/0x2\n[<0>] ext4_journal_check_start+0x1/0x2", TRUE},
    {"[<0>] __sb_start_write+0x5a/0x70\n[<0>] mnt_want_write+0x20/0x50", TRUE},
    {"[<ffffffff8a2b>] rwsem_down_read_failed+0x1/0x2\n[<ffffffff>] __percpu_down_read+0x1/0x2\n"
     "[<ffffffff>] __sb_start_write+0x5a/0x70",
     TRUE},
    /* Other locks of that kind: control groups, processors that are switched on and off. */
    {"[<0>] percpu_rwsem_wait+0x1/0x2\n[<0>] cgroup_attach_lock+0x1/0x2\n[<0>] vfs_write+0x1/0x2",
     FALSE},
    {"[<0>] percpu_rwsem_wait+0x1/0x2\n[<0>] copy_process+0x1/0x2", FALSE},
    {"[<0>] percpu_rwsem_wait+0x1/0x2\n[<0>] cpus_read_lock+0x1/0x2", FALSE},
    /* Other waiting. */
    {"[<0>] io_schedule+0x1/0x2\n[<0>] folio_wait_bit+0x1/0x2\n[<0>] ext4_write_begin+0x1/0x2",
     FALSE},
    {"[<0>] rpc_wait_bit_killable+0x1/0x2\n[<0>] nfs_file_write+0x1/0x2", FALSE},
    {"[<0>] percpu_rwsem_wait+0x1/0x2", FALSE},
    {"percpu_rwsem_wait\nvfs_write", FALSE},
    {"[<0>] \n]\n]]]", FALSE},
    {"", FALSE},
};

static void
test_stacks(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(stacks); i++) {
        if (pst_storage_frozen_is_waiting(stacks[i].stack) != stacks[i].waiting)
            g_error("stack %u: %s", i, stacks[i].stack);
    }
}

static void
put_process(const World *world, int pid, const char *name, char state, const char *stack,
            const char *syscall)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/", pid);
    g_autofree char *stat_path = g_strconcat(folder, "stat", NULL);
    g_autofree char *stack_path = g_strconcat(folder, "stack", NULL);
    g_autofree char *syscall_path = g_strconcat(folder, "syscall", NULL);
    g_autofree char *group_path = g_strconcat(folder, "cgroup", NULL);
    g_autofree char *group = g_strdup_printf("0::/system.slice/%s.service\n", name);
    g_autofree char *stat = g_strdup_printf("%d (%s) %c 1 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 "
                                            "0 100 1000000 100 18446744073709551615\n",
                                            pid, name, state);

    put_text(world, stat_path, stat);
    put_text(world, stack_path, stack);
    put_text(world, syscall_path, syscall);
    put_text(world, group_path, group);
}

/* Frozen by the agent AGE_S before NOW_US. */
static void
put_agent(const World *world, gint64 age_s)
{
    struct timeval times[2] = {{.tv_sec = NOW_US / G_USEC_PER_SEC - age_s}};

    times[1] = times[0];
    put_text(world, "/run/qga.state.isfrozen", "");
    g_autofree char *path = place(world, "/run/qga.state.isfrozen");
    g_assert_cmpint(utimes(path, times), ==, 0);
}

static PstReport *
run_with(const World *world, const char *table)
{
    PstReport *report = pst_report_new(&pst_report_storage_kind);
    GPtrArray *mounts = pst_mount_table_parse(table);

    pst_storage_frozen_find(world->sysroot, mounts, report->data, NULL);
    pst_storage_judge_frozen(report->data, NOW_US, report);
    pst_report_conclude(report, "fine");
    g_ptr_array_unref(mounts);
    return report;
}

static PstReport *
run(const World *world)
{
    return run_with(world, MOUNTS);
}

static const PstFinding *
finding_at(const PstReport *report, guint i, int severity)
{
    g_assert_cmpuint(report->findings->len, >, i);
    const PstFinding *finding = report->findings->pdata[i];

    g_assert_cmpstr(finding->id, ==, "storage.frozen");
    g_assert_cmpint(finding->severity, ==, severity);
    return finding;
}

/* One whose descriptor tells the mount, and one that opens a file: of which it is not known. */
static void
put_writers(const World *world)
{
    put_process(world, 180, "systemd-journal", 'D', IN_FTRUNCATE,
                "77 0x15 0x800000 0x560b71d7bf10 0x0 0x7fff91776528 0x7f851b71e057\n");
    put_symlink(world, "/proc/180/fd/21", "/var/log/journal/1/system.journal");
    put_process(world, 253, "sh", 'D', IN_OPEN,
                "257 0xffffff9c 0x562f78c2c928 0x241 0x1b6 0x7ffeee9b35b0 0x7f9ab9ec2011\n");
    put_process(world, 300, "cat", 'S', IN_OPEN, "0 0x0 0x0\n");
    put_process(world, 301, "dd", 'D', "[<0>] io_schedule+0x1/0x2\n", "0 0x0 0x0\n");
}

static void
test_by_hand(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_writers(world);
    g_autoptr(PstReport) report = run(world);
    const PstStorageData *seen = report->data;

    g_assert_cmpuint(seen->frozen->len, ==, 2);
    g_assert_cmpuint(report->findings->len, ==, 1);
    const PstFinding *finding = finding_at(report, 0, PST_SEVERITY_CRITICAL);
    g_assert_cmpstr(finding->message, ==,
                    "the file system on / is frozen: whoever writes to it waits; systemd-journal "
                    "waits");
    g_assert_cmpstr(finding->evidence->path, ==, "/");
    g_assert_cmpstr(finding->evidence->unit, ==, "systemd-journal.service");
    g_assert_cmpstr(finding->undo->argv[0], ==, "/sbin/fsfreeze");
    g_assert_cmpstr(finding->undo->argv[2], ==, "/");
}

static void
test_other_mount(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_process(world, 40, "postgres", 'D', IN_FTRUNCATE, "77 0x3 0x0\n");
    put_symlink(world, "/proc/40/fd/3", "/srv/data/pg/1");
    put_process(world, 41, "postgres", 'D', IN_FTRUNCATE, "77 0x4 0x0\n");
    put_symlink(world, "/proc/41/fd/4", "/srv/data/pg/2");
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = finding_at(report, 0, PST_SEVERITY_WARNING);

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding->evidence->path, ==, "/srv/data");
    g_assert_nonnull(strstr(finding->message, "postgres and 1 more wait"));
}

static void
test_unknown_mount(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_process(world, 253, "sh", 'D', IN_OPEN, "257 0xffffff9c 0x562f 0x241\n");
    put_process(world, 254, "sh", 'D', IN_OPEN, "running\n");
    put_process(world, 255, "sh", 'D', IN_FTRUNCATE, "77 0x5 0x0\n");
    put_symlink(world, "/proc/255/fd/5", "socket:[1]");
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = finding_at(report, 0, PST_SEVERITY_CRITICAL);

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_null(finding->evidence->path);
    g_assert_null(finding->undo);
    g_assert_nonnull(strstr(finding->message, "sh and 2 more wait"));
}

/* Where only one can be meant, it is meant. */
static void
test_only_mount(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_process(world, 180, "systemd-journal", 'D', IN_OPEN, "-1 0x7ffe 0x7f85\n");
    g_autoptr(PstReport) report =
        run_with(world, "21 27 0:21 / /proc rw - proc proc rw\n"
                        "27 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n"
                        "28 27 254:1 /srv /export rw,relatime - ext4 /dev/vda1 rw\n"
                        "29 27 7:0 / /snap/x ro,relatime - squashfs /dev/loop0 ro\n"
                        "30 27 0:30 / /run rw - tmpfs tmpfs rw\n");

    g_assert_cmpstr(finding_at(report, 0, PST_SEVERITY_CRITICAL)->evidence->path, ==, "/");
}

static void
test_by_agent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_writers(world);
    put_agent(world, 5);
    g_autoptr(PstReport) soon = run(world);
    const PstFinding *finding = finding_at(soon, 0, PST_SEVERITY_WARNING);

    g_assert_cmpuint(soon->findings->len, ==, 1);
    g_assert_nonnull(strstr(finding->message, "froze the file systems 5 s ago"));
    g_assert_nonnull(strstr(finding->message, "systemd-journal and 1 more wait"));
    put_agent(world, 3600);
    g_autoptr(PstReport) late = run(world);
    finding = finding_at(late, 0, PST_SEVERITY_CRITICAL);
    g_assert_nonnull(strstr(finding->remedy, "virsh domfsthaw"));
    g_assert_null(finding->undo);
}

static void
test_nobody_waits_yet(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_agent(world, -60); /* the clock was set back meanwhile */
    g_autoptr(PstReport) report = run(world);

    g_assert_nonnull(strstr(finding_at(report, 0, PST_SEVERITY_WARNING)->message, " 0 s ago"));
}

/* A stack that can't be read is no word that nobody waits; that there is none is. */
static void
test_unlooked(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_storage_kind);
    g_autoptr(GError) error = NULL;

    put_process(world, 301, "dd", 'D', "", "0 0x0\n");
    remove_path(world, "/proc/301/stack");
    g_assert_true(pst_storage_frozen_find(world->sysroot, NULL, report->data, &error));
    g_assert_no_error(error);
    g_autofree char *folder = place(world, "/proc/301/stack");
    g_assert_cmpint(g_mkdir(folder, 0755), ==, 0);
    g_assert_false(pst_storage_frozen_find(world->sysroot, NULL, report->data, &error));
    g_assert_nonnull(error);
}

static void
test_sound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_process(world, 301, "dd", 'D', "[<0>] io_schedule+0x1/0x2\n", "0 0x0 0x0\n");
    put_symlink(world, "/run/qga.state.isfrozen", "/etc/passwd");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_null(((PstStorageData *)report->data)->frozen);
}

#define ADD(name, function)                                                                        \
    g_test_add("/storage-frozen/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/storage-frozen/stacks", test_stacks);
    ADD("by-hand", test_by_hand);
    ADD("other-mount", test_other_mount);
    ADD("unknown-mount", test_unknown_mount);
    ADD("only-mount", test_only_mount);
    ADD("by-agent", test_by_agent);
    ADD("nobody-waits-yet", test_nobody_waits_yet);
    ADD("unlooked", test_unlooked);
    ADD("sound", test_sound);
    return g_test_run();
}
