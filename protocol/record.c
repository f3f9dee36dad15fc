// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/record.h"

#include <string.h>

#include "protocol/crc32c.h"
#include "protocol/error.h"
#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define PREFIX "{\"crc32c\":\""
#define DIGITS 8
/* Up to and with the comma: what the checksum is not of. */
#define HEAD (strlen(PREFIX) + DIGITS + strlen("\","))

const char *const pst_record_kind_names[] = {"boot", "report", "event", "shutdown", NULL};

void
pst_record_free(PstRecord *record)
{
    g_free(record->boot_id);
    g_free(record->machine_id);
    g_free(record->domain);
    g_free(record->user);
    pst_record_stub(record);
    g_free(record);
}

void
pst_record_stub(PstRecord *record)
{
    g_clear_pointer(&record->body, json_object_unref);
    g_clear_pointer(&record->text, g_free);
}

JsonObject *
pst_record_to_json(const PstRecord *record)
{
    JsonObject *json = json_object_new();

    json_object_set_int_member(json, "seq", record->seq);
    pst_json_set_string(json, "boot_id", record->boot_id);
    pst_json_set_string(json, "machine_id", record->machine_id);
    pst_json_set_string(json, "domain", record->domain);
    json_object_set_int_member(json, "realtime_us", record->realtime_us);
    json_object_set_int_member(json, "boottime_us", record->boottime_us);
    json_object_set_string_member(json, "kind", pst_record_kind_names[record->kind]);
    pst_json_set_string(json, "user", record->user);
    if (record->lost > 0)
        json_object_set_int_member(json, "lost", record->lost);
    json_object_set_object_member(json, "body", json_object_ref(record->body));
    return json;
}

char *
pst_record_to_text(const PstRecord *record, gsize *len)
{
    g_autoptr(JsonObject) json = pst_record_to_json(record);
    gsize inner_len = 0;
    g_autofree char *inner = pst_json_to_text(json, &inner_len);
    /* Its opening brace comes before the checksum. */
    const char *rest = inner + 1;
    gsize rest_len = inner_len - 1;

    if (HEAD + rest_len > PST_LIMIT_RECORD)
        return NULL;
    guint32 crc = pst_crc32c(PST_CRC32C_NONE, (const guint8 *)rest, rest_len);
    *len = HEAD + rest_len;
    return g_strdup_printf(PREFIX "%0*x\",%s", DIGITS, crc, rest);
}

static gboolean
not_a_record(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "no record: %s", why);
    return FALSE;
}

static gboolean
check_sum(const char *text, gsize len, guint32 *crc, GError **error)
{
    const char *digits = text + strlen(PREFIX);
    g_autofree char *wanted = NULL;

    if (len <= HEAD || memcmp(text, PREFIX, strlen(PREFIX)) != 0 ||
        memcmp(digits + DIGITS, "\",", 2) != 0)
        return not_a_record(error, "it does not begin with its checksum");
    *crc = pst_crc32c(PST_CRC32C_NONE, (const guint8 *)text + HEAD, len - HEAD);
    wanted = g_strdup_printf("%0*x", DIGITS, *crc);
    if (memcmp(digits, wanted, DIGITS) != 0)
        return not_a_record(error, "its checksum does not hold");
    return TRUE;
}

static gboolean
read_kind(JsonObject *json, PstRecordKind *kind, GError **error)
{
    const char *name = NULL;

    if (!pst_json_get_string(json, "kind", PST_JSON_REQUIRED, &name, error))
        return FALSE;
    for (guint i = 0; pst_record_kind_names[i] != NULL; i++) {
        if (g_str_equal(pst_record_kind_names[i], name)) {
            *kind = (PstRecordKind)i;
            return TRUE;
        }
    }
    return not_a_record(error, "its kind is not known");
}

/* What nothing could have written, and whatever keeps it would have to refuse. */
static gboolean
check_bounds(const PstRecord *record, const char *boot_id, const char *machine_id,
             const char *domain, const char *user, GError **error)
{
    if (record->seq < 0 || record->realtime_us < 0 || record->boottime_us < 0 || record->lost < 0)
        return not_a_record(error, "a number of it is below zero");
    if (strlen(boot_id) > PST_LIMIT_RECORD_ID || strlen(machine_id) > PST_LIMIT_RECORD_ID ||
        (domain != NULL && strlen(domain) > PST_LIMIT_RECORD_NAME) ||
        (user != NULL && strlen(user) > PST_LIMIT_RECORD_NAME))
        return not_a_record(error, "a name of it is too long");
    return TRUE;
}

static gboolean
decode(JsonObject *json, PstRecord *record, GError **error)
{
    const char *boot_id = NULL, *machine_id = NULL, *domain = NULL, *user = NULL;
    JsonObject *body = NULL;

    if (!pst_json_get_int(json, "seq", PST_JSON_REQUIRED, &record->seq, error) ||
        !pst_json_get_string(json, "boot_id", PST_JSON_REQUIRED, &boot_id, error) ||
        !pst_json_get_string(json, "machine_id", PST_JSON_REQUIRED, &machine_id, error) ||
        !pst_json_get_string(json, "domain", PST_JSON_OPTIONAL, &domain, error) ||
        !pst_json_get_int(json, "realtime_us", PST_JSON_REQUIRED, &record->realtime_us, error) ||
        !pst_json_get_int(json, "boottime_us", PST_JSON_REQUIRED, &record->boottime_us, error) ||
        !pst_json_get_string(json, "user", PST_JSON_OPTIONAL, &user, error) ||
        !pst_json_get_int(json, "lost", PST_JSON_OPTIONAL, &record->lost, error) ||
        !pst_json_get_object(json, "body", PST_JSON_REQUIRED, &body, error) ||
        !read_kind(json, &record->kind, error) ||
        !check_bounds(record, boot_id, machine_id, domain, user, error))
        return FALSE;
    record->boot_id = g_strdup(boot_id);
    record->machine_id = g_strdup(machine_id);
    record->domain = g_strdup(domain);
    record->user = g_strdup(user);
    record->body = json_object_ref(body);
    return TRUE;
}

/* What json-glib takes for an object, and for any other value, element or name: measured. */
#define OBJECT_COST 300
#define OTHER_COST 110

/* By the marks of a validated text that stand in no string: each opens, separates or names. */
static gsize
memory_of(const char *text, gsize len)
{
    gsize cost = len;
    gboolean in_string = FALSE;

    for (gsize i = 0; i < len; i++) {
        char c = text[i];

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && c == '{')
            cost += OBJECT_COST;
        else if (!in_string && (c == '[' || c == ',' || c == ':'))
            cost += OTHER_COST;
    }
    return cost;
}

PstRecord *
pst_record_read(const char *text, gsize len, GError **error)
{
    g_autoptr(PstRecord) record = g_new0(PstRecord, 1);
    g_autoptr(JsonObject) json = NULL;
    g_autoptr(GError) cause = NULL;

    if (!check_sum(text, len, &record->crc, error))
        return NULL;
    json = pst_json_parse_validated(text, len, error);
    if (json == NULL)
        return NULL;
    record->bytes = len;
    record->weight = MAX(len + PST_FRAME_OVERHEAD, memory_of(text, len) / PST_RECORD_MEMORY);
    if (decode(json, record, &cause)) {
        record->text = g_strndup(text, len);
        return g_steal_pointer(&record);
    }
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "%s", cause->message);
    return NULL;
}
