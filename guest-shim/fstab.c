// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/fstab.h"

#include <string.h>

#include "guest-shim/mount-secrets.h"
#include "guest-shim/mount-table.h"

#define PATH "/etc/fstab"
#define MAX_FILE (256 * 1024)
#define MAX_ENTRIES 2000
#define BLANK " \t\r"

enum { DEVICE, FOLDER, TYPE, OPTIONS, N_COLUMNS };

static void
free_entry(gpointer data)
{
    PstFstabEntry *entry = data;

    g_free(entry->text);
    g_free(entry->device);
    g_free(entry->folder);
    g_free(entry->type);
    g_free(entry->options);
    g_free(entry);
}

/* The next column of *AT, NULL at the end of the line. */
static char *
take_column(const char **at)
{
    const char *start = *at + strspn(*at, BLANK);
    gsize len = strcspn(start, BLANK);

    *at = start + len;
    if (len == 0)
        return NULL;
    g_autofree char *column = g_strndup(start, len);
    return pst_mount_table_unescape(column);
}

static PstFstabEntry *
parse_line(const char *line, gint64 number)
{
    char *columns[N_COLUMNS] = {NULL};
    const char *at = line;

    if (line[strspn(line, BLANK)] == '#')
        return NULL;
    for (guint i = 0; i < N_COLUMNS; i++)
        columns[i] = take_column(&at);
    if (columns[TYPE] == NULL) {
        for (guint i = 0; i < N_COLUMNS; i++)
            g_free(columns[i]);
        return NULL;
    }

    PstFstabEntry *entry = g_new0(PstFstabEntry, 1);
    gsize len = strlen(columns[FOLDER]);
    if (len > 1 && columns[FOLDER][len - 1] == '/')
        columns[FOLDER][len - 1] = '\0';
    entry->line = number;
    entry->text = pst_mount_secrets_hide(line);
    entry->device = pst_mount_secrets_hide(columns[DEVICE]);
    entry->folder = columns[FOLDER];
    entry->type = columns[TYPE];
    entry->options =
        pst_mount_secrets_hide(columns[OPTIONS] != NULL ? columns[OPTIONS] : "defaults");
    g_free(columns[DEVICE]);
    g_free(columns[OPTIONS]);
    return entry;
}

GPtrArray *
pst_fstab_parse(const char *text)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(free_entry);

    for (gint64 number = 1; *text != '\0' && entries->len < MAX_ENTRIES; number++) {
        gsize len = strcspn(text, "\n");
        g_autofree char *line = g_strndup(text, len);
        PstFstabEntry *entry = parse_line(line, number);

        if (entry != NULL)
            g_ptr_array_add(entries, entry);
        text += len + (text[len] == '\n');
    }
    return entries;
}

GPtrArray *
pst_fstab_read(const PstSysroot *sysroot, GError **error)
{
    g_autofree char *text = pst_sysroot_read(sysroot, PATH, MAX_FILE, NULL, error);

    return text != NULL ? pst_fstab_parse(text) : NULL;
}

const PstFstabEntry *
pst_fstab_at(const GPtrArray *entries, const char *folder)
{
    for (guint i = entries != NULL ? entries->len : 0; i > 0; i--) {
        const PstFstabEntry *entry = entries->pdata[i - 1];
        if (g_str_equal(entry->folder, folder))
            return entry;
    }
    return NULL;
}

PstFstabMeant
pst_fstab_meant(const GPtrArray *entries, const char *folder, const char *command_line)
{
    const PstFstabEntry *entry = pst_fstab_at(entries, folder);

    if (entry != NULL)
        return pst_mount_table_has_option(entry->options, "ro") ? PST_FSTAB_READ_ONLY
                                                                : PST_FSTAB_WRITABLE;
    if (!g_str_equal(folder, "/"))
        return PST_FSTAB_UNSAID;
    g_auto(GStrv) words = g_strsplit(command_line != NULL ? command_line : "", " ", -1);
    return g_strv_contains((const char *const *)words, "rw") ? PST_FSTAB_WRITABLE
                                                             : PST_FSTAB_UNSAID;
}
