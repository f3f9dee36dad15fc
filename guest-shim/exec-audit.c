// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-audit.h"

#include "guest-shim/journal-send.h"

#define MAX_WORDS 2048

void
pst_exec_audit_write(const PstSysroot *sysroot, const PstExecStart *start, const char *what)
{
    GString *record = g_string_new("MESSAGE_ID=" PST_EXEC_AUDIT_MESSAGE_ID
                                   "\nPRIORITY=5\nSYSLOG_IDENTIFIER=postern-exec\n");
    const char *caller = start->caller != NULL ? start->caller : "somebody on the host";
    const char *user = start->user != NULL ? start->user : "root";
    g_autofree char *words = pst_exec_words_text(start->argv, MAX_WORDS);
    g_autofree char *message = g_strdup_printf("%s, as %s: %s: %s", caller, user, words, what);

    pst_journal_send_field(record, "MESSAGE", message);
    pst_journal_send_field(record, "POSTERN_CALLER", caller);
    pst_journal_send_field(record, "POSTERN_EXEC_ID", start->id);
    pst_journal_send_field(record, "POSTERN_EXEC_USER", user);
    pst_journal_send_field(record, "POSTERN_EXEC_ARGV", words);
    if (start->input_sha256 != NULL)
        pst_journal_send_field(record, "POSTERN_EXEC_INPUT_SHA256", start->input_sha256);
    if (!pst_journal_send(sysroot, record))
        pst_journal_send_to_kernel(sysroot, message);
    g_string_free(record, TRUE);
}
