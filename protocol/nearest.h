// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A hint for an error message about a word that is not known: "; did you mean 'sudo'?" where one of
 * the N NAMES is near (at most two letters off, or begun alike), else "; known: a, b, c", or ""
 * where there are none. Free with g_free(). */
char *pst_nearest_hint(const char *word, const char *const *names, guint n);
