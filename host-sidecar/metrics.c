// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/metrics.h"

#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "protocol/json.h"

#define MAX_LABEL 256

/* A label's value: what is no text is shown, quotes and backslashes are escaped. */
static char *
label(const char *value)
{
    g_autofree char *shown = pst_escape_text(value, FALSE);
    g_autofree char *cut = pst_json_clean_cut(shown, MAX_LABEL, NULL);
    GString *out = g_string_new(NULL);

    for (const char *c = cut; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
    return g_string_free(out, FALSE);
}

static void
begin(GString *out, const char *name, const char *help)
{
    g_string_append_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Microseconds as seconds. */
static char *
seconds(gint64 us)
{
    us = MAX(us, 0);
    return g_strdup_printf("%" G_GINT64_FORMAT ".%06d", us / G_USEC_PER_SEC,
                           (int)(us % G_USEC_PER_SEC));
}

static void
append_sweep(GString *out, const PstHealth *health, const char *uri)
{
    g_autofree char *begun = seconds(health->begun_us);
    g_autofree char *took = seconds(MAX(health->took_ms, 0) * 1000);

    begin(out, "postern_health_last_sweep_timestamp_seconds",
          "When the last sweep that came to its end began.");
    g_string_append_printf(out, "postern_health_last_sweep_timestamp_seconds{uri=\"%s\"} %s\n", uri,
                           begun);
    begin(out, "postern_health_sweep_duration_seconds", "How long it took.");
    g_string_append_printf(out, "postern_health_sweep_duration_seconds{uri=\"%s\"} %s\n", uri,
                           took);
    begin(out, "postern_health_status",
          "The worst domain: 0 ok, 1 warning, 2 critical, 3 unknown; critical counts most.");
    g_string_append_printf(out, "postern_health_status{uri=\"%s\"} %d\n", uri,
                           pst_exit_code_of_status((PstStatus)health->status));
    begin(out, "postern_health_domains", "How many domains have that status.");
    for (guint i = 0; pst_report_status_names[i] != NULL; i++)
        g_string_append_printf(out, "postern_health_domains{uri=\"%s\",status=\"%s\"} %u\n", uri,
                               pst_report_status_names[i], pst_health_count(health, (PstStatus)i));
    begin(out, "postern_health_conditions", "How many domains are in that condition.");
    for (guint i = 0; i < PST_CONDITION_N; i++)
        g_string_append_printf(out, "postern_health_conditions{uri=\"%s\",condition=\"%s\"} %u\n",
                               uri, pst_condition_names[i],
                               pst_health_count_condition(health, (PstCondition)i));
}

typedef struct {
    char *label;
    const PstHealthRow *row;
} Series;

static void
clear_series(gpointer series)
{
    g_free(((Series *)series)->label);
}

/* Two names that look alike once they are shown would be one series twice, and all of the file
 * would be refused for it. The worst come first, and are kept. */
static GArray *
choose(const PstHealth *health, guint *n_left_out)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(Series));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_array_set_clear_func(chosen, clear_series);
    *n_left_out = 0;
    for (guint i = 0; health->domains != NULL && i < health->domains->len; i++) {
        const PstHealthRow *row = health->domains->pdata[i];
        Series series = {label(row->name), row};

        if (chosen->len < PST_METRICS_MAX_DOMAINS &&
            g_hash_table_add(seen, g_strdup(series.label))) {
            g_array_append_val(chosen, series);
            continue;
        }
        g_free(series.label);
        (*n_left_out)++;
    }
    return chosen;
}

static guint
count_problems(const PstHealthRow *row)
{
    guint n = 0;

    for (guint i = 0; row->problems != NULL && i < row->problems->len; i++)
        n += ((PstProblem *)row->problems->pdata[i])->counted > PST_SEVERITY_INFORMATION;
    return n;
}

static void
append_domains(GString *out, const GArray *chosen, const char *uri)
{
    begin(out, "postern_domain_status",
          "A domain, as expected of it: 0 ok, 1 warning, 2 critical, 3 unknown.");
    for (guint i = 0; i < chosen->len; i++) {
        const Series *series = &g_array_index(chosen, Series, i);
        g_string_append_printf(out, "postern_domain_status{uri=\"%s\",domain=\"%s\"} %d\n", uri,
                               series->label,
                               pst_exit_code_of_status((PstStatus)series->row->status));
    }
    begin(out, "postern_domain_problems", "How many of its problems count.");
    for (guint i = 0; i < chosen->len; i++) {
        const Series *series = &g_array_index(chosen, Series, i);
        g_string_append_printf(out, "postern_domain_problems{uri=\"%s\",domain=\"%s\"} %u\n", uri,
                               series->label, count_problems(series->row));
    }
    begin(out, "postern_domain_answered_timestamp_seconds",
          "When it last answered; absent where that is not known.");
    for (guint i = 0; i < chosen->len; i++) {
        const Series *series = &g_array_index(chosen, Series, i);
        if (series->row->answered_us == PST_INT_UNKNOWN)
            continue;
        g_autofree char *when = seconds(series->row->answered_us);
        g_string_append_printf(
            out, "postern_domain_answered_timestamp_seconds{uri=\"%s\",domain=\"%s\"} %s\n", uri,
            series->label, when);
    }
}

char *
pst_metrics_text(const PstHealth *health)
{
    GString *out = g_string_new(NULL);
    g_autofree char *uri = label(health->uri != NULL ? health->uri : "unknown");
    guint n_left_out = 0;
    g_autoptr(GArray) chosen = choose(health, &n_left_out);

    append_sweep(out, health, uri);
    begin(out, "postern_health_domains_left_out",
          "Domains that have no series of their own here, for there are too many.");
    g_string_append_printf(out, "postern_health_domains_left_out{uri=\"%s\"} %u\n", uri,
                           n_left_out);
    append_domains(out, chosen, uri);
    g_string_append(out, "# EOF\n");
    return g_string_free(out, FALSE);
}
