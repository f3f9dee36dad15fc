// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/answer.h"

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"

const char *const pst_answer_via_names[] = {"channel", "agent", "agent-builtin", "volume", "host",
                                            "none",    NULL};

static const PstField attempt_rows[] = {
    PST_ENUM(PstAttempt, via, pst_answer_via_names, "the path that was tried"),
    PST_STRING(PstAttempt, reason, "why it gave no answer"),
    PST_INT(PstAttempt, took_ms, "milliseconds; 0 where libvirt's word was enough"),
};
const PstFields pst_answer_attempt_fields = PST_FIELDS(PstAttempt, attempt_rows);

PstAnswer *
pst_answer_new(const char *guest, const char *probe, JsonObject *args)
{
    PstAnswer *answer = g_new0(PstAnswer, 1);

    answer->guest = g_strdup(guest);
    answer->probe = g_strdup(probe);
    answer->args = args != NULL ? json_object_ref(args) : json_object_new();
    answer->via = PST_VIA_NONE;
    answer->no_news_ms = answer->took_ms = PST_INT_UNKNOWN;
    return answer;
}

void
pst_answer_let_age(PstAnswer *answer, gint64 ms)
{
    answer->age_ms += MAX(0, ms);
    if (answer->no_news_ms != PST_INT_UNKNOWN)
        answer->no_news_ms += MAX(0, ms);
}

gint64
pst_answer_no_news_ms(PstAnswer *const *answers, guint n)
{
    gint64 oldest_ms = PST_INT_UNKNOWN;

    for (guint i = 0; i < n; i++) {
        if (answers[i]->report == NULL || answers[i]->via != PST_VIA_VOLUME)
            continue;
        if (answers[i]->no_news_ms == PST_INT_UNKNOWN)
            return PST_INT_UNKNOWN;
        oldest_ms = MAX(oldest_ms, answers[i]->no_news_ms);
    }
    return oldest_ms;
}

static gboolean
is_slow(const PstAnswer *question)
{
    const PstReportKind *kind = pst_vocabulary_find(question->probe);

    return kind != NULL && kind->slow;
}

PstAnswer **
pst_answer_arrange(PstAnswer **questions, guint n, guint *places)
{
    PstAnswer **arranged = g_new0(PstAnswer *, n + 1);
    guint next = 0;

    for (int slow = TRUE; slow >= FALSE; slow--) {
        for (guint i = 0; i < n; i++) {
            if (is_slow(questions[i]) != slow)
                continue;
            arranged[next] = questions[i];
            places[next++] = i;
        }
    }
    g_free(questions);
    return arranged;
}

PstAnswer *
pst_answer_copy(const PstAnswer *answer)
{
    PstAnswer *copy = pst_answer_new(answer->guest, answer->probe, answer->args);

    copy->uuid = g_strdup(answer->uuid);
    copy->via = answer->via;
    copy->age_ms = answer->age_ms;
    copy->no_news_ms = answer->no_news_ms;
    copy->took_ms = answer->took_ms;
    for (guint i = 0; answer->attempts != NULL && i < answer->attempts->len; i++) {
        const PstAttempt *attempt = answer->attempts->pdata[i];
        pst_answer_add_attempt(copy, (PstVia)attempt->via, attempt->took_ms, attempt->reason);
    }
    if (answer->report != NULL) {
        g_autoptr(JsonObject) json = pst_report_to_json(answer->report);
        copy->report = pst_report_decode(json, &copy->error);
    }
    if (answer->error != NULL && copy->error == NULL)
        copy->error = g_error_copy(answer->error);
    return copy;
}

void
pst_answer_free(PstAnswer *answer)
{
    for (guint i = 0; answer->attempts != NULL && i < answer->attempts->len; i++)
        pst_fields_free(&pst_answer_attempt_fields, answer->attempts->pdata[i]);
    g_clear_pointer(&answer->attempts, g_ptr_array_unref);
    g_clear_pointer(&answer->report, pst_report_free);
    g_clear_error(&answer->error);
    json_object_unref(answer->args);
    g_free(answer->probe);
    g_free(answer->guest);
    g_free(answer->uuid);
    g_free(answer);
}

void
pst_answer_add_attempt(PstAnswer *answer, PstVia via, gint64 took_ms, const char *reason)
{
    PstAttempt *attempt = pst_fields_append(&pst_answer_attempt_fields, &answer->attempts);

    attempt->via = (int)via;
    attempt->took_ms = took_ms;
    attempt->reason = g_strdup(reason);
}

gboolean
pst_answer_has_attempt(const PstAnswer *answer, PstVia via)
{
    for (guint i = 0; answer->attempts != NULL && i < answer->attempts->len; i++)
        if (((PstAttempt *)answer->attempts->pdata[i])->via == (int)via)
            return TRUE;
    return FALSE;
}

static int
compare_attempts(gconstpointer a, gconstpointer b)
{
    return (*(const PstAttempt *const *)a)->via - (*(const PstAttempt *const *)b)->via;
}

void
pst_answer_sort_attempts(PstAnswer *answer)
{
    if (answer->attempts != NULL)
        g_ptr_array_sort(answer->attempts, compare_attempts);
}

void
pst_answer_forget_attempts(PstAnswer *answer, PstVia via)
{
    for (guint i = answer->attempts != NULL ? answer->attempts->len : 0; i-- > 0;) {
        PstAttempt *attempt = answer->attempts->pdata[i];

        if (attempt->via <= (int)via)
            continue;
        g_ptr_array_remove_index(answer->attempts, i);
        pst_fields_free(&pst_answer_attempt_fields, attempt);
    }
    if (answer->attempts != NULL && answer->attempts->len == 0)
        g_clear_pointer(&answer->attempts, g_ptr_array_unref);
}

PstStatus
pst_answer_status(const PstAnswer *answer)
{
    if (answer->report == NULL)
        return PST_STATUS_UNKNOWN;
    return answer->via == PST_VIA_VOLUME ? MAX(answer->report->status, PST_STATUS_UNKNOWN)
                                         : answer->report->status;
}

/* Where all paths are shut for one reason, such as a guest that is off, it is said once. */
static gboolean
same_reason(const GPtrArray *attempts)
{
    const PstAttempt *first = attempts->pdata[0];

    for (guint i = 1; i < attempts->len; i++)
        if (!g_str_equal(((PstAttempt *)attempts->pdata[i])->reason, first->reason))
            return FALSE;
    return TRUE;
}

char *
pst_answer_explain(const PstAnswer *answer)
{
    g_autoptr(GString) out = g_string_new(answer->error->message);
    const GPtrArray *attempts = answer->attempts;

    if (answer->via != PST_VIA_NONE || attempts == NULL)
        return g_strdup(out->str);
    if (same_reason(attempts))
        return g_strdup_printf("%s: %s", out->str, ((PstAttempt *)attempts->pdata[0])->reason);
    for (guint i = 0; i < attempts->len; i++) {
        const PstAttempt *attempt = attempts->pdata[i];
        g_string_append_printf(out, "%s%s: %s", i == 0 ? ": " : "; ",
                               pst_answer_via_names[attempt->via], attempt->reason);
    }
    return g_strdup(out->str);
}

static JsonObject *
error_to_json(const GError *error)
{
    JsonObject *json = json_object_new();

    json_object_set_string_member(json, "reason", pst_error_reason((PstErrorCode)error->code));
    pst_json_set_string(json, "message", error->message);
    return json;
}

static JsonArray *
attempts_to_json(const PstAnswer *answer)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; answer->attempts != NULL && i < answer->attempts->len; i++) {
        PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
        json_array_add_object_element(
            array, pst_fields_encode(&pst_answer_attempt_fields, answer->attempts->pdata[i], &cut));
    }
    return array;
}

JsonObject *
pst_answer_to_json(const PstAnswer *answer)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "guest", answer->guest);
    pst_json_set_string(json, "probe", answer->probe);
    json_object_set_string_member(json, "via", pst_answer_via_names[answer->via]);
    json_object_set_int_member(json, "age_ms", answer->age_ms);
    if (answer->no_news_ms != PST_INT_UNKNOWN)
        json_object_set_int_member(json, "no_news_ms", answer->no_news_ms);
    json_object_set_array_member(json, "attempts", attempts_to_json(answer));
    if (answer->report != NULL)
        json_object_set_object_member(json, "report", pst_report_to_json(answer->report));
    if (answer->error != NULL)
        json_object_set_object_member(json, "error", error_to_json(answer->error));
    return json;
}

static gboolean
read_via(const char *word, int *via)
{
    for (int i = 0; i <= PST_VIA_NONE; i++) {
        if (!g_str_equal(pst_answer_via_names[i], word))
            continue;
        *via = i;
        return TRUE;
    }
    return FALSE;
}

static gboolean
read_attempts(JsonArray *array, PstAnswer *answer)
{
    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        const char *via = NULL, *reason = NULL;
        gint64 took_ms = 0;
        int number = 0;

        if (!JSON_NODE_HOLDS_OBJECT(node))
            return FALSE;
        JsonObject *attempt = json_node_get_object(node);
        if (!pst_json_get_string(attempt, "via", PST_JSON_REQUIRED, &via, NULL) ||
            !pst_json_get_string(attempt, "reason", PST_JSON_REQUIRED, &reason, NULL) ||
            !pst_json_get_int(attempt, "took_ms", PST_JSON_OPTIONAL, &took_ms, NULL) ||
            !read_via(via, &number))
            return FALSE;
        pst_answer_add_attempt(answer, (PstVia)number, took_ms, reason);
    }
    return TRUE;
}

static gboolean
read_outcome(JsonObject *json, PstAnswer *answer, GError **error)
{
    JsonObject *report = NULL, *refusal = NULL;
    const char *reason = NULL, *message = NULL;
    PstErrorCode code = PST_ERROR_INTERNAL;

    if (pst_json_get_object(json, "report", PST_JSON_REQUIRED, &report, NULL)) {
        answer->report = pst_report_decode(report, error);
        if (answer->report == NULL)
            return FALSE;
        if (!json_object_has_member(json, "error"))
            return TRUE;
    }
    if (!pst_json_get_object(json, "error", PST_JSON_REQUIRED, &refusal, error) ||
        !pst_json_get_string(refusal, "reason", PST_JSON_REQUIRED, &reason, error) ||
        !pst_json_get_string(refusal, "message", PST_JSON_REQUIRED, &message, error))
        return FALSE;
    /* A word that a newer peer knows. */
    (void)pst_error_from_reason(reason, &code);
    answer->error = g_error_new_literal(PST_ERROR, (int)code, message);
    return TRUE;
}

PstAnswer *
pst_answer_from_json(JsonObject *json, JsonObject *args, GError **error)
{
    const char *guest = NULL, *probe = NULL, *via = NULL;
    JsonArray *attempts = NULL;

    if (!pst_json_get_string(json, "guest", PST_JSON_REQUIRED, &guest, error) ||
        !pst_json_get_string(json, "probe", PST_JSON_REQUIRED, &probe, error) ||
        !pst_json_get_string(json, "via", PST_JSON_REQUIRED, &via, error) ||
        !pst_json_get_array(json, "attempts", PST_JSON_OPTIONAL, &attempts, error))
        return NULL;
    g_autoptr(PstAnswer) answer = pst_answer_new(guest, probe, args);
    if (!pst_json_get_int(json, "age_ms", PST_JSON_OPTIONAL, &answer->age_ms, error) ||
        !pst_json_get_int(json, "no_news_ms", PST_JSON_OPTIONAL, &answer->no_news_ms, error))
        return NULL;
    if (!read_via(via, &answer->via) || !read_attempts(attempts, answer)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "an answer's path can't be read");
        return NULL;
    }
    return read_outcome(json, answer, error) ? g_steal_pointer(&answer) : NULL;
}
