// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sshd-handshake.h"
#include "guest-shim/ssh-subject.h"

/* What two handshakes say: OWN with an sshd that was started for it, by the configuration as it is
 * now, and RUNNING with the one that listens at PLACE. Either may be NULL: it was not tried. Sets
 * data->version, the algorithms and data->restart_pending. */
void pst_ssh_judge_handshake(const PstSshSubject *subject, const PstSshdHandshake *own,
                             const PstSshdHandshake *running, const char *place);

/* Whether a configuration file is newer than the last start or reload of the sshd that runs, which
 * then writes its pid anew. */
void pst_ssh_judge_handshake_age(const PstSshSubject *subject, const PstSshdConfig *config);
