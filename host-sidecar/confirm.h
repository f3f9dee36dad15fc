// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Asking whoever is there before something is changed. */

/* Whether somebody is: standard input is a terminal. */
gboolean pst_confirm_may_ask(void);

/* Prints TEXT, which ends with the question, to standard error, or to the terminal where that goes
 * elsewhere, and reads a line. FALSE with PST_ERROR_USAGE where that is no yes, or nobody can be
 * asked. */
gboolean pst_confirm_ask(const char *text, GError **error);
