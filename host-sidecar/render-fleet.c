// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/render-fleet.h"

#include "host-sidecar/render-health.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* Of the plugin's line; readers cut longer ones. */
#define MAX_NAMED 5
#define MAX_NAMED_BYTES 200

static guint
count_hosts(gconstpointer fleet, PstStatus status)
{
    return pst_fleet_count_hosts(fleet, status);
}

static guint
count_domains(gconstpointer fleet, PstStatus status)
{
    return pst_fleet_count_domains(fleet, status);
}

static guint
count_all(const PstFleet *fleet, PstRenderHealthCount count)
{
    guint n = 0;

    for (guint i = 0; i < PST_HEALTH_N_STATUSES; i++)
        n += count(fleet, pst_health_worst_first[i]);
    return n;
}

static void
append_both_counts(GString *out, const PstFleet *fleet)
{
    pst_render_health_append_counts(out, "host", "hosts", count_hosts, fleet);
    g_string_append(out, "; ");
    pst_render_health_append_counts(out, "domain", "domains", count_domains, fleet);
}

/* ---- for people ---- */

static void
append_unseen(GString *out, const PstFleetHost *host)
{
    g_string_append_printf(out, "%-9s ", pst_health_status_words[host->status]);
    pst_render_quote(out, host->error->message);
    g_string_append_c(out, '\n');
}

char *
pst_render_fleet(const PstFleet *fleet, gboolean changes)
{
    GString *out = g_string_new(NULL);

    append_both_counts(out, fleet);
    g_string_append_printf(out, "; %.1f s\n", (double)fleet->took_ms / 1000);
    for (guint i = 0; i < fleet->hosts->len; i++)
        if (((PstFleetHost *)fleet->hosts->pdata[i])->health == NULL)
            append_unseen(out, fleet->hosts->pdata[i]);
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const PstFleetHost *host = fleet->hosts->pdata[i];

        if (host->health == NULL || (changes && !pst_health_has_news(host->health)))
            continue;
        g_autofree char *text = pst_render_health(host->health, changes);
        g_string_append_printf(out, "\n%s: %s", host->host, text);
    }
    return g_string_free(out, FALSE);
}

/* ---- for programs ---- */

static JsonObject *
counts_json(const PstFleet *fleet, const char *name, PstRenderHealthCount count)
{
    JsonObject *counts = json_object_new();

    json_object_set_int_member(counts, name, count_all(fleet, count));
    for (guint i = 0; i < PST_HEALTH_N_STATUSES; i++)
        json_object_set_int_member(counts, pst_report_status_names[pst_health_worst_first[i]],
                                   count(fleet, pst_health_worst_first[i]));
    return counts;
}

static JsonObject *
host_json(const PstFleetHost *host, gboolean changes)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "host", host->host);
    pst_json_set_string(json, "status", pst_report_status_names[host->status]);
    json_object_set_int_member(json, "took_ms", host->took_ms);
    if (host->health != NULL) {
        json_object_set_object_member(json, "health",
                                      pst_render_health_to_json(host->health, changes));
        return json;
    }
    JsonObject *error = json_object_new();
    pst_json_set_string(error, "reason", pst_error_reason((PstErrorCode)host->error->code));
    pst_json_set_string(error, "message", host->error->message);
    json_object_set_object_member(json, "error", error);
    return json;
}

char *
pst_render_fleet_json(const PstFleet *fleet, gboolean changes)
{
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *hosts = json_array_new();

    for (guint i = 0; i < fleet->hosts->len; i++)
        json_array_add_object_element(hosts, host_json(fleet->hosts->pdata[i], changes));
    pst_json_set_string(json, "status", pst_report_status_names[fleet->status]);
    json_object_set_int_member(json, "took_ms", fleet->took_ms);
    json_object_set_object_member(json, "host_counts", counts_json(fleet, "hosts", count_hosts));
    json_object_set_object_member(json, "domain_counts",
                                  counts_json(fleet, "domains", count_domains));
    json_object_set_array_member(json, "hosts", hosts);
    return pst_render_json(json);
}

/* ---- for monitoring ---- */

static void
append_named(GString *out, const PstFleet *fleet)
{
    for (guint i = 0; i < MIN(fleet->hosts->len, MAX_NAMED); i++) {
        const PstFleetHost *host = fleet->hosts->pdata[i];

        if (host->status == PST_STATUS_OK)
            return;
        g_string_append(out, "; ");
        if (host->health == NULL) {
            pst_render_health_append_plain(out, host->error->message, MAX_NAMED_BYTES);
            continue;
        }
        /* Only a domain makes a host's status other than ok. */
        const PstHealthRow *row = host->health->domains->pdata[0];
        g_string_append_printf(out, "%s/", host->host);
        pst_render_health_append_plain(out, row->name, MAX_NAMED_BYTES / 2);
        g_string_append(out, ": ");
        pst_render_health_append_plain(out, row->summary, MAX_NAMED_BYTES);
    }
}

char *
pst_render_fleet_plugin(const PstFleet *fleet)
{
    GString *out = g_string_new("POSTERN ");
    guint n = fleet->hosts->len, domains = count_all(fleet, count_domains);

    g_string_append_printf(out, "%s - ",
                           fleet->status == PST_STATUS_OK ? "OK"
                                                          : pst_health_status_words[fleet->status]);
    append_both_counts(out, fleet);
    append_named(out, fleet);
    g_string_append_printf(out, " | hosts=%u;;;0 unseen_hosts=%u;;;0;%u domains=%u;;;0", n,
                           pst_fleet_count_unseen(fleet), n, domains);
    for (guint i = PST_HEALTH_N_STATUSES; i > 0; i--) {
        PstStatus status = pst_health_worst_first[i - 1];
        g_string_append_printf(out, " %s=%u;;;0;%u", pst_report_status_names[status],
                               pst_fleet_count_domains(fleet, status), domains);
    }
    g_string_append_printf(out, " time=%" G_GINT64_FORMAT ".%03ds;;;0\n", fleet->took_ms / 1000,
                           (int)(fleet->took_ms % 1000));
    return g_string_free(out, FALSE);
}
