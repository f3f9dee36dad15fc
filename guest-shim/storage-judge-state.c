// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "guest-shim/storage-judge-parts.h"
#include "protocol/shell-word.h"

static PstSeverity
severity_of(const PstStorageRow *row)
{
    return pst_storage_judge_is_vital(row->mount->folder) ? PST_SEVERITY_CRITICAL
                                                          : PST_SEVERITY_WARNING;
}

static void
give_evidence(PstFinding *finding, const PstStorageRow *row)
{
    finding->evidence->path = g_strdup(row->mount->folder);
    finding->evidence->text = g_strdup(row->mount->line);
}

/* What is mounted in one that does not answer can't answer either, and is no news. */
static gboolean
is_in_a_silent_one(const PstStorageFacts *facts, const PstStorageRow *row)
{
    for (guint i = 0; i < facts->rows->len; i++) {
        const PstStorageRow *other = &g_array_index(facts->rows, PstStorageRow, i);
        gsize len = strlen(other->mount->folder);

        if (other != row && other->ask.state == PST_MOUNT_ASK_SILENT &&
            strncmp(row->mount->folder, other->mount->folder, len) == 0 &&
            row->mount->folder[len] == '/')
            return TRUE;
    }
    return FALSE;
}

/* fuse.rst of the kernel's docs: the number is the minor one of the device. */
static char *
remedy_of_silent(const PstMount *mount)
{
    const char *minor = strchr(mount->device, ':');

    if (g_str_has_prefix(mount->type, "fuse"))
        return g_strdup_printf("see to the daemon that serves it (systemctl kill --signal=CONT "
                               "UNIT where it is stopped); or end it: echo 1 > "
                               "/sys/fs/fuse/connections/%s/abort; umount --lazy %s",
                               minor != NULL ? minor + 1 : "N", mount->folder);
    return g_strdup_printf("see that its server %s runs and can be reached; or give it up: umount "
                           "--force --lazy %s",
                           mount->source, mount->folder);
}

static void
judge_silent(const PstStorageFacts *facts, const PstStorageRow *row, PstReport *report)
{
    if (is_in_a_silent_one(facts, row))
        return;
    PstFinding *finding =
        pst_report_add(report, "storage.mount-hangs", severity_of(row),
                       "the mount on %s (%s, %s) does not answer: whoever looks below it waits%s",
                       row->mount->folder, row->mount->type, row->mount->source,
                       row->ask.earlier ? "; an earlier look still hangs in it" : "");
    give_evidence(finding, row);
    finding->remedy = remedy_of_silent(row->mount);
}

/* What the server, the daemon or the disk has given up. */
static gboolean
is_broken(int failure)
{
    static const int failures[] = {EIO,       ENOTCONN,  ESTALE,    ENXIO,        ENODEV,
                                   ESHUTDOWN, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ECONNABORTED};

    for (guint i = 0; i < G_N_ELEMENTS(failures); i++)
        if (failures[i] == failure)
            return TRUE;
    return FALSE;
}

static void
judge_failed(const PstStorageRow *row, PstReport *report)
{
    const char *why = g_strerror(row->ask.failure);
    PstFinding *finding;

    if (is_broken(row->ask.failure)) {
        finding = pst_report_add(report, "storage.mount-broken", severity_of(row),
                                 "the mount on %s (%s, %s) can't be used: %s", row->mount->folder,
                                 row->mount->type, row->mount->source, why);
        g_autofree char *word = pst_shell_word(row->mount->folder);
        finding->remedy =
            g_strdup_printf("see to what serves it, then: umount --lazy %s; mount %s", word, word);
    } else {
        finding = pst_report_add(report, "storage.could-not-look", PST_SEVERITY_UNKNOWN,
                                 "could not look at %s: %s", row->mount->folder, why);
    }
    give_evidence(finding, row);
    finding->evidence->error = g_strdup(why);
}

static gboolean
has_met_errors(const PstReport *report, const PstStorageRow *row)
{
    g_autofree char *name = g_strdup_printf("/%s", row->block_name != NULL ? row->block_name : "");
    gboolean btrfs = g_str_equal(row->mount->type, "btrfs");

    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (g_str_equal(finding->id, "storage.errors") &&
            (g_str_has_suffix(finding->evidence->path, name) ||
             (btrfs && strstr(finding->evidence->path, "/btrfs/") != NULL)))
            return TRUE;
    }
    return FALSE;
}

/* The kernel takes writing from the file system and leaves the mount's own option as it was; mount
 * and administrators set both (do_remount_sb() against do_mount() in the kernel's fs/). Newer ext4
 * says it in words of its own. */
static gboolean
is_by_kernel(const PstMount *mount)
{
    return !pst_mount_table_has_option(mount->options, "ro") &&
           (pst_mount_table_has_option(mount->file_options, "ro") ||
            pst_mount_table_has_option(mount->file_options, "emergency_ro") ||
            pst_mount_table_has_option(mount->file_options, "shutdown"));
}

/* Writing can be given back where nothing is known to be wrong, and everything that could be wrong
 * would be known. */
static gboolean
can_be_remounted(const PstStorageRow *row, gboolean by_kernel, gboolean errors)
{
    return !errors && !row->device_read_only &&
           (!by_kernel || g_str_equal(row->mount->type, "ext4")) &&
           !pst_mount_table_has_option(row->mount->file_options, "emergency_ro") &&
           !pst_mount_table_has_option(row->mount->file_options, "shutdown");
}

static void
give_way_back(PstFinding *finding, const PstStorageRow *row, gboolean by_kernel, gboolean errors)
{
    const char *const argv[] = {"/bin/mount", "-o", "remount,rw", row->mount->folder, NULL};

    if (row->device_read_only) {
        g_autofree char *word = pst_shell_word(row->mount->source);
        finding->remedy = g_strdup_printf("its device %s refuses writing: look at it on the host "
                                          "(<readonly/> in virsh dumpxml), or: blockdev --setrw",
                                          word);
    } else if (can_be_remounted(row, by_kernel, errors)) {
        g_autofree char *word = pst_shell_word(row->mount->folder);
        finding->remedy = g_strdup_printf("mount -o remount,rw %s", word);
        pst_report_undo(finding, PST_UNDO_ARGV)->argv = g_strdupv((char **)argv);
    } else {
        g_autofree char *word = pst_shell_word(row->mount->folder);
        finding->remedy = g_strdup_printf("look for errors of its disk in the kernel's messages "
                                          "first, and check the file system; then: mount -o "
                                          "remount,rw %s",
                                          word);
    }
}

static void
judge_read_only(const PstStorageRow *row, PstReport *report)
{
    gboolean by_kernel = is_by_kernel(row->mount), errors = has_met_errors(report, row);
    PstFinding *finding;

    if (row->meant == PST_FSTAB_READ_ONLY || pst_mount_table_is_never_writable(row->mount))
        return;
    if (by_kernel && !row->repeated)
        finding = pst_report_add(report, "storage.read-only", severity_of(row),
                                 "%s can't be written: the kernel took that away from its file "
                                 "system%s",
                                 row->mount->folder, errors ? " after errors" : "");
    else if (!by_kernel && pst_mount_table_is_read_only(row->mount) &&
             row->meant == PST_FSTAB_WRITABLE)
        finding =
            pst_report_add(report, "storage.read-only", severity_of(row),
                           "%s is mounted read-only, and %s wants it writable", row->mount->folder,
                           row->entry != NULL ? "/etc/fstab" : "the kernel's command line");
    else
        return;
    give_evidence(finding, row);
    finding->evidence->expected = g_strdup(row->entry != NULL ? row->entry->text : "rw");
    finding->caused_by = g_strdup(errors ? "storage.errors" : NULL);
    give_way_back(finding, row, by_kernel, errors);
}

void
pst_storage_judge_state(const PstStorageFacts *facts, const PstStorageRow *row, PstReport *report)
{
    if (row->ask.state == PST_MOUNT_ASK_SILENT)
        judge_silent(facts, row, report);
    else if (row->ask.state == PST_MOUNT_ASK_FAILED)
        judge_failed(row, report);
    else
        judge_read_only(row, report);
}
