// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/audit.h"

#include <pwd.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "host-sidecar/task.h"
#include "protocol/error.h"
#include "protocol/json.h"

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

/* For how long a name holds, and that there was none: who calls often does not ask NSS as often,
 * nor leave a thread behind each time where it hangs. */
#define NAME_HOLDS_US (60 * G_USEC_PER_SEC)
#define MAX_NAMES 256

typedef struct {
    char *name; /* NULL: none came */
    gint64 until_us;
} Name;

static void
free_name(gpointer data)
{
    g_free(((Name *)data)->name);
    g_free(data);
}

/* NULL where there is none, or none came in time. */
static char *
name_of(guint uid)
{
    static GMutex lock;
    static GHashTable *names;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    g_autoptr(GError) error = NULL;

    if (names == NULL)
        names = g_hash_table_new_full(NULL, NULL, NULL, free_name);
    Name *known = g_hash_table_lookup(names, GUINT_TO_POINTER(uid));
    if (known != NULL && known->until_us > g_get_monotonic_time())
        return g_strdup(known->name);
    if (g_hash_table_size(names) >= MAX_NAMES)
        g_hash_table_remove_all(names);
    Name *fresh = g_new0(Name, 1);
    fresh->name = pst_task_call(look_up_name, GUINT_TO_POINTER(uid), NULL, g_free,
                                g_get_monotonic_time() + NAME_US, "NSS", &error);
    fresh->until_us = g_get_monotonic_time() + NAME_HOLDS_US;
    g_hash_table_insert(names, GUINT_TO_POINTER(uid), fresh);
    return g_strdup(fresh->name);
}

static char *
describe_user(guint uid)
{
    g_autofree char *name = name_of(uid);

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

char *
pst_audit_describe(guint uid, gint64 login)
{
    g_autofree char *user = describe_user(uid);

    if (login < 0 || login == (gint64)uid)
        return g_steal_pointer(&user);
    g_autofree char *person = describe_user((guint)login);
    return g_strdup_printf("%s, logged in as %s", user, person);
}

static char *
describe_caller(void)
{
    guint login = 0;

    return pst_audit_describe(getuid(), login_user(&login) ? (gint64)login : -1);
}

const char *
pst_audit_caller(void)
{
    static char *caller;

    if (g_once_init_enter(&caller))
        g_once_init_leave(&caller, describe_caller());
    return caller;
}

const PstAuditProcess *
pst_audit_self(void)
{
    static PstAuditProcess *self;

    if (g_once_init_enter(&self)) {
        PstAuditProcess *found = g_new0(PstAuditProcess, 1);

        *found = (PstAuditProcess){getuid(), getgid(), getpid(),
                                   g_file_read_link("/proc/self/exe", NULL)};
        g_once_init_leave(&self, found);
    }
    return self;
}

static const char *
result_of(const PstAnswer *answer)
{
    if (answer->report != NULL)
        return pst_report_status_names[answer->report->status];
    return answer->error != NULL ? pst_error_reason((PstErrorCode)answer->error->code) : "asked";
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

/* Not permitted, by libvirt, the kernel, or the guest. */
static gboolean
is_refused(const PstAnswer *answer)
{
    return g_error_matches(answer->error, PST_ERROR, PST_ERROR_NO_PERMISSION) ||
           g_error_matches(answer->error, PST_ERROR, PST_ERROR_NOT_ALLOWED);
}

static void
add_number(GString *record, const char *name, gint64 number)
{
    if (number >= 0)
        g_string_append_printf(record, "%s=%" G_GINT64_FORMAT "\n", name, number);
}

static void
add_process(GString *record, const PstAuditProcess *process)
{
    add_number(record, "POSTERN_UID", process->uid);
    add_number(record, "POSTERN_GID", process->gid);
    add_number(record, "POSTERN_PID", process->pid);
    pst_audit_log_field(record, "POSTERN_EXE", process->executable);
}

static GString *
make_record(const PstAuditRecord *audit)
{
    const PstAnswer *answer = audit->answer;
    gboolean refused = is_refused(answer);
    GString *record = audit->halted ? pst_audit_log_record(PST_AUDIT_MESSAGE_ID_HALTED, LOG_CRIT)
                                    : pst_audit_log_record(refused ? PST_AUDIT_MESSAGE_ID_REFUSED
                                                                   : PST_AUDIT_MESSAGE_ID,
                                                           refused ? LOG_NOTICE : LOG_INFO);
    const char *via = pst_answer_via_names[answer->via];
    g_autofree char *question = question_of(answer);
    g_autofree char *args = pst_json_to_text(answer->args, NULL);
    g_autofree char *message = g_strdup_printf("%s asked %s of %s: %s via %s", audit->caller,
                                               question, answer->guest, result_of(answer), via);

    pst_audit_log_field(record, "MESSAGE", message);
    pst_audit_log_field(record, "POSTERN_CALLER", audit->caller);
    if (audit->process != NULL)
        add_process(record, audit->process);
    pst_audit_log_field(record, "POSTERN_METHOD", audit->method);
    pst_audit_log_field(record, "POSTERN_PROBE", answer->probe);
    pst_audit_log_field(record, "POSTERN_ARGS", args);
    pst_audit_log_field(record, "POSTERN_GUEST", answer->guest);
    pst_audit_log_field(record, "POSTERN_UUID", audit->uuid);
    pst_audit_log_field(record, "POSTERN_VIA", via);
    pst_audit_log_field(record, "POSTERN_RESULT", result_of(answer));
    add_number(record, "POSTERN_TOOK_MS", answer->took_ms);
    return record;
}

static void
set_number(JsonObject *json, const char *name, gint64 number)
{
    if (number >= 0)
        json_object_set_int_member(json, name, number);
}

static JsonObject *
make_line(const PstAuditRecord *audit)
{
    const PstAnswer *answer = audit->answer;
    const PstAuditProcess *process = audit->process;
    JsonObject *json = json_object_new();

    json_object_set_int_member(json, "realtime_us", g_get_real_time());
    pst_json_set_string(json, "caller", audit->caller);
    if (process != NULL) {
        set_number(json, "uid", process->uid);
        set_number(json, "gid", process->gid);
        set_number(json, "pid", process->pid);
        pst_json_set_string(json, "exe", process->executable);
    }
    pst_json_set_string(json, "method", audit->method);
    pst_json_set_string(json, "guest", answer->guest);
    pst_json_set_string(json, "uuid", audit->uuid);
    pst_json_set_string(json, "probe", answer->probe);
    json_object_set_object_member(json, "args", json_object_ref(answer->args));
    pst_json_set_string(json, "via", pst_answer_via_names[answer->via]);
    pst_json_set_string(json, "result", result_of(answer));
    set_number(json, "took_ms", answer->took_ms);
    return json;
}

gboolean
pst_audit_record_to(const PstAuditPlaces *places, const PstAuditRecord *audit, GError **error)
{
    g_autoptr(GString) record = make_record(audit);
    g_autoptr(JsonObject) line = make_line(audit);

    return pst_audit_log_write(places, record, line, audit->synced, error);
}

gboolean
pst_audit_record(const PstAuditRecord *audit, GError **error)
{
    g_autofree char *path = pst_audit_log_file();
    const PstAuditPlaces places = {PST_AUDIT_LOG_JOURNAL, path};

    return pst_audit_record_to(&places, audit, error);
}

static PstAuditRecord
record_of(const char *caller, const char *method, const PstAnswer *answer)
{
    gboolean own = caller == pst_audit_caller();

    return (PstAuditRecord){caller, own ? pst_audit_self() : NULL, method, NULL, answer};
}

gboolean
pst_audit_write_to(const PstAuditPlaces *places, const char *caller, const char *method,
                   const PstAnswer *answer, GError **error)
{
    const PstAuditRecord audit = record_of(caller, method, answer);

    return pst_audit_record_to(places, &audit, error);
}

gboolean
pst_audit_write(const char *caller, const char *method, const PstAnswer *answer, GError **error)
{
    const PstAuditRecord audit = record_of(caller, method, answer);

    return pst_audit_record(&audit, error);
}
