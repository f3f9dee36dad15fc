// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Takes out of WHOLE what the drop-in PART says with an empty value, and that out of PART. What is
 * not there can't be taken away: FALSE with PST_ERROR_USAGE, which names the group and the key. */
gboolean pst_policy_take_away(GKeyFile *whole, GKeyFile *part, GError **error);
