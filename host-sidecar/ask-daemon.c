// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask-daemon.h"

#include <string.h>
#include <unistd.h>

#include "host-sidecar/api-request.h"
#include "host-sidecar/config.h"
#include "host-sidecar/remote.h"
#include "host-sidecar/server-settings.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* A daemon that does not say hello within that is no daemon; the rest of the time is for the guest.
 */
#define MAX_GREETING_US G_USEC_PER_SEC
/* The daemon's last word comes with the deadline. */
#define LAST_WORD_US (500 * G_GINT64_CONSTANT(1000))
/* A daemon hangs up on who has more unread. */
#define MAX_VERDICT (8 * 1024 * 1024)
#define SYSTEM_URI "qemu:///system"
#define LIBVIRT_CONFIG "/etc/libvirt/libvirt.conf"

/* Whether libvirt's own configuration chooses a hypervisor, where the caller names none. */
static gboolean
libvirt_chooses(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(LIBVIRT_CONFIG, &text, NULL, NULL))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (g_str_has_prefix(g_strchug(*line), "uri_default"))
            return TRUE;
    return FALSE;
}

/* What libvirt would open; NULL where only libvirt knows. */
static const char *
meant_uri(const PstOptions *options)
{
    const char *uri = options->connect;

    if (uri == NULL || *uri == '\0')
        uri = g_getenv("LIBVIRT_DEFAULT_URI");
    if (uri != NULL && *uri != '\0')
        return uri;
    return geteuid() == 0 && !libvirt_chooses() ? SYSTEM_URI : NULL;
}

PstApiClient *
pst_ask_daemon_reach(const PstOptions *options, const char *path, gint64 deadline_us,
                     gboolean *shut)
{
    const char *uri = meant_uri(options);
    g_autoptr(GError) error = NULL;

    if (options->no_daemon || uri == NULL || path == NULL)
        return NULL;
    gint64 left_us = MAX(0, deadline_us - g_get_monotonic_time());
    gint64 greeting_us = g_get_monotonic_time() + MIN(MAX_GREETING_US, left_us / 4);
    g_autoptr(PstApiClient) client = pst_api_client_open(path, greeting_us, &error);
    if (client != NULL && g_str_equal(pst_api_client_uri(client), uri))
        return g_steal_pointer(&client);
    if (shut != NULL)
        *shut = g_error_matches(error, PST_ERROR, PST_ERROR_NO_PERMISSION);
    return NULL;
}

PstApiClient *
pst_ask_daemon_find(const PstOptions *options, gint64 deadline_us, GError **error)
{
    if (options->host != NULL)
        return pst_remote_open(options->host, deadline_us, error);
    /* Whoever needs more of a configuration that can't be read says so. */
    g_autoptr(GKeyFile) config = pst_config_load(NULL);
    g_autofree char *path = pst_server_settings_socket(config, meant_uri(options));
    return pst_ask_daemon_reach(options, path, deadline_us, NULL);
}

typedef struct {
    PstAnswer *const *questions;
    guint n;
    const PstInquiryListener *listener;
    PstAnswer **answers;
} Gathering;

static void
take_answer(const char *method, JsonObject *params, gpointer user_data)
{
    Gathering *gathering = user_data;
    JsonObject *json = NULL;
    gint64 place = -1;

    if (!g_str_equal(method, "answer") ||
        !pst_json_get_int(params, "place", PST_JSON_REQUIRED, &place, NULL) ||
        !pst_json_get_object(params, "answer", PST_JSON_REQUIRED, &json, NULL) || place < 0 ||
        place >= (gint64)gathering->n || gathering->answers[place] != NULL)
        return;
    const PstAnswer *question = gathering->questions[place];
    PstAnswer *answer = pst_answer_from_json(json, question->args, NULL);
    if (answer == NULL)
        return;
    if (!g_str_equal(answer->probe, question->probe)) {
        pst_answer_free(answer);
        return;
    }
    gathering->answers[place] = answer;
    if (gathering->listener != NULL && gathering->listener->told != NULL)
        gathering->listener->told(answer, gathering->listener->user_data);
}

static gboolean
is_whole(const Gathering *gathering)
{
    for (guint i = 0; i < gathering->n; i++)
        if (gathering->answers[i] == NULL)
            return FALSE;
    return TRUE;
}

static gboolean
read_result(JsonObject *result, const Gathering *gathering, char **name, PstReport **host,
            GError **error)
{
    const char *guest = NULL, *uuid = NULL;
    JsonObject *seen = NULL;

    if (!pst_json_get_string(result, "guest", PST_JSON_REQUIRED, &guest, error) ||
        !pst_json_get_string(result, "uuid", PST_JSON_OPTIONAL, &uuid, error) ||
        !pst_json_get_object(result, "host", PST_JSON_OPTIONAL, &seen, error))
        return FALSE;
    if (seen != NULL && host != NULL && (*host = pst_report_decode(seen, error)) == NULL)
        return FALSE;
    for (guint i = 0; i < gathering->n; i++) {
        g_free(gathering->answers[i]->uuid);
        gathering->answers[i]->uuid = g_strdup(uuid);
    }
    *name = g_strdup(guest);
    return TRUE;
}

static gint64
milliseconds_left(gint64 deadline_us)
{
    return MAX(1, (deadline_us - g_get_monotonic_time()) / 1000);
}

gboolean
pst_ask_daemon_questions(PstApiClient *client, const char *verb, const char *domain,
                         PstAnswer *const *questions, guint n, const PstOptions *options,
                         gint64 deadline_us, const PstInquiryListener *listener,
                         PstAnswer **answers, char **name, PstReport **host, gboolean *lost,
                         GError **error)
{
    const PstApiAsk ask = {.domain = (char *)domain,
                           .verb = (char *)verb,
                           .questions = (PstAnswer **)questions,
                           .n = n,
                           .deadline_ms = milliseconds_left(deadline_us),
                           .max_age_ms = options->max_age_us / 1000,
                           .afresh = options->afresh,
                           .with_host = host != NULL};
    g_autoptr(JsonObject) params = pst_api_request_ask(&ask);
    Gathering gathering = {questions, n, listener, answers};
    g_autoptr(JsonObject) result = pst_api_client_call(
        client, "ask", params, deadline_us + LAST_WORD_US, take_answer, &gathering, lost, error);

    if (result == NULL)
        return FALSE;
    if (is_whole(&gathering) && read_result(result, &gathering, name, host, error))
        return TRUE;
    *lost = TRUE;
    if (error != NULL && *error == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "the daemon left a question open");
    return FALSE;
}

static void
take_domain(const char *method, JsonObject *params, gpointer user_data)
{
    JsonObject *domain = NULL;

    if (g_str_equal(method, "domain") &&
        pst_json_get_object(params, "domain", PST_JSON_REQUIRED, &domain, NULL))
        json_array_add_object_element(user_data, json_object_ref(domain));
}

JsonArray *
pst_ask_daemon_list(PstApiClient *client, gint64 deadline_us, gboolean *lost, GError **error)
{
    g_autoptr(JsonObject) params = json_object_new();
    g_autoptr(JsonArray) domains = json_array_new();

    json_object_set_int_member(params, "deadline_ms", milliseconds_left(deadline_us));
    g_autoptr(JsonObject) result = pst_api_client_call(
        client, "list", params, deadline_us + LAST_WORD_US, take_domain, domains, lost, error);
    return result != NULL ? g_steal_pointer(&domains) : NULL;
}

/* What that host's daemon, or the way to it, says: but not that the words of a caller here were
 * wrong. */
static PstHealth *
blame(const char *host, gboolean lost, GError *cause, GError **error)
{
    static const PstErrorCode meant[] = {PST_ERROR_NOT_ALLOWED, PST_ERROR_NO_PERMISSION,
                                         PST_ERROR_BUSY, PST_ERROR_DEADLINE};
    gboolean known = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(meant); i++)
        known = known || cause->code == (int)meant[i];
    if (lost || !known)
        cause->code = PST_ERROR_NO_HYPERVISOR;
    g_propagate_prefixed_error(error, cause, "%s: ", host);
    return NULL;
}

PstHealth *
pst_ask_daemon_health(PstApiClient *client, gint64 deadline_us, gboolean *lost, GError **error)
{
    g_autoptr(JsonObject) params = json_object_new();
    g_autoptr(JsonArray) domains = json_array_new();
    g_autoptr(GError) cause = NULL;

    pst_api_client_set_max_answer(client, MAX_VERDICT);
    json_object_set_int_member(params, "deadline_ms", milliseconds_left(deadline_us));
    g_autoptr(JsonObject) result = pst_api_client_call(
        client, "health", params, deadline_us + LAST_WORD_US, take_domain, domains, lost, &cause);
    PstHealth *health = result != NULL ? pst_health_from_parts(result, domains, &cause) : NULL;
    if (health != NULL)
        return health;
    *lost = *lost || result != NULL || cause->code == PST_ERROR_UNKNOWN_METHOD;
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

PstHealth *
pst_ask_daemon_health_of(const char *host, gint64 deadline_us, GError **error)
{
    g_autoptr(PstApiClient) client = pst_remote_open(host, deadline_us, error);
    g_autoptr(GError) cause = NULL;
    gboolean lost = FALSE;

    if (client == NULL)
        return NULL;
    PstHealth *health = pst_ask_daemon_health(client, deadline_us, &lost, &cause);
    return health != NULL ? health : blame(host, lost, g_steal_pointer(&cause), error);
}
