// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Microseconds on CLOCK_BOOTTIME: the clock of every deadline, which goes on in suspend. */
gint64 pst_boot_clock_us(void);
