// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-doctor.h"

/* The guest agent's commands that postern calls, and what the agent's own configuration has to say
 * of them: pure functions. */

typedef enum {
    PST_DOCTOR_COMMANDS_EXEC,  /* without them no program can be run in the guest */
    PST_DOCTOR_COMMANDS_OTHER, /* what the agent tells by itself, and files */
} PstDoctorCommandsUse;

typedef struct {
    const char *name;
    PstDoctorCommandsUse use;
} PstDoctorCommandsRow;

extern const PstDoctorCommandsRow pst_doctor_commands[];
extern const guint pst_doctor_commands_n;

/* The files that distributions have the agent's lists in, NULL-terminated. */
extern const char *const pst_doctor_commands_files[];

/* Adds to *LISTS the lines of the TEXT of the file at PATH that take commands of postern's from the
 * agent: lists of what is blocked, and such of what alone is allowed. */
void pst_doctor_commands_read(const char *path, const char *text, GPtrArray **lists);

/* Those of USE that AGENT does not run, NULL-terminated; free with g_strfreev(). */
char **pst_doctor_commands_blocked(const PstDoctorAgent *agent, PstDoctorCommandsUse use);
