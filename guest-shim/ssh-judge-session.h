// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* What a user gets who is let in: the command that sshd runs in place of the one that was asked
 * for, and the folder that it shuts the session into (sshd_config(5), ForceCommand and
 * ChrootDirectory). */
void pst_ssh_judge_session(const PstSshSubject *subject);
