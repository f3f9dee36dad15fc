// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* What shuts everybody out whoever they are: settings that leave no time or no try, parts of sshd
 * that are missing, too many connections that wait. */
void pst_ssh_judge_limits(const PstSshSubject *subject);

/* data->port_open, and a finding where nothing listens on the port that was asked about, or on the
 * usual one. data->listen is known before. */
void pst_ssh_judge_limits_port(const PstSshSubject *subject);
