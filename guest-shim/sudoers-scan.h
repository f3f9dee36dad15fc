// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The words of a sudoers line, as sudo's lexer (toke.l) cuts them. Each function takes what it is
 * named after from *rest and moves it on, or returns NULL and leaves it. Free with g_free(). */

void pst_sudoers_scan_blanks(const char **rest);

/* Takes CHARACTER, with the blanks before and after it. */
gboolean pst_sudoers_scan_sign(const char **rest, char character);

/* An odd number of `!` negates. */
gboolean pst_sudoers_scan_negation(const char **rest);

/* A name, with its backslashes taken out; *plain says that there were none. */
char *pst_sudoers_scan_word(const char **rest, gboolean *plain);

/* A string in double quotes; NULL, with *rest at the quote, where it does not end or is empty. */
char *pst_sudoers_scan_string(const char **rest);

/* #123 or #-123. */
char *pst_sudoers_scan_id(const char **rest);

/* [A-Z][A-Z0-9_]* */
char *pst_sudoers_scan_capitals(const char **rest);

/* [a-z_]+, the name of a Defaults parameter. */
char *pst_sudoers_scan_parameter(const char **rest);

/* An unquoted value of a Defaults parameter. */
char *pst_sudoers_scan_value(const char **rest);

/* An absolute path, or a regular expression between ^ and $. */
char *pst_sudoers_scan_path(const char **rest);

/* The arguments of a command up to `,`, `:`, a comment or the end, joined by single blanks.
 * NULL where there are none. */
char *pst_sudoers_scan_args(const char **rest);

/* An IPv4 or IPv6 address, with a mask or without. */
char *pst_sudoers_scan_address(const char **rest);

/* The path of an include: quoted, or with blanks after backslashes. */
char *pst_sudoers_scan_include(const char **rest);

/* Whether nothing follows but a comment. */
gboolean pst_sudoers_scan_at_end(const char *rest);
