// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* What words of a shell script come to, and what its tests say, in a shell that sshd starts for a
 * command: no terminal, nobody at it. What is not known is no value, and no answer. */

/* Who the shell is started for. */
typedef struct {
    const char *name, *home;
    gint64 uid;
    const GArray *groups; /* of gid_t */
} PstShellUser;

typedef struct {
    const PstSysroot *sysroot;
    const PstShellUser *user;
    gboolean is_bash;      /* that reads a startup file; else a script of sh's */
    GHashTable *variables; /* by name, as the script set them; a value of NULL is not known */
} PstShellWorld;

/* FALSE where the user is known to be kept from reading PATH. */
gboolean pst_shell_value_may_read(const PstShellWorld *world, const char *path);

/* The value of WORD as it stands in a script, or NULL. PST_SHELL_VALUE_SOME in it stands for at
 * least one letter that is not known. Free with g_free(). */
char *pst_shell_value_of(const PstShellWorld *world, const char *word);
#define PST_SHELL_VALUE_SOME '\001'

/* Whether VALUE (may be NULL) matches the pattern that WORD is, as in `case`. */
PstTri pst_shell_value_matches(const PstShellWorld *world, const char *value, const char *word);

/* What `test` answers; WORDS are those between the brackets, of const char *. DOUBLED: `[[`. */
PstTri pst_shell_value_test(const PstShellWorld *world, const GPtrArray *words, gboolean doubled);
