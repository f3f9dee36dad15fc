// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-render.h"

#include "host-sidecar/doctor.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

static const char *const kind_names[] = {"host", "domain", "profile"};

PstDoctorRender *
pst_doctor_render_new(PstDoctorRenderKind kind, const char *name)
{
    PstDoctorRender *subject = g_new0(PstDoctorRender, 1);

    subject->kind = kind;
    subject->name = g_strdup(name);
    subject->report = pst_report_new(&pst_report_doctor_kind);
    return subject;
}

void
pst_doctor_render_free(PstDoctorRender *subject)
{
    g_free(subject->name);
    pst_report_free(subject->report);
    g_free(subject);
}

static guint
count(const PstReport *report, int severity)
{
    guint n = 0;

    for (guint i = 0; i < report->findings->len; i++)
        n += ((const PstFinding *)report->findings->pdata[i])->severity == severity;
    return n;
}

/* Of the checks, since what could not be looked at for one reason is one finding. */
static guint
count_unknown(const PstReport *report)
{
    const PstDoctorData *data = report->data;
    guint n = 0;

    for (guint i = 0; data->checks != NULL && i < data->checks->len; i++)
        n += ((const PstDoctorCheck *)data->checks->pdata[i])->verdict == PST_DOCTOR_UNKNOWN;
    return n;
}

static guint
count_stands(const PstReport *report)
{
    return count(report, PST_SEVERITY_CRITICAL) + count(report, PST_SEVERITY_WARNING);
}

static void
append_head(GString *out, const PstDoctorRender *subject)
{
    guint n = count_stands(subject->report), unknown = count_unknown(subject->report);

    pst_render_append(out, subject->name != NULL ? subject->name : "host");
    if (n == 0)
        g_string_append(out, ": nothing stands in the way");
    else
        g_string_append_printf(out, ": %u %s in the way", n,
                               n == 1 ? "thing stands" : "things stand");
    if (unknown > 0)
        g_string_append_printf(out, "%s %u could not be looked at",
                               n == 0 ? " as far as is known;" : ",", unknown);
}

static void
append_finding(GString *out, const PstFinding *finding)
{
    pst_render_finding_line(out, finding, NULL, 0);
    if (finding->remedy == NULL)
        return;
    g_string_append_printf(out, "%-9s mend: ", "");
    pst_render_append(out, finding->remedy);
    g_string_append_c(out, '\n');
}

char *
pst_doctor_render_whole(const PstDoctorRender *subject)
{
    const GPtrArray *findings = subject->report->findings;
    GString *out = g_string_new(NULL);

    append_head(out, subject);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < findings->len; i++)
        append_finding(out, findings->pdata[i]);
    return g_string_free(out, FALSE);
}

char *
pst_doctor_render_line(const PstDoctorRender *subject)
{
    const PstReport *report = subject->report;
    guint n = count_stands(report) + (count_unknown(report) > 0);
    GString *out = g_string_new(NULL);

    append_head(out, subject);
    if (n > 0) {
        const PstFinding *worst = report->findings->pdata[0];
        g_string_append(out, "; first: ");
        pst_render_quote(out, worst->message);
    }
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

int
pst_doctor_render_exit_code(PstDoctorRender *const *subjects, guint n)
{
    int code = PST_EXIT_OK;

    for (guint i = 0; i < n; i++) {
        int of_one = pst_doctor_exit_code(subjects[i]->report);

        if (of_one == PST_EXIT_WARNING)
            return of_one;
        code = MAX(code, of_one);
    }
    return code;
}

char *
pst_doctor_render_json(PstDoctorRender *const *subjects, guint n)
{
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *reports = json_array_new();
    PstStatus status = PST_STATUS_OK;

    for (guint i = 0; i < n; i++) {
        JsonObject *row = json_object_new();

        pst_json_set_string(row, "subject", kind_names[subjects[i]->kind]);
        if (subjects[i]->name != NULL)
            pst_json_set_string(row, "name", subjects[i]->name);
        json_object_set_object_member(row, "report", pst_report_to_json(subjects[i]->report));
        json_array_add_object_element(reports, row);
        status = MAX(status, subjects[i]->report->status);
    }
    pst_json_set_string(json, "status", pst_report_status_names[status]);
    json_object_set_array_member(json, "reports", reports);
    return pst_render_json(json);
}
