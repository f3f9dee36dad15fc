// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-stack.h"

/* One line of a PAM file, taken apart. */

typedef enum {
    PST_PAM_LINE_EMPTY,
    PST_PAM_LINE_MODULE,
    PST_PAM_LINE_INCLUDE,     /* `auth include FILE`: the lines of that phase */
    PST_PAM_LINE_SUBSTACK,    /* `auth substack FILE` */
    PST_PAM_LINE_INCLUDE_ALL, /* `@include FILE`: the lines of every phase */
    PST_PAM_LINE_FAULTY,      /* fails whatever its phase is asked for; `fault` says why */
    PST_PAM_LINE_PASSED_OVER, /* names no phase: libpam logs it and goes on */
} PstPamLineKind;

typedef struct {
    PstPamLineKind kind;
    PstPamPhase phase;
    int actions[PST_PAM_N_RETURNS];
    char *target; /* a module or a file */
    char *args;
    const char *fault;
} PstPamWords;

/* Takes a line apart, comments removed and continuations joined. */
PstPamWords *pst_pam_line_parse(const char *text);
void pst_pam_line_free(PstPamWords *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPamWords, pst_pam_line_free)

/* The whole array as one action, which is how a faulty line counts. */
void pst_pam_line_fill(int actions[PST_PAM_N_RETURNS], int action);

/* The arguments of a line as its module gets them: by blanks, but what stands in brackets is one,
 * and
 * `\]` in it a bracket. Free with g_strfreev(). */
char **pst_pam_line_arguments(const char *args);

/* The value of the last argument NAME=…, or NULL. Borrowed. */
const char *pst_pam_line_value(char **arguments, const char *name);
