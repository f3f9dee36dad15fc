// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A line of the audit log as a link of a chain: its last two members are its number in the chain
 * and the SHA-256 of the line before it, so that no line can be changed, taken out, put in or moved
 * without the next one telling. */

#define PST_CHAIN_DIGITS 64

/* In front of the first line. */
extern const char pst_chain_nothing[PST_CHAIN_DIGITS + 1];

typedef struct {
    guint64 seq;                     /* from 1 */
    char prev[PST_CHAIN_DIGITS + 1]; /* of the bytes of the line before, without its line feed */
} PstChainLink;

/* The line of a JSON object's text, which has members; without a line feed. Free with g_free(). */
char *pst_chain_line_make(const char *json, const PstChainLink *link);

/* FALSE where that is no line of a chain; what stands before the two members is not looked at. */
gboolean pst_chain_line_read(const char *line, gsize len, PstChainLink *link);

/* Whether these bytes, which are no whole line, may be the beginning of one that the log writes
 * about itself. */
gboolean pst_chain_line_may_be_event(const char *bytes, gsize len);

/* The SHA-256 of a line, or of any bytes, in hexadecimal digits. */
void pst_chain_line_digest(const char *line, gsize len, char digest[PST_CHAIN_DIGITS + 1]);
