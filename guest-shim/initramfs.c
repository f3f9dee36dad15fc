// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "guest-shim/mount-table.h"
#include "protocol/error.h"

#define OWN_PROGRAM "/proc/self/exe"

gboolean
pst_initramfs_is_root(const PstSysroot *sysroot)
{
    g_autoptr(GPtrArray) mounts = NULL;

    if (pst_sysroot_exists(sysroot, "/etc/initrd-release"))
        return TRUE;
    /* That of initramfs-tools has no such file; on a real root there is no such folder. */
    if (!pst_sysroot_exists(sysroot, "/conf/initramfs.conf"))
        return FALSE;
    mounts = pst_mount_table_read(sysroot, NULL);
    const PstMount *root = mounts != NULL ? pst_mount_table_at(mounts, "/") : NULL;
    return root != NULL && g_str_equal(root->type, "rootfs");
}

typedef struct {
    int program; /* a handle on its file: nothing that has a name is there any more in the end */
    PstInitramfsLeft left;
    gpointer user_data;
} End;

static void
end_free(gpointer data)
{
    End *end = data;

    close(end->program);
    g_free(end);
}

static gboolean
on_change(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    char events[sizeof(struct inotify_event) * 8];
    End *end = user_data;
    struct stat st;

    while (read(fd, events, sizeof(events)) > 0)
        continue;
    if (fstat(end->program, &st) == 0 && st.st_nlink > 0)
        return G_SOURCE_CONTINUE;
    end->left(end->user_data);
    return G_SOURCE_CONTINUE;
}

guint
pst_initramfs_watch_end(PstInitramfsLeft left, gpointer user_data, GError **error)
{
    int program = open(OWN_PROGRAM, O_PATH | O_CLOEXEC);
    int changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (program >= 0 && changes >= 0 && inotify_add_watch(changes, OWN_PROGRAM, IN_ATTRIB) >= 0) {
        End *end = g_new0(End, 1);

        *end = (End){program, left, user_data};
        return g_unix_fd_add_full(G_PRIORITY_DEFAULT, changes, G_IO_IN, on_change, end, end_free);
    }
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "the end of the initramfs can't be watched: %s", g_strerror(errno));
    if (program >= 0)
        close(program);
    if (changes >= 0)
        close(changes);
    return 0;
}
