// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* What sshd runs for every login before the command or the shell, and waits for: the user's
 * ~/.ssh/rc, or /etc/ssh/sshrc where there is none (sshd(8), SSHRC; OpenSSH's session.c,
 * do_rc_files()). */
void pst_ssh_judge_rc(const PstSshSubject *subject);
