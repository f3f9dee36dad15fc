// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/read-audit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/journal-send.h"
#include "protocol/error.h"

#define KERNEL_LOG "/dev/kmsg"
/* One record of the kernel's log holds about 1,000 bytes: printk's LOG_LINE_MAX. */
#define MAX_KERNEL_LINE 900

/* https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: a value of any bytes has its length before it. */
static void
append_field(GString *record, const char *name, const char *value)
{
    guint64 len = GUINT64_TO_LE((guint64)strlen(value));

    g_string_append_printf(record, "%s\n", name);
    g_string_append_len(record, (const char *)&len, sizeof(len));
    g_string_append_printf(record, "%s\n", value);
}

static const char *
caller_of(const PstProbeContext *context)
{
    return context->caller != NULL ? context->caller : "somebody on the host";
}

static char *
message_of(const PstProbeContext *context, const PstReadAudit *audit)
{
    const char *verb = audit->refusal != NULL ? "was refused" : "reads";

    if (audit->refusal != NULL)
        return g_strdup_printf("%s %s %s: %s", caller_of(context), verb, audit->asked,
                               audit->refusal);
    return g_strdup_printf("%s %s %s", caller_of(context), verb, audit->asked);
}

static GString *
journal_record(const PstProbeContext *context, const PstReadAudit *audit)
{
    GString *record = g_string_new("MESSAGE_ID=" PST_READ_AUDIT_MESSAGE_ID
                                   "\nPRIORITY=6\nSYSLOG_IDENTIFIER=postern-shim\n");
    g_autofree char *message = message_of(context, audit);

    append_field(record, "MESSAGE", message);
    append_field(record, "POSTERN_CALLER", caller_of(context));
    append_field(record, "POSTERN_PROBE", audit->probe);
    append_field(record, "POSTERN_PATH", audit->asked);
    if (audit->real != NULL)
        append_field(record, "POSTERN_REAL_PATH", audit->real);
    append_field(record, "POSTERN_ALLOWED", audit->refusal != NULL ? "no" : "yes");
    return record;
}

/* The kernel escapes what is not printable, but a line feed would begin another record. */
static gboolean
write_to_kernel(const PstSysroot *sysroot, const char *message)
{
    g_autofree char *line = g_strdup_printf("<6>postern-shim: %.*s", MAX_KERNEL_LINE, message);
    struct stat st;

    g_strdelimit(line, "\n\r", ' ');
    int fd =
        pst_sysroot_is_live(sysroot) ? pst_sysroot_open(sysroot, KERNEL_LOG, O_WRONLY, NULL) : -1;
    if (fd < 0)
        return FALSE;
    gboolean written = fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
                       write(fd, line, strlen(line)) == (gssize)strlen(line);
    close(fd);
    return written;
}

gboolean
pst_read_audit_write(const PstProbeContext *context, const PstReadAudit *audit, GError **error)
{
    g_autoptr(GString) record = journal_record(context, audit);
    g_autofree char *message = message_of(context, audit);

    if (pst_journal_send(context->sysroot, record) || write_to_kernel(context->sysroot, message))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "neither the journal nor the kernel's log takes a record");
    return FALSE;
}
