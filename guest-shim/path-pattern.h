// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Patterns for paths, as in the guest's configuration.
 *
 * `?` is one byte and `*` any number of them, but no slash; a part `**` is any number of whole
 * parts, none as well. A pattern that begins with a slash stands for the whole path, any other for
 * its end: etc/shadow is in /etc/shadow and in /persist/etc/shadow. What a pattern stands for, it
 * stands for with all that is below it. */

/* PATH is absolute, without empty parts and dots. ANY_CASE: ASCII letters are alike. */
gboolean pst_path_pattern_matches(const char *pattern, const char *path, gboolean any_case);

/* Whether something below the folder PATH can match a pattern that begins with a slash. */
gboolean pst_path_pattern_leads(const char *pattern, const char *path);
