// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/validate.h"

#include <math.h>
#include <string.h>
#include <sys/auxv.h>

#include "protocol/limits.h"

const PstValidateLimits pst_validate_from_guest = {PST_LIMIT_FRAME_FROM_GUEST, PST_LIMIT_TOKENS};
const PstValidateLimits pst_validate_record = {PST_LIMIT_RECORD, PST_LIMIT_TOKENS};
const PstValidateLimits pst_validate_from_host = {PST_LIMIT_FRAME_FROM_HOST, PST_LIMIT_TOKENS};
const PstValidateLimits pst_validate_to_api = {PST_LIMIT_FRAME_TO_API, PST_LIMIT_TOKENS};
const PstValidateLimits pst_validate_from_api = {PST_LIMIT_FRAME_FROM_API, 2 * PST_LIMIT_TOKENS};
/* base64 and the envelope around the bytes that were asked for */
const PstValidateLimits pst_validate_from_agent = {PST_LIMIT_AGENT_ANSWER / 3 * 4 + 4096,
                                                   PST_LIMIT_TOKENS, TRUE};

static const char *const reason_ids[] = {
    [PST_VALIDATE_OK] = "ok",
    [PST_VALIDATE_TOO_LARGE] = "too-large",
    [PST_VALIDATE_TRUNCATED] = "truncated",
    [PST_VALIDATE_NOT_AN_OBJECT] = "not-an-object",
    [PST_VALIDATE_TRAILING_BYTES] = "trailing-bytes",
    [PST_VALIDATE_SYNTAX] = "syntax",
    [PST_VALIDATE_UTF8] = "utf-8",
    [PST_VALIDATE_CONTROL_CHARACTER] = "control-character",
    [PST_VALIDATE_ESCAPE] = "escape",
    [PST_VALIDATE_NUL] = "nul",
    [PST_VALIDATE_SURROGATE] = "surrogate",
    [PST_VALIDATE_NUMBER] = "number",
    [PST_VALIDATE_NUMBER_RANGE] = "number-range",
    [PST_VALIDATE_DUPLICATE_MEMBER] = "duplicate-member",
    [PST_VALIDATE_DEPTH] = "depth",
    [PST_VALIDATE_TOKENS] = "tokens",
    [PST_VALIDATE_MEMBERS] = "members",
};

G_STATIC_ASSERT(G_N_ELEMENTS(reason_ids) == PST_VALIDATE_LAST + 1);

/* A member name that is still in an open object. Names are compared as characters, so that "a" and
 * "\u0061" are the same name; the hash only spares most of the comparisons. */
typedef struct {
    guint32 hash;
    guint32 offset;
} Name;

typedef struct {
    const guint8 *text;
    gsize len;
    gsize at;
    guint depth;
    guint tokens_left;
    gboolean int64;
    guint n_names;
    guint64 hash_point;
    PstValidateReason reason;
    Name names[PST_LIMIT_DEPTH * PST_LIMIT_MEMBERS]; /* written only as far as it is used */
} Scan;

#define HASH_PRIME 2147483647u /* 2^31 - 1 */

static gboolean scan_value(Scan *scan);

static gboolean
refuse(Scan *scan, PstValidateReason reason)
{
    scan->reason = reason;
    return FALSE;
}

static gboolean
refuse_here(Scan *scan)
{
    return refuse(scan, scan->at >= scan->len ? PST_VALIDATE_TRUNCATED : PST_VALIDATE_SYNTAX);
}

/* The byte at the cursor, or 0 at the end: no accepted grammar has a bare 0 anywhere. */
static guint8
peek(const Scan *scan)
{
    return scan->at < scan->len ? scan->text[scan->at] : 0;
}

static void
skip_space(Scan *scan)
{
    for (;;) {
        guint8 c = peek(scan);
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
        scan->at++;
    }
}

static gboolean
take_token(Scan *scan)
{
    if (scan->tokens_left == 0)
        return refuse(scan, PST_VALIDATE_TOKENS);

    scan->tokens_left--;
    return TRUE;
}

/* How many bytes the UTF-8 sequence at the cursor has, 0 if it is not one (Unicode table 3-7: no
 * overlong forms, no surrogates, nothing above U+10FFFF). */
static gsize
utf8_length(const guint8 *p, gsize left)
{
    guint8 low = 0x80, high = 0xBF;
    gsize n;

    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        n = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        n = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        n = 4;
    else
        return 0;

    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;

    if (left < n || p[1] < low || p[1] > high)
        return 0;
    for (gsize i = 2; i < n; i++)
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;

    return n;
}

/* Four hexadecimal digits, or -1. */
static gint32
hex4(const guint8 *p, gsize left)
{
    gint32 value = 0;

    if (left < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value((char)p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static gboolean
scan_unicode_escape(Scan *scan)
{
    gint32 unit = hex4(scan->text + scan->at, scan->len - scan->at);

    if (unit < 0)
        return refuse(scan, PST_VALIDATE_ESCAPE);
    if (unit == 0)
        return refuse(scan, PST_VALIDATE_NUL);
    if (unit >= 0xDC00 && unit <= 0xDFFF)
        return refuse(scan, PST_VALIDATE_SURROGATE);
    scan->at += 4;
    if (unit < 0xD800 || unit > 0xDBFF)
        return TRUE;

    const guint8 *next = scan->text + scan->at;
    if (scan->len - scan->at < 6 || next[0] != '\\' || next[1] != 'u')
        return refuse(scan, PST_VALIDATE_SURROGATE);
    gint32 low = hex4(next + 2, 4);
    if (low < 0xDC00 || low > 0xDFFF)
        return refuse(scan, PST_VALIDATE_SURROGATE);
    scan->at += 6;
    return TRUE;
}

/* The cursor is behind a backslash. */
static gboolean
scan_escape(Scan *scan)
{
    guint8 c = peek(scan);

    if (c == 'u') {
        scan->at++;
        return scan_unicode_escape(scan);
    }
    if (c == 0 || strchr("\"\\/bfnrt", c) == NULL)
        return refuse(scan, scan->at >= scan->len ? PST_VALIDATE_TRUNCATED : PST_VALIDATE_ESCAPE);
    scan->at++;
    return TRUE;
}

/* The cursor is on the opening quotation mark, and afterwards behind the closing one. */
static gboolean
scan_string(Scan *scan)
{
    scan->at++;
    while (scan->at < scan->len) {
        guint8 c = scan->text[scan->at];

        if (c == '"') {
            scan->at++;
            return TRUE;
        }
        if (c < 0x20)
            return refuse(scan, c == 0 ? PST_VALIDATE_NUL : PST_VALIDATE_CONTROL_CHARACTER);
        if (c == '\\') {
            scan->at++;
            if (!scan_escape(scan))
                return FALSE;
        } else if (c < 0x80) {
            scan->at++;
        } else {
            gsize n = utf8_length(scan->text + scan->at, scan->len - scan->at);
            if (n == 0)
                return refuse(scan, PST_VALIDATE_UTF8);
            scan->at += n;
        }
    }
    return refuse(scan, PST_VALIDATE_TRUNCATED);
}

static gsize
skip_digits(Scan *scan)
{
    gsize start = scan->at;

    while (g_ascii_isdigit(peek(scan)))
        scan->at++;
    return scan->at - start;
}

static gboolean
in_range(const guint8 *digits, gsize len, gboolean integer, gboolean int64)
{
    char copy[PST_LIMIT_NUMBER_LENGTH + 1];

    if (len > PST_LIMIT_NUMBER_LENGTH)
        return FALSE;
    memcpy(copy, digits, len);
    copy[len] = '\0';

    double value = g_ascii_strtod(copy, NULL);
    if (!integer)
        return isfinite(value);
    /* json-glib turns 2^63 negative; what rounds up to it is refused with it. */
    if (int64)
        return fabs(value) < 0x1p63;
    /* 2^53 + 1 rounds down to 2^53, which is out of range too: the comparison is exact. */
    return fabs(value) <= (double)PST_LIMIT_INTEGER;
}

static gboolean
scan_number(Scan *scan)
{
    gsize start = scan->at;
    gboolean integer = TRUE;

    if (peek(scan) == '-')
        scan->at++;
    if (peek(scan) == '0')
        scan->at++;
    else if (skip_digits(scan) == 0)
        return refuse(scan, scan->at >= scan->len ? PST_VALIDATE_TRUNCATED : PST_VALIDATE_NUMBER);

    if (peek(scan) == '.') {
        integer = FALSE;
        scan->at++;
        if (skip_digits(scan) == 0)
            return refuse(scan, PST_VALIDATE_NUMBER);
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        integer = FALSE;
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        if (skip_digits(scan) == 0)
            return refuse(scan, PST_VALIDATE_NUMBER);
    }
    if (g_ascii_isalnum(peek(scan)) || peek(scan) == '.')
        return refuse(scan, PST_VALIDATE_NUMBER);
    if (!in_range(scan->text + start, scan->at - start, integer, scan->int64)) {
        scan->at = start;
        return refuse(scan, PST_VALIDATE_NUMBER_RANGE);
    }
    return TRUE;
}

static gboolean
scan_literal(Scan *scan, const char *word)
{
    gsize n = strlen(word);

    if (scan->len - scan->at < n || memcmp(scan->text + scan->at, word, n) != 0)
        return refuse(scan, PST_VALIDATE_SYNTAX);
    scan->at += n;
    return TRUE;
}

/* The next character of a string that scan_string() has accepted, 0 at its closing mark. */
static gunichar
next_character(const guint8 **p)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const guint8 *s = *p;

    if (*s == '"')
        return 0;
    if (*s != '\\') {
        *p = s + (*s < 0x80 ? 1 : utf8_length(s, 4));
        return g_utf8_get_char((const char *)s);
    }
    if (s[1] != 'u') {
        const char *letter = strchr(letters, s[1]);
        *p = s + 2;
        return letter != NULL ? (gunichar)meant[letter - letters] : s[1];
    }

    gunichar unit = (gunichar)hex4(s + 2, 4);
    *p = s + 6;
    if (unit < 0xD800 || unit > 0xDBFF)
        return unit;
    gunichar low = (gunichar)hex4(s + 8, 4);
    *p = s + 12;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/* A polynomial hash modulo a prime, at a point that the peer can't know: whatever names it chooses,
 * two different ones collide with a probability of at most their length / 2^31, so that nobody can
 * make the comparisons many. The point decides about speed alone, never about the verdict. */
static guint64
hash_point(void)
{
    /* 16 random bytes that the kernel gives each process (getauxval(3)). */
    const void *random = (const void *)getauxval(AT_RANDOM); // NOLINT(performance-no-int-to-ptr)
    guint64 point = 16777619;

    if (random != NULL)
        memcpy(&point, random, sizeof(point));
    return point % (HASH_PRIME - 2) + 2;
}

static guint32
hash_name(const guint8 *p, guint64 point)
{
    guint64 hash = 0;

    for (gunichar c = next_character(&p); c != 0; c = next_character(&p))
        hash = (hash * point + c) % HASH_PRIME;
    return (guint32)hash;
}

static gboolean
same_name(const guint8 *a, const guint8 *b)
{
    for (;;) {
        gunichar c = next_character(&a);
        if (c != next_character(&b))
            return FALSE;
        if (c == 0)
            return TRUE;
    }
}

/* A member's name, checked against the names of the object that begin at FIRST_NAME. */
static gboolean
scan_name(Scan *scan, guint first_name)
{
    gsize start = scan->at + 1;

    if (peek(scan) != '"')
        return refuse_here(scan);
    if (!take_token(scan) || !scan_string(scan))
        return FALSE;
    if (scan->n_names - first_name >= PST_LIMIT_MEMBERS)
        return refuse(scan, PST_VALIDATE_MEMBERS);

    Name name = {hash_name(scan->text + start, scan->hash_point), (guint32)start};
    for (guint i = first_name; i < scan->n_names; i++) {
        if (scan->names[i].hash == name.hash &&
            same_name(scan->text + scan->names[i].offset, scan->text + start)) {
            scan->at = start - 1;
            return refuse(scan, PST_VALIDATE_DUPLICATE_MEMBER);
        }
    }
    scan->names[scan->n_names++] = name;
    return TRUE;
}

static gboolean
scan_member(Scan *scan, guint first_name)
{
    skip_space(scan);
    if (!scan_name(scan, first_name))
        return FALSE;
    skip_space(scan);
    if (peek(scan) != ':')
        return refuse_here(scan);
    scan->at++;
    return scan_value(scan);
}

/* Members or elements up to CLOSE; the cursor is behind the opening bracket. */
static gboolean
scan_items(Scan *scan, guint8 close)
{
    guint first_name = scan->n_names;

    skip_space(scan);
    if (peek(scan) == close) {
        scan->at++;
        return TRUE;
    }
    for (;;) {
        if (!(close == '}' ? scan_member(scan, first_name) : scan_value(scan)))
            return FALSE;
        skip_space(scan);
        guint8 c = peek(scan);
        if (c != close && c != ',')
            return refuse_here(scan);
        scan->at++;
        if (c == close) {
            scan->n_names = first_name;
            return TRUE;
        }
    }
}

static gboolean
scan_container(Scan *scan)
{
    guint8 close = peek(scan) == '{' ? '}' : ']';

    if (scan->depth == PST_LIMIT_DEPTH)
        return refuse(scan, PST_VALIDATE_DEPTH);
    scan->depth++;
    scan->at++;
    if (!scan_items(scan, close))
        return FALSE;
    scan->depth--;
    return TRUE;
}

static gboolean
scan_value(Scan *scan)
{
    skip_space(scan);
    if (!take_token(scan))
        return FALSE;

    switch (peek(scan)) {
    case '{':
    case '[':
        return scan_container(scan);
    case '"':
        return scan_string(scan);
    case 't':
        return scan_literal(scan, "true");
    case 'f':
        return scan_literal(scan, "false");
    case 'n':
        return scan_literal(scan, "null");
    case '-':
    case '0' ... '9':
        return scan_number(scan);
    default:
        return refuse_here(scan);
    }
}

static gboolean
scan_text(Scan *scan)
{
    skip_space(scan);
    if (scan->at >= scan->len)
        return refuse(scan, PST_VALIDATE_TRUNCATED);
    if (peek(scan) != '{')
        return refuse(scan, PST_VALIDATE_NOT_AN_OBJECT);
    if (!scan_value(scan))
        return FALSE;
    skip_space(scan);
    if (scan->at < scan->len)
        return refuse(scan, PST_VALIDATE_TRAILING_BYTES);
    return TRUE;
}

PstValidateResult
pst_validate(const guint8 *text, gsize len, const PstValidateLimits *limits)
{
    Scan scan;

    if (len > limits->max_bytes)
        return (PstValidateResult){PST_VALIDATE_TOO_LARGE, limits->max_bytes};

    scan.text = text;
    scan.len = len;
    scan.at = 0;
    scan.depth = 0;
    scan.tokens_left = limits->max_tokens;
    scan.int64 = limits->int64;
    scan.n_names = 0;
    scan.hash_point = hash_point();
    scan.reason = PST_VALIDATE_OK;
    (void)scan_text(&scan);
    return (PstValidateResult){scan.reason, scan.at};
}

const char *
pst_validate_reason_id(PstValidateReason reason)
{
    return (guint)reason < G_N_ELEMENTS(reason_ids) ? reason_ids[reason] : "unknown";
}
