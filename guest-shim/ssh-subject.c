// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-subject.h"

#include <string.h>

#define MAX_QUOTED 256

PstFinding *
pst_ssh_subject_blame(const PstSshSubject *subject, const char *id, PstSeverity severity,
                      const char *keyword, const char *word, char *message)
{
    const PstSshdDirective *where = pst_sshd_effective_where(subject->effective, keyword, word);
    PstFinding *finding = pst_report_add(subject->report, id, severity, "%s", message);

    g_free(message);
    finding->evidence->user = g_strdup(subject->asked->user);
    if (where != NULL) {
        finding->evidence->path = g_strdup(where->path);
        finding->evidence->line = where->line;
        finding->evidence->text =
            g_utf8_make_valid(where->text, (gssize)MIN(strlen(where->text), MAX_QUOTED));
    } else {
        const char *value = pst_sshd_effective_get(subject->effective, keyword);
        finding->evidence->text = g_strdup_printf("%s %.200s", keyword, value != NULL ? value : "");
        finding->evidence->source =
            g_strdup(pst_sshd_effective_is_said(subject->effective) ? "sshd -T" : "sshd's default");
    }
    return finding;
}

char *
pst_ssh_subject_place(const PstSshSubject *subject, const char *keyword, const char *word)
{
    const PstSshdDirective *where = pst_sshd_effective_where(subject->effective, keyword, word);

    return where != NULL ? g_strdup_printf("%s:%u", where->path, where->line)
                         : g_strdup("sshd's default");
}

const char *
pst_ssh_subject_cause(const PstSshSubject *subject, const char *const *ids)
{
    for (guint i = 0; i < subject->report->findings->len; i++) {
        const PstFinding *finding = subject->report->findings->pdata[i];
        if (finding->severity == PST_SEVERITY_CRITICAL && g_strv_contains(ids, finding->id))
            return finding->id;
    }
    return NULL;
}
