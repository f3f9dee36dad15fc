// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/render-health.h"

#include <string.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

/* Of the plugin's line; readers cut longer ones. */
#define MAX_NAMED 5
#define MAX_NAMED_BYTES 200

const char *const pst_health_status_words[] = {
    [PST_STATUS_OK] = "ok",
    [PST_STATUS_WARNING] = "WARNING",
    [PST_STATUS_UNKNOWN] = "UNKNOWN",
    [PST_STATUS_CRITICAL] = "CRITICAL",
};
const PstStatus pst_health_worst_first[PST_HEALTH_N_STATUSES] = {
    PST_STATUS_CRITICAL, PST_STATUS_UNKNOWN, PST_STATUS_WARNING, PST_STATUS_OK};

static guint
count_domains(const PstHealth *health)
{
    return health->domains != NULL ? health->domains->len : 0;
}

static guint
length(char *const *list)
{
    return list != NULL ? g_strv_length((char **)list) : 0;
}

void
pst_render_health_append_counts(GString *out, const char *one, const char *many,
                                PstRenderHealthCount count, gconstpointer data)
{
    guint counts[PST_HEALTH_N_STATUSES], n = 0, n_told = 0;

    for (guint i = 0; i < PST_HEALTH_N_STATUSES; i++)
        n += counts[i] = count(data, pst_health_worst_first[i]);
    g_string_append_printf(out, "%u %s", n, n == 1 ? one : many);
    for (guint i = 0; i < PST_HEALTH_N_STATUSES; i++)
        if (counts[i] > 0)
            g_string_append_printf(out, "%s%u %s", n_told++ > 0 ? ", " : ": ", counts[i],
                                   pst_report_status_names[pst_health_worst_first[i]]);
}

static guint
count_status(gconstpointer health, PstStatus status)
{
    return pst_health_count(health, status);
}

static void
append_counts(GString *out, const PstHealth *health)
{
    pst_render_health_append_counts(out, "domain", "domains", count_status, health);
}

/* ---- for people ---- */

static void
append_job(GString *out, const PstHealthRow *row)
{
    if (row->job == NULL)
        return;
    g_string_append(out, "; libvirt is at a ");
    pst_render_append(out, row->job);
    if (row->job_ms != PST_INT_UNKNOWN)
        g_string_append_printf(out, " for %" G_GINT64_FORMAT " s", row->job_ms / 1000);
}

/* Where a port is held open, and what is seen from outside does not tell why nothing came. */
static void
append_why(GString *out, const PstHealthRow *row)
{
    const PstProblem *first =
        row->problems != NULL && row->problems->len > 0 ? row->problems->pdata[0] : NULL;

    if (row->why == NULL || first == NULL || !g_str_equal(first->id, "host.no-answer") ||
        strstr(first->message, row->why) != NULL)
        return;
    g_string_append(out, "; ");
    pst_render_quote(out, row->why);
}

static void
append_last_answer(GString *out, const PstHealthRow *row)
{
    if (row->via != NULL)
        return;
    if (row->answered_us == PST_INT_UNKNOWN) {
        g_string_append(out, "; no answer of it is known");
        return;
    }
    g_autofree char *age = pst_render_age(row->answered_us);
    g_string_append_printf(out, "; last answer %s", age);
    if (row->last_status == NULL)
        return;
    g_string_append(out, ": ");
    pst_render_append(out, row->last_status);
    if (row->last_summary != NULL && !g_str_equal(row->last_status, "ok")) {
        g_string_append(out, ", ");
        pst_render_quote(out, row->last_summary);
    }
}

static void
append_again(GString *out, const PstHealthRow *row)
{
    if (row->ask_again_us == PST_INT_UNKNOWN)
        return;
    gint64 left_us = MAX(0, row->ask_again_us - g_get_real_time());
    g_string_append_printf(out, "; asked again in %" G_GINT64_FORMAT " min",
                           (left_us + 60 * G_USEC_PER_SEC - 1) / (60 * G_USEC_PER_SEC));
}

static void
append_list(GString *out, const char *title, char *const *list)
{
    for (guint i = 0; i < length(list); i++) {
        g_string_append(out, i == 0 ? title : ", ");
        pst_render_append(out, list[i]);
    }
    if (length(list) > 0)
        g_string_append_c(out, '\n');
}

static void
append_notes(GString *out, char *const *notes)
{
    for (guint i = 0; i < length(notes); i++) {
        g_string_append_printf(out, "%-9s note: ", "");
        pst_render_append(out, notes[i]);
        g_string_append_c(out, '\n');
    }
}

static void
append_row(GString *out, const PstHealthRow *row)
{
    g_autofree char *name = pst_escape_text(row->name, FALSE);

    g_string_append_printf(out, "%-9s %-20s %-10s ", pst_health_status_words[row->status], name,
                           pst_condition_names[row->condition]);
    pst_render_quote(out, row->summary);
    append_why(out, row);
    append_job(out, row);
    append_last_answer(out, row);
    append_again(out, row);
    g_string_append_c(out, '\n');
    append_notes(out, row->notes);
}

static void
append_change(GString *out, const PstHealthRow *row)
{
    g_autoptr(GPtrArray) appeared = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; row->problems != NULL && i < row->problems->len; i++)
        if (((PstProblem *)row->problems->pdata[i])->fresh == PST_TRI_YES)
            g_ptr_array_add(appeared, pst_health_memory_key(row->problems->pdata[i]));
    g_ptr_array_add(appeared, NULL);
    if (row->was != NULL) {
        g_string_append_printf(out, "%-9s it was: ", "");
        pst_render_append(out, row->was);
        g_string_append_c(out, '\n');
    }
    append_list(out, "          new: ", (char **)appeared->pdata);
    append_list(out, "          gone: ", row->gone);
}

char *
pst_render_health(const PstHealth *health, gboolean changes)
{
    GString *out = g_string_new(NULL);

    append_counts(out, health);
    g_string_append_printf(out, "; %.1f s", (double)health->took_ms / 1000);
    if (changes && health->last_us == PST_INT_UNKNOWN)
        g_string_append(out, "; of an earlier sweep nothing is known");
    if (changes && health->last_us != PST_INT_UNKNOWN) {
        g_autofree char *age = pst_render_age(health->last_us);
        g_string_append_printf(out, "; %s since the last sweep, %s",
                               pst_health_has_news(health) ? "what is other" : "nothing is other",
                               age);
    }
    g_string_append_c(out, '\n');
    append_notes(out, health->notes);
    for (guint i = 0; i < count_domains(health); i++) {
        const PstHealthRow *row = health->domains->pdata[i];
        if (changes && row->fresh != PST_TRI_YES)
            continue;
        append_row(out, row);
        if (changes)
            append_change(out, row);
    }
    if (changes)
        append_list(out, "no more domains: ", health->vanished);
    return g_string_free(out, FALSE);
}

/* ---- for programs ---- */

static JsonObject *
counts_json(const PstHealth *health)
{
    JsonObject *counts = json_object_new();

    json_object_set_int_member(counts, "domains", count_domains(health));
    for (guint i = 0; i < PST_HEALTH_N_STATUSES; i++)
        json_object_set_int_member(counts, pst_report_status_names[pst_health_worst_first[i]],
                                   pst_health_count(health, pst_health_worst_first[i]));
    for (int i = 0; i < PST_CONDITION_N; i++)
        json_object_set_int_member(counts, pst_condition_names[i],
                                   pst_health_count_condition(health, (PstCondition)i));
    return counts;
}

JsonObject *
pst_render_health_to_json(const PstHealth *health, gboolean changes)
{
    PstFieldsCut cut = {G_MAXUINT, 8192, FALSE};
    JsonObject *json = pst_fields_encode(&pst_health_fields, health, &cut);
    JsonArray *told = json_array_new();

    for (guint i = 0; i < count_domains(health); i++) {
        const PstHealthRow *row = health->domains->pdata[i];
        if (!changes || row->fresh == PST_TRI_YES)
            json_array_add_object_element(told,
                                          pst_fields_encode(&pst_health_row_fields, row, &cut));
    }
    json_object_set_array_member(json, "domains", told);
    json_object_set_object_member(json, "counts", counts_json(health));
    return json;
}

char *
pst_render_health_json(const PstHealth *health, gboolean changes)
{
    g_autoptr(JsonObject) json = pst_render_health_to_json(health, changes);

    return pst_render_json(json);
}

/* ---- for monitoring ---- */

void
pst_render_health_append_plain(GString *out, const char *text, gsize max)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);
    g_autofree char *cut = pst_json_clean_cut(escaped, max, NULL);

    g_string_append(out, g_strdelimit(cut, "|", '/'));
}

static void
append_named(GString *out, const PstHealth *health)
{
    for (guint i = 0; i < MIN(count_domains(health), MAX_NAMED); i++) {
        const PstHealthRow *row = health->domains->pdata[i];
        if (row->status == PST_STATUS_OK)
            return;
        g_string_append(out, "; ");
        pst_render_health_append_plain(out, row->name, MAX_NAMED_BYTES / 2);
        g_string_append(out, ": ");
        pst_render_health_append_plain(out, row->summary, MAX_NAMED_BYTES);
    }
}

char *
pst_render_health_plugin(const PstHealth *health)
{
    GString *out = g_string_new("POSTERN ");
    guint n = count_domains(health);

    g_string_append_printf(
        out, "%s - ",
        health->status == PST_STATUS_OK ? "OK" : pst_health_status_words[health->status]);
    append_counts(out, health);
    append_named(out, health);
    g_string_append_printf(out, " | domains=%u;;;0", n);
    for (guint i = PST_HEALTH_N_STATUSES; i > 0; i--)
        g_string_append_printf(out, " %s=%u;;;0;%u",
                               pst_report_status_names[pst_health_worst_first[i - 1]],
                               pst_health_count(health, pst_health_worst_first[i - 1]), n);
    for (int i = 0; i < PST_CONDITION_N; i++)
        g_string_append_printf(out, " %s=%u;;;0;%u", pst_condition_names[i],
                               pst_health_count_condition(health, (PstCondition)i), n);
    g_string_append_printf(out, " time=%" G_GINT64_FORMAT ".%03ds;;;0\n", health->took_ms / 1000,
                           (int)(health->took_ms % 1000));
    return g_string_free(out, FALSE);
}

char *
pst_render_health_plugin_failure(const char *message)
{
    GString *out = g_string_new("POSTERN UNKNOWN - ");

    pst_render_health_append_plain(out, message, 2 * MAX_NAMED_BYTES);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
