// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/read-audit.h"

#include "guest-shim/journal-send.h"
#include "protocol/error.h"

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

    pst_journal_send_field(record, "MESSAGE", message);
    pst_journal_send_field(record, "POSTERN_CALLER", caller_of(context));
    pst_journal_send_field(record, "POSTERN_PROBE", audit->probe);
    pst_journal_send_field(record, "POSTERN_PATH", audit->asked);
    if (audit->real != NULL)
        pst_journal_send_field(record, "POSTERN_REAL_PATH", audit->real);
    pst_journal_send_field(record, "POSTERN_ALLOWED", audit->refusal != NULL ? "no" : "yes");
    return record;
}

gboolean
pst_read_audit_write(const PstProbeContext *context, const PstReadAudit *audit, GError **error)
{
    g_autoptr(GString) record = journal_record(context, audit);
    g_autofree char *message = message_of(context, audit);

    if (pst_journal_send(context->sysroot, record) ||
        pst_journal_send_to_kernel(context->sysroot, message))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "neither the journal nor the kernel's log takes a record");
    return FALSE;
}
