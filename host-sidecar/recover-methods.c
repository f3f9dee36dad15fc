// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recover-methods.h"

const PstRecoverMethod *const pst_recover_methods[] = {
    &pst_recover_heal,
    &pst_recover_power,
    NULL,
};
