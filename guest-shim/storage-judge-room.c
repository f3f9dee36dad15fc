// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/bytes-text.h"
#include "guest-shim/storage-judge-parts.h"
#include "protocol/shell-word.h"

#define MEBI ((gint64)1024 * 1024)

/* Programs fail before the last byte is gone. */
#define FULL_SHARE 1000
#define FULL_BYTES (16 * MEBI)
/* A share alone accuses large disks that have room for months, an amount alone small ones that
 * never grow: both must be passed. */
#define NEARLY_SHARE 20
#define NEARLY_BYTES (1024 * MEBI)
#define GONE_INODES 16
#define LOW_INODES 10000
#define MAX_NAMED 3

static gboolean
knows_room(const PstStorageMount *mount)
{
    return mount->read_only != PST_TRI_YES && mount->size_bytes != PST_INT_UNKNOWN &&
           mount->size_bytes > 0 && mount->available_bytes != PST_INT_UNKNOWN;
}

gboolean
pst_storage_judge_is_full(const PstStorageMount *mount)
{
    return knows_room(mount) &&
           mount->available_bytes <= MIN(mount->size_bytes / FULL_SHARE, FULL_BYTES);
}

static gboolean
is_nearly_full(const PstStorageMount *mount)
{
    return knows_room(mount) &&
           mount->available_bytes < MIN(mount->size_bytes / NEARLY_SHARE, NEARLY_BYTES);
}

/* File systems that make inodes as they need them say 0, or as many as would find room: there the
 * room is what is gone. */
static gboolean
are_inodes_low(const PstStorageMount *mount, gint64 limit)
{
    return mount->read_only != PST_TRI_YES && mount->inodes != PST_INT_UNKNOWN &&
           mount->inodes > 0 && mount->inodes_free != PST_INT_UNKNOWN &&
           !g_str_equal(mount->type, "xfs") &&
           mount->inodes_free <= MIN(mount->inodes / NEARLY_SHARE, limit);
}

/* Kernels and loaders are sized to fit, and written once in a while. */
static gboolean
is_of_boot(const char *folder)
{
    return g_str_equal(folder, "/boot") || g_str_has_prefix(folder, "/boot/") ||
           g_str_equal(folder, "/efi");
}

static PstSeverity
severity_of(const PstStorageRow *row)
{
    return pst_storage_judge_is_vital(row->mount->folder) && !row->ask.remote
               ? PST_SEVERITY_CRITICAL
               : PST_SEVERITY_WARNING;
}

/* The first few FILES that lie in FOLDER. */
static void
append_files(GString *text, const char *words, const GPtrArray *files, const char *folder)
{
    guint n = 0;

    for (guint i = 0; files != NULL && i < files->len && n < MAX_NAMED; i++) {
        const PstStorageFile *file = files->pdata[i];
        g_autofree char *size = pst_bytes_text(file->size_bytes);

        if (file->path == NULL || !g_str_has_prefix(file->path, folder))
            continue;
        g_string_append_printf(text, "%s%s (%s%s%s)", n++ == 0 ? words : ", ", file->path, size,
                               file->unit != NULL ? ", held by " : "",
                               file->unit != NULL ? file->unit : "");
    }
}

static void
judge_full(const PstStorageRow *row, const PstStorageData *data, PstReport *report)
{
    const PstStorageMount *told = row->told;
    g_autofree char *size = pst_bytes_text(told->size_bytes);
    g_autofree char *left = pst_bytes_text(told->available_bytes);
    g_autofree char *for_root = pst_bytes_text(MAX(0, told->free_bytes));
    g_autoptr(GString) text = g_string_new(NULL);
    PstFinding *finding = pst_report_add(
        report, "storage.full", severity_of(row), "%s is full: %s left of %s%s%s", told->path, left,
        size, told->free_bytes > told->available_bytes ? ", for root alone " : "",
        told->free_bytes > told->available_bytes ? for_root : "");

    finding->evidence->path = g_strdup(told->path);
    append_files(text, "largest: ", data->largest, told->path);
    append_files(text, text->len > 0 ? "; deleted but still open: " : "deleted but still open: ",
                 data->deleted, told->path);
    finding->evidence->text = text->len > 0 ? g_strdup(text->str) : NULL;
    finding->evidence->source = g_strdup(row->mount->source);
    g_autofree char *word = pst_shell_word(told->path);
    finding->remedy = g_strdup_printf(
        "free some: du --one-file-system --max-depth=2 %s | sort -n finds what is large; "
        "journalctl --vacuum-size=100M and the package manager's clean give some back; the room of "
        "a deleted file comes back when who has it open is restarted",
        word);
}

static void
judge_nearly_full(const PstStorageRow *row, PstReport *report)
{
    const PstStorageMount *told = row->told;
    g_autofree char *size = pst_bytes_text(told->size_bytes);
    g_autofree char *left = pst_bytes_text(told->available_bytes);
    PstFinding *finding =
        pst_report_add(report, "storage.nearly-full",
                       is_of_boot(told->path) ? PST_SEVERITY_INFORMATION : PST_SEVERITY_WARNING,
                       "%s is nearly full: %s left of %s", told->path, left, size);

    finding->evidence->path = g_strdup(told->path);
    finding->evidence->source = g_strdup(row->mount->source);
    g_autofree char *word = pst_shell_word(told->path);
    finding->remedy = g_strdup_printf(
        "du --one-file-system --max-depth=2 %s | sort -n finds what is large", word);
}

static void
judge_inodes(const PstStorageRow *row, PstReport *report)
{
    const PstStorageMount *told = row->told;
    gboolean gone = are_inodes_low(told, GONE_INODES);

    if (!gone && !are_inodes_low(told, LOW_INODES))
        return;
    PstFinding *finding = pst_report_add(
        report, gone ? "storage.inodes-gone" : "storage.inodes-low",
        gone ? severity_of(row) : PST_SEVERITY_WARNING,
        "%s can hold %s: %" G_GINT64_FORMAT " of its %" G_GINT64_FORMAT " inodes are left",
        told->path, gone ? "no more files" : "few more files", told->inodes_free, told->inodes);
    finding->evidence->path = g_strdup(told->path);
    finding->evidence->source = g_strdup(row->mount->source);
    g_autofree char *word = pst_shell_word(told->path);
    finding->remedy = g_strdup_printf("du --inodes --one-file-system --max-depth=3 %s | sort -n "
                                      "finds the folder with many small files; delete those",
                                      word);
}

void
pst_storage_judge_room(const PstStorageRow *row, const PstStorageData *data, PstReport *report)
{
    if (row->ask.state != PST_MOUNT_ASK_ANSWERED || row->repeated)
        return;
    if (pst_storage_judge_is_full(row->told))
        judge_full(row, data, report);
    else if (is_nearly_full(row->told))
        judge_nearly_full(row, report);
    judge_inodes(row, report);
}
