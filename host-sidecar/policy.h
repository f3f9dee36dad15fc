// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/vantage.h"
#include "protocol/finding.h"

/* What must hold in a guest: a key file, in the vocabulary's own terms. docs/gate.md tells its
 * groups and keys. A policy is made of one key file after another, later ones over earlier ones,
 * key by key. Nothing here asks anybody. */

/* What an expectation does to the verdict that could not be checked. */
typedef enum {
    PST_POLICY_UNCHECKED_OPEN, /* it stays open: could not check */
    PST_POLICY_UNCHECKED_FAILS,
    PST_POLICY_UNCHECKED_IGNORED,
} PstPolicyUnchecked;

typedef enum {
    PST_POLICY_LOGIN,
    PST_POLICY_ROOT,
    PST_POLICY_WAY, /* one way in, by its name in the lockout matrix */
    PST_POLICY_UNIT_ACTIVE,
    PST_POLICY_UNIT_INACTIVE,
    PST_POLICY_NO_FAILED_UNIT,
    PST_POLICY_NO_NEW_FAILED_UNIT,
    PST_POLICY_NO_LOST_UNIT,
    PST_POLICY_JOURNAL,
    PST_POLICY_PORT,
    PST_POLICY_NO_LOST_PORT,
    PST_POLICY_CHECK, /* "*": all that the guest defines */
    PST_POLICY_FILES,
    PST_POLICY_SETTING,
    PST_POLICY_NO_FINDING, /* at least as severe as NUMBER */
    PST_POLICY_NO_NEW_FINDING,
    PST_POLICY_FORBIDDEN, /* a finding, or several by a pattern */
} PstPolicyKind;

/* One thing that is expected. */
typedef struct {
    PstPolicyKind kind;
    const char *group, *key; /* where it stands */
    char *subject;           /* the unit, port, check, setting or finding; NULL for none */
    char **values;           /* of a setting: any of these; NULL otherwise */
    gint64 number;           /* a port, a priority, a PstSeverity; else PST_INT_UNKNOWN */
    gboolean wanted;         /* of access: it is to be open; FALSE: shut */
    PstPolicyUnchecked unchecked;
} PstPolicyRule;

typedef enum {
    PST_POLICY_ALLOW, /* it counts for nothing */
    PST_POLICY_DOWNGRADE,
    PST_POLICY_FORBID,
} PstPolicyWord;

/* What a group [finding ID] says. Only what is said of findings heeds it: who is locked out is not
 * let in by an exception. */
typedef struct {
    char *pattern; /* an id, or a pattern of ids, and @WHAT behind it where it is of one thing */
    char *id, *what;
    PstPolicyWord word;
    int severity;      /* what it is downgraded to */
    gboolean has_to;   /* it says so itself */
    char *reason;      /* NULL: none was given */
    GDate until;       /* that day included; not valid where nobody says, or it is for good */
    gboolean for_good; /* it says so itself */
} PstPolicyException;

typedef struct {
    char *name;
    char *sha256;          /* of all its files together; NULL where it was not loaded from any */
    char *description;     /* NULL for none */
    PstVantageWords who;   /* whose access; all NULL where the caller is to say */
    char **journal_except; /* patterns of IDENTIFIER: MESSAGE, never NULL; the same for these */
    char **failed_except;  /* units */
    char **below;          /* absolute paths */
    char **files_except;   /* paths, or patterns of paths */
    char **journal_units;  /* none: whoever logs */
    char *since;           /* a span of time, where the caller says nothing; NULL */
    GPtrArray *rules;      /* of PstPolicyRule, in the order of the groups and keys */
    GPtrArray *exceptions; /* of PstPolicyException */
    GPtrArray *idle;       /* of char *, GROUP.KEY: switches that say no, and so nothing */
} PstPolicy;

extern const char *const pst_policy_unchecked_names[];

/* NULL with PST_ERROR_USAGE, which names the group and the key, and the nearest word that is known.
 * What no key file can be alone is not looked at, for it may be a part of a policy. */
PstPolicy *pst_policy_read(GKeyFile *file, const char *name, GError **error);
void pst_policy_free(PstPolicy *policy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPolicy, pst_policy_free)

/* Whether it is one that can be judged by: it expects something, and its groups are whole. Else
 * PST_ERROR_USAGE. */
gboolean pst_policy_check(const PstPolicy *policy, GError **error);

/* What is wrong with it that can be read all the same: contradictions, exceptions that have expired
 * at NOW or say neither why nor until when, and what is said twice or says nothing. One line each;
 * free with g_strfreev(). */
char **pst_policy_lint(const PstPolicy *policy, GDateTime *now);

/* Whether it has a rule of that kind. */
gboolean pst_policy_has(const PstPolicy *policy, PstPolicyKind kind);

/* Whether a rule is about somebody's access: a user has to be named. */
gboolean pst_policy_needs_user(const PstPolicy *policy);

/* Whether a rule compares with what was before: a baseline or a mark has to be given. *ALONE: only
 * a baseline will do. The rule that says so, or NULL. */
const PstPolicyRule *pst_policy_compares(const PstPolicy *policy, gboolean *alone);

/* As "units.active ssh.service". Free with g_free(). */
char *pst_policy_rule_title(const PstPolicyRule *rule);

/* Whether the exception is in force at NOW. */
gboolean pst_policy_exception_holds(const PstPolicyException *exception, GDateTime *now);

/* Whether that is what the finding's exception is about. */
gboolean pst_policy_exception_matches(const PstPolicyException *exception,
                                      const PstFinding *finding);

/* The policy called WHAT, or in the file WHAT where that has a slash or ends in .conf, with its
 * drop-ins: the files WHAT.d/NAME.conf in the order of their names. A name is looked for in
 * /etc/postern/policies and then among those that postern came with; the drop-ins of both are read.
 * POSTERN_POLICIES names one folder in place of both. NULL with PST_ERROR_USAGE. */
PstPolicy *pst_policy_load(const char *what, GError **error);
