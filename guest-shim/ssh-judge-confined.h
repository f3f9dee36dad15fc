// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"

/* What systemd takes from the sshd that runs, and with it from every session, by its unit
 * (systemd.exec(5)); no file of sshd's own says anything of it. */

/* A session that may gain no privileges, as its process has it: sudo is refused in it. */
void pst_ssh_judge_confined(const PstSshSubject *subject);

/* Files of accounts, PAM and sudo of which that sshd, and so every session, sees others than the
 * guest does, or none: what the guest's own say is then not what holds in a session. */
void pst_ssh_judge_confined_files(const PstSshSubject *subject);

/* Whether the sshd that runs sees another file than this program at PATH, or none: it has mounts of
 * its own (ProtectHome=, TemporaryFileSystem=). Where it does, a finding says so. */
gboolean pst_ssh_judge_confined_hides(const PstSshSubject *subject, const char *path);
