// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* Rules of libnftables-json(5) in the words in which nft(8) lists them, for people: what nft would
 * print wherever it is a common expression, and close to it elsewhere. Cut at 400 bytes. */

/* A whole rule, its "expr". COMMENT may be NULL. Free with g_free(). */
char *pst_nft_words_rule(JsonArray *expr, const char *comment);

/* One statement or expression of it. Free with g_free(). */
char *pst_nft_words_statement(JsonNode *node);
