// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/access.h"
#include "host-sidecar/render.h"
#include "protocol/report-access.h"

static const char *const verdict_words[] = {
    [PST_ACCESS_UNKNOWN] = "UNKNOWN",
    [PST_ACCESS_OPEN] = "open",
    [PST_ACCESS_SHUT] = "SHUT",
};

static void
append_vantage(GString *out, const PstAccessData *data)
{
    g_string_append(out, "access of ");
    pst_render_append(out, data->user);
    if (data->from != NULL) {
        g_string_append(out, " from ");
        pst_render_append(out, data->from);
    }
    if (data->port != PST_INT_UNKNOWN)
        g_string_append_printf(out, " to port %" G_GINT64_FORMAT, data->port);
    g_string_append(out, ":\n");
}

/* The step that decides is the first one of the way's own verdict. */
static const PstAccessStep *
decisive(const PstAccessWay *way)
{
    for (guint i = 0; way->steps != NULL && i < way->steps->len; i++) {
        const PstAccessStep *step = way->steps->pdata[i];
        if (step->verdict == way->verdict)
            return step;
    }
    return NULL;
}

static void
append_way(GString *out, const PstAccessWay *way)
{
    const PstAccessStep *step = way->verdict != PST_ACCESS_OPEN ? decisive(way) : NULL;
    const char *note = pst_access_note(way);

    g_string_append(out, "  ");
    g_string_append_printf(out, "%-12s  %s", way->way != NULL ? way->way : "?",
                           verdict_words[way->verdict]);
    if (step != NULL && step->step != NULL) {
        g_string_append(out, way->verdict == PST_ACCESS_SHUT ? "     " : "  ");
        pst_render_append(out, step->step);
    }
    if (step != NULL && way->because != NULL) {
        g_string_append(out, ": ");
        pst_render_append(out, way->because);
    }
    if (step != NULL && step->finding != NULL) {
        g_string_append(out, " [");
        pst_render_append(out, step->finding);
        g_string_append_c(out, ']');
    }
    if (note != NULL) {
        g_string_append(out, "  ");
        pst_render_append(out, note);
    }
    g_string_append_c(out, '\n');
}

const PstAccessData *
pst_render_access_data(const PstAnswer *answer)
{
    const PstReport *report = answer->report;

    if (report == NULL || report->kind != &pst_report_access_kind)
        return NULL;
    return ((const PstAccessData *)report->data)->user != NULL ? report->data : NULL;
}

void
pst_render_access(GString *out, PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++) {
        const PstAccessData *data = pst_render_access_data(answers[i]);

        if (data == NULL)
            continue;
        append_vantage(out, data);
        for (guint j = 0; data->ways != NULL && j < data->ways->len; j++)
            append_way(out, data->ways->pdata[j]);
    }
}
