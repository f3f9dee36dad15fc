// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-folders.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "guest-shim/careful-open.h"
#include "guest-shim/loop-handles.h"

/* What lies in a folder that is watched anew was put there before. */
#define MAX_FOUND 64

struct PstRecorderFolders {
    const PstSysroot *sysroot;
    const PstRecorderFolder *list;
    guint n;
    int *watches; /* of each folder; -1: none */
    int inotify;
    guint source;
    PstRecorderFolderNews news;
    gpointer user_data;
};

static gboolean
is_at_or_below(const char *path, const char *folder)
{
    gsize len = strlen(folder);

    return strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* That others of the list are made in it has to be known. */
static guint32
mask_of(const PstRecorderFolders *folders, guint i)
{
    const PstRecorderFolder *folder = &folders->list[i];
    guint32 mask = folder->mask | IN_ONLYDIR | IN_MOVE_SELF;

    for (guint j = 0; j < folders->n; j++)
        if (j != i && is_at_or_below(folders->list[j].path, folder->path))
            mask |= IN_CREATE | IN_MOVED_TO;
    return mask;
}

static gboolean
is_watched(const PstRecorderFolders *folders, int watch)
{
    for (guint i = 0; i < folders->n; i++)
        if (folders->watches[i] == watch)
            return TRUE;
    return FALSE;
}

/* Whether it is another one than before. */
static gboolean
add_watch(PstRecorderFolders *folders, guint i, int fd)
{
    int *watch = &folders->watches[i], before = *watch;
    g_autofree char *place = g_strdup_printf("/proc/self/fd/%d", fd);

    /* Two of the list may be one folder, by a link. */
    *watch = inotify_add_watch(folders->inotify, place, mask_of(folders, i) | IN_MASK_ADD);
    /* The one of this name before, wherever it is now. */
    if (before >= 0 && before != *watch && !is_watched(folders, before))
        inotify_rm_watch(folders->inotify, before);
    return *watch >= 0 && *watch != before;
}

static void
tell_found(PstRecorderFolders *folders, const char *path, int fd)
{
    gboolean cut = FALSE;
    g_auto(GStrv) names = pst_sysroot_list_folder(fd, path, MAX_FOUND, &cut, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        folders->news(path, names[i], IN_CREATE, folders->user_data);
    if (cut)
        folders->news(NULL, NULL, IN_Q_OVERFLOW, folders->user_data);
}

/* FOUND: whether what is in it is to be told too. The channel is served from this loop: a mount
 * that hangs must not stop it. */
static void
watch(PstRecorderFolders *folders, const GPtrArray *mounts, guint i, gboolean found)
{
    const char *path = folders->list[i].path;
    int fd = pst_careful_open(folders->sysroot, mounts, path, O_DIRECTORY, NULL);

    if (fd < 0)
        return;
    if (add_watch(folders, i, fd) && found)
        tell_found(folders, path, fd);
    close(fd);
}

/* Something is called PATH now. */
static void
watch_anew(PstRecorderFolders *folders, const char *path)
{
    g_autoptr(GPtrArray) mounts = NULL;

    for (guint i = 0; i < folders->n; i++) {
        if (!is_at_or_below(folders->list[i].path, path))
            continue;
        if (mounts == NULL)
            mounts = pst_careful_open_mounts(folders->sysroot, NULL);
        if (mounts != NULL)
            watch(folders, mounts, i, TRUE);
    }
}

static void
forget_watch(PstRecorderFolders *folders, int watch, gboolean remove)
{
    for (guint i = 0; i < folders->n; i++)
        if (folders->watches[i] == watch)
            folders->watches[i] = -1;
    if (remove)
        inotify_rm_watch(folders->inotify, watch);
}

static void
take_named(PstRecorderFolders *folders, const struct inotify_event *change)
{
    for (guint i = 0; i < folders->n; i++) {
        if (folders->watches[i] != change->wd)
            continue;
        const PstRecorderFolder *folder = &folders->list[i];
        g_autofree char *path = g_build_filename(folder->path, change->name, NULL);

        if ((change->mask & folder->mask & IN_ALL_EVENTS) != 0)
            folders->news(folder->path, change->name, change->mask, folders->user_data);
        if ((change->mask & (IN_CREATE | IN_MOVED_TO)) != 0)
            watch_anew(folders, path);
    }
}

static void
take(PstRecorderFolders *folders, const struct inotify_event *change)
{
    if ((change->mask & IN_Q_OVERFLOW) != 0) {
        /* A folder made anew may be among what was lost. */
        watch_anew(folders, "");
        folders->news(NULL, NULL, change->mask, folders->user_data);
    } else if ((change->mask & IN_IGNORED) != 0) {
        forget_watch(folders, change->wd, FALSE);
    } else if ((change->mask & IN_MOVE_SELF) != 0) {
        forget_watch(folders, change->wd, TRUE);
    } else if (change->len > 0) {
        take_named(folders, change);
    }
}

static gboolean
on_inotify(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstRecorderFolders *folders = user_data;
    _Alignas(struct inotify_event) char buffer[4096];
    /* What came meanwhile is read when the main loop has turned. */
    gssize n = read(fd, buffer, sizeof(buffer));

    for (char *at = buffer; n > 0 && at < buffer + n;) {
        const struct inotify_event *change = (const struct inotify_event *)(gpointer)at;

        take(folders, change);
        at += sizeof(*change) + change->len;
    }
    return G_SOURCE_CONTINUE;
}

PstRecorderFolders *
pst_recorder_folders_new(const PstSysroot *sysroot, const PstRecorderFolder *list, guint n,
                         PstRecorderFolderNews news, gpointer user_data)
{
    PstRecorderFolders *folders = g_new0(PstRecorderFolders, 1);

    folders->sysroot = sysroot;
    folders->list = list;
    folders->n = n;
    folders->news = news;
    folders->user_data = user_data;
    folders->inotify = -1;
    folders->watches = g_new(int, n);
    for (guint i = 0; i < n; i++)
        folders->watches[i] = -1;
    return folders;
}

void
pst_recorder_folders_watch(PstRecorderFolders *folders)
{
    if (folders->inotify < 0) {
        folders->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (folders->inotify < 0)
            return;
        folders->source = g_unix_fd_add(folders->inotify, G_IO_IN, on_inotify, folders);
    }
    g_autoptr(GPtrArray) mounts = pst_careful_open_mounts(folders->sysroot, NULL);
    for (guint i = 0; mounts != NULL && i < folders->n; i++)
        if (folders->watches[i] < 0)
            watch(folders, mounts, i, FALSE);
}

void
pst_recorder_folders_free(PstRecorderFolders *folders)
{
    pst_loop_handles_remove(&folders->source);
    pst_loop_handles_close(&folders->inotify);
    g_free(folders->watches);
    g_free(folders);
}
