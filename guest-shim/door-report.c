// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/door-report.h"

#include "guest-shim/read-audit.h"
#include "protocol/error.h"

char *
pst_door_report_mode(const struct stat *st)
{
    return g_strdup_printf("%04o", (guint)st->st_mode & 07777);
}

char *
pst_door_report_owner(const struct stat *st)
{
    return g_strdup_printf("%u:%u", st->st_uid, st->st_gid);
}

gint64
pst_door_report_mtime(const struct stat *st)
{
    return (gint64)st->st_mtim.tv_sec * G_USEC_PER_SEC + st->st_mtim.tv_nsec / 1000;
}

typedef enum { DENIED, ABSENT, WRONG_TYPE, COULD_NOT_LOOK, NOT_RECORDED } What;

static const char *
id_of(const PstReport *report, What what)
{
    static const struct {
        const char *probe, *ids[NOT_RECORDED + 1];
    } rows[] = {
        {"file",
         {"file.denied", "file.absent", "file.wrong-type", "file.could-not-look",
          "file.not-recorded"}},
        {"list",
         {"list.denied", "list.absent", "list.wrong-type", "list.could-not-look",
          "list.not-recorded"}},
    };

    return rows[g_str_equal(report->probe, rows[0].probe) ? 0 : 1].ids[what];
}

/* Before anything is shown. A guest whose journal is broken must be looked at all the same. */
static void
record(const PstProbeContext *context, const char *path, const char *real, const char *refusal,
       PstReport *report)
{
    PstReadAudit audit = {report->probe, path, real, refusal};
    g_autoptr(GError) error = NULL;

    if (pst_read_audit_write(context, &audit, &error))
        return;
    pst_report_add(report, id_of(report, NOT_RECORDED), PST_SEVERITY_INFORMATION,
                   "the guest has no record of this reading: %s", error->message)
        ->evidence->error = g_strdup(error->message);
}

static What
what_of(const GError *cause)
{
    if (cause->code == PST_ERROR_NOT_ALLOWED)
        return DENIED;
    if (cause->code == PST_ERROR_ABSENT)
        return ABSENT;
    return cause->code == PST_ERROR_INVALID_PARAMS ? WRONG_TYPE : COULD_NOT_LOOK;
}

static void
explain(const char *path, const GError *cause, PstReport *report)
{
    What what = what_of(cause);
    PstFinding *finding = pst_report_add(
        report, id_of(report, what), what == ABSENT ? PST_SEVERITY_WARNING : PST_SEVERITY_UNKNOWN,
        "%s", cause->message);

    finding->evidence->path = g_strdup(path);
    if (what == DENIED)
        finding->remedy =
            g_strdup("what may be read is set in " PST_CONFIG_FILE " of the guest, [read] allow= "
                     "and deny=");
}

PstDoor *
pst_door_report_new(const PstProbeContext *context, const char *path, PstReport *report)
{
    g_autoptr(GError) cause = NULL;
    PstDoor *door = pst_door_new(context->sysroot, &cause);

    if (door != NULL)
        return door;
    record(context, path, NULL, cause->message, report);
    explain(path, cause, report);
    return NULL;
}

gboolean
pst_door_report_open(const PstProbeContext *context, const PstDoor *door, const char *path,
                     gboolean folder, PstDoorFile *file, PstReport *report)
{
    g_autoptr(GError) cause = NULL;
    gboolean opened = pst_door_open(door, path, folder, file, &cause);

    record(context, path, file->path, opened ? NULL : cause->message, report);
    if (!opened)
        explain(path, cause, report);
    return opened;
}
