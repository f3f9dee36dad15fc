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

/* Before anything is shown. A guest whose journal is broken must be looked at all the same. */
static void
record(const PstProbeContext *context, const char *path, const char *real, const char *refusal,
       PstReport *report)
{
    PstReadAudit audit = {report->probe, path, real, refusal};
    g_autofree char *id = g_strconcat(report->probe, ".not-recorded", NULL);
    g_autoptr(GError) error = NULL;

    if (pst_read_audit_write(context, &audit, &error))
        return;
    pst_report_add(report, id, PST_SEVERITY_INFORMATION,
                   "the guest has no record of this reading: %s", error->message)
        ->evidence->error = g_strdup(error->message);
}

static const struct {
    PstErrorCode code;
    PstSeverity severity;
    const char *id;
} rows[] = {
    {PST_ERROR_NOT_ALLOWED, PST_SEVERITY_UNKNOWN, "denied"},
    {PST_ERROR_ABSENT, PST_SEVERITY_WARNING, "absent"},
    {PST_ERROR_INVALID_PARAMS, PST_SEVERITY_UNKNOWN, "wrong-type"},
};

static void
explain(const char *path, const GError *cause, PstReport *report)
{
    const char *name = "could-not-look";
    PstSeverity severity = PST_SEVERITY_UNKNOWN;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (cause->code == (int)rows[i].code) {
            name = rows[i].id;
            severity = rows[i].severity;
        }
    }
    g_autofree char *id = g_strdup_printf("%s.%s", report->probe, name);
    PstFinding *finding = pst_report_add(report, id, severity, "%s", cause->message);
    finding->evidence->path = g_strdup(path);
    if (cause->code == PST_ERROR_NOT_ALLOWED)
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
