// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* The ways to log in that are left (sshd_config(5), AuthenticationMethods and what switches each
 * method off). */

/* Whether the user has a password that sshd would ask for and take. SHADOW is NULL where it is not
 * known, which leaves it open: yes. */
gboolean pst_ssh_judge_methods_password(const PstSshSubject *subject,
                                        const PstAccountShadow *shadow);

/* Sets data->methods; a finding where none is left. data->key_accepted and password_left are known
 * before. */
void pst_ssh_judge_methods(const PstSshSubject *subject);
