// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-doctor.h"

/* What stands in the way of postern, or will: pure functions of the facts that the report `doctor`
 * has as its data. A check is a function in a file doctor-judge-PART.c, a row of the table in
 * doctor.c, and a page protocol/findings/doctor.NAME.finding, which says why it matters. */

/* Of whose facts a check is; it is made only where these are there. */
typedef enum {
    PST_DOCTOR_OF_HOST,
    PST_DOCTOR_OF_DOMAIN,
    PST_DOCTOR_OF_GUEST,
    PST_DOCTOR_OF_PROFILE,
} PstDoctorPart;

typedef struct PstDoctorJudging PstDoctorJudging;

typedef struct {
    const char *id;
    const char *what; /* it looks at, as in "could not look at WHAT" */
    PstDoctorPart part;
    void (*judge)(PstDoctorJudging *judging);
} PstDoctorRow;

struct PstDoctorJudging {
    const PstDoctorHost *host; /* never NULL for a check of that part, and so with the others */
    const PstDoctorDomain *domain;
    const PstDoctorGuest *guest;
    const PstDoctorProfile *profile;
    const PstDoctorRow *row;
    PstReport *report;
    PstDoctorVerdict verdict;
    char *reason;
};

extern const PstDoctorRow pst_doctor_rows[];
extern const guint pst_doctor_rows_n;

/* Something stands in the way: a finding with the row's id. It is critical where a path is shut by
 * it now, and a warning where one will be. MEND, which is taken over, is the command that mends it,
 * on the host unless it says `guest#`. */
void pst_doctor_stands(PstDoctorJudging *judging, PstSeverity severity, char *mend,
                       const char *format, ...) G_GNUC_PRINTF(4, 5);

/* It could not be looked at, for that REASON (NULL: it was not told). */
void pst_doctor_unknown(PstDoctorJudging *judging, const char *reason);

/* PROGRAM (virsh, postern) for the hypervisor of URI, as the first words of a command; URI may be
 * NULL. Free with g_free(). */
char *pst_doctor_program(const char *program, const char *uri);

/* Judges the facts that the report of the kind `doctor` has as its data, and concludes it. What
 * could not be looked at for the same reason is one finding. */
void pst_doctor_judge(PstReport *report);

/* Of the findings: 0 where nothing stands in the way, 1 where something does, 3 where nothing that
 * is known does and something could not be looked at. */
int pst_doctor_exit_code(const PstReport *report);
