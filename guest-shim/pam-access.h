// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-ruling.h"
#include "guest-shim/pam-subject.h"

/* access.conf(5) as pam_access reads it (Linux-PAM's pam_access.c): the first rule that matches
 * user and origin decides, and without one everybody may. Netgroups and names of hosts would need a
 * look-up: what hangs on one is unknown. */

/* How the module's arguments have it read. */
typedef struct {
    const char *field_separators; /* ":" */
    const char *list_separators;  /* ", \t" */
    gboolean no_default_group;    /* only "(name)" is a group */
} PstPamAccessOptions;

#define PST_PAM_ACCESS_OPTIONS_DEFAULT ((PstPamAccessOptions){":", ", \t", FALSE})

/* Judges the rules of TEXT, which stands in the file PATH; TEXT is taken to pieces. Sets RULING,
 * and returns its answer: PST_PAM_SUCCESS, PST_PAM_PERM_DENIED, or PST_PAM_ANY where a look-up
 * would decide. */
int pst_pam_access_judge(const char *path, char *text, const PstPamAccessOptions *options,
                         const PstPamSubject *subject, PstPamRuling *ruling);

/* What pam_access answers with the arguments of LINE: as above, by its file and the drop-ins in
 * /etc/security/access.d. */
int pst_pam_access_answer(const PstPamLine *line, const PstPamSubject *subject,
                          PstPamRuling *ruling);
