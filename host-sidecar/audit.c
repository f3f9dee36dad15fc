// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "protocol/error.h"
#include "protocol/json.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

char *
pst_audit_caller(void)
{
    return g_strdup_printf("%s (uid %u)", g_get_user_name(), (guint)getuid());
}

static const char *
result_of(const PstAnswer *answer)
{
    if (answer->report != NULL)
        return pst_report_status_names[answer->report->status];
    return answer->error != NULL ? pst_error_reason((PstErrorCode)answer->error->code) : "none";
}

static gboolean
write_journal(const char *caller, const char *method, const PstAnswer *answer)
{
    if (access(JOURNAL_SOCKET, F_OK) != 0)
        return FALSE;
    return sd_journal_send("MESSAGE=%s asked %s of %s: %s via %s", caller, answer->probe,
                           answer->guest, result_of(answer), pst_answer_via_names[answer->via],
                           "MESSAGE_ID=" PST_AUDIT_MESSAGE_ID, "PRIORITY=6",
                           "SYSLOG_IDENTIFIER=postern", "POSTERN_CALLER=%s", caller,
                           "POSTERN_METHOD=%s", method, "POSTERN_PROBE=%s", answer->probe,
                           "POSTERN_GUEST=%s", answer->guest, "POSTERN_VIA=%s",
                           pst_answer_via_names[answer->via], "POSTERN_RESULT=%s",
                           result_of(answer), NULL) == 0;
}

static char *
file_path(void)
{
    if (geteuid() == 0)
        return g_strdup("/var/log/postern/audit.jsonl");
    return g_build_filename(g_get_user_state_dir(), "postern", "audit.jsonl", NULL);
}

static char *
record_line(const char *caller, const char *method, const PstAnswer *answer)
{
    g_autoptr(JsonObject) json = json_object_new();
    g_autofree char *text = NULL;

    json_object_set_int_member(json, "realtime_us", g_get_real_time());
    pst_json_set_string(json, "caller", caller);
    pst_json_set_string(json, "method", method);
    pst_json_set_string(json, "guest", answer->guest);
    pst_json_set_string(json, "probe", answer->probe);
    pst_json_set_string(json, "via", pst_answer_via_names[answer->via]);
    pst_json_set_string(json, "result", result_of(answer));
    text = pst_json_to_text(json, NULL);
    return g_strconcat(text, "\n", NULL);
}

/* One write of one line to a file opened for appending: records of several processes do not mix. */
static gboolean
append_line(const char *path, const char *line, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = -1;

    if (g_mkdir_with_parents(folder, 0700) == 0)
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    gboolean written = fd >= 0 && write(fd, line, strlen(line)) == (gssize)strlen(line);
    if (!written)
        g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "the audit record can't be written: %s: %s",
                    path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return written;
}

gboolean
pst_audit_write(const char *caller, const char *method, const PstAnswer *answer, GError **error)
{
    if (write_journal(caller, method, answer))
        return TRUE;

    g_autofree char *path = file_path();
    g_autofree char *line = record_line(caller, method, answer);
    return append_line(path, line, error);
}
