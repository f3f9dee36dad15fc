// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/health-file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host-sidecar/store-file.h"
#include "host-sidecar/store-settings.h"
#include "protocol/error.h"

struct PstHealthFile {
    PstStoreFolder *folder;
    char *name, *lock_name;
    int lock;
};

char *
pst_health_file_folder(GKeyFile *config, GError **error)
{
    g_autoptr(PstStoreSettings) settings = pst_store_settings_read(config, error);

    if (settings == NULL)
        return NULL;
    g_autofree char *parent = g_path_get_dirname(settings->folder);
    return g_build_filename(parent, "health", NULL);
}

/* ", process 4711", or nothing where that is not known. */
static char *
holder_words(const PstHealthFile *file)
{
    int fd = pst_store_file_open(file->folder, file->lock_name);
    char text[16] = "";
    guint64 pid = 0;

    if (fd < 0)
        return g_strdup("");
    gssize n = pread(fd, text, sizeof(text) - 1, 0);
    close(fd);
    if (n <= 0 || !g_ascii_string_to_unsigned(g_strstrip(text), 10, 1, G_MAXINT32, &pid, NULL))
        return g_strdup("");
    return g_strdup_printf(", process %" G_GUINT64_FORMAT, pid);
}

/* Of fixed width, so that a reader never meets half of it. */
static void
write_holder(int fd)
{
    g_autofree char *text = g_strdup_printf("%10d\n", (int)getpid());

    (void)!pwrite(fd, text, strlen(text), 0);
}

static gboolean
take_lock(PstHealthFile *file, GError **error)
{
    g_autoptr(GError) cause = NULL;

    file->lock = pst_store_file_lock(file->folder, file->lock_name, &cause);
    if (file->lock >= 0) {
        pst_store_file_clear(file->folder, file->name);
        write_holder(file->lock);
        return TRUE;
    }
    if (cause->code != PST_ERROR_BUSY) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    g_autofree char *holder = holder_words(file);
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                "another sweep of this hypervisor is under way%s; there are never two", holder);
    return FALSE;
}

PstHealthFile *
pst_health_file_open(const char *folder, const char *uri, GError **error)
{
    g_autoptr(PstHealthFile) file = g_new0(PstHealthFile, 1);
    g_autofree char *name = pst_store_folder_name(uri);

    file->lock = -1;
    file->name = g_strconcat(name, ".health", NULL);
    file->lock_name = g_strconcat(name, ".lock", NULL);
    file->folder = pst_store_folder_open(folder, error);
    if (file->folder == NULL || !take_lock(file, error))
        return NULL;
    return g_steal_pointer(&file);
}

void
pst_health_file_free(PstHealthFile *file)
{
    if (file->lock >= 0)
        close(file->lock);
    g_clear_pointer(&file->folder, pst_store_folder_free);
    g_free(file->name);
    g_free(file->lock_name);
    g_free(file);
}

PstHealthMemory *
pst_health_file_read(const PstHealthFile *file)
{
    int fd = pst_store_file_open(file->folder, file->name);
    PstHealthMemory *memory = NULL;
    gsize len = 0;

    if (fd >= 0) {
        g_autoptr(GBytes) bytes = pst_store_file_read(fd, PST_HEALTH_MEMORY_MAX_BYTES + 1, NULL);
        const char *text = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

        memory = len > 0 ? pst_health_memory_parse(text, len, NULL) : NULL;
        close(fd);
    }
    return memory != NULL ? memory : pst_health_memory_new();
}

gboolean
pst_health_file_write(const PstHealthFile *file, PstHealthMemory *memory, GError **error)
{
    gsize len = 0;
    g_autofree char *text = pst_health_memory_to_text(memory, &len);

    return pst_store_file_replace(file->folder, file->name, text, len, g_get_real_time(), error);
}
