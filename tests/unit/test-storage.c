// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe-storage.h"
#include "guest-shim/storage-judge.h"
#include "tests/unit/world.h"

#define MEBI ((gint64)1024 * 1024)
#define GIBI (1024 * MEBI)

#define PROC "22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw\n"
#define SYS "23 27 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
#define ROOT "27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
#define RUN "26 27 0:24 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=49620k,mode=755\n"
#define DATA "40 27 254:17 / /srv/my\\040data rw,relatime shared:30 - ext4 /dev/vdb1 rw\n"
#define SERVER "50 27 0:45 / /mnt/nfs rw,relatime - nfs4 server:/export rw,vers=4.2,hard\n"

#define FSTAB                                                                                      \
    "# /etc/fstab\n"                                                                               \
    "UUID=0a1b / ext4 errors=remount-ro 0 1\n"                                                     \
    "/dev/vdb1\t/srv/my\\040data/ ext4 defaults 0 2\n"                                             \
    "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n"                                         \
    "UUID=0c2d none swap sw 0 0\n"

static void
put_mounts(const World *world, const char *mounts)
{
    put_text(world, "/proc/self/mountinfo", mounts);
}

static void
put_sound(const World *world)
{
    put_mounts(world, PROC SYS ROOT RUN DATA);
    put_text(world, "/etc/fstab", FSTAB);
    put_text(world, "/proc/uptime", "5000.12 4000.00\n");
    put_text(world, "/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=UUID=0a1b ro quiet\n");
    put_text(world, "/sys/fs/ext4/vda1/errors_count", "0\n");
    put_text(world, "/sys/fs/ext4/features/lazy_itable_init", "supported\n");
    put_text(world, "/sys/block/vda/size", "4194304\n");
    put_text(world, "/sys/block/vda/ro", "0\n");
    put_text(world, "/sys/block/vda/inflight", "       1        2\n");
    put_text(world, "/sys/block/loop0/size", "0\n");
    put_text(world, "/sys/dev/block/254:1/ro", "0\n");
}

static PstProbeContext
context_of(const World *world)
{
    return (PstProbeContext){world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
}

static PstReport *
run(const World *world)
{
    const PstProbeContext context = context_of(world);
    PstReport *report = pst_report_new(&pst_report_storage_kind);

    pst_probe_storage_run(&context, NULL, report);
    return report;
}

/* What a mount would have answered. */
typedef struct {
    const char *folder;
    gint64 size, free, available, inodes, inodes_free;
    PstMountAskState state;
    int failure;
} Answer;

static PstStorageRow *
row_of(const PstStorageFacts *facts, const char *folder)
{
    for (guint i = 0; i < facts->rows->len; i++) {
        PstStorageRow *row = &g_array_index(facts->rows, PstStorageRow, i);
        if (g_str_equal(row->mount->folder, folder))
            return row;
    }
    g_assert_not_reached();
}

/* As the probe runs it, with answers put into its mouth. */
static PstReport *
run_with(const World *world, const Answer *answers, guint n)
{
    const PstProbeContext context = context_of(world);
    PstReport *report = pst_report_new(&pst_report_storage_kind);
    g_autoptr(PstStorageFacts) facts = pst_storage_facts_read(&context, report->data);

    for (guint i = 0; i < n; i++) {
        PstStorageRow *row = row_of(facts, answers[i].folder);

        row->ask.state = answers[i].state;
        row->ask.failure = answers[i].failure;
        if (answers[i].state != PST_MOUNT_ASK_ANSWERED)
            continue;
        row->told->size_bytes = answers[i].size;
        row->told->free_bytes = answers[i].free;
        row->told->available_bytes = answers[i].available;
        row->told->inodes = answers[i].inodes;
        row->told->inodes_free = answers[i].inodes_free;
    }
    pst_storage_judge(facts, report->data, report);
    pst_report_conclude(report, "fine");
    return report;
}

static const PstFinding *
only_finding(const PstReport *report, const char *id)
{
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, id);
    return report->findings->pdata[0];
}

static void
test_sound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run(world);
    const PstStorageData *seen = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpuint(seen->mounts->len, ==, 3);
    const PstStorageMount *root = seen->mounts->pdata[0], *own = seen->mounts->pdata[2];
    g_assert_cmpstr(root->path, ==, "/");
    g_assert_cmpstr(root->fstab_options, ==, "errors=remount-ro");
    g_assert_cmpint(root->read_only, ==, PST_TRI_NO);
    g_assert_cmpint(root->size_bytes, ==, PST_INT_UNKNOWN); /* a folder can't be asked */
    g_assert_cmpint(root->answers, ==, PST_TRI_UNKNOWN);
    g_assert_cmpstr(own->path, ==, "/srv/my data");
    g_assert_cmpstr(own->fstab_options, ==, "defaults");
    g_assert_cmpuint(seen->disks->len, ==, 1);
    const PstStorageDisk *disk = seen->disks->pdata[0];
    g_assert_cmpint(disk->size_bytes, ==, 2 * GIBI);
    g_assert_cmpint(disk->requests_in_flight, ==, 3);
    g_assert_null(seen->unmounted);
    g_assert_null(seen->errors);
}

/* What other distributions put in the same places. */
static const struct {
    const char *name, *mounts, *fstab;
    guint n;
} others[] = {
    {"rhel9",
     SYS "60 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/rhel-root "
         "rw,seclabel,attr2,inode64,noquota\n"
         "61 60 252:2 / /boot rw,relatime shared:2 - xfs /dev/vda2 rw,seclabel\n"
         "62 61 252:1 / /boot/efi rw,relatime shared:3 - vfat /dev/vda1 rw,fmask=0077\n"
         "63 60 0:40 / /var/lib/nfs/rpc_pipefs rw,relatime - rpc_pipefs sunrpc rw\n",
     "/dev/mapper/rhel-root / xfs defaults 0 0\n"
     "UUID=77-11 /boot xfs defaults 0 0\n"
     "UUID=7B77-95E7 /boot/efi vfat umask=0077,shortname=winnt 0 2\n"
     "/dev/mapper/rhel-swap none swap defaults 0 0\n",
     3},
    {"ubuntu",
     ROOT "61 27 7:0 / /snap/core/1 ro,nodev,relatime shared:9 - squashfs /dev/loop0 ro\n"
          "62 27 0:50 / /sys/fs/cgroup/x ro,relatime - tmpfs tmpfs ro\n"
          "63 27 0:51 / /run/credentials/x ro,relatime - ramfs none rw\n"
          "64 27 254:1 /var/lib/x /var/snap/x rw,relatime shared:1 - ext4 /dev/vda1 rw\n",
     "LABEL=cloudimg-rootfs\t/\t ext4\tdiscard,commit=30,errors=remount-ro\t0 1\n", 2},
    {"suse",
     "60 1 0:33 /@/.snapshots/1/snapshot / rw,relatime shared:1 - btrfs /dev/vda3 rw,space_cache\n"
     "61 60 0:33 /@/var /var rw,relatime shared:1 - btrfs /dev/vda3 rw,subvol=/@/var\n",
     "UUID=ab / btrfs defaults 0 0\nUUID=ab /var btrfs subvol=/@/var 0 0\n", 2},
    {"suse-read-only-root",
     "60 1 0:33 /@/.snapshots/1/snapshot / ro,relatime shared:1 - btrfs /dev/vda3 rw,space_cache\n",
     "UUID=ab / btrfs ro 0 0\n", 1},
    {"alpine", "60 0 254:3 / / rw,relatime - ext4 /dev/vda3 rw\n",
     "UUID=5e / ext4 rw,relatime 0 1\n/dev/cdrom /media/cdrom iso9660 noauto,ro 0 0\n"
     "/dev/usbdisk /media/usb vfat noauto 0 0\n",
     1},
    {"automount",
     ROOT "61 27 0:48 / /mnt/share rw,relatime - autofs systemd-1 rw,fd=60,timeout=0,direct\n",
     "server:/x /mnt/share nfs x-systemd.automount,_netdev 0 0\n", 1},
    {"by-a-link", ROOT "61 27 0:48 / /run/box rw,relatime - tmpfs tmpfs rw\n",
     "tmpfs /var/run/box tmpfs defaults 0 0\n", 2},
    {"no-fstab", ROOT, NULL, 1},
};

static void
test_others(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);

    put_mounts(world, others[i].mounts);
    put_text(world, "/var/empty", "");
    g_autofree char *link = place(world, "/var/run");
    g_assert_cmpint(symlink("/run", link), ==, 0);
    if (others[i].fstab != NULL)
        put_text(world, "/etc/fstab", others[i].fstab);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(((PstStorageData *)report->data)->mounts->len, ==, others[i].n);
}

static const struct {
    const char *name;
    Answer answer;
    const char *finding; /* NULL for none */
    PstSeverity severity;
    const char *words;
} rooms[] = {
    {"sound", {"/", 2 * GIBI, GIBI, GIBI, 100000, 50000, PST_MOUNT_ASK_ANSWERED, 0}, NULL, 0, NULL},
    {"full",
     {"/", 2 * GIBI, 0, 0, 100000, 50000, PST_MOUNT_ASK_ANSWERED, 0},
     "storage.full",
     PST_SEVERITY_CRITICAL,
     "/ is full: 0 bytes left of 2.0 GiB"},
    {"full-but-for-root",
     {"/", 2 * GIBI, 100 * MEBI, MEBI, 100000, 50000, PST_MOUNT_ASK_ANSWERED, 0},
     "storage.full",
     PST_SEVERITY_CRITICAL,
     "for root alone 100 MiB"},
    {"elsewhere-full",
     {"/srv/my data", 2 * GIBI, 0, 0, 100000, 50000, PST_MOUNT_ASK_ANSWERED, 0},
     "storage.full",
     PST_SEVERITY_WARNING,
     "/srv/my data is full"},
    {"nearly-full",
     {"/", 2 * GIBI, 150 * MEBI, 50 * MEBI, 100000, 50000, PST_MOUNT_ASK_ANSWERED, 0},
     "storage.nearly-full",
     PST_SEVERITY_WARNING,
     "50.0 MiB left of 2.0 GiB"},
    {"large-with-room",
     {"/", 10000 * GIBI, 5 * GIBI, 5 * GIBI, 100000, 50000, PST_MOUNT_ASK_ANSWERED, 0},
     NULL,
     0,
     NULL},
    {"large-nearly-full",
     {"/", 10000 * GIBI, GIBI / 2, GIBI / 2, 100000, 50000, PST_MOUNT_ASK_ANSWERED, 0},
     "storage.nearly-full",
     PST_SEVERITY_WARNING,
     "512 MiB left"},
    {"inodes-gone",
     {"/", 2 * GIBI, GIBI, GIBI, 100000, 0, PST_MOUNT_ASK_ANSWERED, 0},
     "storage.inodes-gone",
     PST_SEVERITY_CRITICAL,
     "0 of its 100000 inodes"},
    {"inodes-low",
     {"/", 2 * GIBI, GIBI, GIBI, 100000, 3000, PST_MOUNT_ASK_ANSWERED, 0},
     "storage.inodes-low",
     PST_SEVERITY_WARNING,
     "3000 of its"},
    {"no-inodes", {"/", 2 * GIBI, GIBI, GIBI, 0, 0, PST_MOUNT_ASK_ANSWERED, 0}, NULL, 0, NULL},
    {"of-no-size", {"/", 0, 0, 0, 0, 0, PST_MOUNT_ASK_ANSWERED, 0}, NULL, 0, NULL},
    {"silent",
     {"/mnt/nfs", .state = PST_MOUNT_ASK_SILENT},
     "storage.mount-hangs",
     PST_SEVERITY_WARNING,
     "/mnt/nfs (nfs4, server:/export) does not answer"},
    {"stale",
     {"/mnt/nfs", .state = PST_MOUNT_ASK_FAILED, .failure = ESTALE},
     "storage.mount-broken",
     PST_SEVERITY_WARNING,
     "Stale file handle"},
    {"root-dies",
     {"/", .state = PST_MOUNT_ASK_FAILED, .failure = EIO},
     "storage.mount-broken",
     PST_SEVERITY_CRITICAL,
     "Input/output error"},
    {"not-allowed",
     {"/mnt/nfs", .state = PST_MOUNT_ASK_FAILED, .failure = EACCES},
     "storage.could-not-look",
     PST_SEVERITY_UNKNOWN,
     "Permission denied"},
};

static void
test_room(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);

    put_sound(world);
    put_mounts(world, PROC SYS ROOT RUN DATA SERVER);
    g_autoptr(PstReport) report = run_with(world, &rooms[i].answer, 1);

    if (rooms[i].finding == NULL) {
        g_assert_cmpuint(report->findings->len, ==, 0);
        return;
    }
    const PstFinding *finding = only_finding(report, rooms[i].finding);
    g_assert_cmpint(finding->severity, ==, rooms[i].severity);
    g_assert_nonnull(strstr(finding->message, rooms[i].words));
    g_assert_cmpstr(finding->evidence->path, ==, rooms[i].answer.folder);
}

/* What is mounted in one that hangs is no news, and one that is full is told of once. */
static void
test_told_once(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const Answer answers[] = {
        {"/mnt/nfs", .state = PST_MOUNT_ASK_SILENT},
        {"/mnt/nfs/deep", .state = PST_MOUNT_ASK_SILENT},
        {"/", 2 * GIBI, 0, 0, 0, 0, PST_MOUNT_ASK_ANSWERED, 0},
        {"/bound", 2 * GIBI, 0, 0, 0, 0, PST_MOUNT_ASK_ANSWERED, 0},
    };

    put_sound(world);
    put_mounts(world,
               ROOT DATA SERVER "51 50 254:33 / /mnt/nfs/deep rw,relatime - ext4 /dev/vdc1 rw\n"
                                "52 27 254:1 /x /bound rw,relatime - ext4 /dev/vda1 rw\n");
    g_autoptr(PstReport) report = run_with(world, answers, G_N_ELEMENTS(answers));

    g_assert_cmpuint(report->findings->len, ==, 2);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, "storage.full");
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[1])->id, ==, "storage.mount-hangs");
}

#define ROOT_AT(options, file_options)                                                             \
    "27 1 254:1 / / " options ",relatime shared:1 - ext4 /dev/vda1 " file_options "\n"

static const struct {
    const char *name, *mounts, *fstab, *command_line;
    gboolean errors, device;
    const char *words; /* NULL for no finding */
    gboolean undo;
} read_only[] = {
    {"by-the-kernel", ROOT_AT("rw", "ro,errors=remount-ro"), FSTAB, "ro", FALSE, FALSE,
     "the kernel took that away", TRUE},
    {"after-errors", ROOT_AT("rw", "ro,errors=remount-ro"), FSTAB, "ro", TRUE, FALSE,
     "after errors", FALSE},
    {"emergency", ROOT_AT("rw", "rw,emergency_ro"), FSTAB, "ro", FALSE, FALSE,
     "the kernel took that away", FALSE},
    {"by-hand", ROOT_AT("ro", "ro"), FSTAB, "ro", FALSE, FALSE, "and /etc/fstab wants it writable",
     TRUE},
    {"this-mount-alone", ROOT_AT("ro", "rw"), FSTAB, "ro", FALSE, FALSE, "mounted read-only", TRUE},
    {"device", ROOT_AT("ro", "ro"), FSTAB, "ro", FALSE, TRUE, "mounted read-only", FALSE},
    {"by-the-command-line", ROOT_AT("ro", "ro"), NULL, "quiet rw", FALSE, FALSE,
     "the kernel's command line wants it writable", TRUE},
    {"as-meant", ROOT_AT("ro", "ro"), "/dev/vda1 / ext4 ro 0 1\n", "ro", FALSE, FALSE, NULL, FALSE},
    {"nobody-says", ROOT_AT("ro", "ro"), NULL, "ro", FALSE, FALSE, NULL, FALSE},
};

static void
test_read_only(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *link = place(world, "/sys/dev/block/254:1");

    put_text(world, "/sys/devices/vda1/ro", read_only[i].device ? "1\n" : "0\n");
    g_assert_cmpint(symlink("../../devices/vda1", link), ==, 0);
    put_mounts(world, read_only[i].mounts);
    put_text(world, "/proc/cmdline", read_only[i].command_line);
    if (read_only[i].fstab != NULL)
        put_text(world, "/etc/fstab", read_only[i].fstab);
    put_text(world, "/srv/my data/x", "");
    if (read_only[i].errors)
        put_text(world, "/sys/fs/ext4/vda1/errors_count", "3\n");
    g_autoptr(PstReport) report = run(world);
    const PstFinding *found = NULL;

    for (guint j = 0; j < report->findings->len; j++) {
        const PstFinding *finding = report->findings->pdata[j];
        if (g_str_equal(finding->id, "storage.read-only"))
            found = finding;
    }
    g_assert_cmpint(found != NULL, ==, read_only[i].words != NULL);
    if (found == NULL)
        return;
    g_assert_nonnull(strstr(found->message, read_only[i].words));
    g_assert_cmpint(found->severity, ==, PST_SEVERITY_CRITICAL);
    g_assert_cmpstr(found->caused_by, ==, read_only[i].errors ? "storage.errors" : NULL);
    g_assert_cmpint(found->undo != NULL, ==, read_only[i].undo);
    if (found->undo != NULL)
        g_assert_cmpstr(found->undo->argv[3], ==, "/");
}

static void
test_errors(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *last =
        g_strdup_printf("%" G_GINT64_FORMAT "\n", g_get_real_time() / G_USEC_PER_SEC - 60);

    put_sound(world);
    put_text(world, "/sys/fs/ext4/vda1/errors_count", "2\n");
    put_text(world, "/sys/fs/ext4/vda1/first_error_time", "1700000000\n");
    put_text(world, "/sys/fs/ext4/vda1/last_error_time", "1700000001\n");
    put_text(world, "/sys/fs/ext4/vda1/last_error_func", "ext4_lookup\n");
    g_autoptr(PstReport) old = run(world);
    const PstFinding *finding = only_finding(old, "storage.errors");
    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_WARNING);
    g_assert_nonnull(
        strstr(finding->message, "vda1 has met 2 errors, the last one in ext4_lookup"));
    const PstStorageErrors *errors = ((PstStorageData *)old->data)->errors->pdata[0];
    g_assert_cmpint(errors->first_us, ==, G_GINT64_CONSTANT(1700000000000000));

    put_text(world, "/sys/fs/ext4/vda1/last_error_time", last);
    g_autoptr(PstReport) fresh = run(world);
    g_assert_cmpint(only_finding(fresh, "storage.errors")->severity, ==, PST_SEVERITY_CRITICAL);
}

static void
test_btrfs_errors(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/sys/fs/btrfs/features/x", "1\n");
    put_text(world, "/sys/fs/btrfs/1234-ab/devinfo/1/error_stats",
             "write_errs 0\nread_errs 4\nflush_errs 0\ncorruption_errs 1\ngeneration_errs 0\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_nonnull(strstr(only_finding(report, "storage.errors")->message,
                            "5 errors, the last one in read_errs 4, corruption_errs 1"));
}

static void
test_raid(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/sys/block/md0/size", "4194304\n");
    put_text(world, "/sys/block/md0/md/degraded", "1\n");
    g_autoptr(PstReport) report = run(world);

    only_finding(report, "storage.raid-degraded");
}

static const struct {
    const char *name, *line, *uptime;
    int severity; /* -1 for no finding */
    const char *words, *unit;
} missing[] = {
    {"device-gone", "UUID=dead /srv/the-data ext4 defaults 0 2\n", "500 1\n", PST_SEVERITY_WARNING,
     "line 6 of /etc/fstab wants it: there is no UUID=dead", "srv-the\\x2ddata.mount"},
    {"vital", "UUID=dead /home ext4 defaults 0 2\n", "500 1\n", PST_SEVERITY_CRITICAL,
     "/home is not mounted", "home.mount"},
    {"nofail", "UUID=dead /backup ext4 nofail 0 2\n", "500 1\n", PST_SEVERITY_INFORMATION,
     "there is no", "backup.mount"},
    {"starting", "UUID=dead /backup ext4 defaults 0 2\n", "20 1\n", PST_SEVERITY_INFORMATION,
     "still starting", "backup.mount"},
    {"server", "server:/x /mnt/x nfs defaults 0 0\n", "500 1\n", PST_SEVERITY_WARNING,
     "/etc/fstab wants it", "mnt-x.mount"},
    {"device-there", "/dev/vdc1 /backup ext4 defaults 0 0\n", "500 1\n", PST_SEVERITY_WARNING,
     "/etc/fstab wants it", "backup.mount"},
    {"noauto", "UUID=dead /backup ext4 noauto 0 2\n", "500 1\n", -1, NULL, NULL},
    {"half-a-line", "UUID=dead /backup\n", "500 1\n", -1, NULL, NULL},
};

static void
test_missing(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *fstab = g_strconcat(FSTAB, missing[i].line, NULL);

    put_sound(world);
    put_text(world, "/dev/vdc1", "");
    put_text(world, "/dev/disk/by-uuid/0a1b", "");
    put_text(world, "/etc/fstab", fstab);
    put_text(world, "/proc/uptime", missing[i].uptime);
    g_autoptr(PstReport) report = run(world);

    if (missing[i].severity < 0) {
        g_assert_cmpuint(report->findings->len, ==, 0);
        return;
    }
    const PstFinding *finding = only_finding(report, "storage.fstab-not-mounted");
    g_assert_cmpint(finding->severity, ==, missing[i].severity);
    g_assert_nonnull(strstr(finding->message, missing[i].words));
    g_assert_cmpint(finding->evidence->line, ==, 6);
    g_assert_cmpstr(finding->evidence->unit, ==, missing[i].unit);
}

/* The guest has come to its services: what is missing now stays missing. */
static void
test_emergency(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/etc/fstab", FSTAB "UUID=dead /backup ext4 defaults 0 2\n");
    put_text(world, "/proc/uptime", "20 1\n");
    put_text(world, "/sys/fs/cgroup/system.slice/emergency.service/cgroup.procs", "1\n");
    put_text(world, "/run/nologin", "");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(only_finding(report, "storage.fstab-not-mounted")->severity, ==,
                    PST_SEVERITY_WARNING);
}

static void
test_secrets(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/etc/fstab",
             FSTAB "//nas/x /mnt/x cifs username=joe,password=hunter2,uid=0 0 0\n"
                   "https://joe:hunter2@dav/ /mnt/y davfs rw 0 0\n"
                   "//nas/z /mnt/z cifs credentials=/etc/nas.cred 0 0\n");
    put_mounts(world, PROC SYS ROOT RUN DATA
               "70 27 0:60 / /mnt/w rw - fuse.curlftpfs ftp://joe:hunter2@nas/ rw,user_id=0\n");
    g_autoptr(PstReport) report = run(world);
    gsize len;
    g_autofree char *text = pst_report_to_text(report, 200000, &len);

    g_assert_null(strstr(text, "hunter2"));
    g_assert_nonnull(strstr(text, "username=joe,password=***,uid=0"));
    g_assert_nonnull(strstr(text, "https://joe:***@dav/"));
    g_assert_nonnull(strstr(text, "credentials=/etc/nas.cred"));
}

static void
test_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(only_finding(report, "storage.could-not-look")->severity, ==,
                    PST_SEVERITY_UNKNOWN);
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
}

static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char mounts[] = "\xFF\0 - \n - \n1 2 3 - 4\n27 1 254:1 / / \n";
    g_autofree char *fifo = place(world, "/etc/fstab");
    g_autofree char *loop = place(world, "/sys/block/vda");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(symlink("vda", loop), ==, 0);
    put(world, "/proc/self/mountinfo", mounts, sizeof(mounts) - 1, 0644);
    put(world, "/proc/uptime", "\0\xFF", 2, 0644);
    put_text(world, "/sys/block/vdb/size", "99999999999999999999999999\n");
    put_text(world, "/sys/fs/ext4/vda1/errors_count", "many\n");
    put_text(world, "/sys/fs/btrfs/x/devinfo/1/error_stats", "\xFF\nwrite_errs\nread_errs -4\n");
    g_autoptr(PstReport) report = run(world);
    gsize len;
    g_autofree char *text = pst_report_to_text(report, 200000, &len);

    only_finding(report, "storage.could-not-look");
    g_assert_nonnull(text);
}

static void
test_too_large(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *fstab = NULL;

    put_sound(world);
    fstab = place(world, "/etc/fstab");
    g_assert_cmpint(truncate(fstab, G_GINT64_CONSTANT(1) << 30), ==, 0);
    g_autoptr(PstReport) report = run(world);

    only_finding(report, "storage.could-not-look");
}

static void
test_many_mounts(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GString) mounts = g_string_new(ROOT);

    for (guint i = 0; i < 20000; i++)
        g_string_append_printf(mounts, "%u 27 0:%u / /m/%u rw - tmpfs tmpfs rw\n", i + 100, i + 100,
                               i);
    put_mounts(world, mounts->str);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(((PstStorageData *)report->data)->mounts->len, ==, 200);
    g_assert_true(report->truncated);
}

#define ADD(name, function) g_test_add("/storage/" name, World, NULL, set_up, function, tear_down)
#define ADD_ALL(prefix, table, function)                                                           \
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {                                              \
        g_autofree char *path = g_strdup_printf("/storage/" prefix "/%s", table[i].name);          \
        g_test_add(path, World, GUINT_TO_POINTER(i), set_up, function, tear_down);                 \
    }

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("sound", test_sound);
    ADD_ALL("others", others, test_others);
    ADD_ALL("room", rooms, test_room);
    ADD_ALL("read-only", read_only, test_read_only);
    ADD_ALL("missing", missing, test_missing);
    ADD("told-once", test_told_once);
    ADD("errors", test_errors);
    ADD("btrfs-errors", test_btrfs_errors);
    ADD("raid", test_raid);
    ADD("emergency", test_emergency);
    ADD("secrets", test_secrets);
    ADD("absent", test_absent);
    ADD("garbage", test_garbage);
    ADD("too-large", test_too_large);
    ADD("many-mounts", test_many_mounts);
    return g_test_run();
}
