// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/json.h"

/* What the codecs of a command's params and results have in common: bytes in JSON, and numbers
 * within bounds. */

/* The bytes of base64 (RFC 4648 section 4, with its padding), at most MAX of them; NULL with
 * PST_ERROR_INVALID_PARAMS that names the member NAME. */
GBytes *pst_exec_json_decode(const char *name, const char *text, gsize max, GError **error);

/* The member NAME as above: *data is a new reference, or stays NULL where it is absent. */
gboolean pst_exec_json_get_bytes(JsonObject *object, const char *name, gsize max, GBytes **data,
                                 GError **error);

/* Sets nothing where DATA is NULL or empty. */
void pst_exec_json_set_bytes(JsonObject *object, const char *name, GBytes *data);

/* An integer from MIN to MAX; optional, where PRESENCE says so. */
gboolean pst_exec_json_get_number(JsonObject *object, const char *name, PstJsonPresence presence,
                                  gint64 min, gint64 max, gint64 *value, GError **error);

/* `id`, with PST_EXEC_ID_DIGITS. */
gboolean pst_exec_json_get_id(JsonObject *object, char *id, GError **error);
