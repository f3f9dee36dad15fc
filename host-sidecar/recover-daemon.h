// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/recover.h"

/* The recovery door over libvirt, with the audit log of the user that the process runs as. Of the
 * thread of CONTEXT, and for as long as the process lives. */
PstRecover *pst_recover_daemon_new(GMainContext *context, const char *uri,
                                   const PstServerLimits *limits);
