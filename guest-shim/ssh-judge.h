// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sshd-check.h"
#include "guest-shim/sshd-config.h"
#include "protocol/report-ssh.h"

/* What the parts of the probe `ssh` look at and judge, each for itself: host keys, sshd's own
 * check, the addresses it is told to listen on. CONFIG is NULL where the configuration file is
 * absent. */

/* The keys into the report's data, and findings about those that sshd will not use. */
void pst_ssh_judge_keys(const PstProbeContext *context, const PstSshdConfig *config,
                        PstReport *report);

/* What CHECK says; data->running and socket_activated are known before. */
void pst_ssh_judge_check(const PstProbeContext *context, const PstSshdCheck *check,
                         PstReport *report);

/* Each ListenAddress that is no address of this guest; ADDRESSES are those it has. data->listen is
 * known before. */
void pst_ssh_judge_addresses(const PstSshdConfig *config, const char *const *addresses,
                             PstReport *report);
