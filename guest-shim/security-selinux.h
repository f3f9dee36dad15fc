// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-security.h"

#define PST_SECURITY_SELINUX_CONFIG "/etc/selinux/config"

/* SELinux as the kernel runs it and as the next boot will (selinux(8), kernel-parameters.rst), with
 * the labels of the files that decide about access, those of USER (or NULL) among them. */
void pst_security_selinux_read(const PstProbeContext *context, const char *user, PstReport *report);

/* Why confined programs are denied a file of PATH that has this type, or NULL: a pure function. It
 * is coarse: what is named is what a file gets by being moved, restored or made while SELinux was
 * off, never what a policy of the site's own could mean. */
const char *pst_security_selinux_problem(const char *path, const char *type);
