// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* Words of the command line as arguments of a probe. */

/* Appends the comma-separated words of TEXT (may be NULL) to the list NAME. */
void pst_words_add_list(JsonObject *args, const char *name, const char *text);

#define PST_WORDS_N_PRIORITIES 8
/* The journal's priorities, the most urgent first. */
extern const char *const pst_words_priorities[PST_WORDS_N_PRIORITIES];

/* A syslog priority by number or name (emerg … debug); FALSE with PST_ERROR_USAGE. */
gboolean pst_words_parse_priority(const char *text, gint64 *priority, GError **error);

/* Sets the list NAME to the program and arguments of TEXT, which is quoted as for a shell; no shell
 * is run, and nothing is expanded. FALSE with PST_ERROR_USAGE. */
gboolean pst_words_add_command(JsonObject *args, const char *name, const char *text,
                               GError **error);

/* A user name that a command line can hold: 1 to 255 bytes without control characters, ':' and '/';
 * FALSE with PST_ERROR_USAGE. */
gboolean pst_words_check_user(const char *user, GError **error);

/* Sets `path`; FALSE with PST_ERROR_USAGE where it is no UTF-8, which no question can hold: with
 * something put in for it, it would be another file's. */
gboolean pst_words_add_path(JsonObject *args, const char *path, GError **error);
