// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/brief.h"

#include <string.h>

#include "host-sidecar/causes.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/escape.h"
#include "protocol/json.h"
#include "protocol/report-access.h"
#include "protocol/report-journal.h"
#include "protocol/report-services.h"

#define MAX_ERRORS 5
#define URGENT_ERROR 3 /* LOG_ERR */

/* How much is told: less of each, until it fits. */
typedef struct {
    gsize quote; /* bytes of one text */
    guint n_causes;
    guint n_errors;
    gboolean consequences, undo;
} Room;

typedef struct {
    PstAnswer *const *answers;
    guint n;
    const GArray *causes;
    const char *const *units;
} Brief;

static gconstpointer
data_of(const Brief *brief, const PstReportKind *kind)
{
    for (guint i = 0; i < brief->n; i++)
        if (brief->answers[i]->report != NULL && brief->answers[i]->report->kind == kind)
            return brief->answers[i]->report->data;
    return NULL;
}

/* Cut as it will be printed: escaped text is longer. */
static void
set_text(JsonObject *json, const char *name, const char *text, const Room *room)
{
    gboolean cut = FALSE;

    if (text == NULL || *text == '\0')
        return;
    g_autofree char *clean = pst_json_clean_cut(text, room->quote, &cut);
    g_autofree char *shown = cut ? g_strconcat(clean, "…", NULL) : g_strdup(clean);
    json_object_set_string_member(json, name, shown);
}

static void
set_verdict(JsonObject *json, const char *name, int verdict)
{
    if (verdict == PST_ACCESS_UNKNOWN)
        json_object_set_null_member(json, name);
    else
        json_object_set_boolean_member(json, name, verdict == PST_ACCESS_OPEN);
}

static void
add_access(const Brief *brief, JsonObject *json)
{
    const PstAccessData *access = data_of(brief, &pst_report_access_kind);

    if (access == NULL || access->user == NULL)
        return;
    set_verdict(json, "ssh_ok", access->login);
    set_verdict(json, "sudo_ok", access->root);
}

static const PstServicesUnit *
find_unit(const PstServicesData *services, const char *name)
{
    for (guint i = 0; services->units != NULL && i < services->units->len; i++) {
        const PstServicesUnit *unit = services->units->pdata[i];

        if (pst_report_services_is(unit, name))
            return unit;
    }
    return NULL;
}

/* null where nobody could tell. */
static void
add_units(const Brief *brief, const Room *room, JsonObject *json)
{
    const PstServicesData *services = data_of(brief, &pst_report_services_kind);
    JsonObject *states;

    if (brief->units == NULL || brief->units[0] == NULL)
        return;
    states = json_object_new();
    for (guint i = 0; brief->units[i] != NULL; i++) {
        const PstServicesUnit *unit =
            services != NULL ? find_unit(services, brief->units[i]) : NULL;

        if (unit != NULL && unit->active != NULL)
            set_text(states, brief->units[i], unit->active, room);
        else
            json_object_set_null_member(states, brief->units[i]);
    }
    json_object_set_object_member(json, "units", states);
}

static gboolean
is_told(const char *text, const PstFinding *finding)
{
    return text == NULL || strstr(finding->message, text) != NULL;
}

static void
add_evidence(const PstFinding *finding, const Room *room, JsonObject *json)
{
    const PstEvidence *evidence = finding->evidence;

    if (evidence == NULL)
        return;
    if (evidence->path != NULL && evidence->line != PST_INT_UNKNOWN) {
        g_autofree char *at =
            g_strdup_printf("%s:%" G_GINT64_FORMAT, evidence->path, evidence->line);
        set_text(json, "at", at, room);
    } else {
        set_text(json, "at", evidence->path, room);
    }
    if (!is_told(evidence->text, finding))
        set_text(json, "text", evidence->text, room);
    if (!is_told(evidence->error, finding))
        set_text(json, "says", evidence->error, room);
    set_text(json, "mode", evidence->mode, room);
    set_text(json, "owner", evidence->owner, room);
    if (!is_told(evidence->unit, finding))
        set_text(json, "unit", evidence->unit, room);
}

/* What mends it: for a program where that is certain, else for the reader. Half an undo would be
 * another one. */
static void
add_mending(const PstFinding *finding, const Room *room, JsonObject *json)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    if (finding->undo != NULL && room->undo)
        json_object_set_object_member(
            json, "undo", pst_fields_encode(&pst_finding_undo_fields, finding->undo, &cut));
    else
        set_text(json, "remedy", finding->remedy, room);
}

static JsonArray *
consequences_of(const GArray *causes, guint root)
{
    const PstFinding *finding = g_array_index(causes, PstCause, root).finding;
    JsonArray *ids = json_array_new();

    for (guint i = root + 1; i < causes->len; i++) {
        const PstCause *cause = &g_array_index(causes, PstCause, i);

        if (cause->root != finding)
            break;
        json_array_add_string_element(ids, cause->finding->id);
    }
    return ids;
}

static void
add_cause(const Brief *brief, guint i, const Room *room, JsonArray *array)
{
    const PstFinding *finding = g_array_index(brief->causes, PstCause, i).finding;
    JsonObject *json = json_object_new();

    set_text(json, "id", finding->id, room);
    json_object_set_string_member(json, "severity", pst_finding_severity_names[finding->severity]);
    set_text(json, "message", finding->message, room);
    add_evidence(finding, room, json);
    add_mending(finding, room, json);
    if (room->consequences) {
        JsonArray *ids = consequences_of(brief->causes, i);

        if (json_array_get_length(ids) > 0)
            json_object_set_array_member(json, "leads_to", ids);
        else
            json_array_unref(ids);
    }
    json_array_add_object_element(array, json);
}

static gboolean
is_root(const PstCause *cause)
{
    return cause->finding == cause->root;
}

static guint
count_roots(const GArray *causes)
{
    guint n = 0;

    for (guint i = 0; i < causes->len; i++)
        n += is_root(&g_array_index(causes, PstCause, i));
    return n;
}

static void
add_causes(const Brief *brief, const Room *room, JsonObject *json)
{
    guint n = count_roots(brief->causes), told = 0;
    JsonArray *array = json_array_new();

    for (guint i = 0; i < brief->causes->len && told < room->n_causes; i++) {
        if (!is_root(&g_array_index(brief->causes, PstCause, i)))
            continue;
        add_cause(brief, i, room, array);
        told++;
    }
    json_object_set_array_member(json, "causes", array);
    if (told < n)
        json_object_set_int_member(json, "left_out", n - told);
}

static gboolean
is_in_causes(const GArray *causes, const char *message)
{
    for (guint i = 0; i < causes->len; i++) {
        const PstFinding *finding = g_array_index(causes, PstCause, i).finding;
        const char *text = finding->evidence != NULL ? finding->evidence->text : NULL;

        if (is_told(message, finding) || (text != NULL && strstr(text, message) != NULL))
            return TRUE;
    }
    return FALSE;
}

/* The journal's errors, each kind once, as far as no cause tells them. */
static void
add_errors(const Brief *brief, const Room *room, JsonObject *json)
{
    const PstJournalData *journal = data_of(brief, &pst_report_journal_kind);
    JsonArray *array = json_array_new();

    for (guint i = 0; journal != NULL && journal->groups != NULL && i < journal->groups->len; i++) {
        const PstJournalGroup *group = journal->groups->pdata[i];
        gboolean cut = FALSE;

        if (group->message == NULL || group->priority > URGENT_ERROR ||
            group->priority == PST_INT_UNKNOWN || json_array_get_length(array) >= room->n_errors ||
            is_in_causes(brief->causes, group->message))
            continue;
        g_autofree char *text =
            g_strdup_printf("%s%s%s", group->identifier != NULL ? group->identifier : "",
                            group->identifier != NULL ? ": " : "", group->message);
        g_autofree char *clean = pst_json_clean_cut(text, room->quote, &cut);
        json_array_add_string_element(array, clean);
    }
    if (json_array_get_length(array) > 0)
        json_object_set_array_member(json, "errors", array);
    else
        json_array_unref(array);
}

/* Questions without an answer: a reader must not take silence for health. */
static void
add_unanswered(const Brief *brief, JsonObject *json)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < brief->n; i++)
        if (brief->answers[i]->report == NULL)
            json_array_add_string_element(array, brief->answers[i]->probe);
    if (json_array_get_length(array) > 0)
        json_object_set_array_member(json, "unanswered", array);
    else
        json_array_unref(array);
}

/* Where what is told is a record of earlier: how old the oldest of it is, and how long ago
 * nothing new was found. */
static void
add_age(const Brief *brief, JsonObject *json)
{
    gint64 age_ms = 0;

    for (guint i = 0; i < brief->n; i++)
        age_ms = MAX(age_ms, brief->answers[i]->age_ms);
    if (age_ms > 0)
        json_object_set_int_member(json, "age_ms", age_ms);
    gint64 no_news_ms = pst_answer_no_news_ms(brief->answers, brief->n);
    if (no_news_ms != PST_INT_UNKNOWN)
        json_object_set_int_member(json, "no_news_ms", no_news_ms);
}

static JsonObject *
make(const char *guest, const Brief *brief, const Room *room)
{
    PstDiagnosis diagnosis = pst_diagnose_judge(brief->answers, brief->n);
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "guest", guest);
    json_object_set_string_member(json, "status", pst_report_status_names[diagnosis.status]);
    add_age(brief, json);
    add_access(brief, json);
    add_units(brief, room, json);
    add_causes(brief, room, json);
    add_unanswered(brief, json);
    add_errors(brief, room, json);
    return json;
}

static gboolean
fits(JsonObject *json, gsize max_bytes)
{
    g_autofree char *text = pst_json_to_text(json, NULL);
    g_autofree char *escaped = pst_escape_json(text);

    return strlen(escaped) < max_bytes;
}

/* One step less; FALSE where no less can be told. */
static gboolean
tighten(Room *room)
{
    if (room->n_errors > 1)
        room->n_errors--;
    else if (room->quote > 160)
        room->quote = 160;
    else if (room->n_errors > 0)
        room->n_errors--;
    else if (room->consequences)
        room->consequences = FALSE;
    else if (room->n_causes > 1)
        room->n_causes--;
    else if (room->quote > 40)
        room->quote /= 2;
    else if (room->undo)
        room->undo = FALSE;
    else if (room->quote > 20)
        room->quote /= 2;
    else
        return FALSE;
    return TRUE;
}

JsonObject *
pst_brief_to_json(const char *guest, PstAnswer *const *answers, guint n, const char *const *units,
                  gsize max_bytes)
{
    g_autoptr(GArray) causes = pst_causes_order(answers, n);
    const Brief brief = {answers, n, causes, units};
    Room room = {
        .quote = 320, .n_causes = 8, .n_errors = MAX_ERRORS, .consequences = TRUE, .undo = TRUE};

    for (;;) {
        g_autoptr(JsonObject) json = make(guest, &brief, &room);

        if (fits(json, max_bytes) || !tighten(&room))
            return g_steal_pointer(&json);
    }
}
