// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recovery-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/render.h"
#include "host-sidecar/store-file.h"
#include "host-sidecar/store-settings.h"
#include "protocol/error.h"

/* Of the line in the lock's file: process, moment, who. */
#define MAX_HOLDER 256

struct PstRecoveryFile {
    PstStoreFolder *folder; /* NULL: there is none, and so no file */
    char *name, *lock_name;
    int lock;
};

static char *
folder_of(GKeyFile *config, GError **error)
{
    g_autoptr(PstStoreSettings) settings = pst_store_settings_read(config, error);

    if (settings == NULL)
        return NULL;
    g_autofree char *parent = g_path_get_dirname(settings->folder);
    return g_build_filename(parent, "recover", NULL);
}

/* ---- the lock ---- */

/* ": root (uid 0), process 4711, since 3 min ago", or nothing where that is not known. */
static char *
holder_words(const PstRecoveryFile *file)
{
    int fd = pst_store_file_open(file->folder, file->lock_name);
    char text[MAX_HOLDER + 1] = "";
    int pid = 0, at = 0;
    gint64 since_us = 0;

    if (fd < 0)
        return g_strdup("");
    gssize n = pread(fd, text, MAX_HOLDER, 0);
    close(fd);
    char *line_end = strchr(text, '\n');
    if (n <= 0 || line_end == NULL)
        return g_strdup("");
    *line_end = '\0';
    if (sscanf(text, "%10d %18" G_GINT64_MODIFIER "d %n", &pid, &since_us, &at) != 2 || at == 0)
        return g_strdup("");
    g_autofree char *who = pst_escape_text(text + at, FALSE);
    g_autofree char *since = pst_render_age(since_us);
    return g_strdup_printf(": %s, process %d, begun %s", who, pid, since);
}

/* Of fixed width, so that a reader never meets half of it and half of another. */
static void
write_holder(int fd, const char *caller)
{
    char text[MAX_HOLDER + 1];
    int len = g_snprintf(text, sizeof(text), "%10d %18" G_GINT64_MODIFIER "d %.200s", (int)getpid(),
                         g_get_real_time(), caller);

    memset(text + len, ' ', (gsize)(MAX_HOLDER - len));
    text[len] = '\n';
    (void)!pwrite(fd, text, MAX_HOLDER, 0);
}

/* That it is not the sidecar's own is no reason to take it for none. */
static gboolean
is_there(const PstRecoveryFile *file, const char *name)
{
    return faccessat(file->folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static gboolean
take_lock(PstRecoveryFile *file, const char *caller, GError **error)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    file->lock = pst_store_file_lock(file->folder, file->lock_name, &cause);
    if (file->lock >= 0) {
        pst_store_file_clear(file->folder, file->name);
        write_holder(file->lock, caller);
        return TRUE;
    }
    if (cause->code != PST_ERROR_BUSY) {
        /* One that is not the user's own will not become it. */
        if (is_there(file, file->lock_name) &&
            !pst_store_file_stat(file->folder, file->lock_name, &st))
            cause->code = PST_ERROR_NO_PERMISSION;
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    g_autofree char *holder = holder_words(file);
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                "this guest is being recovered%s; there are never two: nothing was changed",
                holder);
    return FALSE;
}

static PstRecoveryFile *
make_file(const char *uri, const char *uuid)
{
    PstRecoveryFile *file = g_new0(PstRecoveryFile, 1);
    g_autofree char *whole = g_strconcat(uri, "#", uuid, NULL);
    g_autofree char *name = pst_store_folder_name(whole);

    file->lock = -1;
    file->name = g_strconcat(name, ".recover", NULL);
    file->lock_name = g_strconcat(name, ".lock", NULL);
    return file;
}

PstRecoveryFile *
pst_recovery_file_open(GKeyFile *config, const char *uri, const char *uuid, const char *caller,
                       GError **error)
{
    g_autoptr(PstRecoveryFile) file = make_file(uri, uuid);
    g_autofree char *path = folder_of(config, error);

    if (path == NULL)
        return NULL;
    file->folder = pst_store_folder_open(path, error);
    if (file->folder == NULL || !take_lock(file, caller, error))
        return NULL;
    return g_steal_pointer(&file);
}

PstRecoveryFile *
pst_recovery_file_peek(GKeyFile *config, const char *uri, const char *uuid, GError **error)
{
    g_autoptr(PstRecoveryFile) file = make_file(uri, uuid);
    g_autofree char *path = folder_of(config, error);

    if (path == NULL)
        return NULL;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return g_steal_pointer(&file);
    file->folder = pst_store_folder_open(path, error);
    return file->folder != NULL ? g_steal_pointer(&file) : NULL;
}

void
pst_recovery_file_free(PstRecoveryFile *file)
{
    if (file->lock >= 0)
        close(file->lock);
    g_clear_pointer(&file->folder, pst_store_folder_free);
    g_free(file->name);
    g_free(file->lock_name);
    g_free(file);
}

/* ---- the state ---- */

gboolean
pst_recovery_file_read(const PstRecoveryFile *file, PstRecoveryState **state, GError **error)
{
    g_autoptr(GError) cause = NULL;
    gsize len = 0;

    *state = NULL;
    if (file->folder == NULL)
        return TRUE;
    int fd = pst_store_file_open(file->folder, file->name);
    if (fd < 0) {
        if (!is_there(file, file->name))
            return TRUE;
        g_set_error(
            error, PST_ERROR, PST_ERROR_NO_PERMISSION,
            "%s/%s, what the last recover of this guest left, is no file of this user's own",
            file->folder->path, file->name);
        return FALSE;
    }
    g_autoptr(GBytes) bytes = pst_store_file_read(fd, PST_RECOVERY_STATE_MAX_BYTES + 1, error);
    close(fd);
    if (bytes == NULL)
        return FALSE;
    const char *text = g_bytes_get_data(bytes, &len);
    *state = pst_recovery_state_parse(text != NULL ? text : "", len, &cause);
    if (*state != NULL)
        return TRUE;
    g_prefix_error(&cause,
                   "%s/%s, what the last recover of this guest left, can't be understood, and what "
                   "was done is not known (--forget begins anew): ",
                   file->folder->path, file->name);
    /* Saying the same again does not help. */
    cause->code = PST_ERROR_USAGE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

gboolean
pst_recovery_file_write(const PstRecoveryFile *file, const PstRecoveryState *state, GError **error)
{
    gsize len = 0;
    g_autofree char *text = pst_recovery_state_to_text(state, &len);

    return pst_store_file_replace(file->folder, file->name, text, len, g_get_real_time(), error);
}
