// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The strict JSON validator: the gate in front of every parser.
 *
 * A pure function over bytes. It accepts a text that is one JSON object (RFC 8259) in valid UTF-8,
 * within the limits, without duplicate member names, without U+0000, without lone surrogates, with
 * numbers that a double or a 53-bit integer can carry, and with nothing after it but white space.
 * It allocates nothing; its stack use is bounded by the depth and member limits alone. */

typedef struct {
    gsize max_bytes;  /* at most G_MAXUINT32 */
    guint max_tokens; /* names, values and opened containers */
    gboolean int64;   /* integers up to 64 bits: for peers that are not ours */
} PstValidateLimits;

/* What a host accepts from a guest, a guest from a host, and a host from the QEMU guest agent. */
extern const PstValidateLimits pst_validate_from_guest;
extern const PstValidateLimits pst_validate_from_host;
extern const PstValidateLimits pst_validate_from_agent;
/* And a host's API socket from a caller, and the caller from it. */
extern const PstValidateLimits pst_validate_to_api;
extern const PstValidateLimits pst_validate_from_api;
/* And whoever reads records. */
extern const PstValidateLimits pst_validate_record;

typedef enum {
    PST_VALIDATE_OK,
    PST_VALIDATE_TOO_LARGE,
    PST_VALIDATE_TRUNCATED,
    PST_VALIDATE_NOT_AN_OBJECT,
    PST_VALIDATE_TRAILING_BYTES,
    PST_VALIDATE_SYNTAX,
    PST_VALIDATE_UTF8,
    PST_VALIDATE_CONTROL_CHARACTER,
    PST_VALIDATE_ESCAPE,
    PST_VALIDATE_NUL,
    PST_VALIDATE_SURROGATE,
    PST_VALIDATE_NUMBER,
    PST_VALIDATE_NUMBER_RANGE,
    PST_VALIDATE_DUPLICATE_MEMBER,
    PST_VALIDATE_DEPTH,
    PST_VALIDATE_TOKENS,
    PST_VALIDATE_MEMBERS,
    PST_VALIDATE_LAST = PST_VALIDATE_MEMBERS
} PstValidateReason;

typedef struct {
    PstValidateReason reason;
    gsize offset; /* of the byte at which the text was refused; its length when it was accepted */
} PstValidateResult;

/* Judges LEN bytes at TEXT (which need not end in NUL). */
PstValidateResult pst_validate(const guint8 *text, gsize len, const PstValidateLimits *limits);

/* The stable lower-case id of a reason, such as "duplicate-member". */
const char *pst_validate_reason_id(PstValidateReason reason);
