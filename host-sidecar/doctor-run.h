// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/doctor-render.h"
#include "host-sidecar/options.h"

/* The doctor's visits: gather the facts, and judge them. */

/* The host as it is: libvirt, the daemons' doors, virtlogd, the recorders' pool. *DOMAINS becomes
 * the names of the domains that the daemon lists, NULL-terminated, or NULL where none told. Never
 * NULL: what can't be had is among the facts. */
PstDoctorRender *pst_doctor_run_host(const PstOptions *options, char ***domains,
                                     gint64 deadline_us);

/* The domain called NAME, and its guest; METHOD is the verb, for the audit, and DOMAINS as above.
 * NULL with PST_ERROR_NO_DOMAIN. From several threads. */
PstDoctorRender *pst_doctor_run_domain(const PstOptions *options, const char *method,
                                       const char *name, char *const *domains, gint64 deadline_us,
                                       GError **error);

/* What a planned profile, the script at PATH, would do. NULL with the error as of
 * pst_doctor_profile_load(). */
PstDoctorRender *pst_doctor_run_profile(const char *path, GError **error);
