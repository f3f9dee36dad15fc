// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/containers-words.h"

#include <string.h>

#include "protocol/json.h"

#define MAX_TEXT (4 * 1024 * 1024)
#define MAX_LINE 1024
#define ID_DIGITS 12

/* A thousand containers with their labels. */
static const PstValidateLimits limits = {MAX_TEXT, 200000, TRUE};

JsonObject *
pst_containers_words_list(const char *text, gsize len, GError **error)
{
    g_autoptr(GString) whole = g_string_new("{\"list\":");

    g_string_append_len(whole, text, (gssize)len);
    g_string_append_c(whole, '}');
    return pst_json_parse(whole->str, whole->len, &limits, error);
}

const char *
pst_containers_words_string(JsonObject *object, const char *name)
{
    const char *value = NULL;

    pst_json_get_string(object, name, PST_JSON_NULLABLE, &value, NULL);
    return value != NULL && *value != '\0' ? value : NULL;
}

gint64
pst_containers_words_int(JsonObject *object, const char *name)
{
    gint64 value = PST_INT_UNKNOWN;

    pst_json_get_int(object, name, PST_JSON_NULLABLE, &value, NULL);
    return value;
}

JsonObject *
pst_containers_words_object(JsonObject *object, const char *name)
{
    JsonObject *value = NULL;

    pst_json_get_object(object, name, PST_JSON_NULLABLE, &value, NULL);
    return value;
}

gint64
pst_containers_words_time(const char *text)
{
    g_autoptr(GDateTime) time = text != NULL ? g_date_time_new_from_iso8601(text, NULL) : NULL;

    if (time == NULL || g_date_time_get_year(time) < 1970)
        return PST_INT_UNKNOWN;
    return g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
}

const char *
pst_containers_words_health(const char *status)
{
    if (status == NULL)
        return NULL;
    if (strstr(status, "(unhealthy)") != NULL)
        return "unhealthy";
    if (strstr(status, "(healthy)") != NULL)
        return "healthy";
    return strstr(status, "starting)") != NULL ? "starting" : NULL;
}

char *
pst_containers_words_id(const char *id)
{
    return id != NULL ? g_strndup(id, ID_DIGITS) : NULL;
}

static void
set(char **member, const char *value)
{
    if (value == NULL)
        return;
    g_free(*member);
    *member = g_strdup(value);
}

static void
read_state(JsonObject *state, PstContainersContainer *container)
{
    JsonObject *health = pst_containers_words_object(state, "Health");
    gboolean killed = FALSE;

    set(&container->state, pst_containers_words_string(state, "Status"));
    set(&container->error, pst_containers_words_string(state, "Error"));
    container->exit_code = pst_containers_words_int(state, "ExitCode");
    container->started_us =
        pst_containers_words_time(pst_containers_words_string(state, "StartedAt"));
    container->finished_us =
        pst_containers_words_time(pst_containers_words_string(state, "FinishedAt"));
    if (pst_json_get_bool(state, "OOMKilled", PST_JSON_REQUIRED, &killed, NULL))
        container->out_of_memory = PST_TRI(killed);
    if (health != NULL && g_strcmp0(pst_containers_words_string(health, "Status"), "none") != 0)
        set(&container->health, pst_containers_words_string(health, "Status"));
}

void
pst_containers_words_details(JsonObject *details, JsonObject *host_config,
                             PstContainersContainer *container)
{
    JsonObject *state = pst_containers_words_object(details, "State");
    JsonObject *policy =
        host_config != NULL ? pst_containers_words_object(host_config, "RestartPolicy") : NULL;

    if (state != NULL)
        read_state(state, container);
    container->restarts = pst_containers_words_int(details, "RestartCount");
    if (policy != NULL)
        set(&container->restart_policy, pst_containers_words_string(policy, "Name"));
}

static void
add_line(GPtrArray **lines, const char *stream, char *text)
{
    PstContainersLine *line;

    if (*g_strchomp(text) == '\0')
        return;
    if (*lines != NULL && (*lines)->len >= PST_CONTAINERS_LINES) {
        pst_fields_free(&pst_report_containers_line_fields, (*lines)->pdata[0]);
        g_ptr_array_remove_index(*lines, 0);
    }
    line = pst_fields_append(&pst_report_containers_line_fields, lines);
    line->stream = g_strdup(stream);
    line->text = pst_json_clean_cut(text, MAX_LINE, NULL);
}

void
pst_containers_words_add_lines(GPtrArray **lines, const char *stream, const char *text)
{
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);

    for (guint i = 0; all[i] != NULL; i++)
        add_line(lines, stream, all[i]);
}
