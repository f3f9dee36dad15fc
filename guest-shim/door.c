// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/door.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "guest-shim/door-parts.h"
#include "guest-shim/path-pattern.h"
#include "guest-shim/private-units.h"
#include "protocol/error.h"

#define HEAD 4096
#define LOGS "/var/log/"
#define DELETED " (deleted)"

struct PstDoor {
    const PstSysroot *sysroot;
    char *root; /* where the sysroot is, "" for the running system's own */
    char **allow, **deny;
    char **private_units;
};

static char *
fd_path(int fd)
{
    char name[64], target[PATH_MAX + 1];

    g_snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    gssize n = readlink(name, target, sizeof(target) - 1);
    return n > 0 ? g_strndup(target, (gsize)n) : NULL;
}

static char **
list_of(const PstConfig *config, const char *key, const PstDoorRule *shipped)
{
    g_autoptr(GPtrArray) defaults = g_ptr_array_new();

    for (guint i = 0; shipped[i].pattern != NULL; i++)
        g_ptr_array_add(defaults, (gpointer)shipped[i].pattern);
    g_ptr_array_add(defaults, NULL);
    return pst_config_list(config, "read", key, (const char *const *)defaults->pdata);
}

static void
check_patterns(PstConfig *config)
{
    g_auto(GStrv) allow = pst_config_list(config, "read", "allow", NULL);

    pst_config_check_keys(config, "read");
    for (guint i = 0; allow[i] != NULL; i++)
        if (*allow[i] != '/')
            pst_config_complain(config, "read", "allow", "a pattern must begin with a slash");
}

PstDoor *
pst_door_new(const PstSysroot *sysroot, GError **error)
{
    g_autoptr(PstConfig) config = pst_config_read(sysroot);
    g_autofree char *root = fd_path(pst_sysroot_fd(sysroot));

    check_patterns(config);
    if (pst_config_problems(config) != NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                    "what may be read is not known, because the configuration is faulty: %s",
                    pst_config_problems(config)[0]);
        return NULL;
    }
    if (root == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "/proc is not mounted: a file's real path can't be told");
        return NULL;
    }

    PstDoor *door = g_new0(PstDoor, 1);
    door->sysroot = sysroot;
    door->root = g_str_equal(root, "/") ? g_strdup("") : g_steal_pointer(&root);
    door->allow = list_of(config, "allow", pst_door_lists_allow);
    door->deny = list_of(config, "deny", pst_door_lists_deny);
    door->private_units = pst_private_units_read(sysroot, NULL);
    return door;
}

void
pst_door_free(PstDoor *door)
{
    g_strfreev(door->allow);
    g_strfreev(door->deny);
    g_strfreev(door->private_units);
    g_free(door->root);
    g_free(door);
}

void
pst_door_file_clear(PstDoorFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    g_free(file->path);
}

static const char *
reason_of(const char *pattern)
{
    for (guint i = 0; pst_door_lists_deny[i].pattern != NULL; i++)
        if (g_str_equal(pst_door_lists_deny[i].pattern, pattern))
            return pst_door_lists_deny[i].reason;
    return "the guest's configuration says so";
}

/* Logs that a private unit writes itself, wherever below the folder of logs. */
static gboolean
is_private_log(const PstDoor *door, const char *path)
{
    if (!g_str_has_prefix(path, LOGS))
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(path + strlen(LOGS), "/", -1);
    for (guint i = 0; parts[i] != NULL; i++)
        if (pst_private_units_has(door->private_units, parts[i]))
            return TRUE;
    return FALSE;
}

static char *
denial(const PstDoor *door, const char *path)
{
    for (guint i = 0; door->deny[i] != NULL; i++)
        if (pst_path_pattern_matches(door->deny[i], path, TRUE))
            return g_strdup_printf("%s (deny %s)", reason_of(door->deny[i]), door->deny[i]);
    if (is_private_log(door, path))
        return g_strdup("logs of a private unit");
    return NULL;
}

static gboolean
is_allowed(const PstDoor *door, const char *path, gboolean folder)
{
    for (guint i = 0; door->allow[i] != NULL; i++)
        if (pst_path_pattern_matches(door->allow[i], path, FALSE) ||
            (folder && pst_path_pattern_leads(door->allow[i], path)))
            return TRUE;
    return FALSE;
}

char *
pst_door_refusal(const PstDoor *door, const char *path, gboolean folder)
{
    char *reason = denial(door, path);

    return reason != NULL || is_allowed(door, path, folder)
               ? reason
               : g_strdup("it is not among what may be read (allow)");
}

static gboolean
refuse(const char *path, const char *reason, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED, "%s may not be read: %s", path, reason);
    return FALSE;
}

static gboolean
fail(const char *path, int number, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(number));
    return FALSE;
}

/* Kernel file systems are known by their names below /proc, and nowhere else. */
static gboolean
is_proc_elsewhere(int fd, const char *path)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return TRUE;
    return fs.f_type == PROC_SUPER_MAGIC && !g_str_has_prefix(path, "/proc/") &&
           !g_str_equal(path, "/proc");
}

/* A file that was deleted since has no path any more, but for a name that only looks like it. */
static gboolean
take_path(const PstDoor *door, const char *asked, PstDoorFile *file, char **whole, GError **error)
{
    gsize root = strlen(door->root);

    *whole = fd_path(file->fd);
    if (*whole == NULL)
        return fail(asked, errno, error);
    if (strncmp(*whole, door->root, root) != 0 || ((*whole)[root] != '/' && (*whole)[root] != '\0'))
        return refuse(asked, "it is outside of the root folder", error);
    if (file->st.st_nlink == 0 && g_str_has_suffix(*whole, DELETED)) {
        g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "%s: it was deleted meanwhile", asked);
        return FALSE;
    }
    file->path = g_strdup((*whole)[root] != '\0' ? *whole + root : "/");
    return TRUE;
}

/* The lists, held against every path that the file is known to have. */
static gboolean
check_lists(const PstDoor *door, const char *asked, gboolean folder, const PstDoorFile *file,
            const char *whole, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *origin = pst_door_mounts_origin(file->fd, whole, &cause);
    g_autofree char *reason = pst_door_refusal(door, file->path, folder);

    if (origin == NULL)
        return refuse(asked, cause->message, error);
    if (reason == NULL)
        reason = denial(door, origin);
    if (reason != NULL)
        return refuse(asked, reason, error);
    if (is_proc_elsewhere(file->fd, file->path))
        return refuse(asked, "it is a file of the kernel's, mounted elsewhere", error);
    reason = folder || file->st.st_nlink < 2
                 ? NULL
                 : pst_door_links_find(door->sysroot, (const char *const *)door->deny, &file->st);
    return reason == NULL || refuse(asked, reason, error);
}

/* FD was opened with O_PATH, which touches nothing; the same file once more, to be read. */
static gboolean
reopen(const char *asked, gboolean folder, PstDoorFile *file, GError **error)
{
    char name[64];

    g_snprintf(name, sizeof(name), "/proc/self/fd/%d", file->fd);
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (folder ? O_DIRECTORY : 0));
    if (fd < 0)
        return fail(asked, errno, error);
    close(file->fd);
    file->fd = fd;
    return TRUE;
}

static gboolean
begins_as_key(int fd)
{
    static const char *const beginnings[] = {"PuTTY-User-Key-File-", "AGE-SECRET-KEY-",
                                             "openssh-key-v1", "-----BEGIN OpenVPN Static key"};
    char head[HEAD + 1];
    gssize n = pread(fd, head, HEAD, 0);

    head[MAX(n, 0)] = '\0';
    const char *text = g_str_has_prefix(head, "\xEF\xBB\xBF") ? head + 3 : head;
    text += strspn(text, " \t\r\n");
    for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(text, beginnings[i]))
            return TRUE;
    g_autofree char *line = g_strndup(text, strcspn(text, "\r\n"));
    return g_str_has_prefix(line, "----") && strstr(line, "BEGIN") != NULL &&
           strstr(line, "PRIVATE KEY") != NULL;
}

static gboolean
check_type(const char *asked, gboolean folder, const PstDoorFile *file, GError **error)
{
    if (folder ? S_ISDIR(file->st.st_mode) : S_ISREG(file->st.st_mode))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "%s: not a %s", asked,
                folder ? "folder" : "regular file");
    return FALSE;
}

static gboolean
check_asked(const PstDoor *door, const char *path, GError **error)
{
    if (*path != '/' || strlen(path) > PATH_MAX) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%.80s' is no absolute path",
                    path);
        return FALSE;
    }
    g_autofree char *plain = g_canonicalize_filename(path, "/");
    g_autofree char *reason = denial(door, plain);
    return reason == NULL || refuse(path, reason, error);
}

gboolean
pst_door_open(const PstDoor *door, const char *path, gboolean folder, PstDoorFile *file,
              GError **error)
{
    g_autofree char *whole = NULL;

    if (!check_asked(door, path, error))
        return FALSE;
    file->fd = pst_sysroot_open(door->sysroot, path, O_PATH, error);
    if (file->fd < 0)
        return FALSE;
    if (fstat(file->fd, &file->st) < 0)
        return fail(path, errno, error);
    if (!take_path(door, path, file, &whole, error) ||
        !check_lists(door, path, folder, file, whole, error) ||
        !check_type(path, folder, file, error) || !reopen(path, folder, file, error))
        return FALSE;
    if (!folder && begins_as_key(file->fd))
        return refuse(path, "it begins as a private key does", error);
    return TRUE;
}
