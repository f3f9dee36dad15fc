// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* Whether sshd's lists let the user in (OpenSSH's auth.c, allowed_user(), and PermitRootLogin):
 * sets data->user_allowed, with a finding that names the line which decides. */
void pst_ssh_judge_user(const PstSshSubject *subject);
