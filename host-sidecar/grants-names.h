// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The number of the user or group of that name; FALSE where there is none. Asks NSS, which may
 * hang: inside of tasks. A PstGrantsNumber. */
gboolean pst_grants_names_find(const char *name, gboolean is_group, guint *number);
