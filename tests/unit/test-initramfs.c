// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/initramfs-facts.h"
#include "guest-shim/initramfs-judge.h"
#include "guest-shim/initramfs.h"
#include "guest-shim/worker-child.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"
#include "tests/unit/world.h"

#define ROOTFS "1 1 0:2 / / rw - rootfs rootfs rw\n"
#define MOUNTED "30 1 254:0 / /root ro,relatime - ext4 /dev/vda ro\n"
#define INIT "/sbin/init"
#define SHELL "231 (sh) S 1 231 231 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 700 2600000 200 1 0 0\n"
#define ASKPASS                                                                                    \
    "240 (askpass) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 700 2600000 200 1 0 0\n"

/* ---- what an initramfs is ---- */

static void
test_is_root(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_assert_false(pst_initramfs_is_root(world->sysroot));
    put_text(world, "/proc/self/mountinfo", ROOTFS);
    /* A system that is never meant to leave the first root. */
    g_assert_false(pst_initramfs_is_root(world->sysroot));
    put_text(world, "/conf/initramfs.conf", "MODULES=most\n");
    g_assert_true(pst_initramfs_is_root(world->sysroot));
    /* A folder of that name on a real root. */
    put_text(world, "/proc/self/mountinfo", "1 1 254:0 / / rw - ext4 /dev/vda rw\n");
    g_assert_false(pst_initramfs_is_root(world->sysroot));
    put_text(world, "/etc/initrd-release", "");
    g_assert_true(pst_initramfs_is_root(world->sysroot));
}

/* ---- what keeps a guest there ---- */

static const struct {
    const char *name;
    const char *command_line, *mounts, *udev, *reason, *kmsg;
    gint64 uptime_s;
    gboolean asking;
    const char *cause; /* NULL: none is named */
    PstSeverity severity;
    const char *message, *error, *text;
} rows[] = {
    {"starting", "root=/dev/vda", ROOTFS, NULL, NULL, NULL, 4, FALSE, NULL, PST_SEVERITY_WARNING},
    {"for-long", "root=/dev/vda", ROOTFS, "E:ID_FS_TYPE=ext4\n", NULL, NULL, 61, FALSE, NULL,
     PST_SEVERITY_CRITICAL},
    {"not-there-yet", "root=/dev/vda quiet root=/dev/vdz", ROOTFS, "E:ID_FS_TYPE=ext4\n", NULL,
     NULL, 8, FALSE, "system.root-device-missing", PST_SEVERITY_WARNING,
     "root=/dev/vdz is not there yet; the block devices are: vda"},
    {"not-there", "root=/dev/vdz", ROOTFS, "E:ID_FS_TYPE=ext4\nE:ID_FS_UUID=1-2\n",
     "ALERT!  /dev/vdz does not exist.  Dropping to a shell!", NULL, 40, FALSE,
     "system.root-device-missing", PST_SEVERITY_CRITICAL,
     "root=/dev/vdz is not there; the block devices are: vda",
     "ALERT!  /dev/vdz does not exist.  Dropping to a shell!", "vda (3.0 GiB, ext4, UUID 1-2)"},
    {"no-such-uuid", "root=UUID=3-4", ROOTFS, "E:ID_FS_UUID=1-2\n", "ALERT!", NULL, 40, FALSE,
     "system.root-device-missing", PST_SEVERITY_CRITICAL, "root=UUID=3-4 is not there", "ALERT!",
     "vda (3.0 GiB, nothing known on it, UUID 1-2)"},
    {"no-root", "quiet", ROOTFS, NULL, "No root device specified.", NULL, 5, FALSE,
     "system.root-device-missing", PST_SEVERITY_CRITICAL,
     "names no root=", "No root device specified."},
    /* No device is missed where it comes from elsewhere. */
    {"nfs", "root=/dev/nfs", ROOTFS, NULL, NULL, NULL, 90, FALSE, NULL, PST_SEVERITY_CRITICAL},
    {"zfs", "root=ZFS=rpool/ROOT", ROOTFS, NULL, NULL, NULL, 90, FALSE, NULL,
     PST_SEVERITY_CRITICAL},
    {"nothing-on-it", "root=/dev/vda", ROOTFS, "E:ID_PATH=pci\n", NULL, NULL, 9, FALSE,
     "system.root-not-mountable", PST_SEVERITY_WARNING, "no file system that is known is on it"},
    {"damaged", "root=/dev/vda", ROOTFS, "E:ID_FS_TYPE=ext4\n", "Failed to mount /dev/vda",
     "6,1,1,-;vda: unknown partition table\n"
     "3,2,2,-;EXT4-fs (vda): error loading journal\n"
     "3,3,3,-;EXT4-fs (vdaa): can't read group descriptors\n"
     "12,4,4,-;vda: error of a program\n",
     9, FALSE, "system.root-not-mountable", PST_SEVERITY_CRITICAL,
     "(vda, ext4), but it could not be", "Failed to mount /dev/vda",
     "EXT4-fs (vda): error loading journal"},
    {"no-init", "root=/dev/vda", ROOTFS MOUNTED, "E:ID_FS_TYPE=ext4\n", "No init found.", NULL, 9,
     FALSE, "system.root-no-init", PST_SEVERITY_CRITICAL, "root=/dev/vda names is mounted",
     "No init found."},
    {"locked", "root=/dev/mapper/root", ROOTFS, NULL, NULL, NULL, 61, TRUE, "system.root-locked",
     PST_SEVERITY_CRITICAL, "passphrase"},
    {"break", "root=/dev/vda break=premount", ROOTFS, NULL, "Spawning shell", NULL, 3, FALSE,
     "system.initramfs-break", PST_SEVERITY_CRITICAL, "break=premount", "Spawning shell"},
};

static void
put_row(World *world, guint i)
{
    put_text(world, "/conf/initramfs.conf", "");
    put_text(world, "/proc/self/mountinfo", rows[i].mounts);
    put_text(world, "/proc/231/stat", SHELL);
    put_text(world, "/sys/class/block/vda/size", "6291456\n");
    put_text(world, "/sys/class/block/vda/dev", "254:0\n");
    put_text(world, "/sys/class/block/ram0/size", "8192\n");
    put_text(world, "/sys/class/block/loop0/size", "0\n");
    put_text(world, "/dev/vda", "");
    put_text(world, "/dev/disk/by-uuid/1-2", "");
    put_text(world, "/dev/kmsg", rows[i].kmsg != NULL ? rows[i].kmsg : "");
    if (rows[i].udev != NULL)
        put_text(world, "/run/udev/data/b254:0", rows[i].udev);
    if (rows[i].asking)
        put_text(world, "/proc/240/stat", ASKPASS);
    if (rows[i].reason != NULL) {
        g_autoptr(GString) text = g_string_new(NULL);

        g_string_append_len(text, "HOME=/", strlen("HOME=/") + 1);
        g_string_append_printf(text, "REASON=%s", rows[i].reason);
        g_string_append_c(text, '\0');
        g_string_append(text, "PS1=x");
        put(world, "/proc/231/environ", text->str, (gssize)text->len, 0644);
    }
}

static PstReport *
judge(World *world, guint i)
{
    PstReport *report = pst_report_new(&pst_report_system_kind);
    PstSystemData *data = report->data;

    data->kernel = pst_fields_new(&pst_report_system_kernel_fields);
    data->kernel->command_line = g_strdup(rows[i].command_line);
    data->uptime_s = rows[i].uptime_s;
    data->early = pst_initramfs_facts_read(world->sysroot, rows[i].command_line);
    pst_initramfs_judge(data, report);
    pst_report_conclude(report, "");
    return report;
}

static void
test_kept(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);

    put_row(world, i);
    g_autoptr(PstReport) report = judge(world, i);
    const PstFinding *last = report->findings->pdata[report->findings->len - 1];
    const PstFinding *first = report->findings->pdata[0];

    g_assert_cmpstr(last->id, ==, "system.in-initramfs");
    g_assert_cmpint(last->severity, ==, (int)rows[i].severity);
    g_assert_cmpstr(last->caused_by, ==, rows[i].cause);
    g_assert_cmpuint(report->findings->len, ==, rows[i].cause != NULL ? 2 : 1);
    if (rows[i].cause == NULL)
        return;
    g_assert_cmpstr(first->id, ==, rows[i].cause);
    g_assert_cmpint(first->severity, ==, (int)rows[i].severity);
    g_assert_nonnull(strstr(first->message, rows[i].message));
    g_assert_nonnull(first->remedy);
    g_assert_cmpstr(first->evidence->error, ==, rows[i].error);
    if (rows[i].text != NULL)
        g_assert_cmpstr(first->evidence->text, ==, rows[i].text);
}

/* What is mounted there can be started: something else keeps the guest. */
static void
test_init_is_there(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *link = place(world, "/root" INIT);

    put_text(world, "/proc/self/mountinfo", ROOTFS MOUNTED);
    g_assert_cmpint(symlink("/lib/systemd/systemd", link), ==, 0);
    PstSystemEarly *early = pst_initramfs_facts_read(world->sysroot, "root=/dev/vda");

    g_assert_cmpint(early->root_mounted, ==, PST_TRI_YES);
    g_assert_cmpint(early->root_has_init, ==, PST_TRI_YES);
    pst_fields_free(&pst_report_system_early_fields, early);
}

/* ---- what hostile or absent files say ---- */

static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const paths[] = {"/proc/self/mountinfo",     "/sys/class/block/vda/size",
                                        "/sys/class/block/vda/dev", "/run/udev/data/b254:0",
                                        "/proc/231/stat",           "/dev/kmsg",
                                        "/run/initramfs/fsck.log"};
    g_autofree char *noise = g_strnfill(5000, '\xff');

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        put_text(world, paths[i], noise);
    for (guint i = 0; i < 2; i++) {
        PstSystemEarly *early = pst_initramfs_facts_read(world->sysroot, i == 0 ? noise : NULL);

        g_assert_null(early->root);
        g_assert_cmpint(early->root_present, ==, PST_TRI_UNKNOWN);
        g_assert_null(early->gave_up);
        pst_fields_free(&pst_report_system_early_fields, early);
    }
}

/* ---- probes that ask about the installed system ---- */

static void
never_run(const PstProbeContext *context G_GNUC_UNUSED, gconstpointer args G_GNUC_UNUSED,
          PstReport *report)
{
    pst_report_conclude(report, "all is well");
}

/* What the worker of a probe says, as the shim reads it. */
static JsonObject *
ask(World *world, const char *name, gboolean early)
{
    const PstProbe probe = {pst_vocabulary_find(name), never_run, .early = early};
    PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 5 * G_USEC_PER_SEC};
    pid_t self = getpid();
    char text[4096];
    int ends[2];
    gssize n;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t pid = fork();
    if (pid == 0)
        pst_worker_child_run(&probe, NULL, &context, self, ends[1], 64 * 1024);
    close(ends[1]);
    n = read(ends[0], text, sizeof(text));
    close(ends[0]);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    g_assert_cmpint(n, >, 0);
    return pst_json_parse(text, (gsize)n, &pst_validate_from_guest, NULL);
}

/* None of them calls well what it could not see. */
static void
test_too_early(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *status = NULL;

    put_text(world, "/etc/initrd-release", "");
    for (guint i = 0; i < pst_vocabulary_n; i++) {
        const PstReportKind *kind = pst_vocabulary[i];

        if (kind->derived)
            continue;
        g_autoptr(JsonObject) late = ask(world, kind->name, FALSE);
        g_autoptr(JsonObject) early = ask(world, kind->name, TRUE);
        g_assert_true(pst_json_get_string(late, "status", PST_JSON_REQUIRED, &status, NULL));
        g_assert_cmpstr(status, ==, "unknown");
        g_assert_true(pst_json_get_string(early, "status", PST_JSON_REQUIRED, &status, NULL));
        g_assert_cmpstr(status, ==, "ok");
    }
}

/* ---- when it is left ---- */

#define READY "ready"

static void
on_left(gpointer user_data)
{
    g_main_loop_quit(user_data);
}

static gboolean
on_late(gpointer user_data G_GNUC_UNUSED)
{
    exit(3);
}

/* As a program that is started in an initramfs: ends with 0 when it is left. */
static int
serve(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);

    if (pst_initramfs_watch_end(on_left, loop, NULL) == 0 || write(1, READY, strlen(READY)) < 0)
        return 2;
    g_timeout_add_seconds(20, on_late, NULL);
    g_main_loop_run(loop);
    return 0;
}

static void
test_left(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *program = place(world, "/usr/sbin/program");
    g_autofree char *content = NULL;
    const char *argv[] = {program, "--serve", NULL};
    char word[sizeof(READY)] = "";
    gsize len;
    int out, status = 0;
    GPid pid;

    g_assert_true(g_file_get_contents("/proc/self/exe", &content, &len, NULL));
    put(world, "/usr/sbin/program", content, (gssize)len, 0755);
    g_assert_true(g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                           NULL, NULL, &pid, NULL, &out, NULL, NULL));
    g_assert_cmpint(read(out, word, strlen(READY)), ==, strlen(READY));
    /* Another change of the file is no end. */
    g_assert_cmpint(chmod(program, 0700), ==, 0);
    g_usleep(200 * 1000);
    g_assert_cmpint(waitpid(pid, &status, WNOHANG), ==, 0);
    g_assert_cmpint(g_unlink(program), ==, 0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    close(out);
}

int
main(int argc, char **argv)
{
    if (argc == 2 && g_str_equal(argv[1], "--serve"))
        return serve();
    g_test_init(&argc, &argv, NULL);
    g_test_add("/initramfs/is-root", World, NULL, set_up, test_is_root, tear_down);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strconcat("/initramfs/kept/", rows[i].name, NULL);
        g_test_add(name, World, GUINT_TO_POINTER(i), set_up, test_kept, tear_down);
    }
    g_test_add("/initramfs/init", World, NULL, set_up, test_init_is_there, tear_down);
    g_test_add("/initramfs/garbage", World, NULL, set_up, test_garbage, tear_down);
    g_test_add("/initramfs/too-early", World, NULL, set_up, test_too_early, tear_down);
    g_test_add("/initramfs/left", World, NULL, set_up, test_left, tear_down);
    return g_test_run();
}
