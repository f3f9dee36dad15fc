// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recover-methods.h"

const PstRecoverMethod *const pst_recover_methods[] = {
    &pst_recover_heal,
    &pst_recover_power,
    &pst_recover_exec,
    &pst_recover_exec_page,
    &pst_recover_exec_signal,
    &pst_recover_exec_send,
    &pst_recover_exec_list,
    &pst_recover_snapshots,
    &pst_recover_snapshot,
    &pst_recover_revert,
    NULL,
};
