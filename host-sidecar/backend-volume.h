// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/backend.h"

/* The rung below those that ask the guest: what its recorder wrote while it was well. It is read
 * beside them, and its answers hold where none of them answers. */

extern const PstBackend pst_backend_volume;
