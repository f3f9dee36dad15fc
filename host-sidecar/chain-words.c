// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain-verify.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

static void
append_what(GString *out, const PstChainFault *fault)
{
    switch (fault->kind) {
    case PST_CHAIN_CHANGED:
        g_string_append(out, "it, or what is told of it behind it, was changed");
        return;
    case PST_CHAIN_MISSING:
        g_string_append_printf(
            out, "%s numbers %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " are missing",
            fault->file != NULL ? "before it" : "at the end", fault->seq, fault->until);
        return;
    case PST_CHAIN_MISPLACED:
        g_string_append_printf(
            out, "number %" G_GUINT64_FORMAT " does not belong here: moved, or there twice",
            fault->seq);
        return;
    case PST_CHAIN_FOREIGN:
        g_string_append(out, "no line of the chain: put in, or changed");
        return;
    case PST_CHAIN_HEADLESS:
        g_string_append(out, "the head is not there: lines may be missing at the end");
        return;
    case PST_CHAIN_ABSENT:
        g_string_append(out, "no line has the SHA-256 that was asked for");
        return;
    }
}

static void
append_fault(GString *out, const PstChainFault *fault)
{
    g_string_append_printf(out, "  %-9s ", pst_chain_fault_names[fault->kind]);
    if (fault->file != NULL)
        pst_render_append(out, fault->file);
    if (fault->line > 0)
        g_string_append_printf(out, ":%" G_GUINT64_FORMAT, fault->line);
    g_string_append(out, fault->file != NULL ? ": " : "");
    append_what(out, fault);
    g_string_append_c(out, '\n');
}

char *
pst_chain_verify_to_text(const PstChainOutcome *result, const char *file)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, file);
    g_string_append_printf(out, ": %s: %" G_GUINT64_FORMAT " lines",
                           result->n_faults > 0 ? "changed" : "intact", result->n_lines);
    if (result->last > 0)
        g_string_append_printf(out,
                               ", numbers %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                               ", the last with SHA-256 %s",
                               result->first, result->last, result->sha256);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < result->faults->len; i++)
        append_fault(out, result->faults->pdata[i]);
    if (result->n_faults > result->faults->len)
        g_string_append_printf(out, "  and %" G_GUINT64_FORMAT " more\n",
                               result->n_faults - result->faults->len);
    for (guint i = 0; i < result->notes->len; i++) {
        g_string_append(out, "  note: ");
        pst_render_append(out, result->notes->pdata[i]);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static JsonObject *
fault_to_json(const PstChainFault *fault)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "kind", pst_chain_fault_names[fault->kind]);
    pst_json_set_string(json, "file", fault->file);
    if (fault->line > 0)
        json_object_set_int_member(json, "line", (gint64)fault->line);
    if (fault->seq > 0)
        json_object_set_int_member(json, "seq", (gint64)fault->seq);
    if (fault->until > 0)
        json_object_set_int_member(json, "until", (gint64)fault->until);
    return json;
}

JsonObject *
pst_chain_verify_to_json(const PstChainOutcome *result, const char *file)
{
    JsonObject *json = json_object_new();
    JsonArray *faults = json_array_new(), *notes = json_array_new();

    pst_json_set_string(json, "file", file);
    json_object_set_boolean_member(json, "intact", result->n_faults == 0);
    json_object_set_int_member(json, "lines", (gint64)result->n_lines);
    json_object_set_int_member(json, "first", (gint64)result->first);
    json_object_set_int_member(json, "last", (gint64)result->last);
    pst_json_set_string(json, "sha256", result->sha256);
    for (guint i = 0; i < result->faults->len; i++)
        json_array_add_object_element(faults, fault_to_json(result->faults->pdata[i]));
    json_object_set_array_member(json, "faults", faults);
    json_object_set_int_member(json, "n_faults", (gint64)result->n_faults);
    for (guint i = 0; i < result->notes->len; i++)
        json_array_add_string_element(notes, result->notes->pdata[i]);
    json_object_set_array_member(json, "notes", notes);
    return json;
}
