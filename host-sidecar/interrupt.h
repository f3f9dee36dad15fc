// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What is to be ended in good order when somebody asks for the end. */

/* NAME is that of the signal. */
typedef void (*PstInterruptCaught)(const char *name, gpointer user_data);

/* From now on SIGINT, SIGTERM and SIGHUP, as far as they are not ignored, do not end the process:
 * the first is told to CAUGHT, in a thread of its own, one that comes more than half a second later
 * ends the process at once, with 128 and its number. Once a process. */
void pst_interrupt_catch(PstInterruptCaught caught, gpointer user_data);
