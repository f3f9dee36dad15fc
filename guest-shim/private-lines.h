// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include "guest-shim/sysroot.h"

/* The lines of private units (private-units.h) in a log that a syslog daemon wrote: they are copies
 * of what the journal has, and no more to be told than there. */

/* What such lines of LEN bytes at TEXT say behind the writer's name: of PstRedactRange, in order,
 * for pst_redact_part(). Lines begin with a time, in the old form or RFC 5424's, and the writer's
 * name is the first word behind it that ends in a colon; lines without a time belong to the one
 * before. Free with g_array_unref(). */
GArray *pst_private_lines_find(const PstSysroot *sysroot, const char *text, gsize len);
