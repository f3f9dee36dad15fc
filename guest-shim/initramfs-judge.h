// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-system.h"

/* The verdict on a guest that is in its initramfs: what keeps it there, and that it is there, which
 * follows from the former. Until the initramfs gives up, or a minute has passed, it is a warning:
 * every start comes through here. */
void pst_initramfs_judge(const PstSystemData *data, PstReport *report);
