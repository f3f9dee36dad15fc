// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/exec-store.h"

/* Commands that nobody serves any more. */

/* What is known of ID, as the result of exec.page for ASK; never NULL. */
PstExecPage *pst_exec_ended_page(const PstExecStore *store, const PstExecAsk *ask);

/* All that there are, as the result of exec.list: the newest, as many as fit into a frame. */
JsonObject *pst_exec_ended_list(const PstExecStore *store);
