// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/careful-open.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/mount-kinds.h"
#include "protocol/error.h"

/* As many as the kernel follows: path_resolution(7). */
#define MAX_LINKS 40

typedef struct {
    const PstSysroot *sysroot;
    const GPtrArray *mounts;
    GString *at;   /* where the way has led to, without links; "" is the root */
    GString *rest; /* what is left of it */
    int flags;     /* of the last step */
    guint n_links;
} Way;

/* Of several that are mounted at one folder, those below the last one can be seen again. */
static gboolean
may_be_entered(const GPtrArray *mounts, const char *folder)
{
    for (guint i = 0; i < mounts->len; i++) {
        const PstMount *mount = mounts->pdata[i];

        if (pst_mount_kinds_answers_by_itself(mount->type))
            continue;
        g_autofree char *place = pst_mount_table_unescape(mount->folder);
        if (g_str_equal(place, folder))
            return FALSE;
    }
    return TRUE;
}

/* The next name of the way, which it loses; NULL at its end. Free with g_free(). */
static char *
take_name(GString *rest)
{
    gsize slashes = strspn(rest->str, "/");
    gsize len = strcspn(rest->str + slashes, "/");
    char *name = len > 0 ? g_strndup(rest->str + slashes, len) : NULL;

    g_string_erase(rest, 0, (gssize)(slashes + len));
    return name;
}

static gboolean
is_last(const Way *way)
{
    return way->rest->str[strspn(way->rest->str, "/")] == '\0';
}

static void
go_up(Way *way)
{
    const char *slash = strrchr(way->at->str, '/');

    g_string_truncate(way->at, slash != NULL ? (gsize)(slash - way->at->str) : 0);
}

static gboolean
follow(Way *way, const char *link, GError **error)
{
    g_autofree char *target = pst_sysroot_read_link(way->sysroot, link, error);

    if (target == NULL)
        return FALSE;
    if (++way->n_links > MAX_LINKS) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: too many links", link);
        return FALSE;
    }
    if (*target == '/')
        g_string_truncate(way->at, 0);
    g_string_prepend(way->rest, "/");
    g_string_prepend(way->rest, target);
    return TRUE;
}

static gboolean
step(Way *way, const char *name, GError **error)
{
    g_autofree char *place = g_strconcat(way->at->str, "/", name, NULL);
    struct stat st;

    if (!may_be_entered(way->mounts, place)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "%s: not entered: what is mounted there may not answer", place);
        return FALSE;
    }
    if (!pst_sysroot_lstat(way->sysroot, place, &st, error))
        return FALSE;
    if (S_ISLNK(st.st_mode) && !((way->flags & O_NOFOLLOW) != 0 && is_last(way)))
        return follow(way, place, error);
    g_string_assign(way->at, place);
    return TRUE;
}

static gboolean
go(Way *way, GError **error)
{
    for (;;) {
        g_autofree char *name = take_name(way->rest);

        if (name == NULL)
            return TRUE;
        if (g_str_equal(name, ".."))
            go_up(way);
        else if (!g_str_equal(name, ".") && !step(way, name, error))
            return FALSE;
    }
}

GPtrArray *
pst_careful_open_mounts(const PstSysroot *sysroot, GError **error)
{
    return pst_sysroot_is_live(sysroot) ? pst_mount_table_read(sysroot, error)
                                        : pst_mount_table_parse("");
}

char *
pst_careful_open_resolve(const PstSysroot *sysroot, const GPtrArray *mounts, const char *path,
                         int flags, GError **error)
{
    g_autoptr(GString) at = g_string_new(NULL);
    g_autoptr(GString) rest = g_string_new(path);
    Way way = {.sysroot = sysroot, .mounts = mounts, .at = at, .rest = rest, .flags = flags};

    if (!go(&way, error))
        return NULL;
    return g_strdup(at->len > 0 ? at->str : "/");
}

int
pst_careful_open(const PstSysroot *sysroot, const GPtrArray *mounts, const char *path, int flags,
                 GError **error)
{
    g_autofree char *place = pst_careful_open_resolve(sysroot, mounts, path, flags, error);

    if (place == NULL)
        return -1;
    return pst_sysroot_open(sysroot, place, O_PATH | O_NOFOLLOW | flags, error);
}
