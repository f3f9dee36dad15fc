// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The directives of sshd_config(5) that hold for everybody, as the files say: in the order in which
 * sshd reads them, Include followed in place, Match blocks left out. What sshd makes of them it
 * says itself; this is for finding out which keys and addresses it is told to use, and where. */

typedef struct {
    char *keyword; /* in lower case */
    char *value;   /* the rest of the line, without its quotation marks and comment */
    char *path;
    guint line; /* from 1 */
} PstSshdDirective;

typedef struct PstSshdConfig PstSshdConfig;

/* Reads /etc/ssh/sshd_config. NULL where it can't be looked at; an included file that can't is
 * passed over, as sshd itself does where it is absent. */
PstSshdConfig *pst_sshd_config_load(const PstSysroot *sysroot, GError **error);
void pst_sshd_config_free(PstSshdConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSshdConfig, pst_sshd_config_free)

/* The N-th directive of that keyword (in lower case), from 0, or NULL. Borrowed. */
const PstSshdDirective *pst_sshd_config_get(const PstSshdConfig *config, const char *keyword,
                                            guint n);
