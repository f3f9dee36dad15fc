// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/containers-docker.h"

#include <string.h>
#include <unistd.h>

#include "guest-shim/containers-judge.h"
#include "guest-shim/containers-words.h"
#include "guest-shim/daemon-state.h"
#include "guest-shim/http-unix.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define DOCKER_MS 5000
#define MAX_LIST (4 * 1024 * 1024)
#define MAX_DETAILS (1024 * 1024)
#define MAX_LOG (64 * 1024)
#define MAX_DETAILED 64
#define FRAME_HEAD 8
#define STDERR 2

static const char *const units[] = {"docker.service", NULL};
static const char *const programs[] = {"/usr/bin/dockerd", "/usr/sbin/dockerd", "/bin/dockerd",
                                       "/snap/bin/dockerd", NULL};
static const PstDaemon dockerd = {units, programs, PST_CONTAINERS_DOCKER_SOCKET};

typedef struct {
    const PstProbeContext *context;
    gint64 end_us; /* of g_get_monotonic_time() */
} Docker;

/* `/name`, of several the one that is not of a link (`/other/alias`). */
static char *
name_of(JsonObject *object)
{
    JsonArray *names = NULL;

    pst_json_get_array(object, "Names", PST_JSON_NULLABLE, &names, NULL);
    for (guint i = 0; names != NULL && i < json_array_get_length(names); i++) {
        JsonNode *node = json_array_get_element(names, i);
        const char *name = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

        if (name != NULL && *name == '/' && strchr(name + 1, '/') == NULL)
            return g_strdup(name + 1);
    }
    return NULL;
}

static void
add_container(JsonObject *object, PstContainersData *data)
{
    PstContainersContainer *container =
        pst_fields_append(&pst_report_containers_container_fields, &data->containers);
    const char *status = pst_containers_words_string(object, "Status");

    container->runtime = g_strdup("docker");
    container->id = pst_containers_words_id(pst_containers_words_string(object, "Id"));
    container->name = name_of(object);
    container->image = g_strdup(pst_containers_words_string(object, "Image"));
    container->state = g_strdup(pst_containers_words_string(object, "State"));
    container->health = g_strdup(pst_containers_words_health(status));
}

gboolean
pst_containers_docker_parse_list(const char *text, gsize len, PstContainersData *data,
                                 GError **error)
{
    g_autoptr(JsonObject) root = pst_containers_words_list(text, len, error);
    JsonArray *list = NULL;

    if (root == NULL || !pst_json_get_array(root, "list", PST_JSON_REQUIRED, &list, error))
        return FALSE;
    for (guint i = 0; i < json_array_get_length(list) && i < PST_CONTAINERS_MAX; i++) {
        JsonNode *node = json_array_get_element(list, i);
        if (JSON_NODE_HOLDS_OBJECT(node))
            add_container(json_node_get_object(node), data);
    }
    return TRUE;
}

gboolean
pst_containers_docker_parse_details(const char *text, gsize len, PstContainersContainer *container,
                                    GError **error)
{
    g_autoptr(JsonObject) details = pst_json_parse(text, len, &pst_validate_from_agent, error);

    if (details == NULL)
        return FALSE;
    pst_containers_words_details(details, pst_containers_words_object(details, "HostConfig"),
                                 container);
    return TRUE;
}

static gboolean
is_framed(const guint8 *bytes, gsize len)
{
    return len >= FRAME_HEAD && bytes[0] <= 2 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0;
}

static void
add_text(const guint8 *bytes, gsize len, const char *stream, PstContainersContainer *container)
{
    g_autofree char *text = g_malloc(len + 1);

    memcpy(text, bytes, len);
    text[len] = '\0';
    for (gsize i = 0; i < len; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    pst_containers_words_add_lines(&container->lines, stream, text);
}

void
pst_containers_docker_lines(const guint8 *bytes, gsize len, PstContainersContainer *container)
{
    if (!is_framed(bytes, len)) {
        add_text(bytes, len, NULL, container);
        return;
    }
    while (is_framed(bytes, len)) {
        gsize size =
            (gsize)bytes[4] << 24 | (gsize)bytes[5] << 16 | (gsize)bytes[6] << 8 | bytes[7];

        size = MIN(size, len - FRAME_HEAD);
        add_text(bytes + FRAME_HEAD, size, bytes[0] == STDERR ? "stderr" : "stdout", container);
        bytes += FRAME_HEAD + size;
        len -= FRAME_HEAD + size;
    }
}

static PstHttpResponse *
get(const Docker *docker, const char *target, gsize max, GError **error)
{
    gint64 left_ms = (docker->end_us - g_get_monotonic_time()) / 1000;
    int fd = pst_http_unix_connect(docker->context->sysroot, PST_CONTAINERS_DOCKER_SOCKET, error);

    if (fd < 0)
        return NULL;
    g_autoptr(PstHttpResponse) response =
        pst_http_unix_get(fd, target, CLAMP(left_ms, 1, DOCKER_MS), max, error);
    close(fd);
    if (response == NULL)
        return NULL;
    if (response->status != 200) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "dockerd answers %s with the status %u",
                    target, response->status);
        return NULL;
    }
    return g_steal_pointer(&response);
}

static gboolean
read_list(const Docker *docker, PstContainersData *data, GError **error)
{
    g_autoptr(PstHttpResponse) response =
        get(docker, "/containers/json?all=1&limit=200", MAX_LIST, error);

    return response != NULL && pst_containers_docker_parse_list((const char *)response->body->data,
                                                                response->body->len, data, error);
}

/* An id goes into a target: nothing but its digits may. */
static gboolean
is_id(const char *id)
{
    return id != NULL && *id != '\0' && strspn(id, "0123456789abcdef") == strlen(id);
}

static gboolean
read_details(const Docker *docker, PstContainersContainer *container, GError **error)
{
    g_autofree char *target = g_strdup_printf("/containers/%s/json", container->id);
    g_autoptr(PstHttpResponse) response = get(docker, target, MAX_DETAILS, error);

    return response != NULL &&
           pst_containers_docker_parse_details((const char *)response->body->data,
                                               response->body->len, container, error);
}

/* Some logging drivers have no lines to give: then there are none. */
static void
read_lines(const Docker *docker, PstContainersContainer *container)
{
    g_autofree char *target = g_strdup_printf("/containers/%s/logs?stdout=1&stderr=1&tail=%d",
                                              container->id, PST_CONTAINERS_LINES);
    g_autoptr(PstHttpResponse) response = get(docker, target, MAX_LOG, NULL);

    if (response != NULL)
        pst_containers_docker_lines(response->body->data, response->body->len, container);
}

/* A container that went away meanwhile is no trouble; a daemon that falls silent is. */
static gboolean
read_containers(const Docker *docker, PstContainersData *data, guint first, GError **error)
{
    guint n = data->containers != NULL ? data->containers->len : 0;

    for (guint i = first; i < n && i < first + MAX_DETAILED; i++) {
        PstContainersContainer *container = data->containers->pdata[i];
        g_autoptr(GError) cause = NULL;

        if (!is_id(container->id))
            continue;
        if (!read_details(docker, container, &cause) && cause->code == PST_ERROR_DEADLINE) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (pst_containers_judge_is_troubled(container))
            read_lines(docker, container);
    }
    return TRUE;
}

gboolean
pst_containers_docker_ask(const PstProbeContext *context, PstContainersData *data, GError **error)
{
    const Docker docker = {context, g_get_monotonic_time() +
                                        pst_probe_time_left_ms(context, DOCKER_MS) * 1000};
    guint first = data->containers != NULL ? data->containers->len : 0;

    return read_list(&docker, data, error) && read_containers(&docker, data, first, error);
}

static void
ask(const PstProbeContext *context, PstContainersRuntime *runtime, PstReport *report)
{
    gint64 start_us = g_get_monotonic_time();
    g_autoptr(GError) cause = NULL;

    gboolean done = pst_containers_docker_ask(context, report->data, &cause);
    runtime->took_ms = (g_get_monotonic_time() - start_us) / 1000;
    if (done)
        runtime->state = g_strdup("answers");
    else
        pst_containers_judge_failure(runtime, cause, report);
}

/* Stopped by a signal or a debugger: its socket takes questions and nobody answers. */
static void
say_stuck(PstContainersRuntime *runtime, PstReport *report)
{
    g_autoptr(GError) cause =
        g_error_new_literal(PST_ERROR, PST_ERROR_DEADLINE, "dockerd is stopped by a signal");

    pst_containers_judge_failure(runtime, cause, report);
}

void
pst_containers_docker_read(const PstProbeContext *context, PstReport *report)
{
    PstDaemonState state = pst_daemon_state_read(context->sysroot, &dockerd);
    PstContainersData *data = report->data;
    PstContainersRuntime *runtime;

    if (state == PST_DAEMON_STATE_ABSENT ||
        (state == PST_DAEMON_STATE_UNKNOWN &&
         !pst_sysroot_exists(context->sysroot, PST_CONTAINERS_DOCKER_SOCKET)))
        return;
    runtime = pst_fields_append(&pst_report_containers_runtime_fields, &data->runtimes);
    runtime->name = g_strdup("docker");
    runtime->source = g_strdup(PST_CONTAINERS_DOCKER_SOCKET);
    if (state == PST_DAEMON_STATE_STOPPED || state == PST_DAEMON_STATE_ON_DEMAND)
        runtime->state = g_strdup("stopped");
    else if (state == PST_DAEMON_STATE_STUCK)
        say_stuck(runtime, report);
    else if (!pst_sysroot_is_live(context->sysroot))
        runtime->state = g_strdup("not-asked");
    else
        ask(context, runtime, report);
}
