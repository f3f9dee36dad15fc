// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-doctor.h"

/* What the doctor says, for people and programs. Text ends in a line feed; all is freed with
 * g_free(). */

typedef enum {
    PST_DOCTOR_RENDER_HOST,
    PST_DOCTOR_RENDER_DOMAIN,
    PST_DOCTOR_RENDER_PROFILE,
} PstDoctorRenderKind;

/* What it is said of. */
typedef struct {
    PstDoctorRenderKind kind;
    char *name;        /* the domain's, or the profile's path; NULL of the host */
    PstReport *report; /* of the kind `doctor`, judged */
} PstDoctorRender;

/* With a report in which nothing is known. */
PstDoctorRender *pst_doctor_render_new(PstDoctorRenderKind kind, const char *name);
void pst_doctor_render_free(PstDoctorRender *subject);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstDoctorRender, pst_doctor_render_free)

/* Whole: a line of what it comes to, then each thing with what mends it, the worst first. */
char *pst_doctor_render_whole(const PstDoctorRender *subject);

/* In a line: the worst thing, and how many more there are. */
char *pst_doctor_render_line(const PstDoctorRender *subject);

/* `{"status":…,"reports":[{"subject":"host"|"domain"|"profile","name":…,"report":{…}},…]}` of the N
 * subjects; the report's schema is what `describe doctor --json` has. */
char *pst_doctor_render_json(PstDoctorRender *const *subjects, guint n);

/* Of all of them, as pst_doctor_exit_code(). */
int pst_doctor_render_exit_code(PstDoctorRender *const *subjects, guint n);
