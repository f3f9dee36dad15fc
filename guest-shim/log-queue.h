// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* Where syslog(3) sends to. A call of it waits, without an end, for as long as the socket's queue
 * is full. */
#define PST_LOG_QUEUE_PATH "/dev/log"

/* Whether the queue of the datagram socket at PATH is full, and nothing was taken from it in
 * WAIT_MS. Nothing is sent. UNKNOWN where nobody holds the socket, or that can't be told. */
PstTri pst_log_queue_is_full(const char *path, gint64 wait_ms);
