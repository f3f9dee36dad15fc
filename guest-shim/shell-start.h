// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/shell-value.h"
#include "guest-shim/sysroot.h"

/* What a shell script that runs before every command over SSH does to it, as far as that can be
 * told without running it: one that bash reads as it starts can end the shell, and one that sshd
 * runs for the login (sshd(8), SSHRC) can keep it waiting. What is not understood is taken to go
 * on. */

typedef enum {
    PST_SHELL_START_GOES_ON,
    PST_SHELL_START_MAY_END, /* where a condition holds that nobody knows */
    PST_SHELL_START_ENDS,
} PstShellStartVerdict;

typedef enum {
    PST_SHELL_START_BASHRC, /* read by the shell itself */
    PST_SHELL_START_SSHRC,  /* a process of its own: that it ends harms nobody */
} PstShellStartKind;

typedef struct {
    PstShellStartVerdict verdict;
    gboolean waits; /* it does not end the shell, but lets it wait without end, or for long */
    char *path;     /* where that stands; NULL where it goes on */
    guint line;     /* from 1 */
} PstShellStart;

/* Reads PATH, and what it reads in turn, for USER. A file that is not there, or that the user may
 * not read, goes on. */
void pst_shell_start_judge(const PstSysroot *sysroot, PstShellStartKind kind, const char *path,
                           const PstShellUser *user, PstShellStart *start);

void pst_shell_start_clear(PstShellStart *start);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstShellStart, pst_shell_start_clear)
