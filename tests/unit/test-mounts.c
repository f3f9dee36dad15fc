// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/bytes-text.h"
#include "guest-shim/mount-ask.h"
#include "guest-shim/mount-secrets.h"
#include "guest-shim/storage-eaters.h"
#include "tests/unit/world.h"

#define MEBI ((gint64)1024 * 1024)

/* On this machine: its own mounts, all of which answer. */
static void
test_live(void)
{
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    PstMountAsk asks[] = {{.folder = "/", .device = "0:1"},
                          {.folder = "/nowhere", .device = "0:2"},
                          {.folder = "/proc", .device = "0:3", .remote = TRUE}};

    pst_mount_ask_all(sysroot, asks, G_N_ELEMENTS(asks), 5000, 10000);
    g_assert_cmpint(asks[0].state, ==, PST_MOUNT_ASK_ANSWERED);
    g_assert_cmpint(asks[0].answer.f_blocks, >, 0);
    g_assert_cmpint(asks[1].state, ==, PST_MOUNT_ASK_FAILED);
    g_assert_cmpint(asks[1].failure, ==, ENOENT);
    g_assert_cmpint(asks[2].state, ==, PST_MOUNT_ASK_ANSWERED);
}

/* Where the whole is over before a mount's own time is, nothing has been seen of it. */
static void
test_no_time(void)
{
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    PstMountAsk asks[] = {{.folder = "/", .device = "0:1"}};

    pst_mount_ask_all(sysroot, asks, G_N_ELEMENTS(asks), 5000, -1000);
    g_assert_cmpint(asks[0].state, !=, PST_MOUNT_ASK_SILENT);
}

/* A file of this process' own that is deleted and still open. */
static void
test_eaters(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    const PstProbeContext context = {sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    g_autofree char *path = place(world, "/gone"), *bytes = g_malloc0(4 * MEBI);
    g_autofree char *large = place(world, "/deep/large");
    PstStorageData *told = pst_fields_new(pst_report_storage_kind.data);
    struct stat st;

    g_assert_true(g_file_set_contents(large, bytes, 3 * MEBI, NULL));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(write(fd, bytes, 4 * MEBI), ==, 4 * MEBI);
    g_assert_cmpint(fsync(fd), ==, 0);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_autofree char *device = g_strdup_printf("%u:%u", major(st.st_dev), minor(st.st_dev));
    PstMount mount = {.folder = world->folder, .device = device};
    PstStorageRow row = {.mount = &mount};
    g_autoptr(GPtrArray) mounts = g_ptr_array_new();
    PstStorageFacts facts = {.mounts = mounts};

    pst_storage_eaters_find(&context, &facts, &row, told);
    gboolean found = FALSE;
    for (guint i = 0; told->deleted != NULL && i < told->deleted->len; i++) {
        const PstStorageFile *file = told->deleted->pdata[i];
        found |= g_str_equal(file->path, path) && file->pid == getpid();
    }
    g_assert_true(found);
    g_assert_cmpstr(((PstStorageFile *)told->largest->pdata[0])->path, ==, large);
    close(fd);
    pst_fields_free(pst_report_storage_kind.data, told);
}

static void
test_bytes_text(void)
{
    static const struct {
        gint64 bytes;
        const char *text;
    } texts[] = {{0, "0 bytes"},
                 {1023, "1023 bytes"},
                 {1024, "1.0 KiB"},
                 {1536 * MEBI, "1.5 GiB"},
                 {G_MAXINT64, "8.0 EiB"}};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = pst_bytes_text(texts[i].bytes);
        g_assert_cmpstr(text, ==, texts[i].text);
    }
}

static void
test_secrets(void)
{
    static const char *const texts[][2] = {
        {"rw,password=a,uid=0", "rw,password=***,uid=0"},
        {"//nas/x /mnt cifs pass=a b", "//nas/x /mnt cifs pass=*** b"},
        {"https://joe:a@b@host/x", "https://joe:***@host/x"},
        {"https://joe@host:80/x", "https://joe@host:80/x"},
        {"credentials=/etc/x,passwd_file=/etc/y", "credentials=/etc/x,passwd_file=/etc/y"},
        {"/dev/vda1 / ext4 rw", "/dev/vda1 / ext4 rw"},
        {"", ""}};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *hidden = pst_mount_secrets_hide(texts[i][0]);
        g_assert_cmpstr(hidden, ==, texts[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mounts/live", test_live);
    g_test_add_func("/mounts/no-time", test_no_time);
    g_test_add("/mounts/eaters", World, NULL, set_up, test_eaters, tear_down);
    g_test_add_func("/mounts/bytes-text", test_bytes_text);
    g_test_add_func("/mounts/secrets", test_secrets);
    return g_test_run();
}
