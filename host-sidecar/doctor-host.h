// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-doctor.h"

/* The host's part of the facts that stands in its files; what they say of virtlogd, and of the
 * daemons' sockets. ROOT is the folder that they are below: "" for the host itself. */

/* The mode, the owner and the unit of the socket at PATH (NULL: none is to be asked). Free with
 * pst_fields_free(). */
PstDoctorDoor *pst_doctor_host_door(const char *root, const char *path);

/* Whether virtlogd's socket is there, and its limits, which are libvirt's own where its
 * configuration does not say them. Free with pst_fields_free(). */
PstDoctorVirtlogd *pst_doctor_host_virtlogd(const char *root);
