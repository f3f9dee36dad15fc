// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/storage-judge.h"

#include <string.h>

#include "guest-shim/storage-judge-parts.h"
#include "protocol/error.h"
#include "protocol/shell-word.h"

gboolean
pst_storage_judge_is_vital(const char *folder)
{
    static const char *const folders[] = {
        "/",    "/etc",     "/home",    "/root",          "/run",     "/tmp", "/usr",
        "/var", "/var/lib", "/var/log", "/var/log/audit", "/var/tmp", NULL};

    return g_strv_contains(folders, folder);
}

/* Whether it was in this boot; errors of an earlier one are only remembered. */
static gboolean
is_recent(const PstStorageFacts *facts, const PstStorageErrors *errors)
{
    return errors->last_us != PST_INT_UNKNOWN && facts->uptime_s != PST_INT_UNKNOWN &&
           errors->last_us >= g_get_real_time() - (facts->uptime_s + 1) * G_USEC_PER_SEC;
}

static void
judge_errors(const PstStorageFacts *facts, const PstStorageErrors *errors, PstReport *report)
{
    gboolean recent = is_recent(facts, errors);
    PstFinding *finding = pst_report_add(
        report, "storage.errors", recent ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
        "the %s file system %s has met %" G_GINT64_FORMAT " error%s%s%s", errors->type,
        errors->file_system, errors->count, errors->count == 1 ? "" : "s",
        errors->where != NULL ? ", the last one in " : "",
        errors->where != NULL ? errors->where : "");

    finding->evidence->path = g_strdup_printf("/sys/fs/%s/%s", errors->type, errors->file_system);
    if (errors->last_us != PST_INT_UNKNOWN) {
        g_autoptr(GDateTime) last = g_date_time_new_from_unix_utc(errors->last_us / G_USEC_PER_SEC);
        finding->evidence->text = last != NULL ? g_date_time_format_iso8601(last) : NULL;
    }
    finding->remedy = g_strdup(
        g_str_equal(errors->type, "btrfs")
            ? "look at the disk on the host, then: btrfs scrub start MOUNTPOINT; once it is clean: "
              "btrfs device stats --reset MOUNTPOINT"
            : "look at the disk on the host; then check the file system while it is not mounted: "
              "e2fsck -f (for the root: fsck.mode=force on the kernel's command line)");
}

static void
judge_disk(const PstStorageDisk *disk, PstReport *report)
{
    if (disk->members_missing == PST_INT_UNKNOWN || disk->members_missing <= 0)
        return;
    PstFinding *finding =
        pst_report_add(report, "storage.raid-degraded", PST_SEVERITY_WARNING,
                       "the RAID %s runs without %" G_GINT64_FORMAT " of its members", disk->name,
                       disk->members_missing);
    finding->evidence->path = g_strdup_printf("/sys/block/%s/md/degraded", disk->name);
    finding->remedy = g_strdup_printf("mdadm --detail /dev/%s names what is missing; then add it "
                                      "again: mdadm /dev/%s --add DEVICE",
                                      disk->name, disk->name);
}

/* The name of the unit that systemd makes of a folder: systemd-escape(1). */
static char *
mount_unit(const char *folder)
{
    const char *at = folder + strspn(folder, "/");
    GString *name = g_string_new(*at == '\0' ? "-" : NULL);

    for (const char *start = at; *at != '\0'; at++) {
        if (*at == '/')
            g_string_append_c(name, '-');
        else if (g_ascii_isalnum(*at) || *at == ':' || *at == '_' || (*at == '.' && at != start))
            g_string_append_c(name, *at);
        else
            g_string_append_printf(name, "\\x%02x", (guint8)*at);
    }
    g_string_append(name, ".mount");
    return g_string_free(name, FALSE);
}

static PstSeverity
severity_of_missing(const PstStorageFacts *facts, const PstFstabEntry *entry)
{
    if (facts->starting || pst_mount_table_has_option(entry->options, "nofail"))
        return PST_SEVERITY_INFORMATION;
    return pst_storage_judge_is_vital(entry->folder) ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING;
}

static void
judge_missing(const PstStorageFacts *facts, const PstFstabEntry *entry,
              const PstStorageUnmounted *told, PstReport *report)
{
    gboolean gone = told->device_present == PST_TRI_NO;
    PstFinding *finding = pst_report_add(
        report, "storage.fstab-not-mounted", severity_of_missing(facts, entry),
        "%s is not mounted, though line %" G_GINT64_FORMAT " of /etc/fstab wants it%s%s%s",
        entry->folder, entry->line, gone ? ": there is no " : "", gone ? entry->device : "",
        facts->starting ? "; the guest is still starting" : "");

    finding->evidence->path = g_strdup("/etc/fstab");
    finding->evidence->line = entry->line;
    finding->evidence->text = g_strdup(entry->text);
    finding->evidence->unit = mount_unit(entry->folder);
    g_autofree char *word = pst_shell_word(entry->folder);
    finding->remedy =
        gone ? g_strdup_printf("attach the device, or correct the line (blkid tells the tags that "
                               "are there), or give it the option nofail; then: systemctl "
                               "daemon-reload; mount %s",
                               word)
             : g_strdup_printf("mount %s tells what is wrong with it", word);
}

void
pst_storage_judge(const PstStorageFacts *facts, const PstStorageData *data, PstReport *report)
{
    if (facts->mounts_error != NULL)
        pst_probe_add_unlooked(report, "storage.could-not-look", "the mounts", facts->mounts_error);
    if (facts->fstab_error != NULL &&
        !g_error_matches(facts->fstab_error, PST_ERROR, PST_ERROR_ABSENT))
        pst_probe_add_unlooked(report, "storage.could-not-look", "what is meant to be mounted",
                               facts->fstab_error);
    if (facts->frozen_error != NULL)
        pst_probe_add_unlooked(report, "storage.could-not-look",
                               "whether somebody waits for a frozen file system",
                               facts->frozen_error);
    for (guint i = 0; data->errors != NULL && i < data->errors->len; i++)
        judge_errors(facts, data->errors->pdata[i], report);
    for (guint i = 0; data->disks != NULL && i < data->disks->len; i++)
        judge_disk(data->disks->pdata[i], report);
    pst_storage_judge_frozen(data, g_get_real_time(), report);
    for (guint i = 0; i < facts->rows->len; i++) {
        const PstStorageRow *row = &g_array_index(facts->rows, PstStorageRow, i);

        pst_storage_judge_state(facts, row, report);
        pst_storage_judge_room(row, data, report);
    }
    for (guint i = 0; i < facts->missing->len; i++)
        judge_missing(facts, facts->missing->pdata[i], data->unmounted->pdata[i], report);
}
