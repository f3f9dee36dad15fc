// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/backend.h"

/* The lowest rung: what the host itself sees of a guest that has not answered yet. It answers no
 * question; it looks while the others ask, and where it is certain that none of them will have an
 * answer, they are given up. */

extern const PstBackend pst_backend_host;
