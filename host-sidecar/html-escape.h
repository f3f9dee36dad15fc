// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The only way of a text into a page. Appends TEXT, any bytes, as character data: what it holds
 * stays inside of the element, or of the attribute in quotes, that it is put into. Controls, also
 * those of direction, and what is not UTF-8 are made visible, as by pst_escape_text(); with
 * KEEP_LINES line feeds and tabs stay. */
void pst_html_escape_append(GString *out, const char *text, gboolean keep_lines);
