// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/backend.h"

/* The first rung: the shim on its own virtio-serial channel. */
extern const PstBackend pst_backend_channel;
