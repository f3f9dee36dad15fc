// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/report-doctor.h"

/* The guest's own part of the facts, by ordinary questions to it: pure functions. */

/* What is asked of the guest called DOMAIN; *n questions, the caller's. */
PstAnswer **pst_doctor_guest_questions(const char *domain, guint *n);

/* What the answers to those come to; free with pst_fields_free(). What was recorded earlier does
 * not count: it says nothing of what is now. */
PstDoctorGuest *pst_doctor_guest_facts(PstAnswer *const *answers, guint n);
