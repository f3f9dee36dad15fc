// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/server.h"

/* Finds out, in a task, who is at the other end of FD, the caller NUMBER of the door, and tells it
 * by pst_server_named() in the loop of CONTEXT. The server lives as long as the process. */
void pst_naming_begin(GMainContext *context, PstServer *server, guint64 number, int fd);
