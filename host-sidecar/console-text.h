// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report-host.h"

/* The end of a serial console's log, as evidence. A pure function over what the guest wrote. */

#define PST_CONSOLE_TEXT_LINES 30
#define PST_CONSOLE_TEXT_LINE_BYTES 300

/* The last lines without what moves a terminal's cursor, and the first line of the newest panic
 * since a kernel last said its name, which one that starts quietly does not: so also whether lines
 * came after the panic that are not its own. */
PstHostConsole *pst_console_text_read(const char *bytes, gsize len);
