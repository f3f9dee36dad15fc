// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* What shuts an address out before sshd says a word, beside packet filters: the TCP wrappers, where
 * sshd is linked with them, and IPAddressDeny=, RestrictNetworkInterfaces= and IPIngressFilterPath=
 * of the unit and of the slices above it. By their files: a systemd that was not told to read them
 * anew goes on with what it has. */
void pst_ssh_judge_address(const PstSshSubject *subject);
