// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/snapshot-judge.h"

#include "protocol/error.h"

/* The first libvirt whose QEMU driver reverts to external snapshots, as it tells its version. */
#define REVERTS_EXTERNAL 9009000

char *
pst_snapshot_judge_span(gint64 span_ms)
{
    gint64 s = span_ms / 1000;

    if (s < 60)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", s);
    if (s < 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " min %" G_GINT64_FORMAT " s", s / 60, s % 60);
    if (s < (gint64)48 * 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", s / 3600,
                               s / 60 % 60);
    return g_strdup_printf("%" G_GINT64_FORMAT " days %" G_GINT64_FORMAT " h", s / 86400,
                           s / 3600 % 24);
}

/* Unknown versions may be tried. */
static gboolean
is_stuck(const PstSnapshot *snapshot, const PstSnapshotXmlDomain *domain,
         PstSnapshotVersion version)
{
    return domain->qemu && snapshot->kind != PST_SNAPSHOT_INTERNAL && version > 0 &&
           version < REVERTS_EXTERNAL;
}

gboolean
pst_snapshot_judge_may_revert(const PstSnapshot *snapshot, const PstSnapshotXmlDomain *domain,
                              PstSnapshotVersion version, GError **error)
{
    if (!is_stuck(snapshot, domain, version))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "'%.100s' is in files beside the disks, and libvirt %lu.%lu.%lu can't revert to "
                "such a one: nothing was changed; stop the guest and define it with the disk of "
                "before, or use libvirt 9.9.0",
                snapshot->name, version / 1000000, version / 1000 % 1000, version % 1000);
    return FALSE;
}

/* ---- words ---- */

static const char *const then_words[] = {
    [PST_SNAPSHOT_MEMORY] = "its memory is in it: the guest goes on where it was then, its clock "
                            "behind and its connections gone",
    [PST_SNAPSHOT_DISKS] = "its memory is not in it: the guest is as after a loss of power",
    [PST_SNAPSHOT_OFF] = "the guest was off then, and will be off",
};

char **
pst_snapshot_judge_lost(const PstSnapshot *snapshot)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *first = NULL;

    if (snapshot->age_ms == PST_INT_UNKNOWN) {
        first = g_strdup("what happened in it since the snapshot, of which libvirt tells no time");
    } else {
        g_autofree char *span = pst_snapshot_judge_span(snapshot->age_ms);
        first = g_strdup_printf("what happened in it in the last %s", span);
    }
    g_strv_builder_add(words, first);
    g_strv_builder_add(words, then_words[snapshot->holds]);
    return g_strv_builder_end(words);
}

static gboolean
is_in(const PstSnapshot *snapshot, const char *target)
{
    for (guint i = 0; snapshot->disks != NULL && i < snapshot->disks->len; i++) {
        const PstSnapshotDisk *disk = snapshot->disks->pdata[i];

        if (g_strcmp0(disk->target, target) == 0)
            return disk->how == PST_SNAPSHOT_DISK_INTERNAL ||
                   disk->how == PST_SNAPSHOT_DISK_EXTERNAL;
    }
    return FALSE;
}

char **
pst_snapshot_judge_stays(const PstSnapshot *snapshot, const PstSnapshotXmlDomain *domain)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < domain->disks->len; i++) {
        const PstSnapshotXmlDisk *disk = domain->disks->pdata[i];

        if (disk->target != NULL && !is_in(snapshot, disk->target))
            g_strv_builder_add(names, disk->target);
    }
    return g_strv_builder_end(names);
}

static void
add_taken(GStrvBuilder *notes, char *note)
{
    g_strv_builder_add(notes, note);
    g_free(note);
}

char **
pst_snapshot_judge_fragile(const PstSnapshot *snapshot, const PstSnapshotWish *wish,
                           const PstSnapshotXmlDomain *domain, PstSnapshotVersion version)
{
    g_autoptr(GStrvBuilder) notes = g_strv_builder_new();
    g_auto(GStrv) stays = pst_snapshot_judge_stays(snapshot, domain);

    if (snapshot->holds == PST_SNAPSHOT_DISKS && !wish->quiesce)
        g_strv_builder_add(notes, "its file systems were not brought to rest (--quiesce): it is as "
                                  "after a loss of power");
    if (is_stuck(snapshot, domain, version))
        add_taken(notes, g_strdup_printf("this libvirt, %lu.%lu.%lu, can't revert to it: it is in "
                                         "files beside the disks, for which 9.9.0 is needed",
                                         version / 1000000, version / 1000 % 1000, version % 1000));
    if (snapshot->kind != PST_SNAPSHOT_INTERNAL)
        g_strv_builder_add(notes, "from now on the guest writes to other files: what copies or "
                                  "moves its disks has to know of them");
    if (domain->nvram)
        g_strv_builder_add(notes, "the variables of its firmware (NVRAM) may not be in it: they "
                                  "stay as they are at a revert");
    if (stays[0] != NULL) {
        g_autofree char *names = g_strjoinv(", ", stays);
        add_taken(notes, g_strdup_printf("not in it, and as they are after a revert: %s", names));
    }
    return g_strv_builder_end(notes);
}

/* What can't hold one within itself. */
static char *
other_formats(const PstSnapshotXmlDomain *domain)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < domain->disks->len; i++) {
        const PstSnapshotXmlDisk *disk = domain->disks->pdata[i];

        if (g_strcmp0(disk->format, "qcow2") != 0)
            g_string_append_printf(out, "%s%s is %s", out->len > 0 ? ", " : "",
                                   disk->target != NULL ? disk->target : "?",
                                   disk->format != NULL ? disk->format : "raw");
    }
    return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

char *
pst_snapshot_judge_obstacle(const PstSnapshotWish *wish, const PstSnapshotXmlDomain *domain)
{
    g_autofree char *formats = other_formats(domain);

    if (!domain->qemu)
        return NULL;
    if (domain->disks->len == 0)
        return g_strdup("it has no disk that a snapshot could be of");
    if (wish->quiesce)
        return g_strdup("its agent may not answer: without --quiesce it is not needed");
    if (wish->disk_only)
        return NULL;
    if (domain->shares)
        return g_strdup("a folder of the host's is shared with it, which keeps its memory from "
                        "being saved: --disk-only");
    if (domain->devices)
        return g_strdup("it has a device of the host's, which keeps its memory from being saved: "
                        "--disk-only");
    if (wish->live)
        return NULL;
    if (formats != NULL)
        return g_strdup_printf("within the disks it needs all of them in qcow2, and %s: "
                               "--disk-only or --live keep it in files beside them",
                               formats);
    return domain->nvram ? g_strdup("its firmware keeps variables in a file of its own, which "
                                    "libvirt takes into none within the disks: --disk-only or "
                                    "--live")
                         : NULL;
}
