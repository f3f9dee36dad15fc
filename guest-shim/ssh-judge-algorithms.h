// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-kexinit.h"
#include "guest-shim/ssh-subject.h"

/* Whether sshd and the client have algorithms in common (RFC 4253 section 7.1): sets
 * data->algorithms and algorithms_common from what sshd OFFERED. Without a client's lists those
 * stand for it that OpenSSH's own client has by default. */
void pst_ssh_judge_algorithms(const PstSshSubject *subject, const PstSshKexinit *offered);

/* Whether the sshd that RUNS offers the key exchanges, ciphers and MACs that its configuration
 * gives as sshd itself reads it now. TRUE where it could not be asked. */
gboolean pst_ssh_judge_algorithms_hold(const PstSshSubject *subject, const PstSshKexinit *runs);
