// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/ssh-key.h"

/* The public half of a host key. OpenSSH's own format of private keys (PROTOCOL.key) begins with
 * it, unencrypted, and sshd believes that one where the .pub beside it says something else. */

/* The public key that the private key's file at PATH begins with; of files in another format, and
 * of keys that are kept elsewhere, the one beside it. Nothing private is kept, and what was read is
 * wiped. NULL where neither is there or can be read. */
PstSshKey *pst_sshd_host_key_read(const PstSysroot *sysroot, const char *path);

/* As above, from the beginning of a private key's file. */
PstSshKey *pst_sshd_host_key_parse(const char *text);
