// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/recover.h"

/* The methods of the recovery door, each in a file of its own. They are given a PstGuest. */

extern const PstRecoverMethod pst_recover_heal;
extern const PstRecoverMethod pst_recover_power;
extern const PstRecoverMethod pst_recover_snapshots;
extern const PstRecoverMethod pst_recover_snapshot;
extern const PstRecoverMethod pst_recover_revert;
extern const PstRecoverMethod pst_recover_exec;
extern const PstRecoverMethod pst_recover_exec_page;
extern const PstRecoverMethod pst_recover_exec_signal;
extern const PstRecoverMethod pst_recover_exec_send;
extern const PstRecoverMethod pst_recover_exec_list;

/* All of them; NULL-terminated. */
extern const PstRecoverMethod *const pst_recover_methods[];
