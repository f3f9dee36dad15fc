// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/agent.h"

#include <libvirt/libvirt-qemu.h>
#include <stdlib.h>
#include <string.h>

#include "host-sidecar/agent-places.h"
#include "host-sidecar/turn.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* Between two polls of guest-exec-status: each one is a line in the guest's journal. */
#define FIRST_POLL_US (20 * G_GINT64_CONSTANT(1000))
#define MAX_POLL_US (250 * G_GINT64_CONSTANT(1000))

struct PstAgent {
    PstTurn *turn, *place;
    virDomainPtr domain;
    void (*heard)(gpointer user_data);
    gpointer user_data;
};

PstAgent *
pst_agent_open(const PstGuest *guest, gboolean modest, gint64 deadline_us, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s-agent", guest->uuid);
    g_autoptr(PstAgent) agent = g_new0(PstAgent, 1);

    agent->turn = pst_turn_take(name, deadline_us, error);
    if (agent->turn == NULL)
        return NULL;
    agent->place = pst_agent_places_take(guest->uri, modest, deadline_us, error);
    if (agent->place == NULL)
        return NULL;
    agent->domain = pst_guest_connect(guest, error);
    return agent->domain != NULL ? g_steal_pointer(&agent) : NULL;
}

void
pst_agent_free(PstAgent *agent)
{
    g_clear_pointer(&agent->domain, pst_guest_disconnect);
    g_clear_pointer(&agent->place, pst_turn_free);
    g_clear_pointer(&agent->turn, pst_turn_free);
    g_free(agent);
}

void
pst_agent_listen(PstAgent *agent, void (*heard)(gpointer user_data), gpointer user_data)
{
    agent->heard = heard;
    agent->user_data = user_data;
}

/* libvirt takes whole seconds, at least one. */
static int
seconds_left(gint64 deadline_us)
{
    gint64 left_us = deadline_us - g_get_monotonic_time();

    return (int)MAX(1, (left_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
}

static char *
command_text(const char *command, JsonObject *arguments)
{
    g_autoptr(JsonObject) json = json_object_new();

    json_object_set_string_member(json, "execute", command);
    if (arguments != NULL)
        json_object_set_object_member(json, "arguments", json_object_ref(arguments));
    return pst_json_to_text(json, NULL);
}

JsonObject *
pst_agent_command(PstAgent *agent, const char *command, JsonObject *arguments, gint64 deadline_us,
                  GError **error)
{
    g_autofree char *text = command_text(command, arguments);
    g_autoptr(GError) cause = NULL;

    if (g_get_monotonic_time() >= deadline_us) {
        g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE, "no time left for %s", command);
        return NULL;
    }
    char *answer = virDomainQemuAgentCommand(agent->domain, text, seconds_left(deadline_us), 0);
    if (answer == NULL) {
        pst_virt_error_set(error, command);
        return NULL;
    }
    if (agent->heard != NULL)
        agent->heard(agent->user_data);
    JsonObject *json = pst_json_parse(answer, strlen(answer), &pst_validate_from_agent, &cause);
    free(answer);
    if (json == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "%s: the agent's answer: %s", command,
                    cause->message);
    return json;
}

static JsonObject *
command_object(PstAgent *agent, const char *command, JsonObject *arguments, gint64 deadline_us,
               GError **error)
{
    g_autoptr(JsonObject) json = pst_agent_command(agent, command, arguments, deadline_us, error);
    JsonObject *result = NULL;

    if (json == NULL || !pst_json_get_object(json, "return", PST_JSON_REQUIRED, &result, error))
        return NULL;
    return json_object_ref(result);
}

gboolean
pst_agent_time(PstAgent *agent, gint64 deadline_us, gint64 *realtime_us, GError **error)
{
    g_autoptr(JsonObject) json =
        pst_agent_command(agent, "guest-get-time", NULL, deadline_us, error);
    gint64 nanoseconds = 0;

    if (json == NULL || !pst_json_get_int(json, "return", PST_JSON_REQUIRED, &nanoseconds, error))
        return FALSE;
    *realtime_us = nanoseconds / 1000;
    return TRUE;
}

static gboolean
start_program(PstAgent *agent, const char *path, const char *const *argv, const GByteArray *input,
              gint64 deadline_us, gint64 *pid, GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    g_autofree char *data = g_base64_encode(input->data, input->len);
    JsonArray *words = json_array_new();

    for (guint i = 0; argv[i] != NULL; i++)
        json_array_add_string_element(words, argv[i]);
    json_object_set_string_member(arguments, "path", path);
    json_object_set_array_member(arguments, "arg", words);
    json_object_set_string_member(arguments, "input-data", data);
    json_object_set_boolean_member(arguments, "capture-output", TRUE);

    g_autoptr(JsonObject) result =
        command_object(agent, "guest-exec", arguments, deadline_us, error);
    return result != NULL && pst_json_get_int(result, "pid", PST_JSON_REQUIRED, pid, error);
}

static GByteArray *
decode_stream(JsonObject *status, const char *name, GError **error)
{
    const char *text = "";
    gsize len = 0;

    if (!pst_json_get_string(status, name, PST_JSON_OPTIONAL, &text, error))
        return NULL;
    guchar *bytes = g_base64_decode(text, &len);
    return g_byte_array_new_take(bytes, len);
}

static GByteArray *
read_outcome(JsonObject *status, const char *path, GError **error)
{
    g_autoptr(GByteArray) err = NULL;
    gint64 exit_status = -1;

    if (!pst_json_get_int(status, "exitcode", PST_JSON_OPTIONAL, &exit_status, error))
        return NULL;
    if (exit_status == 0)
        return decode_stream(status, "out-data", error);

    err = decode_stream(status, "err-data", error);
    if (err == NULL)
        return NULL;
    g_byte_array_append(err, (const guint8 *)"", 1);
    g_autofree char *words = pst_json_clean_cut((const char *)err->data, 200, NULL);
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                "%s ended with status %" G_GINT64_FORMAT ": %s", path, exit_status,
                g_strchomp(words));
    return NULL;
}

static GByteArray *
await_program(PstAgent *agent, const char *path, gint64 pid, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    gint64 pause_us = FIRST_POLL_US;

    json_object_set_int_member(arguments, "pid", pid);
    for (;;) {
        gboolean exited = FALSE;

        g_usleep((gulong)pause_us);
        pause_us = MIN(pause_us * 3 / 2, MAX_POLL_US);
        g_autoptr(JsonObject) status =
            command_object(agent, "guest-exec-status", arguments, deadline_us, error);
        if (status == NULL ||
            !pst_json_get_bool(status, "exited", PST_JSON_REQUIRED, &exited, error))
            return NULL;
        if (exited)
            return read_outcome(status, path, error);
    }
}

gboolean
pst_agent_ping(PstAgent *agent, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) json = pst_agent_command(agent, "guest-ping", NULL, deadline_us, error);

    return json != NULL;
}

GByteArray *
pst_agent_run(PstAgent *agent, const char *const *paths, const char *const *argv,
              const GByteArray *input, gint64 deadline_us, GError **error)
{
    g_autoptr(GError) first = NULL;

    for (guint i = 0; paths[i] != NULL; i++) {
        gint64 pid = 0;

        if (start_program(agent, paths[i], argv, input, deadline_us, &pid,
                          first == NULL ? &first : NULL))
            return await_program(agent, paths[i], pid, deadline_us, error);
    }
    /* The first path is where the program usually is: its reason says most. */
    g_propagate_error(error, g_steal_pointer(&first));
    return NULL;
}
