// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/recorder-check.h"

/* Takes a recorder's device from the running guest and gives it back, so that libvirt opens its
 * file anew; the lasting definition is left alone. It changes the guest's hardware: only for who
 * asks for it. Where the device is not there any more, as after one that was interrupted, it is
 * attached as the lasting definition has it. */

/* What is to be noted of the records of one that was healed. */
#define PST_RECORDER_HEAL_DONE "the recorder's device was attached anew, and records arrive"

/* So many of its records may be asked for at the recovery door. */
#define PST_RECORDER_HEAL_MAX_LINES 1000

/* Returns the check that follows, in which the recorder writes again; else NULL:
 * PST_ERROR_PATH_SHUT where the domain has no recorder or does not run, where the guest did not let
 * go of the device, and where nothing came after it was attached; PST_ERROR_USAGE as below;
 * PST_ERROR_DEADLINE, and then the device may be gone. */
PstRecorderCheck *pst_recorder_heal_until(PstGuest *guest, gint64 deadline_us, GError **error);

/* Whether enough is left until the deadline for both halves; else PST_ERROR_USAGE. */
gboolean pst_recorder_heal_has_time(gint64 deadline_us, GError **error);

/* The device's XML to be attached again, from DOMAIN_XML, with *ALIAS where it has one; NULL where
 * it has no recorder. Both to be freed with g_free(). */
char *pst_recorder_heal_device(const char *domain_xml, char **alias);
