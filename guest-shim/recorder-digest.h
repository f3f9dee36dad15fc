// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* What of REPORT, validated, is compared with the one before it: a text that is the same where it
 * tells nothing new. That is its status, the ids of its findings and what they are about; and where
 * its data stay as they are until somebody changes something (`steady` of its kind), the words in
 * them: numbers count what goes on, as do rows that are `passing`, and are left out. Pure; free
 * with g_free(). */
char *pst_recorder_digest(JsonObject *report);
