// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET "sock"
#define END "end"
#define TOLD "told"
#define BACKLOG 16

struct PstExecStore {
    int fd;
};

int
pst_exec_store_fd(const PstExecStore *store)
{
    return store->fd;
}

static gboolean
unavailable(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the guest can't start a command: %s: %s",
                what, g_strerror(errno));
    return FALSE;
}

PstExecStore *
pst_exec_store_open(const char *path, GError **error)
{
    PstExecStore *store;
    int fd = -1;

    if (g_mkdir_with_parents(path, 0700) == 0)
        fd = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        unavailable(error, path);
        return NULL;
    }
    store = g_new0(PstExecStore, 1);
    store->fd = fd;
    return store;
}

void
pst_exec_store_free(PstExecStore *store)
{
    close(store->fd);
    g_free(store);
}

/* By way of the folder's descriptor: its path may be longer than a socket's. */
static void
set_address(const PstExecStore *store, const char *id, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    g_snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s/" SOCKET,
               store->fd, id);
}

int
pst_exec_store_claim(const PstExecStore *store, const char *id, gboolean *taken, GError **error)
{
    struct sockaddr_un address;

    *taken = FALSE;
    if (mkdirat(store->fd, id, 0700) < 0) {
        *taken = errno == EEXIST;
        if (!*taken)
            unavailable(error, "its folder");
        return -1;
    }
    set_address(store, id, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    unavailable(error, "its socket");
    if (fd >= 0)
        close(fd);
    pst_exec_store_forget(store, id);
    return -1;
}

static int
open_folder(const PstExecStore *store, const char *id)
{
    return openat(store->fd, id, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

void
pst_exec_store_empty(const PstExecStore *store, const char *id)
{
    int fd = open_folder(store, id);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}

void
pst_exec_store_forget(const PstExecStore *store, const char *id)
{
    pst_exec_store_empty(store, id);
    unlinkat(store->fd, id, AT_REMOVEDIR);
}

void
pst_exec_store_end(const PstExecStore *store, const char *id)
{
    g_autofree char *path = g_strconcat(id, "/" SOCKET, NULL);

    unlinkat(store->fd, path, 0);
}

int
pst_exec_store_file(const PstExecStore *store, const char *id, const char *name, int flags)
{
    g_autofree char *path = g_strconcat(id, "/", name, NULL);

    return openat(store->fd, path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static gboolean
write_all(int fd, const char *text, gsize len)
{
    while (len > 0) {
        gssize n = write(fd, text, len);
        if (n < 0 && errno != EINTR)
            return FALSE;
        text += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
    return TRUE;
}

gboolean
pst_exec_store_write(const PstExecStore *store, const char *id, const char *name, const char *text,
                     gsize len)
{
    g_autofree char *path = g_strconcat(id, "/", name, NULL);
    g_autofree char *fresh = g_strconcat(id, "/new", NULL);
    int fd = pst_exec_store_file(store, id, "new", O_WRONLY | O_CREAT | O_TRUNC);

    if (fd < 0)
        return FALSE;
    gboolean written = write_all(fd, text, len);
    close(fd);
    if (written && renameat(store->fd, fresh, store->fd, path) == 0)
        return TRUE;
    unlinkat(store->fd, fresh, 0);
    return FALSE;
}

char *
pst_exec_store_read(const PstExecStore *store, const char *id, const char *name, gsize max,
                    gsize *len)
{
    int fd = pst_exec_store_file(store, id, name, O_RDONLY);
    g_autofree char *text = fd >= 0 ? g_malloc(max + 1) : NULL;
    gssize n = 1;

    if (fd < 0)
        return NULL;
    for (*len = 0; *len < max && n != 0; *len += (gsize)MAX(n, 0)) {
        n = read(fd, text + *len, max - *len);
        if (n < 0 && errno != EINTR)
            break;
    }
    close(fd);
    if (n < 0)
        return NULL;
    text[*len] = '\0';
    return g_steal_pointer(&text);
}

gboolean
pst_exec_store_has(const PstExecStore *store, const char *id)
{
    struct stat st;

    return fstatat(store->fd, id, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
pst_exec_store_connect(const PstExecStore *store, const char *id)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    set_address(store, id, &address);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

gboolean
pst_exec_store_is_served(const PstExecStore *store, const char *id)
{
    int fd = pst_exec_store_connect(store, id);

    /* Only these say that nobody is there: not that its backlog is full. */
    if (fd < 0)
        return errno != ENOENT && errno != ECONNREFUSED;
    close(fd);
    return TRUE;
}

/* ---- what is there ---- */

typedef struct {
    char id[PST_EXEC_ID_DIGITS + 1];
    gint64 since_us; /* its claiming, or its end */
    gint64 ended_s;  /* 0: it has not */
    gint64 bytes;
    gboolean told;
} Entry;

static int
compare(gconstpointer a, gconstpointer b)
{
    const Entry *left = a, *right = b;

    return (left->since_us > right->since_us) - (left->since_us < right->since_us);
}

static void
look_into(int folder, Entry *entry)
{
    int fd = openat(folder, entry->id, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    DIR *files = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *file;
    struct stat st;

    while (files != NULL && (file = readdir(files)) != NULL) {
        if (fstatat(dirfd(files), file->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        /* Who was killed with its supervisor before it was listed has left nothing else. */
        if (S_ISSOCK(st.st_mode))
            entry->bytes++;
        if (!S_ISREG(st.st_mode))
            continue;
        entry->bytes += st.st_size;
        if (g_str_equal(file->d_name, END))
            entry->ended_s = st.st_mtime;
        if (g_str_equal(file->d_name, TOLD))
            entry->told = TRUE;
    }
    if (files != NULL)
        closedir(files);
    else if (fd >= 0)
        close(fd);
}

void
pst_exec_store_tell(const PstExecStore *store, const char *id)
{
    int fd = pst_exec_store_file(store, id, TOLD, O_WRONLY | O_CREAT);

    if (fd >= 0)
        close(fd);
}

gint64
pst_exec_store_bytes(const PstExecStore *store, const char *id, gboolean *told)
{
    Entry entry = {.since_us = 0};

    g_strlcpy(entry.id, id, sizeof(entry.id));
    look_into(store->fd, &entry);
    *told = entry.told;
    return entry.bytes;
}

static GArray *
look(const PstExecStore *store)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    int fd = openat(store->fd, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *found;
    struct stat st;

    while (folder != NULL && (found = readdir(folder)) != NULL) {
        Entry entry = {.since_us = 0};

        if (!pst_exec_is_id(found->d_name) ||
            fstatat(store->fd, found->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        g_strlcpy(entry.id, found->d_name, sizeof(entry.id));
        entry.since_us = st.st_mtim.tv_sec * (gint64)G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
        look_into(store->fd, &entry);
        g_array_append_val(entries, entry);
    }
    if (folder != NULL)
        closedir(folder);
    else if (fd >= 0)
        close(fd);
    g_array_sort(entries, compare);
    return entries;
}

char **
pst_exec_store_ids(const PstExecStore *store)
{
    g_autoptr(GArray) entries = look(store);
    g_autoptr(GStrvBuilder) ids = g_strv_builder_new();

    for (guint i = 0; i < entries->len; i++)
        g_strv_builder_add(ids, g_array_index(entries, Entry, i).id);
    return g_strv_builder_end(ids);
}

/* Those that were told, or the others. Takes from what there is room for. */
static void
sweep(const PstExecStore *store, const GArray *entries, gboolean told, gint64 *bytes)
{
    guint n = 0, most = told ? PST_EXEC_STORE_KEPT : PST_EXEC_STORE_KEPT_UNTOLD;
    gint64 now_s = g_get_real_time() / (gint64)G_USEC_PER_SEC;

    for (guint i = entries->len; i > 0; i--) {
        const Entry *entry = &g_array_index(entries, Entry, i - 1);
        gint64 age_s = now_s - (entry->ended_s > 0 ? entry->ended_s
                                                   : entry->since_us / (gint64)G_USEC_PER_SEC);

        /* One without an end that nobody serves was killed with its supervisor, or emptied. */
        if (entry->told != told ||
            (entry->ended_s == 0 && pst_exec_store_is_served(store, entry->id)))
            continue;
        n += entry->bytes > 0 ? 1 : 0;
        *bytes += entry->bytes;
        if (entry->bytes > 0 && n <= most && *bytes <= PST_EXEC_STORE_KEPT_BYTES)
            continue;
        /* A clock that was set back makes them young: then they are kept for longer. */
        if (age_s > PST_EXEC_STORE_FORGET_S)
            pst_exec_store_forget(store, entry->id);
        else if (entry->ended_s > 0)
            pst_exec_store_empty(store, entry->id);
    }
}

void
pst_exec_store_sweep(const PstExecStore *store)
{
    g_autoptr(GArray) entries = look(store);
    gint64 bytes = 0;

    sweep(store, entries, FALSE, &bytes);
    sweep(store, entries, TRUE, &bytes);
}
