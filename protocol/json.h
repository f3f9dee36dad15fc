// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/validate.h"

/* The only door to json-glib: parsing behind the strict validator, and getters that coerce nothing.
 * An absent member, a null and a value of another type are three different things. */

typedef enum {
    PST_JSON_REQUIRED, /* absent and null are errors */
    PST_JSON_OPTIONAL, /* absent leaves the default, null is an error */
    PST_JSON_NULLABLE, /* absent and null leave the default */
} PstJsonPresence;

/* Validates LEN bytes at TEXT, then parses them. Returns the root object, owned by the caller. */
JsonObject *pst_json_parse(const char *text, gsize len, const PstValidateLimits *limits,
                           GError **error);

/* Parses a text that pst_validate() has accepted already, as frame readers hand it out. */
JsonObject *pst_json_parse_validated(const char *text, gsize len, GError **error);

/* Each sets *value and returns TRUE, or leaves *value as it was: TRUE where PRESENCE permits that,
 * else FALSE with PST_ERROR_INVALID_PARAMS that names the member. Strings, objects and arrays are
 * borrowed from OBJECT. */
gboolean pst_json_get_string(JsonObject *object, const char *name, PstJsonPresence presence,
                             const char **value, GError **error);
gboolean pst_json_get_int(JsonObject *object, const char *name, PstJsonPresence presence,
                          gint64 *value, GError **error);
gboolean pst_json_get_bool(JsonObject *object, const char *name, PstJsonPresence presence,
                           gboolean *value, GError **error);
gboolean pst_json_get_object(JsonObject *object, const char *name, PstJsonPresence presence,
                             JsonObject **value, GError **error);
gboolean pst_json_get_array(JsonObject *object, const char *name, PstJsonPresence presence,
                            JsonArray **value, GError **error);

/* Like json_object_set_string_member(), but takes any bytes up to the first NUL: what is not UTF-8
 * becomes U+FFFD, so that a peer's validator accepts the text. A NULL value sets nothing. */
void pst_json_set_string(JsonObject *object, const char *name, const char *value);

/* Any bytes as valid UTF-8, as above. Free with g_free(). */
char *pst_json_clean(const char *value);

/* As above, and of at most MAX bytes, whole characters only; *cut is set to TRUE where something
 * had to go, and left alone otherwise. CUT may be NULL. Free with g_free(). */
char *pst_json_clean_cut(const char *value, gsize max, gboolean *cut);

/* The object as one line of JSON text that a validator accepts. Free with g_free(). */
char *pst_json_to_text(JsonObject *object, gsize *len);

/* A copy whose members are in the order of their names, at every depth: the same for what says the
 * same. */
JsonObject *pst_json_sorted(JsonObject *object);
