// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* Whether whoever comes from outside can come to an address that sshd listens on: by the version of
 * IP, and by where the guest has the address. data->listen is known before. CONFIG may be NULL. */
void pst_ssh_judge_listen(const PstSshSubject *subject, const PstSshdConfig *config);
