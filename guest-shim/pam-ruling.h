// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-stack.h"

/* What a module answers, and by which line of which file. */
typedef struct {
    int answer;     /* PST_PAM_SUCCESS …, PST_PAM_ANY where files do not decide */
    char *path;     /* of the rule that decides; NULL where there is none */
    guint line;     /* from 1, 0 for the whole file */
    char *text;     /* as it stands there */
    char *why;      /* a clause for people; NULL where there is nothing to say */
    gboolean lack;  /* PST_PAM_ANY because the question does not say from where, or not sure */
    gboolean holds; /* PST_PAM_ANY, and what WHY says is so for sure in a session that is let in */
    const char *id; /* what it is told as; NULL where its module tells that */
    gboolean unlooked; /* PST_PAM_ANY because a file could not be looked at */
    char *remedy;      /* NULL where what helps against the module's refusals helps here */
    char **undo;       /* the command that takes it back; NULL where there is none */
} PstPamRuling;

void pst_pam_ruling_clear(PstPamRuling *ruling);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstPamRuling, pst_pam_ruling_clear)

/* Takes down the rule that decides; PATH and TEXT are copied, WHY becomes the ruling's. Returns
 * ANSWER. */
int pst_pam_ruling_set(PstPamRuling *ruling, int answer, const char *path, guint line,
                       const char *text, char *why);

/* The rules in PATH can't be looked at, and so nobody knows what its module says: PST_PAM_ANY. */
int pst_pam_ruling_set_unlooked(PstPamRuling *ruling, const char *path, const GError *cause);
