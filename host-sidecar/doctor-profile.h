// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-doctor.h"

/* What a planned hardening profile would do to the paths, by what stands in its text: a script of
 * remediations is no data, and only single lines are known that by themselves cut a path. That
 * there is none of these proves nothing. */

/* Of a script, bytes. */
#define PST_DOCTOR_PROFILE_MAX (16 * 1024 * 1024)

/* Looks through the TEXT of the file at PATH; a pure function. Free with pst_fields_free(). */
PstDoctorProfile *pst_doctor_profile_read(const char *path, const char *text);

/* The same of the file. NULL with PST_ERROR_ABSENT where it is not there, PST_ERROR_USAGE where it
 * can't be read or is too large. */
PstDoctorProfile *pst_doctor_profile_load(const char *path, GError **error);
