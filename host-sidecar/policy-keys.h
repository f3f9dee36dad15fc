// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/policy.h"

/* The groups of a policy with their keys; what stands in a group [finding ID] is policy.c's. */

/* The group that is being read. */
typedef struct {
    PstPolicy *policy;
    const char *group, *key;
    PstPolicyUnchecked unchecked;
    gint64 priority; /* of [journal]; PST_INT_UNKNOWN: nothing is expected of it */
} PstPolicyReading;

/* Adds a rule and returns it, borrowed. Takes the subject over, which may be NULL. */
PstPolicyRule *pst_policy_keys_add_rule(const PstPolicyReading *reading, PstPolicyKind kind,
                                        char *subject);

/* Sets *UNCHECKED where the group says something of it. All three FALSE, or NULL, with
 * PST_ERROR_USAGE. */
gboolean pst_policy_keys_unchecked(GKeyFile *file, const char *group, PstPolicyUnchecked *unchecked,
                                   GError **error);
char *pst_policy_keys_value(GKeyFile *file, const char *group, const char *key, GError **error);

/* The group called TITLE, whose keys become rules and lists of POLICY. */
gboolean pst_policy_keys_read(GKeyFile *file, const char *title, PstPolicy *policy,
                              PstPolicyUnchecked unchecked, GError **error);
