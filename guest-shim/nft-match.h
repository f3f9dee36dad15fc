// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "guest-shim/filter-rules.h"

/* Expressions and statements of libnftables-json(5) as steps of a rule. What is not modelled
 * becomes a step that says so. */

/* Adds the steps of one element of a rule's "expr". */
void pst_nft_match_add(PstFilterRule *rule, JsonNode *statement);

/* A verdict object such as {"jump": {"target": "x"}}; FALSE for what is none. TARGET is owned by
 * the caller. */
gboolean pst_nft_match_verdict(JsonNode *node, PstFilterVerdict *verdict);

/* The same of nft's own language: `accept`, `jump CHAIN`. */
gboolean pst_nft_match_verdict_words(const char *text, PstFilterVerdict *verdict);
