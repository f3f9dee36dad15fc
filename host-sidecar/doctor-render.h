// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-doctor.h"

/* What the doctor says, for people and programs. Text ends in a line feed; all is freed with
 * g_free(). */

/* What it is said of: the host where DOMAIN is NULL. */
typedef struct {
    char *domain;
    PstReport *report; /* of the kind `doctor`, judged */
} PstDoctorRender;

void pst_doctor_render_free(PstDoctorRender *subject);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstDoctorRender, pst_doctor_render_free)

/* Whole: a line of what it comes to, then each thing with what mends it, the worst first. */
char *pst_doctor_render_whole(const PstDoctorRender *subject);

/* In a line: the worst thing, and how many more there are. */
char *pst_doctor_render_line(const PstDoctorRender *subject);

/* `{"status":…,"reports":[{"subject":"host"|"domain","domain":…,"report":{…}},…]}` of the N
 * subjects; the report's schema is what `describe doctor --json` has. */
char *pst_doctor_render_json(PstDoctorRender *const *subjects, guint n);

/* Of all of them, as pst_doctor_exit_code(). */
int pst_doctor_render_exit_code(PstDoctorRender *const *subjects, guint n);
