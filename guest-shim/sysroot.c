// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sysroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest-shim/file-text.h"
#include "protocol/error.h"

#define MAX_LINE_FILE (64 * 1024)
/* Processes are folders of /proc, and a machine may have many. */
#define MAX_NAMES 100000
#define MAX_KNOWN (64 * 1024)
#define MAX_RACES 100
#define MAX_KNOWN_IN_ALL (2 * 1024 * 1024)

/* What was read before, where that is remembered. */
typedef struct {
    gboolean on;
    gsize len;
    GHashTable *texts; /* path → GBytes, each with a NUL at its end */
} Memory;

struct PstSysroot {
    int fd;
    gboolean live;
    Memory *memory;
};

static gboolean
set_errno_error(GError **error, const char *path, int number)
{
    gboolean absent = number == ENOENT || number == ENOTDIR;

    /* Most of what is looked for is not there, and the first words of the kernel's are dear. */
    if (error == NULL)
        return FALSE;
    g_set_error(error, PST_ERROR, absent ? PST_ERROR_ABSENT : PST_ERROR_UNAVAILABLE, "%s: %s", path,
                number == ENOENT ? "No such file or directory" : g_strerror(number));
    return FALSE;
}

PstSysroot *
pst_sysroot_new(const char *folder, GError **error)
{
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        set_errno_error(error, folder, errno);
        return NULL;
    }

    PstSysroot *sysroot = g_new0(PstSysroot, 1);
    sysroot->fd = fd;
    sysroot->live = g_str_equal(folder, "/");
    sysroot->memory = g_new0(Memory, 1);
    sysroot->memory->texts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    return sysroot;
}

void
pst_sysroot_free(PstSysroot *sysroot)
{
    close(sysroot->fd);
    g_hash_table_unref(sysroot->memory->texts);
    g_free(sysroot->memory);
    g_free(sysroot);
}

void
pst_sysroot_remember(const PstSysroot *sysroot)
{
    sysroot->memory->on = TRUE;
}

gboolean
pst_sysroot_is_live(const PstSysroot *sysroot)
{
    return sysroot->live;
}

int
pst_sysroot_fd(const PstSysroot *sysroot)
{
    return sysroot->fd;
}

/* Kernels before 5.6 have no openat2(2). On the live system a plain open differs only in following
 * magic links, and no probe names one. */
static int
open_below(const PstSysroot *sysroot, const char *path, int flags)
{
    struct open_how how = {
        .flags = (guint64)flags,
        .resolve = RESOLVE_NO_MAGICLINKS | (sysroot->live ? 0 : RESOLVE_IN_ROOT),
    };
    int fd = -1;

    /* EAGAIN: something was renamed or mounted anywhere while a ".." was followed (openat2(2)). */
    for (guint i = 0; i < MAX_RACES && fd < 0 && (i == 0 || errno == EAGAIN); i++)
        fd = (int)syscall(SYS_openat2, sysroot->fd, path, &how, sizeof(how));
    if (fd < 0 && errno == ENOSYS && sysroot->live)
        return open(path, flags);
    return fd;
}

int
pst_sysroot_open(const PstSysroot *sysroot, const char *path, int flags, GError **error)
{
    /* openat2(2) refuses O_PATH with flags that mean nothing to it. */
    int reading = (flags & O_PATH) != 0 ? 0 : O_RDONLY | O_NONBLOCK | O_NOCTTY;
    int fd = open_below(sysroot, path, flags | reading | O_CLOEXEC);

    if (fd < 0)
        set_errno_error(error, path, errno);
    return fd;
}

/* The file behind a descriptor of O_PATH, and not what its name has come to mean since. Without
 * /proc only the name is left. */
static int
reopen(const PstSysroot *sysroot, const char *path, int place, int flags)
{
    g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", place);
    int reading = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = open(name, reading);

    return fd < 0 && errno == ENOENT ? open_below(sysroot, path, flags | reading) : fd;
}

/* What the kernel makes is no FIFO and no device, and no user can put one there. */
static gboolean
is_of_kernel(const PstSysroot *sysroot, const char *path)
{
    return sysroot->live && strstr(path, "/../") == NULL &&
           (g_str_has_prefix(path, "/proc/") || g_str_has_prefix(path, "/sys/"));
}

/* /dev/null, which a link to leads to where a file is to say nothing (as systemd masks its own): it
 * is read as the empty file that it stands for. */
static gboolean
is_null(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* *size: what stat(2) says, or 0 where that means nothing. */
static int
open_regular(const PstSysroot *sysroot, const char *path, int flags, gsize *size, GError **error)
{
    *size = 0;
    if (is_of_kernel(sysroot, path))
        return pst_sysroot_open(sysroot, path, flags, error);

    int place = pst_sysroot_open(sysroot, path, O_PATH | flags, error);
    struct stat st;

    if (place < 0)
        return -1;
    gboolean seen = fstat(place, &st) == 0;
    gboolean regular = seen && (S_ISREG(st.st_mode) || is_null(&st));
    int fd = regular ? reopen(sysroot, path, place, flags) : -1;
    int failed = errno;
    close(place);
    *size = regular ? (gsize)st.st_size : 0;
    if (fd < 0 && (regular || !seen))
        set_errno_error(error, path, failed);
    else if (fd < 0)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: not a regular file", path);
    return fd;
}

int
pst_sysroot_open_file(const PstSysroot *sysroot, const char *path, int flags, GError **error)
{
    gsize size;

    return open_regular(sysroot, path, flags, &size, error);
}

/* What the kernel and the running system make may be read twice to see how it changes. */
static gboolean
may_be_remembered(const Memory *memory, const char *path, gsize len)
{
    return memory->on && len <= MAX_KNOWN && memory->len + len <= MAX_KNOWN_IN_ALL &&
           !g_str_has_prefix(path, "/proc/") && !g_str_has_prefix(path, "/sys/") &&
           !g_str_has_prefix(path, "/run/");
}

static char *
read_file(const PstSysroot *sysroot, const char *path, gsize max, gsize *len, GError **error)
{
    Memory *memory = sysroot->memory;
    gsize size;

    int fd = open_regular(sysroot, path, 0, &size, error);
    if (fd < 0)
        return NULL;
    char *text = pst_file_text_read(fd, path, size, max, len, error);
    close(fd);
    if (text != NULL && may_be_remembered(memory, path, *len)) {
        memory->len += *len;
        g_hash_table_insert(memory->texts, g_strdup(path), g_bytes_new(text, *len + 1));
    }
    return text;
}

char *
pst_sysroot_read(const PstSysroot *sysroot, const char *path, gsize max, gsize *len, GError **error)
{
    GBytes *known = g_hash_table_lookup(sysroot->memory->texts, path);
    gsize got;

    if (known == NULL || g_bytes_get_size(known) - 1 > max)
        return read_file(sysroot, path, max, len != NULL ? len : &got, error);
    if (len != NULL)
        *len = g_bytes_get_size(known) - 1;
    return g_memdup2(g_bytes_get_data(known, NULL), g_bytes_get_size(known));
}

char *
pst_sysroot_read_line(const PstSysroot *sysroot, const char *path, GError **error)
{
    char *text = pst_sysroot_read(sysroot, path, MAX_LINE_FILE, NULL, error);

    return text != NULL ? g_strstrip(text) : NULL;
}

static gboolean
stat_and_close(int fd, const char *path, struct stat *st, GError **error)
{
    int failed = fstat(fd, st) < 0 ? errno : 0;

    close(fd);
    return failed == 0 || set_errno_error(error, path, failed);
}

static gboolean
stat_with(const PstSysroot *sysroot, const char *path, int flags, struct stat *st, GError **error)
{
    int fd = pst_sysroot_open(sysroot, path, O_PATH | flags, error);

    return fd >= 0 && stat_and_close(fd, path, st, error);
}

gboolean
pst_sysroot_stat(const PstSysroot *sysroot, const char *path, struct stat *st, GError **error)
{
    return stat_with(sysroot, path, 0, st, error);
}

gboolean
pst_sysroot_lstat(const PstSysroot *sysroot, const char *path, struct stat *st, GError **error)
{
    return stat_with(sysroot, path, O_NOFOLLOW, st, error);
}

gboolean
pst_sysroot_lstat_same_mount(const PstSysroot *sysroot, const char *path, struct stat *st,
                             GError **error)
{
    struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV |
                   (sysroot->live ? 0 : (guint64)RESOLVE_IN_ROOT),
    };
    int fd = (int)syscall(SYS_openat2, sysroot->fd, path, &how, sizeof(how));

    return fd >= 0 ? stat_and_close(fd, path, st, error) : set_errno_error(error, path, errno);
}

gboolean
pst_sysroot_exists(const PstSysroot *sysroot, const char *path)
{
    struct stat st;

    return pst_sysroot_stat(sysroot, path, &st, NULL);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* FD is closed. */
static char **
list_open(int fd, const char *path, guint max, gboolean folders, gboolean *cut, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    struct dirent *entry;

    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        set_errno_error(error, path, errno);
        close(fd);
        return NULL;
    }
    for (errno = 0; names->len <= max && (entry = readdir(folder)) != NULL; errno = 0)
        if (!(folders && entry->d_type == DT_REG) && !g_str_equal(entry->d_name, ".") &&
            !g_str_equal(entry->d_name, ".."))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    int failed = errno;
    closedir(folder);
    if (failed != 0) {
        set_errno_error(error, path, failed);
        return NULL;
    }

    *cut = names->len > max;
    g_ptr_array_set_size(names, (gint)MIN(names->len, max));
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    g_ptr_array_set_free_func(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static char **
list(const PstSysroot *sysroot, const char *path, guint max, gboolean folders, gboolean *cut,
     GError **error)
{
    int fd = pst_sysroot_open(sysroot, path, O_DIRECTORY, error);

    return fd >= 0 ? list_open(fd, path, max, folders, cut, error) : NULL;
}

char **
pst_sysroot_list_some(const PstSysroot *sysroot, const char *path, guint max, gboolean *cut,
                      GError **error)
{
    return list(sysroot, path, max, FALSE, cut, error);
}

char **
pst_sysroot_list_folder(int folder, const char *path, guint max, gboolean *cut, GError **error)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0)
        return list_open(fd, path, max, FALSE, cut, error);
    set_errno_error(error, path, errno);
    return NULL;
}

static char **
list_all(const PstSysroot *sysroot, const char *path, gboolean folders, GError **error)
{
    gboolean cut = FALSE;
    g_auto(GStrv) names = list(sysroot, path, MAX_NAMES, folders, &cut, error);

    if (!cut)
        return g_steal_pointer(&names);
    g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "%s has more than %d entries", path,
                MAX_NAMES);
    return NULL;
}

char **
pst_sysroot_list(const PstSysroot *sysroot, const char *path, GError **error)
{
    return list_all(sysroot, path, FALSE, error);
}

char **
pst_sysroot_list_folders(const PstSysroot *sysroot, const char *path, GError **error)
{
    return list_all(sysroot, path, TRUE, error);
}

char *
pst_sysroot_read_link(const PstSysroot *sysroot, const char *path, GError **error)
{
    char target[PATH_MAX + 1];

    int fd = pst_sysroot_open(sysroot, path, O_PATH | O_NOFOLLOW, error);
    if (fd < 0)
        return NULL;
    gssize n = readlinkat(fd, "", target, sizeof(target) - 1);
    /* With an empty path Linux says ENOENT of what is there and is no link. */
    int failed = errno == ENOENT ? EINVAL : errno;
    close(fd);
    if (n < 0) {
        set_errno_error(error, path, failed);
        return NULL;
    }
    return g_strndup(target, (gsize)n);
}
