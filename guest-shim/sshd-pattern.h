// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* OpenSSH's patterns (ssh_config(5), PATTERNS; match.c, addrmatch.c): `*` and `?`, a `!` in front
 * that takes back, USER@HOST, and addresses with prefix lengths. An ADDRESS is in numbers, or NULL
 * where it is not known. */

/* Whether TEXT is matched by one pattern without `!`. */
gboolean pst_sshd_pattern_match(const char *text, const char *pattern);

/* Whether TEXT is matched by a list of patterns with commas between them: by one at least, and by
 * none with a `!`. */
gboolean pst_sshd_pattern_match_list(const char *text, const char *list);

/* As above, of an address. Unknown where that depends on an address that is not known, or on a
 * host's name, which nobody looks up. */
PstTri pst_sshd_pattern_match_address(const char *address, const char *list);

/* Whether an entry of AllowUsers or DenyUsers, where `!` means nothing, is about USER who comes
 * from ADDRESS. */
PstTri pst_sshd_pattern_match_user(const char *user, const char *address, const char *pattern);

/* Whether an entry of AllowGroups or DenyGroups names one of GROUPS. */
gboolean pst_sshd_pattern_match_group(const char *const *groups, const char *pattern);
