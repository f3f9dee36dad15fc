// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-containers.h"

/* Whether something is wrong with a container: then its last words are worth asking for. */
gboolean pst_containers_judge_is_troubled(const PstContainersContainer *container);

/* RUNTIME could not be asked because of CAUSE: sets its state, and adds the finding. One that was
 * given no more than a moment (its took_ms) has not been seen to hang. */
void pst_containers_judge_failure(PstContainersRuntime *runtime, const GError *cause,
                                  PstReport *report);

/* The findings of all that the report's data hold. NOW_US is the guest's clock, microseconds since
 * 1970 UTC. */
void pst_containers_judge(PstReport *report, gint64 now_us);
