// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest.h"
#include "protocol/report-doctor.h"

/* The facts of the report `doctor` that libvirt has: asked in tasks, each with a deadline. What it
 * does not tell in time is a problem among the facts, and no error. */

/* Of the host: whether libvirt can be asked at all, and what it says of the recorders' pool. Free
 * with pst_fields_free(). */
PstDoctorHost *pst_doctor_look_host(PstHypervisor *hypervisor, gint64 deadline_us);

/* Of the guest's domain: both definitions. Free with pst_fields_free(). */
PstDoctorDomain *pst_doctor_look_domain(PstGuest *guest, gint64 deadline_us);

/* What the guest agent says of its commands, into DOMAIN, where it holds its port open. */
void pst_doctor_look_agent(PstGuest *guest, PstDoctorDomain *domain, gint64 deadline_us);

/* What the recorder comes to, into DOMAIN, where it has one that runs. */
void pst_doctor_look_recorder(PstGuest *guest, PstDoctorDomain *domain, gint64 deadline_us);

/* What the shim says of itself, into DOMAIN, where somebody holds its port open: as it was greeted
 * before, or else it is greeted now. */
void pst_doctor_look_shim(PstGuest *guest, PstDoctorDomain *domain, gint64 deadline_us);

/* The names of the domains that run, sorted, NULL-terminated; NULL with the error. */
char **pst_doctor_look_running(PstHypervisor *hypervisor, gint64 deadline_us, GError **error);
