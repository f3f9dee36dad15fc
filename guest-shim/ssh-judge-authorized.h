// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* Whether sshd takes the key that was asked about, or any of the user's where none was (OpenSSH's
 * auth2-pubkey.c): sets data->key_files and data->key_accepted, with findings about what keeps it
 * from doing so. */
void pst_ssh_judge_authorized(const PstSshSubject *subject);
