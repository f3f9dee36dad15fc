// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host-sidecar/baseline-question.h"
#include "host-sidecar/escape.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* {"format":"…","baseline":{…},"sha256":"…"} and a line feed: of what stands before the last member
 * that is the digest. */
#define BEGIN "{\"format\":\"postern-baseline-"
#define BODY ",\"baseline\":"
#define SHA256 ",\"sha256\":\""
#define END "\"}\n"
#define SHA256_DIGITS 64
#define MAX_TOKENS 2000000
#define MAX_FORMAT 32

static const PstValidateLimits limits = {PST_BASELINE_MAX_BYTES, MAX_TOKENS, FALSE};

static const PstField rows[] = {
    PST_REQUIRED_STRING(PstBaseline, version, "of postern"),
    PST_REQUIRED_STRING(PstBaseline, guest, "the domain's name"),
    PST_STRING(PstBaseline, uuid, "the domain's"),
    PST_STRING(PstBaseline, uri, "of its hypervisor"),
    PST_STRING(PstBaseline, host, "of a local hypervisor: its host's name"),
    PST_STRING(PstBaseline, host_id, "and its machine, by an id of postern's own"),
    PST_STRINGS(PstBaseline, users, "whose access was asked about"),
    PST_INT(PstBaseline, taken_us, "the host's real time, microseconds since 1970 UTC"),
    PST_STRING(PstBaseline, after, "the place in the journal of an earlier baseline"),
    PST_BOOL(PstBaseline, after_found, "whether the journal still had it"),
    PST_STRING(PstBaseline, unmarked, "why there is no mark"),
    PST_STRINGS(PstBaseline, host_keys, "of its sshd: type and fingerprint"),
};
static const PstFields fields = PST_FIELDS(PstBaseline, rows);

/* ---- writing ---- */

static JsonObject *
to_json(const PstBaseline *baseline)
{
    PstFieldsCut whole = {G_MAXUINT, G_MAXSIZE - 1, FALSE};
    JsonObject *json = pst_fields_encode(&fields, baseline, &whole);
    JsonArray *answers = json_array_new();

    if (baseline->mark != NULL) {
        g_autofree char *mark = pst_mark_to_text(baseline->mark);
        json_object_set_string_member(json, "mark", mark);
    }
    for (guint i = 0; i < baseline->answers->len; i++) {
        PstAnswer *answer = baseline->answers->pdata[i];
        JsonObject *one = pst_answer_to_json(answer);

        json_object_set_object_member(one, "args", json_object_ref(answer->args));
        json_array_add_object_element(answers, one);
    }
    json_object_set_array_member(json, "answers", answers);
    return json;
}

static void
digest_of(const char *text, gsize len, char digest[SHA256_DIGITS + 1])
{
    g_autofree char *sha256 =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, len);

    memcpy(digest, sha256, SHA256_DIGITS + 1);
}

char *
pst_baseline_to_text(const PstBaseline *baseline, gsize *len)
{
    g_autoptr(JsonObject) json = to_json(baseline);
    g_autoptr(JsonObject) sorted = pst_json_sorted(json);
    gsize body_len = 0;
    g_autofree char *body = pst_json_to_text(sorted, &body_len);
    GString *out = g_string_new("{\"format\":\"" PST_BASELINE_FORMAT "\"" BODY);
    char digest[SHA256_DIGITS + 1];

    g_string_append_len(out, body, (gssize)body_len);
    digest_of(out->str, out->len, digest);
    g_string_append_printf(out, SHA256 "%s" END, digest);
    *len = out->len;
    return g_string_free(out, FALSE);
}

/* ---- reading ---- */

/* What the bytes are as a file: NULL where they are one of this format with its digest; *body and
 * *body_len are the object in it then. */
static char *
find_damage(const char *text, gsize len, const char **body, gsize *body_len)
{
    static const char begin[] = "{\"format\":\"" PST_BASELINE_FORMAT "\"" BODY;
    const gsize end_len = strlen(SHA256) + SHA256_DIGITS + strlen(END);
    char digest[SHA256_DIGITS + 1];

    if (len == 0)
        return g_strdup("it is empty");
    if (len > PST_BASELINE_MAX_BYTES)
        return g_strdup("it is too large");
    if (memcmp(text, BEGIN, MIN(len, strlen(BEGIN))) != 0)
        return g_strdup("it does not begin as one");
    if (memcmp(text, begin, MIN(len, strlen(begin))) != 0) {
        const char *name = text + strlen("{\"format\":\"");
        gsize name_len = MIN(len - strlen("{\"format\":\""), MAX_FORMAT);
        const char *quote = memchr(name, '"', name_len);
        g_autofree char *format = g_strndup(name, quote != NULL ? (gsize)(quote - name) : name_len);
        g_autofree char *clean = pst_json_clean(format);

        return g_strdup_printf("it is a %s, of which this postern (%s) knows nothing", clean,
                               PST_VERSION);
    }
    if (len < strlen(begin) + end_len ||
        memcmp(text + len - end_len, SHA256, strlen(SHA256)) != 0 ||
        memcmp(text + len - strlen(END), END, strlen(END)) != 0)
        return g_strdup("its end is missing");
    digest_of(text, len - end_len, digest);
    if (memcmp(text + len - end_len + strlen(SHA256), digest, SHA256_DIGITS) != 0)
        return g_strdup("it was changed: its digest is another");
    *body = text + strlen(begin);
    *body_len = len - end_len - strlen(begin);
    return NULL;
}

static gboolean
refuse(GError **error, const char *what)
{
    g_set_error_literal(error, PST_ERROR, PST_ERROR_PROTOCOL, what);
    return FALSE;
}

static gboolean
read_answer(PstBaseline *baseline, JsonObject *json, GError **error)
{
    JsonObject *args = NULL;

    if (!pst_json_get_object(json, "args", PST_JSON_REQUIRED, &args, error))
        return FALSE;
    PstAnswer *answer = pst_answer_from_json(json, args, error);
    if (answer == NULL)
        return FALSE;
    g_ptr_array_add(baseline->answers, answer);
    if (answer->report != NULL && !g_str_equal(answer->report->probe, answer->probe))
        return refuse(error, "an answer's report is of another probe");
    return TRUE;
}

static gboolean
read_answers(PstBaseline *baseline, JsonArray *array, GError **error)
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (!JSON_NODE_HOLDS_OBJECT(node))
            return refuse(error, "an answer is not an object");
        if (!read_answer(baseline, json_node_get_object(node), error))
            return FALSE;
        if (!g_hash_table_add(known, pst_baseline_question_of(baseline->answers->pdata[i])))
            return refuse(error, "a question is answered twice");
    }
    pst_baseline_question_arrange(baseline->answers);
    return TRUE;
}

static gboolean
read_members(PstBaseline *baseline, JsonObject *json, GError **error)
{
    const char *mark = NULL;
    JsonArray *answers = NULL;

    if (baseline->users == NULL)
        baseline->users = g_new0(char *, 1);
    if (baseline->taken_us == PST_INT_UNKNOWN || baseline->taken_us < 0 || *baseline->guest == '\0')
        return refuse(error, "it does not say of what and when it is");
    if (g_strv_length(baseline->users) > PST_BASELINE_MAX_USERS)
        return refuse(error, "it is of too many users");
    if (!pst_json_get_string(json, "mark", PST_JSON_OPTIONAL, &mark, error) ||
        !pst_json_get_array(json, "answers", PST_JSON_REQUIRED, &answers, error))
        return FALSE;
    if (mark != NULL) {
        baseline->mark = pst_mark_parse(mark, error);
        if (baseline->mark == NULL)
            return FALSE;
    }
    return read_answers(baseline, answers, error);
}

static PstBaseline *
read_body(const char *body, gsize len, GError **error)
{
    g_autoptr(JsonObject) json = pst_json_parse(body, len, &limits, error);
    g_autoptr(PstBaseline) head = json != NULL ? pst_fields_decode(&fields, json, error) : NULL;

    if (head == NULL)
        return NULL;
    head->answers = g_ptr_array_new();
    return read_members(head, json, error) ? g_steal_pointer(&head) : NULL;
}

PstBaseline *
pst_baseline_read(const char *text, gsize len, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *body = NULL;
    gsize body_len = 0;
    g_autofree char *damage = find_damage(text, len, &body, &body_len);
    PstBaseline *baseline = damage == NULL ? read_body(body, body_len, &cause) : NULL;

    if (baseline != NULL)
        return baseline;
    /* It may quote the file. */
    g_autofree char *why = pst_escape_text(damage != NULL ? damage : cause->message, FALSE);
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                "not a baseline that can be used: %s; take it anew with postern baseline", why);
    return NULL;
}

/* Of a regular file or a pipe, and never more than there may be. NULL with errno. */
static GString *
read_bytes(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    g_autoptr(GString) bytes = g_string_new(NULL);
    char piece[16384];
    gssize n = -1;

    if (fd >= 0) {
        do {
            n = read(fd, piece, sizeof piece);
            if (n > 0)
                g_string_append_len(bytes, piece, n);
        } while ((n > 0 && bytes->len <= PST_BASELINE_MAX_BYTES) || (n < 0 && errno == EINTR));
    }
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (n >= 0)
        return g_steal_pointer(&bytes);
    errno = number;
    return NULL;
}

static PstErrorCode
code_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return PST_ERROR_ABSENT;
    case EACCES:
    case EPERM:
        return PST_ERROR_NO_PERMISSION;
    default:
        return PST_ERROR_UNAVAILABLE;
    }
}

PstBaseline *
pst_baseline_load(const char *path, GError **error)
{
    g_autoptr(GString) bytes = read_bytes(path);
    int number = errno;

    if (bytes == NULL) {
        g_set_error(error, PST_ERROR, (int)code_of(number),
                    "%s: %s; name a file that postern baseline made", path, g_strerror(number));
        return NULL;
    }
    PstBaseline *baseline = pst_baseline_read(bytes->str, bytes->len, error);
    if (baseline == NULL)
        g_prefix_error(error, "%s: ", path);
    return baseline;
}
