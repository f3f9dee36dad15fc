// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report.h"

#include <stdarg.h>
#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/vocabulary.h"

const char *const pst_report_status_names[] = {"ok", "warning", "unknown", "critical", NULL};

/* What the message around a report may add to its tokens. */
#define ENVELOPE_TOKENS 64

static const char probe_row[] = "probe", status_row[] = "status", summary_row[] = "summary",
                  findings_row[] = "findings", data_row[] = "data", took_row[] = "took_ms",
                  realtime_row[] = "realtime_us", truncated_row[] = "truncated";

PstReport *
pst_report_new(const PstReportKind *kind)
{
    PstReport *report = g_new0(PstReport, 1);

    report->probe = g_strdup(kind->name);
    report->kind = kind;
    report->findings = g_ptr_array_new();
    report->realtime_us = PST_INT_UNKNOWN;
    report->data = pst_fields_new(kind->data);
    return report;
}

void
pst_report_free(PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++)
        pst_fields_free(&pst_finding_fields, report->findings->pdata[i]);
    g_ptr_array_unref(report->findings);
    if (report->kind != NULL)
        pst_fields_free(report->kind->data, report->data);
    g_clear_pointer(&report->raw, json_object_unref);
    g_free(report->probe);
    g_free(report->summary);
    g_free(report);
}

PstFinding *
pst_report_add(PstReport *report, const char *id, PstSeverity severity, const char *format, ...)
{
    PstFinding *finding = pst_fields_append(&pst_finding_fields, &report->findings);
    va_list args;

    finding->id = g_strdup(id);
    finding->severity = (int)severity;
    finding->evidence = pst_fields_new(&pst_finding_evidence_fields);
    va_start(args, format);
    finding->message = g_strdup_vprintf(format, args);
    va_end(args);
    return finding;
}

PstUndo *
pst_report_undo(PstFinding *finding, PstUndoKind kind)
{
    if (finding->undo == NULL)
        finding->undo = pst_fields_new(&pst_finding_undo_fields);
    finding->undo->kind = (int)kind;
    return finding->undo;
}

/* An insertion sort, because it must be stable and there are few. */
static void
sort_findings(GPtrArray *findings)
{
    for (guint i = 1; i < findings->len; i++) {
        PstFinding *moved = findings->pdata[i];
        guint j = i;

        for (; j > 0 && ((PstFinding *)findings->pdata[j - 1])->severity < moved->severity; j--)
            findings->pdata[j] = findings->pdata[j - 1];
        findings->pdata[j] = moved;
    }
}

void
pst_report_conclude(PstReport *report, const char *ok_summary)
{
    const PstFinding *worst = NULL;

    sort_findings(report->findings);
    if (report->findings->len > 0)
        worst = report->findings->pdata[0];

    /* The enums run in the same order. */
    report->status = worst != NULL ? (PstStatus)worst->severity : PST_STATUS_OK;
    g_free(report->summary);
    report->summary = g_strdup(report->status == PST_STATUS_OK ? ok_summary : worst->message);
}

static JsonObject *
encode(const PstReport *report, PstFieldsCut *cut)
{
    JsonObject *json = json_object_new();
    JsonArray *findings = json_array_new();

    json_object_set_string_member(json, probe_row, report->probe);
    json_object_set_string_member(json, status_row, pst_report_status_names[report->status]);
    g_autofree char *summary =
        pst_json_clean_cut(report->summary, cut->max_string, &cut->truncated);
    json_object_set_string_member(json, summary_row, summary);

    for (guint i = 0; i < report->findings->len && i < cut->max_items; i++)
        json_array_add_object_element(
            findings, pst_fields_encode(&pst_finding_fields, report->findings->pdata[i], cut));
    cut->truncated |= report->findings->len > cut->max_items;
    json_object_set_array_member(json, findings_row, findings);

    json_object_set_object_member(json, data_row,
                                  pst_fields_encode(report->kind->data, report->data, cut));
    json_object_set_int_member(json, took_row, report->took_ms);
    if (report->realtime_us != PST_INT_UNKNOWN)
        json_object_set_int_member(json, realtime_row, report->realtime_us);
    json_object_set_boolean_member(json, truncated_row, report->truncated || cut->truncated);
    return json;
}

char *
pst_report_to_text(const PstReport *report, gsize max_bytes, gsize *len)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    PstValidateLimits limits = pst_validate_from_guest;

    g_return_val_if_fail(report->kind != NULL && report->summary != NULL, NULL);
    cut.max_string = MAX(cut.max_string, report->kind->max_string);
    limits.max_bytes = MIN(limits.max_bytes, max_bytes);
    limits.max_tokens -= ENVELOPE_TOKENS;
    for (;;) {
        g_autoptr(JsonObject) json = encode(report, &cut);
        g_autofree char *text = pst_json_to_text(json, len);

        if (pst_validate((const guint8 *)text, *len, &limits).reason == PST_VALIDATE_OK)
            return g_steal_pointer(&text);
        g_return_val_if_fail(cut.max_items > 0, NULL);
        cut.max_items /= 2;
        cut.max_string = MAX(cut.max_string / 2, 64);
    }
}

JsonObject *
pst_report_to_json(const PstReport *report)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    return report->raw != NULL ? json_object_ref(report->raw) : encode(report, &cut);
}

static gboolean
decode_status(const char *word, PstStatus *status, GError **error)
{
    for (int i = 0; pst_report_status_names[i] != NULL; i++) {
        if (g_str_equal(pst_report_status_names[i], word)) {
            *status = (PstStatus)i;
            return TRUE;
        }
    }
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "a report with the unknown status '%.32s'",
                word);
    return FALSE;
}

static gboolean
decode_findings(PstReport *report, JsonArray *array, GError **error)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_OBJECT(node)) {
            g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "a finding is not an object");
            return FALSE;
        }
        gpointer finding =
            pst_fields_decode(&pst_finding_fields, json_node_get_object(node), error);
        if (finding == NULL)
            return FALSE;
        g_ptr_array_add(report->findings, finding);
    }
    return TRUE;
}

static gboolean
decode_into(PstReport *report, JsonObject *json, GError **error)
{
    const char *probe = NULL, *status = NULL, *summary = NULL;
    JsonArray *findings = NULL;
    JsonObject *data = NULL;

    if (!pst_json_get_string(json, probe_row, PST_JSON_REQUIRED, &probe, error) ||
        !pst_json_get_string(json, status_row, PST_JSON_REQUIRED, &status, error) ||
        !pst_json_get_string(json, summary_row, PST_JSON_REQUIRED, &summary, error) ||
        !pst_json_get_array(json, findings_row, PST_JSON_REQUIRED, &findings, error) ||
        !pst_json_get_object(json, data_row, PST_JSON_REQUIRED, &data, error) ||
        !pst_json_get_int(json, took_row, PST_JSON_REQUIRED, &report->took_ms, error) ||
        !pst_json_get_int(json, realtime_row, PST_JSON_OPTIONAL, &report->realtime_us, error) ||
        !pst_json_get_bool(json, truncated_row, PST_JSON_REQUIRED, &report->truncated, error) ||
        !decode_status(status, &report->status, error) || !decode_findings(report, findings, error))
        return FALSE;

    report->probe = g_strdup(probe);
    report->summary = g_strdup(summary);
    report->kind = pst_vocabulary_find(probe);
    if (report->kind == NULL)
        return TRUE;
    report->data = pst_fields_decode(report->kind->data, data, error);
    return report->data != NULL;
}

PstReport *
pst_report_decode(JsonObject *json, GError **error)
{
    g_autoptr(PstReport) report = g_new0(PstReport, 1);
    g_autoptr(GError) cause = NULL;

    report->findings = g_ptr_array_new();
    report->realtime_us = PST_INT_UNKNOWN;
    report->raw = json_object_ref(json);
    if (!decode_into(report, json, &cause)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "not a report: %s", cause->message);
        return NULL;
    }
    return g_steal_pointer(&report);
}

static void
add_property(JsonObject *properties, const char *name, const char *type)
{
    JsonObject *schema = json_object_new();

    json_object_set_string_member(schema, "type", type);
    json_object_set_object_member(properties, name, schema);
}

JsonObject *
pst_report_schema(const PstReportKind *kind)
{
    JsonObject *schema = json_object_new();
    JsonObject *properties = json_object_new();
    JsonObject *findings = json_object_new();
    JsonObject *status = json_object_new();
    JsonArray *names = json_array_new();
    JsonArray *required = json_array_new();

    add_property(properties, probe_row, "string");
    for (guint i = 0; pst_report_status_names[i] != NULL; i++)
        json_array_add_string_element(names, pst_report_status_names[i]);
    json_object_set_array_member(status, "enum", names);
    json_object_set_object_member(properties, status_row, status);
    add_property(properties, summary_row, "string");
    json_object_set_string_member(findings, "type", "array");
    json_object_set_object_member(findings, "items", pst_fields_schema(&pst_finding_fields));
    json_object_set_object_member(properties, findings_row, findings);
    json_object_set_object_member(properties, data_row, pst_fields_schema(kind->data));
    add_property(properties, took_row, "integer");
    add_property(properties, realtime_row, "integer");
    add_property(properties, truncated_row, "boolean");

    const char *const members[] = {probe_row, status_row, summary_row,  findings_row,
                                   data_row,  took_row,   truncated_row};
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        json_array_add_string_element(required, members[i]);

    json_object_set_string_member(schema, "$schema",
                                  "https://json-schema.org/draft/2020-12/schema");
    json_object_set_string_member(schema, "title", kind->name);
    json_object_set_string_member(schema, "type", "object");
    json_object_set_object_member(schema, "properties", properties);
    json_object_set_array_member(schema, "required", required);
    return schema;
}
