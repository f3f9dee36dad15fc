// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Puts /dev/null where the caller has closed standard input, output or error: the next file or
 * socket to be opened would get their number, and an answer would be written into libvirt's
 * connection. Writing to what was put there fails, as it should. */
void pst_standard_streams_occupy(void);
