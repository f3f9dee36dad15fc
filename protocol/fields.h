// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* A C struct described once, as a table of its fields: from that come its JSON encoding, its strict
 * decoding, its JSON Schema, its freeing, and the `key=value` words of a command line. A member of
 * the struct and its JSON name are the same word.
 *
 * Whatever was not looked at is absent in the JSON: a NULL string or list, PST_INT_UNKNOWN,
 * PST_TRI_UNKNOWN. Decoding ignores members that it does not know, so that a schema can grow. */

#define PST_INT_UNKNOWN G_MININT64

/* How much of a struct goes into its JSON, and whether anything had to be left out. */
typedef struct {
    guint max_items;    /* elements of one list */
    gsize max_string;   /* bytes of one string */
    gboolean truncated; /* set, never cleared */
} PstFieldsCut;

/* clang-format takes an initialiser in a macro for a block. */
// clang-format off
#define PST_FIELDS_CUT_DEFAULT {2000, 8192, FALSE}
// clang-format on

typedef enum {
    PST_TRI_UNKNOWN = 0,
    PST_TRI_NO,
    PST_TRI_YES,
} PstTri;

#define PST_TRI(condition) ((condition) ? PST_TRI_YES : PST_TRI_NO)

typedef enum {
    PST_FIELD_STRING, /* char *, owned */
    PST_FIELD_INT,    /* gint64 */
    PST_FIELD_TRI,    /* PstTri */
    PST_FIELD_ENUM,   /* int, an index into names */
    PST_FIELD_STRV,   /* char **, owned */
    PST_FIELD_OBJECT, /* a pointer to a struct of its own table, owned */
    PST_FIELD_LIST,   /* GPtrArray * of such structs, owned */
} PstFieldType;

typedef struct PstFields PstFields;

typedef struct {
    const char *name;
    const char *doc; /* one sentence, with the unit */
    PstFieldType type;
    guint offset;
    gboolean required;
    /* What of it is a difference, where two reports are compared. */
    gboolean passing;         /* tells what goes on, and not what somebody has set: none */
    gboolean key;             /* names its element of a list, with the others that do */
    gboolean folded;          /* numbers in it tell what goes on: none are in them */
    gboolean ordered;         /* of strings: their order is one too */
    gboolean recent;          /* of a list: what happened lately; what it no longer has is none */
    const char *unless;       /* none where both have the member of this name, which tells it all */
    const PstFields *fields;  /* of an object or of a list's elements */
    const char *const *names; /* of an enum, NULL-terminated */
} PstField;

struct PstFields {
    gsize size; /* of the struct */
    guint n_rows;
    const PstField *rows;
};

// clang-format off
#define PST_FIELDS(type, table) {sizeof(type), G_N_ELEMENTS(table), table}

#define PST_ROW(kind, T, member, ...)                                                              \
    {.name = #member, .type = kind, .offset = G_STRUCT_OFFSET(T, member), __VA_ARGS__}
#define PST_PASSING .passing = TRUE
#define PST_KEY     .key = TRUE
#define PST_FOLDED  .folded = TRUE
#define PST_ORDERED .ordered = TRUE
#define PST_RECENT  .recent = TRUE
// clang-format on
/* Each may be followed by more of what the row is. */
#define PST_STRING(T, member, text, ...)                                                           \
    PST_ROW(PST_FIELD_STRING, T, member, .doc = text, ##__VA_ARGS__)
#define PST_INT(T, member, text, ...) PST_ROW(PST_FIELD_INT, T, member, .doc = text, ##__VA_ARGS__)
#define PST_BOOL(T, member, text, ...) PST_ROW(PST_FIELD_TRI, T, member, .doc = text, ##__VA_ARGS__)
#define PST_STRINGS(T, member, text, ...)                                                          \
    PST_ROW(PST_FIELD_STRV, T, member, .doc = text, ##__VA_ARGS__)
#define PST_ENUM(T, member, enum_names, text, ...)                                                 \
    PST_ROW(PST_FIELD_ENUM, T, member, .doc = text, .names = enum_names, ##__VA_ARGS__)
#define PST_OBJECT(T, member, table, text, ...)                                                    \
    PST_ROW(PST_FIELD_OBJECT, T, member, .doc = text, .fields = &(table), ##__VA_ARGS__)
#define PST_LIST(T, member, table, text, ...)                                                      \
    PST_ROW(PST_FIELD_LIST, T, member, .doc = text, .fields = &(table), ##__VA_ARGS__)
#define PST_REQUIRED_STRING(T, member, text, ...)                                                  \
    PST_ROW(PST_FIELD_STRING, T, member, .doc = text, .required = TRUE, ##__VA_ARGS__)

/* A new struct in which nothing is known. Free with pst_fields_free(). */
gpointer pst_fields_new(const PstFields *fields);
void pst_fields_free(const PstFields *fields, gpointer object);

/* Appends a new element to *LIST, which is created where it is NULL and owns it from then on.
 * Returns the element, borrowed. */
gpointer pst_fields_append(const PstFields *fields, GPtrArray **list);

/* The struct as a JSON object. Strings are made valid UTF-8; strings and lists are cut as CUT says.
 */
JsonObject *pst_fields_encode(const PstFields *fields, gconstpointer object, PstFieldsCut *cut);

/* The struct of a JSON object; NULL with PST_ERROR_INVALID_PARAMS, which names the member. */
gpointer pst_fields_decode(const PstFields *fields, JsonObject *json, GError **error);

/* As above, but a member that is not in the table is an error too: for arguments, where a typing
 * mistake must not be taken for a default. The error names the nearest valid one. */
gpointer pst_fields_decode_exact(const PstFields *fields, JsonObject *json, GError **error);

/* The JSON object for words of the form `key=value`; a list of strings takes commas. Errors are as
 * above, with PST_ERROR_USAGE. */
JsonObject *pst_fields_from_words(const PstFields *fields, const char *const *words,
                                  GError **error);

/* The struct's JSON Schema (draft 2020-12), an object schema without $id. */
JsonObject *pst_fields_schema(const PstFields *fields);
