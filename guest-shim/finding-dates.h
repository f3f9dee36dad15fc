// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/report.h"

/* When what a finding names became as it is: the time of the last status change (ctime, which chmod
 * and chown move as writing does, and which no program can set back) of the evidence's path goes
 * into `changed_us`, where its probe did not put it there. A symbolic link is dated itself.
 *
 * What has no such time is passed over: a path that is not absolute or not there, and those below
 * /proc, /sys and /dev, whose times tell when the kernel made the node. So is what lies in another
 * mount while the guest has one that may not answer (a network file system, FUSE, an automount): to
 * date a finding is not worth a probe that hangs. */
void pst_finding_dates_fill(const PstSysroot *sysroot, PstReport *report);
