// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-agent.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"

/* Between two polls: each one is a line in the guest's journal, and a package manager takes its
 * time. */
#define FIRST_POLL_US (20 * G_GINT64_CONSTANT(1000))
#define MAX_POLL_US G_USEC_PER_SEC
/* What is told of a program that failed. */
#define MAX_WORDS 300

static const char *const folders[] = {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"};
static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                          "HOME=/root",
                                          "LC_ALL=C",
                                          "DEBIAN_FRONTEND=noninteractive",
                                          "DEBIAN_PRIORITY=critical",
                                          "APT_LISTCHANGES_FRONTEND=none",
                                          "NEEDRESTART_SUSPEND=1"};

gboolean
pst_enroll_agent_break_off(GError **error, const char *command)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "%s: the agent's answer makes no sense",
                command);
    return FALSE;
}

JsonObject *
pst_enroll_agent_ask(const PstEnrollAgent *agent, const char *command, JsonObject *arguments,
                     GError **error)
{
    g_autoptr(JsonObject) answer =
        agent->ask(agent->agent, command, arguments, agent->deadline_us, error);
    JsonObject *told = NULL;

    if (answer == NULL)
        return NULL;
    if (pst_json_get_object(answer, "return", PST_JSON_REQUIRED, &told, NULL))
        return json_object_ref(told);
    pst_enroll_agent_break_off(error, command);
    return NULL;
}

/* ---- programs ---- */

void
pst_enroll_agent_clear_ran(PstEnrollRan *ran)
{
    g_clear_pointer(&ran->out, g_free);
    g_clear_pointer(&ran->err, g_free);
}

static JsonArray *
array_of(const char *const *words, guint n)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < n; i++)
        json_array_add_string_element(array, words[i]);
    return array;
}

static gboolean
start(const PstEnrollAgent *agent, const char *path, const char *const *argv, gint64 *pid,
      GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();

    json_object_set_string_member(arguments, "path", path);
    json_object_set_array_member(arguments, "arg",
                                 array_of(argv + 1, g_strv_length((char **)argv) - 1));
    json_object_set_array_member(arguments, "env",
                                 array_of(environment, G_N_ELEMENTS(environment)));
    json_object_set_boolean_member(arguments, "capture-output", TRUE);
    g_autoptr(JsonObject) told = pst_enroll_agent_ask(agent, "guest-exec", arguments, error);
    if (told == NULL)
        return FALSE;
    return (pst_json_get_int(told, "pid", PST_JSON_REQUIRED, pid, NULL) && *pid >= 0) ||
           pst_enroll_agent_break_off(error, "guest-exec");
}

/* The agent itself has said that it started nothing: in libvirt's words for an answer of that kind.
 * After any other failure it may run. */
static gboolean
is_refusal(const GError *error)
{
    return strstr(error->message, "unable to execute QEMU agent command 'guest-exec'") != NULL;
}

static gboolean
start_somewhere(const PstEnrollAgent *agent, const char *const *argv, gint64 *pid, GError **error)
{
    g_autoptr(GError) first = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_strconcat(folders[i], argv[0], NULL);
        g_autoptr(GError) cause = NULL;

        if (start(agent, path, argv, pid, &cause))
            return TRUE;
        if (!is_refusal(cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (first == NULL)
            first = g_steal_pointer(&cause);
    }
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

static char *
stream_of(JsonObject *status, const char *name)
{
    const char *text = "";
    gsize len = 0;

    if (!pst_json_get_string(status, name, PST_JSON_OPTIONAL, &text, NULL))
        return NULL;
    g_autofree guchar *bytes = g_base64_decode(text, &len);
    g_autofree char *words = g_strndup((const char *)bytes, len);
    return pst_json_clean_cut(words, PST_ENROLL_AGENT_MAX_OUTPUT, NULL);
}

static gboolean
take_end(JsonObject *status, PstEnrollRan *ran, GError **error)
{
    gint64 signal = 0;

    ran->status = 0;
    if (!pst_json_get_int(status, "exitcode", PST_JSON_OPTIONAL, &ran->status, NULL) ||
        !pst_json_get_int(status, "signal", PST_JSON_OPTIONAL, &signal, NULL) || ran->status < 0 ||
        ran->status > 255 || signal < 0 || signal > 127)
        return pst_enroll_agent_break_off(error, "guest-exec-status");
    if (signal > 0)
        ran->status = 128 + signal;
    ran->out = stream_of(status, "out-data");
    ran->err = stream_of(status, "err-data");
    return (ran->out != NULL && ran->err != NULL) ||
           pst_enroll_agent_break_off(error, "guest-exec-status");
}

static gboolean
await(const PstEnrollAgent *agent, const char *name, gint64 pid, PstEnrollRan *ran, GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    gint64 pause_us = FIRST_POLL_US;

    json_object_set_int_member(arguments, "pid", pid);
    while (g_get_monotonic_time() + pause_us < agent->deadline_us) {
        gboolean exited = FALSE;

        g_usleep((gulong)pause_us);
        pause_us = MIN(pause_us * 3 / 2, MAX_POLL_US);
        g_autoptr(JsonObject) status =
            pst_enroll_agent_ask(agent, "guest-exec-status", arguments, error);
        if (status == NULL)
            return FALSE;
        if (!pst_json_get_bool(status, "exited", PST_JSON_REQUIRED, &exited, NULL))
            return pst_enroll_agent_break_off(error, "guest-exec-status");
        if (exited)
            return take_end(status, ran, error);
    }
    g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                "%s was not over in time, and goes on in the guest: say a longer --deadline", name);
    return FALSE;
}

gboolean
pst_enroll_agent_run(const PstEnrollAgent *agent, const char *const *argv, PstEnrollRan *ran,
                     GError **error)
{
    gint64 pid = 0;
    PstEnrollRan ended = {0, NULL, NULL};

    if (!start_somewhere(agent, argv, &pid, error))
        return FALSE;
    if (!await(agent, argv[0], pid, &ended, error)) {
        pst_enroll_agent_clear_ran(&ended);
        return FALSE;
    }
    *ran = ended;
    return TRUE;
}

/* The last line that calls itself an error, or else the last with something in it. */
static char *
last_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *last = NULL;

    for (guint i = g_strv_length(lines); i > 0; i--) {
        const char *line = g_strstrip(lines[i - 1]);

        if (last == NULL && *line != '\0')
            last = line;
        if (g_str_has_prefix(line, "E: ") || strstr(line, "error: ") != NULL)
            return pst_json_clean_cut(line, MAX_WORDS, NULL);
    }
    return last != NULL ? pst_json_clean_cut(last, MAX_WORDS, NULL) : NULL;
}

char *
pst_enroll_agent_output(const PstEnrollAgent *agent, const char *const *argv, GError **error)
{
    g_auto(PstEnrollRan) ran = {0, NULL, NULL};

    if (!pst_enroll_agent_run(agent, argv, &ran, error))
        return NULL;
    if (ran.status == 0)
        return g_steal_pointer(&ran.out);
    g_autofree char *words = last_line(ran.err);
    g_autofree char *other = words == NULL ? last_line(ran.out) : NULL;
    const char *said = words != NULL ? words : other;
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "%s in the guest ended with %" G_GINT64_FORMAT "%s%s", argv[0], ran.status,
                said != NULL ? ": " : "", said != NULL ? said : "");
    return NULL;
}
