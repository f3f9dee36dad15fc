// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/accounts.h"

/* doas.conf(5) as OpenDoas reads it (its parse.y and doas.c): the last rule that matches decides,
 * and one line that makes no sense shuts the whole file. */

typedef struct {
    char *path;
    guint line; /* from 1 */
    char *text;
    gboolean permits, nopass;
    char *identity; /* a user, or ":group"; names or numbers */
    char *target;   /* as whom; NULL: anybody */
    char *command;  /* NULL: any */
    char **args;    /* NULL: any; empty: none */
} PstDoasRule;

/* Adds the rules of TEXT, which stands in the file PATH, to RULES (of PstDoasRule, owned). Returns
 * 0, or the line, from 1, that makes no sense. */
guint pst_doas_conf_parse(GPtrArray *rules, const char *path, const char *text);
GPtrArray *pst_doas_conf_new(void);

/* The rule that decides whether USER, in GROUPS, may run COMMAND (program and arguments) as root;
 * NULL where there is none. Borrowed. */
const PstDoasRule *pst_doas_conf_match(const GPtrArray *rules, const PstAccounts *accounts,
                                       const PstAccount *user, const GArray *groups,
                                       char *const *command);
