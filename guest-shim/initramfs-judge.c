// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/initramfs-judge.h"

#include "guest-shim/bytes-text.h"

#define PATIENCE_S 60
#define MAX_BLOCKS 8
#define COMMAND_LINE "/proc/cmdline"

/* "vda1 (2.9 GiB, ext4, UUID …, label …)". */
static void
append_block(GString *text, const PstSystemBlock *block)
{
    g_autofree char *size =
        block->size_bytes != PST_INT_UNKNOWN ? pst_bytes_text(block->size_bytes) : g_strdup("?");

    g_string_append_printf(text, "%s (%s", block->name, size);
    if (block->file_system != NULL)
        g_string_append_printf(text, ", %s", block->file_system);
    else if (block->looked_at == PST_TRI_YES)
        g_string_append(text, ", nothing known on it");
    if (block->uuid != NULL)
        g_string_append_printf(text, ", UUID %s", block->uuid);
    if (block->label != NULL)
        g_string_append_printf(text, ", label %s", block->label);
    g_string_append_c(text, ')');
}

static char *
blocks_text(const PstSystemEarly *early)
{
    guint n = early->blocks != NULL ? early->blocks->len : 0;
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < n && i < MAX_BLOCKS; i++) {
        g_string_append(text, i > 0 ? ", " : "");
        append_block(text, early->blocks->pdata[i]);
    }
    if (n > MAX_BLOCKS)
        g_string_append_printf(text, " and %u more", n - MAX_BLOCKS);
    return g_string_free(text, FALSE);
}

/* The kernel's names alone: a message is one line. */
static char *
block_names(const PstSystemEarly *early)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; early->blocks != NULL && i < early->blocks->len && i < MAX_BLOCKS; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               ((const PstSystemBlock *)early->blocks->pdata[i])->name);
    return g_string_free(text, FALSE);
}

static const PstSystemBlock *
root_block(const PstSystemEarly *early)
{
    for (guint i = 0; early->blocks != NULL && i < early->blocks->len; i++) {
        const PstSystemBlock *block = early->blocks->pdata[i];

        if (g_strcmp0(block->name, early->root_device) == 0)
            return block;
    }
    return NULL;
}

static gboolean
gave_up(const PstSystemData *data)
{
    return data->early->gave_up != NULL || data->uptime_s == PST_INT_UNKNOWN ||
           data->uptime_s >= PATIENCE_S;
}

static PstSeverity
severity_of(const PstSystemData *data)
{
    return gave_up(data) ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING;
}

static const PstFinding *
judge_stopped(const PstSystemData *data, PstReport *report)
{
    const PstSystemEarly *early = data->early;

    if (early->stop_at == NULL || early->gave_up == NULL)
        return NULL;
    PstFinding *finding = pst_report_add(report, "system.initramfs-break", PST_SEVERITY_CRITICAL,
                                         "break=%s on the kernel's command line stops the start in "
                                         "the initramfs",
                                         early->stop_at);
    finding->evidence->path = g_strdup(COMMAND_LINE);
    finding->evidence->text = g_strdup(data->kernel->command_line);
    finding->evidence->error = g_strdup(early->gave_up);
    finding->remedy = g_strdup("leave the shell on the console with exit (virsh console DOMAIN), "
                               "and take the word off the command line");
    return finding;
}

static const PstFinding *
judge_locked(const PstSystemData *data, PstReport *report)
{
    if (data->early->asking == NULL)
        return NULL;
    PstFinding *finding = pst_report_add(
        report, "system.root-locked", severity_of(data),
        "the initramfs waits for the passphrase of an encrypted disk (%s)", data->early->asking);
    finding->evidence->command = g_strdup(data->early->asking);
    finding->evidence->text = blocks_text(data->early);
    finding->remedy = g_strdup("type it on the guest's console: virsh console DOMAIN");
    return finding;
}

static const PstFinding *
judge_no_init(const PstSystemData *data, PstReport *report)
{
    if (data->early->root_has_init != PST_TRI_NO)
        return NULL;
    PstFinding *finding =
        pst_report_add(report, "system.root-no-init", severity_of(data),
                       "what root=%s names is mounted, but holds no system: there is no /sbin/init",
                       data->early->root != NULL ? data->early->root : "");
    finding->evidence->path = g_strdup(COMMAND_LINE);
    finding->evidence->text = g_strdup(data->kernel->command_line);
    finding->evidence->error = g_strdup(data->early->gave_up);
    finding->remedy =
        g_strdup("name the file system that holds the system in root= of the kernel's "
                 "command line");
    return finding;
}

static const PstFinding *
judge_missing(const PstSystemData *data, PstReport *report)
{
    const PstSystemEarly *early = data->early;
    g_autofree char *names = block_names(early);
    g_autofree char *others = *names != '\0' ? g_strdup_printf("the block devices are: %s", names)
                                             : g_strdup("there is no block device");
    PstFinding *finding;

    if (data->kernel->command_line == NULL || early->root_mounted == PST_TRI_YES)
        return NULL;
    if (early->root == NULL && early->gave_up != NULL)
        finding = pst_report_add(report, "system.root-device-missing", severity_of(data),
                                 "the kernel's command line names no root=; %s", others);
    else if (early->root_present == PST_TRI_NO)
        finding = pst_report_add(report, "system.root-device-missing", severity_of(data),
                                 "root=%s is not there%s; %s", early->root,
                                 gave_up(data) ? "" : " yet", others);
    else
        return NULL;
    finding->evidence->path = g_strdup(COMMAND_LINE);
    finding->evidence->expected = g_strdup(early->root);
    finding->evidence->text = blocks_text(early);
    finding->evidence->error = g_strdup(early->gave_up);
    finding->remedy =
        g_strdup("correct root= in the boot loader's configuration, or in <cmdline> of "
                 "the domain's XML, or attach the disk; then virsh reset DOMAIN");
    return finding;
}

static const PstFinding *
judge_not_mountable(const PstSystemData *data, PstReport *report)
{
    const PstSystemEarly *early = data->early;
    const PstSystemBlock *block = root_block(early);
    const char *type = block != NULL ? block->file_system : NULL;
    gboolean nothing_known = block != NULL && block->looked_at == PST_TRI_YES && type == NULL;
    PstFinding *finding;

    /* While it is checked, or its journal replayed, it is not mounted yet. */
    if (early->root_present != PST_TRI_YES || early->root_mounted != PST_TRI_NO ||
        (early->gave_up == NULL && !nothing_known))
        return NULL;
    finding = pst_report_add(
        report, "system.root-not-mountable", severity_of(data), "root=%s is there (%s%s%s), but %s",
        early->root, early->root_device, type != NULL ? ", " : "", type != NULL ? type : "",
        nothing_known ? "no file system that is known is on it" : "it could not be mounted");
    finding->evidence->path = g_strdup_printf("/dev/%s", early->root_device);
    finding->evidence->text = g_strdup(early->complaint != NULL ? early->complaint : early->check);
    finding->evidence->error = g_strdup(early->gave_up);
    finding->remedy =
        g_strdup_printf("copy the disk first; then fsck /dev/%s on the guest's console, "
                        "or go back to a snapshot",
                        early->root_device);
    return finding;
}

void
pst_initramfs_judge(const PstSystemData *data, PstReport *report)
{
    static const PstFinding *(*const judges[])(const PstSystemData *, PstReport *) = {
        judge_stopped, judge_locked, judge_no_init, judge_missing, judge_not_mountable};
    const PstFinding *cause = NULL;
    PstFinding *finding;

    for (guint i = 0; cause == NULL && i < G_N_ELEMENTS(judges); i++)
        cause = judges[i](data, report);
    finding = pst_report_add(report, "system.in-initramfs", severity_of(data),
                             "the guest is still in its initramfs: nothing of the installed system "
                             "runs");
    finding->evidence->error = cause == NULL ? g_strdup(data->early->gave_up) : NULL;
    if (cause != NULL) {
        finding->caused_by = g_strdup(cause->id);
        return;
    }
    finding->evidence->path = g_strdup(COMMAND_LINE);
    finding->evidence->text = g_strdup(data->kernel->command_line);
    finding->remedy = g_strdup("see on the console what it waits for: virsh console DOMAIN");
}
