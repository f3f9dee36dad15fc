// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* A directory server that is dead must not hold up a question about a guest. */
#define NAME_US (200 * G_GINT64_CONSTANT(1000))

/* So much of a question's arguments is in the message; all of them are in their own field. */
#define MESSAGE_ARGS 200

static gpointer
look_up_name(gpointer data, GError **error G_GNUC_UNUSED)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];

    if (getpwuid_r((uid_t)GPOINTER_TO_UINT(data), &entry, buffer, sizeof(buffer), &found) != 0 ||
        found == NULL)
        return NULL;
    return g_strdup(found->pw_name);
}

static char *
describe_user(guint uid)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = pst_task_call(look_up_name, GUINT_TO_POINTER(uid), NULL, g_free,
                                          g_get_monotonic_time() + NAME_US, "NSS", &error);

    return name != NULL ? g_strdup_printf("%s (uid %u)", name, uid)
                        : g_strdup_printf("uid %u", uid);
}

/* Who logged in, right across sudo (proc(5), /proc/self/loginuid); FALSE where the kernel does not
 * know. */
static gboolean
login_user(guint *uid)
{
    g_autofree char *text = NULL;
    guint64 number = 0;

    if (!g_file_get_contents("/proc/self/loginuid", &text, NULL, NULL) ||
        !g_ascii_string_to_unsigned(g_strstrip(text), 10, 0, G_MAXUINT32 - 1, &number, NULL))
        return FALSE;
    *uid = (guint)number;
    return TRUE;
}

static char *
describe_caller(void)
{
    g_autofree char *user = describe_user(getuid());
    guint login = 0;

    if (!login_user(&login) || login == getuid())
        return g_steal_pointer(&user);
    g_autofree char *person = describe_user(login);
    return g_strdup_printf("%s, logged in as %s", user, person);
}

const char *
pst_audit_caller(void)
{
    static char *caller;

    if (g_once_init_enter(&caller))
        g_once_init_leave(&caller, describe_caller());
    return caller;
}

static const char *
result_of(const PstAnswer *answer)
{
    if (answer->report != NULL)
        return pst_report_status_names[answer->report->status];
    return answer->error != NULL ? pst_error_reason((PstErrorCode)answer->error->code) : "asked";
}

/* One field of https://systemd.io/JOURNAL_NATIVE_PROTOCOL/; escaped, a value holds no line feed. */
static void
append_field(GString *record, const char *name, const char *value)
{
    g_autofree char *escaped = pst_escape_text(value, FALSE);

    g_string_append_printf(record, "%s=%s\n", name, escaped);
}

/* What was asked, in a word or two: a file that was read is named. */
static char *
question_of(const PstAnswer *answer)
{
    if (json_object_get_size(answer->args) == 0)
        return g_strdup(answer->probe);
    g_autofree char *args = pst_json_to_text(answer->args, NULL);
    g_autofree char *shown = pst_json_clean_cut(args, MESSAGE_ARGS, NULL);
    return g_strdup_printf("%s %s", answer->probe, shown);
}

static GString *
journal_record(const char *caller, const char *method, const PstAnswer *answer)
{
    GString *record = g_string_new("MESSAGE_ID=" PST_AUDIT_MESSAGE_ID
                                   "\nPRIORITY=6\nSYSLOG_IDENTIFIER=postern\n");
    const char *via = pst_answer_via_names[answer->via];
    g_autofree char *question = question_of(answer);
    g_autofree char *args = pst_json_to_text(answer->args, NULL);
    g_autofree char *message = g_strdup_printf("%s asked %s of %s: %s via %s", caller, question,
                                               answer->guest, result_of(answer), via);

    append_field(record, "MESSAGE", message);
    append_field(record, "POSTERN_CALLER", caller);
    append_field(record, "POSTERN_METHOD", method);
    append_field(record, "POSTERN_PROBE", answer->probe);
    append_field(record, "POSTERN_ARGS", args);
    append_field(record, "POSTERN_GUEST", answer->guest);
    append_field(record, "POSTERN_VIA", via);
    append_field(record, "POSTERN_RESULT", result_of(answer));
    return record;
}

/* Not by sd_journal_send(3): with journald stopped and its queue full, that blocks for good. */
static gboolean
write_journal(const char *socket_path, const char *caller, const char *method,
              const PstAnswer *answer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    gssize sent = -1;

    if (g_strlcpy(address.sun_path, socket_path, sizeof(address.sun_path)) >=
        sizeof(address.sun_path))
        return FALSE;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return FALSE;
    g_autoptr(GString) record = journal_record(caller, method, answer);
    sent = sendto(fd, record->str, record->len, MSG_NOSIGNAL, (struct sockaddr *)&address,
                  sizeof(address));
    close(fd);
    return sent == (gssize)record->len;
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
    json_object_set_object_member(json, "args", json_object_ref(answer->args));
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
pst_audit_write_to(const PstAuditPlaces *places, const char *caller, const char *method,
                   const PstAnswer *answer, GError **error)
{
    if (write_journal(places->journal, caller, method, answer))
        return TRUE;

    g_autofree char *line = record_line(caller, method, answer);
    return append_line(places->file, line, error);
}

gboolean
pst_audit_write(const char *caller, const char *method, const PstAnswer *answer, GError **error)
{
    g_autofree char *path = file_path();
    const PstAuditPlaces places = {JOURNAL_SOCKET, path};

    return pst_audit_write_to(&places, caller, method, answer, error);
}
