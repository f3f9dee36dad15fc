// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/config.h"

/* What the guest's administrator allows to be run, the group [exec] of the shim's configuration:
 *
 *     [exec]
 *     allow = yes
 *     users = root; harness
 *     programs = /usr/bin/systemctl; /usr/sbin/nft
 *     folders = /usr/local/lib/undo
 *     environment = LANG; LC_*
 *
 * Without `allow` nobody has decided: nothing is run. `users` are those that commands may run as;
 * without it, any. `programs` and `folders` (with all that is below them) are patterns for the
 * program's real path; without both, any, and with either only a program that nobody but root can
 * change. `environment` are the variables that a caller may set; without it, any, but where
 * programs are limited none that could make one of them run something else. Pure. */

typedef enum {
    PST_EXEC_POLICY_UNSET, /* nobody has decided */
    PST_EXEC_POLICY_NO,
    PST_EXEC_POLICY_YES,
} PstExecPolicyAllow;

typedef struct {
    PstExecPolicyAllow allow;
    char **users, **programs, **folders, **environment; /* each NULL: not limited */
    char *problem; /* what keeps the configuration from being understood; NULL: nothing */
} PstExecPolicy;

/* Takes what CONFIG says, and its problems. Never NULL. */
PstExecPolicy *pst_exec_policy_read(PstConfig *config);
void pst_exec_policy_free(PstExecPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecPolicy, pst_exec_policy_free)

/* Whether anything may be run: PST_ERROR_UNAVAILABLE where nobody has decided, which UNSET_IS_YES
 * takes for a yes, else PST_ERROR_NOT_ALLOWED. */
gboolean pst_exec_policy_check(const PstExecPolicy *policy, gboolean unset_is_yes, GError **error);

/* The same of the user NAME, of the program at the real PATH, and of the environment's KEY=VALUE
 * words (may be NULL): PST_ERROR_NOT_ALLOWED. */
gboolean pst_exec_policy_check_user(const PstExecPolicy *policy, const char *name, GError **error);
gboolean pst_exec_policy_check_program(const PstExecPolicy *policy, const char *path,
                                       GError **error);
gboolean pst_exec_policy_check_environment(const PstExecPolicy *policy, char *const *env,
                                           GError **error);

/* Whether programs are limited at all: then one that others than root can change is none of them.
 */
gboolean pst_exec_policy_limits_programs(const PstExecPolicy *policy);
