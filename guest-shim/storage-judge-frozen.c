// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/storage-judge-parts.h"
#include "protocol/shell-word.h"

/* What a snapshot takes, by its programs or by the host's: then it is only worth a word. */
#define SNAPSHOT_US (30 * G_USEC_PER_SEC)

/* "; systemd-journal and 2 more wait". */
static char *
words_of(const PstStorageFrozen *row, gint64 waiting)
{
    if (waiting <= 0 || row == NULL || row->process == NULL)
        return g_strdup("");
    if (waiting == 1)
        return g_strdup_printf("; %s waits", row->process);
    return g_strdup_printf("; %s and %" G_GINT64_FORMAT " more wait", row->process, waiting - 1);
}

static void
give_evidence(PstFinding *finding, const PstStorageFrozen *row)
{
    if (row == NULL || row->process == NULL)
        return;
    finding->evidence->unit = g_strdup(row->unit);
    finding->evidence->text = g_strdup_printf("%s (pid %" G_GINT64_FORMAT ") waits in the kernel",
                                              row->process, row->pid);
}

/* The agent freezes all of them; who waits for which is of no account then. */
static void
judge_agent(const PstStorageData *data, const PstStorageFrozen *agent, gint64 now_us,
            PstReport *report)
{
    gint64 age_us = MAX(0, now_us - agent->since_us), waiting = 0;
    const PstStorageFrozen *first = NULL;

    for (guint i = 0; i < data->frozen->len; i++) {
        const PstStorageFrozen *row = data->frozen->pdata[i];

        if (row->by != NULL)
            continue;
        waiting += row->waiting;
        first = first == NULL || row->pid < first->pid ? row : first;
    }
    g_autofree char *words = words_of(first, waiting);
    PstFinding *finding = pst_report_add(
        report, "storage.frozen",
        age_us > SNAPSHOT_US ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
        "the guest agent froze the file systems %" G_GINT64_FORMAT " s ago and has not thawed "
        "them: whoever writes waits%s",
        age_us / G_USEC_PER_SEC, words);
    give_evidence(finding, first);
    finding->evidence->path = g_strdup("/run/qga.state.isfrozen");
    finding->remedy = g_strdup("on the host, once nothing takes a snapshot of it any more: virsh "
                               "domfsthaw DOMAIN");
}

static void
judge_mount(const PstStorageFrozen *row, PstReport *report)
{
    const char *const argv[] = {"/sbin/fsfreeze", "--unfreeze", row->path, NULL};
    g_autofree char *words = words_of(row, row->waiting);
    PstFinding *finding = pst_report_add(
        report, "storage.frozen",
        row->path == NULL || pst_storage_judge_is_vital(row->path) ? PST_SEVERITY_CRITICAL
                                                                   : PST_SEVERITY_WARNING,
        "%s%s is frozen: whoever writes to it waits%s",
        row->path != NULL ? "the file system on " : "a file system",
        row->path != NULL ? row->path : "", words);

    give_evidence(finding, row);
    finding->evidence->path = g_strdup(row->path);
    g_autofree char *word = pst_shell_word(row->path != NULL ? row->path : "MOUNTPOINT");
    finding->remedy = g_strdup_printf("fsfreeze --unfreeze %s; or on the host, for all of them: "
                                      "virsh domfsthaw DOMAIN",
                                      word);
    if (row->path != NULL)
        pst_report_undo(finding, PST_UNDO_ARGV)->argv = g_strdupv((char **)argv);
}

void
pst_storage_judge_frozen(const PstStorageData *data, gint64 now_us, PstReport *report)
{
    gboolean named = FALSE;

    for (guint i = 0; data->frozen != NULL && i < data->frozen->len; i++) {
        const PstStorageFrozen *row = data->frozen->pdata[i];

        if (row->by != NULL) {
            judge_agent(data, row, now_us, report);
            return;
        }
        named |= row->path != NULL;
    }
    for (guint i = 0; data->frozen != NULL && i < data->frozen->len; i++) {
        const PstStorageFrozen *row = data->frozen->pdata[i];

        /* Those of whom it is not known most often wait for the same one. */
        if (row->path != NULL || !named)
            judge_mount(row, report);
    }
}
