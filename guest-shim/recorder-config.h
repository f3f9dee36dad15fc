// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The group [recorder] of the shim's configuration, with the shipped values where it says nothing,
 * or nothing that makes sense. */

typedef struct {
    gint64 interval_s; /* between two looks: 30 to 86400; 0: none but at the boot and on events */
    char **probes;     /* NULL: those that leave no trace */
    char **users;      /* about whom else they are asked: PST_LIMIT_RECORD_USERS at most */
} PstRecorderConfig;

/* Never NULL. */
PstRecorderConfig *pst_recorder_config_read(const PstSysroot *sysroot);
void pst_recorder_config_free(PstRecorderConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorderConfig, pst_recorder_config_free)
