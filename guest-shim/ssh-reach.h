// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "guest-shim/sshd-config.h"

/* Whether an sshd runs and listens, or systemd for it; by /proc and the unit files. CONFIG is NULL
 * where the configuration file is absent. */

/* data->running, pid, started_us, listen and socket_activated. */
void pst_ssh_reach_read(const PstProbeContext *context, const PstSshdConfig *config,
                        PstReport *report);

/* The findings about them, which name the first critical one before them as their cause. */
void pst_ssh_reach_judge(const PstProbeContext *context, PstReport *report);

/* Each ListenAddress that the guest does not have. */
void pst_ssh_reach_judge_addresses(const PstProbeContext *context, const PstSshdConfig *config,
                                   PstReport *report);

/* sshd's unit: Debian calls it ssh.service, everybody else sshd.service. Static. */
const char *pst_ssh_reach_unit(const PstSysroot *sysroot);
