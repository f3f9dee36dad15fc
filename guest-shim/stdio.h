// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/session.h"

/* A session on standard input and output, until the input has ended and everything that it asked
 * for is answered. Runs the default main loop. */

/* MODE: PST_SESSION_CHANNEL answers as it goes; PST_SESSION_ONE_SHOT starts when the input has
 * ended. OUTPUT_LIMIT is in bytes, for all answers together. FALSE with PST_ERROR_OUTPUT where
 * standard output can't be written to, or PST_ERROR_INVALID_REQUEST where a one-shot's input held
 * no request. */
gboolean pst_stdio_serve(const PstSysroot *sysroot, PstSessionMode mode, gsize output_limit,
                         GError **error);
