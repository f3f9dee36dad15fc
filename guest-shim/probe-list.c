// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/door-report.h"
#include "protocol/report-list.h"

#define DEFAULT_ENTRIES 500
#define MAX_ENTRIES 1000
/* Of all entries as JSON, so that a page fits into a frame whole. */
#define MAX_JSON (160 * 1024)
#define ENTRY_BYTES 160 /* of an entry's JSON besides its strings */

/* Where NAME is, or would be, in the sorted NAMES. */
static guint
place_of(const GPtrArray *names, const char *name)
{
    guint low = 0, high = names->len;

    while (low < high) {
        guint middle = (low + high) / 2;
        if (strcmp(names->pdata[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first MAX names behind AFTER, and one more where there is one: however many the folder has,
 * no more are kept. */
static GPtrArray *
read_names(int fd, const char *after, guint max, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    DIR *folder = fdopendir(fcntl(fd, F_DUPFD_CLOEXEC, 3));
    struct dirent *entry = NULL;

    errno = folder == NULL ? errno : 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, "..") ||
            (after != NULL && strcmp(entry->d_name, after) <= 0))
            continue;
        g_ptr_array_insert(names, (int)place_of(names, entry->d_name), g_strdup(entry->d_name));
        if (names->len > max + 1)
            g_ptr_array_set_size(names, (int)max + 1);
        errno = 0;
    }
    int number = errno;
    if (folder != NULL)
        closedir(folder);
    if (number == 0)
        return g_steal_pointer(&names);
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "%s", g_strerror(number));
    return NULL;
}

static const char *
type_of(mode_t mode)
{
    static const struct {
        mode_t type;
        const char *name;
    } types[] = {
        {S_IFREG, "file"},         {S_IFDIR, "folder"},  {S_IFLNK, "link"},
        {S_IFIFO, "fifo"},         {S_IFSOCK, "socket"}, {S_IFCHR, "character-device"},
        {S_IFBLK, "block-device"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if ((mode & S_IFMT) == types[i].type)
            return types[i].name;
    return NULL;
}

static char *
target_of(int folder, const char *name)
{
    char target[PATH_MAX + 1];
    gssize n = readlinkat(folder, name, target, sizeof(target) - 1);

    return n >= 0 ? g_strndup(target, (gsize)n) : NULL;
}

static gboolean
is_denied(const PstDoor *door, const char *folder, const char *name, mode_t mode)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *refusal = pst_door_refusal(door, path, S_ISDIR(mode) || S_ISLNK(mode));

    return refusal != NULL;
}

static gsize
take_entry(const PstDoor *door, const PstDoorFile *folder, const char *name, PstListData *data)
{
    PstListEntry *entry = pst_fields_append(&pst_report_list_entry_fields, &data->entries);
    struct stat st;

    entry->name = g_strdup(name);
    /* Nothing is followed or opened: a dead mount is not touched. */
    gboolean known = fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
    entry->denied = PST_TRI(is_denied(door, folder->path, name, known ? st.st_mode : 0));
    if (entry->denied == PST_TRI_YES || !known)
        return ENTRY_BYTES + 6 * strlen(name);
    entry->type = g_strdup(type_of(st.st_mode));
    entry->mode = pst_door_report_mode(&st);
    entry->owner = pst_door_report_owner(&st);
    entry->size = st.st_size;
    entry->mtime_us = pst_door_report_mtime(&st);
    if (S_ISLNK(st.st_mode))
        entry->target = target_of(folder->fd, name);
    return ENTRY_BYTES + 6 * (strlen(name) + (entry->target != NULL ? strlen(entry->target) : 0));
}

/* Escaped, because a name can be any bytes and a cursor must come back as it went. */
static void
take_page(const PstDoor *door, const PstDoorFile *folder, const GPtrArray *names, guint max,
          PstReport *report)
{
    PstListData *data = report->data;
    gsize bytes = 0;
    guint n = 0;

    data->entries = g_ptr_array_new();
    while (n < names->len && n < max && bytes < MAX_JSON)
        bytes += take_entry(door, folder, names->pdata[n++], data);
    if (n < names->len)
        data->cursor = g_strescape(names->pdata[n - 1], NULL);
    report->truncated = data->cursor != NULL;
}

static void
read_page(const PstDoor *door, const PstDoorFile *folder, const PstListArgs *args,
          PstReport *report)
{
    gint64 wanted = args->max_entries != PST_INT_UNKNOWN ? args->max_entries : DEFAULT_ENTRIES;
    guint max = (guint)CLAMP(wanted, 1, MAX_ENTRIES);
    g_autofree char *after = args->cursor != NULL ? g_strcompress(args->cursor) : NULL;
    g_autoptr(GError) cause = NULL;
    PstListData *data = report->data;
    g_autoptr(GPtrArray) names = read_names(folder->fd, after, max, &cause);

    data->path = g_strdup(folder->path);
    data->mode = pst_door_report_mode(&folder->st);
    data->owner = pst_door_report_owner(&folder->st);
    if (names == NULL)
        pst_probe_add_unlooked(report, "list.could-not-look", args->path, cause);
    else
        take_page(door, folder, names, max, report);
}

void
pst_probe_list_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    const PstListArgs *wanted = args;
    PstListData *data = report->data;
    g_auto(PstDoorFile) folder = PST_DOOR_FILE_NONE;
    g_autoptr(PstDoor) door = pst_door_report_new(context, wanted->path, report);

    if (door != NULL && pst_door_report_open(context, door, wanted->path, TRUE, &folder, report))
        read_page(door, &folder, wanted, report);
    g_autofree char *summary = g_strdup_printf("%s: %u entries%s", wanted->path,
                                               data->entries != NULL ? data->entries->len : 0,
                                               data->cursor != NULL ? ", and more" : "");
    pst_report_conclude(report, summary);
}
