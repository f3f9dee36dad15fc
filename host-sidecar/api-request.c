// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/api-request.h"

#include <string.h>

#include "host-sidecar/question.h"
#include "host-sidecar/recent.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/report-host.h"
#include "protocol/vocabulary.h"

#define MAX_DOMAIN 1024
#define MAX_VERB 32
#define DEFAULT_VERB "ask"
/* An argument that says when it was asked, and not what. */
#define MOMENT "host_realtime_us"

static gboolean
refuse(GError **error, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "%s", what);
    return FALSE;
}

gboolean
pst_api_request_deadline(JsonObject *params, gint64 *deadline_ms, GError **error)
{
    if (params == NULL)
        return refuse(error, "'deadline_ms' is missing");
    if (!pst_json_get_int(params, "deadline_ms", PST_JSON_REQUIRED, deadline_ms, error))
        return FALSE;
    if (*deadline_ms >= 1 && *deadline_ms <= PST_LIMIT_DEADLINE_MAX_MS)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'deadline_ms' is not 1 to %d",
                PST_LIMIT_DEADLINE_MAX_MS);
    return FALSE;
}

gboolean
pst_api_request_domain(JsonObject *params, const char **domain, GError **error)
{
    if (!pst_json_get_string(params, "domain", PST_JSON_REQUIRED, domain, error))
        return FALSE;
    return strlen(*domain) <= MAX_DOMAIN || refuse(error, "'domain' is too long");
}

/* What is derived from answers is the caller's to derive; what the host sees is looked at alone,
 * because looking takes as long as it takes. */
static gboolean
check_question(const PstAnswer *question, guint n, GError **error)
{
    const PstReportKind *kind = pst_vocabulary_find(question->probe);
    g_autoptr(GError) cause = NULL;

    if (!pst_question_check(question->probe, question->args, &cause))
        return refuse(error, cause->message);
    if (kind == &pst_report_host_kind)
        return n == 1 || refuse(error, "'host' is to be asked alone");
    if (!kind->derived)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                "no guest is asked for '%s': it is derived from the answers to others", kind->name);
    return FALSE;
}

static gboolean
read_question(JsonNode *node, PstApiAsk *ask, GError **error)
{
    const char *probe = NULL;
    JsonObject *args = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return refuse(error, "a question is not an object");
    if (!pst_json_get_string(json_node_get_object(node), "probe", PST_JSON_REQUIRED, &probe,
                             error) ||
        !pst_json_get_object(json_node_get_object(node), "args", PST_JSON_OPTIONAL, &args, error))
        return FALSE;
    ask->questions[ask->n++] = pst_answer_new(ask->domain, probe, args);
    return TRUE;
}

static gboolean
read_questions(JsonObject *params, PstApiAsk *ask, GError **error)
{
    JsonArray *array = NULL;

    if (!pst_json_get_array(params, "questions", PST_JSON_REQUIRED, &array, error))
        return FALSE;
    guint n = json_array_get_length(array);
    if (n < 1 || n > PST_LIMIT_API_QUESTIONS)
        return refuse(error, "'questions' are none, or too many");
    ask->questions = g_new0(PstAnswer *, n);
    for (guint i = 0; i < n; i++)
        if (!read_question(json_array_get_element(array, i), ask, error) ||
            !check_question(ask->questions[i], n, error))
            return FALSE;
    return TRUE;
}

static gboolean
is_verb(const char *text)
{
    return *text != '\0' && strlen(text) <= MAX_VERB &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz-") == strlen(text);
}

static gboolean
read_max_age(JsonObject *params, PstApiAsk *ask, GError **error)
{
    if (!pst_json_get_int(params, "max_age_ms", PST_JSON_OPTIONAL, &ask->max_age_ms, error))
        return FALSE;
    ask->afresh = ask->max_age_ms == 0 && json_object_has_member(params, "max_age_ms");
    if (ask->max_age_ms >= 0 && ask->max_age_ms <= PST_RECENT_MAX_MS)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'max_age_ms' is not 0 to %d",
                PST_RECENT_MAX_MS);
    return FALSE;
}

PstApiAsk *
pst_api_request_read_ask(JsonObject *params, GError **error)
{
    g_autoptr(PstApiAsk) ask = g_new0(PstApiAsk, 1);
    const char *domain = NULL, *verb = DEFAULT_VERB;

    if (!pst_api_request_deadline(params, &ask->deadline_ms, error) ||
        !pst_api_request_domain(params, &domain, error) ||
        !pst_json_get_string(params, "verb", PST_JSON_OPTIONAL, &verb, error) ||
        !pst_json_get_bool(params, "host", PST_JSON_OPTIONAL, &ask->with_host, error) ||
        !read_max_age(params, ask, error))
        return NULL;
    if (!is_verb(verb)) {
        refuse(error, "'verb' is not a short lower-case word");
        return NULL;
    }
    ask->domain = g_strdup(domain);
    ask->verb = g_strdup(verb);
    return read_questions(params, ask, error) ? g_steal_pointer(&ask) : NULL;
}

JsonObject *
pst_api_request_ask(const PstApiAsk *ask)
{
    JsonObject *params = json_object_new();
    JsonArray *questions = json_array_new();

    pst_json_set_string(params, "domain", ask->domain);
    json_object_set_int_member(params, "deadline_ms", ask->deadline_ms);
    pst_json_set_string(params, "verb", ask->verb);
    if (ask->max_age_ms > 0 || ask->afresh)
        json_object_set_int_member(params, "max_age_ms", ask->max_age_ms);
    if (ask->with_host)
        json_object_set_boolean_member(params, "host", TRUE);
    for (guint i = 0; i < ask->n; i++) {
        JsonObject *question = json_object_new();

        pst_json_set_string(question, "probe", ask->questions[i]->probe);
        json_object_set_object_member(question, "args", json_object_ref(ask->questions[i]->args));
        json_array_add_object_element(questions, question);
    }
    json_object_set_array_member(params, "questions", questions);
    return params;
}

void
pst_api_request_free_ask(PstApiAsk *ask)
{
    for (guint i = 0; i < ask->n; i++)
        pst_answer_free(ask->questions[i]);
    g_free(ask->questions);
    g_free(ask->domain);
    g_free(ask->verb);
    g_free(ask);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

/* Members in the order of their names: arguments are flat, but for lists, whose order matters. */
static JsonObject *
in_order(JsonObject *args)
{
    JsonObject *sorted = json_object_new();
    g_autoptr(GList) names = g_list_sort(json_object_get_members(args), compare_names);

    for (GList *name = names; name != NULL; name = name->next)
        if (!g_str_equal(name->data, MOMENT))
            json_object_set_member(sorted, name->data, json_object_dup_member(args, name->data));
    return sorted;
}

char *
pst_api_request_key(const char *domain, const PstAnswer *question)
{
    g_autoptr(JsonObject) args = in_order(question->args);
    g_autofree char *text = pst_json_to_text(args, NULL);

    /* No name holds a line feed in JSON's spelling, and a probe's is one of the table. */
    return g_strdup_printf("%s\n%s\n%s", question->probe, text, domain);
}
