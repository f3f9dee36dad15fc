// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "guest-shim/filter-rules.h"

/* Values of libnftables-json(5): numbers, names, ranges, prefixes, lists of flags. */

/* NODE as a range of values of KEY. FALSE for what is not modelled. */
gboolean pst_nft_value_range(PstFilterKey key, JsonNode *node, PstFilterRange *range);

/* NODE as bits of KEY: a name, a number, or a list of names. FALSE for a name that is not known. */
gboolean pst_nft_value_bits(PstFilterKey key, JsonNode *node, guint64 *bits);

/* The member NAME of an object where it is an object, an array, or a string; else NULL. */
JsonObject *pst_nft_value_object(JsonObject *object, const char *name);
JsonArray *pst_nft_value_array(JsonObject *object, const char *name);
const char *pst_nft_value_string(JsonObject *object, const char *name);

/* The only member of an object that has one, and its name; NULL for everything else. */
JsonNode *pst_nft_value_only(JsonNode *node, const char **name);
