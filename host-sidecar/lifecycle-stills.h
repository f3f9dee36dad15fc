// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/lifecycle.h"

/* The times in which a domain is known to have been paused, or saved, which no clock of the guest's
 * counts, as pst_record_dates_estimate() takes them: from when it was first seen so to when it was
 * last, so that none is told as longer than it was. Free with g_array_unref(). */
GArray *pst_lifecycle_stills(const PstLifecycle *lifecycle);
