// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/seal.h"

#include <string.h>

#include "host-sidecar/archive.h"
#include "host-sidecar/log-lines.h"
#include "protocol/json.h"

static const char method[] = "forensics";

static GString *
journal_record(const char *caller, const PstSeal *seal)
{
    GString *record = pst_audit_log_record();
    g_autofree char *message = g_strdup_printf("%s sealed a bundle of evidence of %s: %s, manifest "
                                               "SHA-256 %s",
                                               caller, seal->guest, seal->path, seal->sha256);

    pst_audit_log_field(record, "MESSAGE", message);
    pst_audit_log_field(record, "POSTERN_CALLER", caller);
    pst_audit_log_field(record, "POSTERN_METHOD", method);
    pst_audit_log_field(record, "POSTERN_GUEST", seal->guest);
    pst_audit_log_field(record, "POSTERN_BUNDLE", seal->bundle);
    pst_audit_log_field(record, "POSTERN_PATH", seal->path);
    pst_audit_log_field(record, "POSTERN_SHA256", seal->sha256);
    return record;
}

static char *
line_of(const char *caller, const PstSeal *seal)
{
    g_autoptr(JsonObject) json = json_object_new();

    json_object_set_int_member(json, "realtime_us", g_get_real_time());
    pst_json_set_string(json, "caller", caller);
    pst_json_set_string(json, "method", method);
    pst_json_set_string(json, "guest", seal->guest);
    pst_json_set_string(json, "bundle", seal->bundle);
    pst_json_set_string(json, "path", seal->path);
    pst_json_set_string(json, "sha256", seal->sha256);
    return pst_json_to_text(json, NULL);
}

gboolean
pst_seal_write(const PstAuditPlaces *places, const char *caller, const PstSeal *seal,
               GError **error)
{
    g_autoptr(GString) record = journal_record(caller, seal);
    g_autofree char *line = line_of(caller, seal);

    pst_audit_log_send(places->journal, record);
    return pst_audit_log_append(places->file, line, TRUE, error);
}

typedef struct {
    const PstSeal *sought;
    PstSealFound *found;
} Search;

static gboolean
holds(const char *line, gsize len, const char *word)
{
    return word != NULL && memmem(line, len, word, strlen(word)) != NULL;
}

static gboolean
is_same_place(const char *path, const char *other)
{
    gsize len = strlen(path), other_len = strlen(other);

    if (g_str_has_suffix(path, PST_ARCHIVE_SUFFIX))
        len -= strlen(PST_ARCHIVE_SUFFIX);
    if (g_str_has_suffix(other, PST_ARCHIVE_SUFFIX))
        other_len -= strlen(PST_ARCHIVE_SUFFIX);
    return len == other_len && memcmp(path, other, len) == 0;
}

static void
take_seal(const Search *search, const PstSeal *seal)
{
    const PstSeal *sought = search->sought;
    PstSealFound *found = search->found;

    if (sought->bundle != NULL && g_str_equal(seal->bundle, sought->bundle)) {
        g_free(found->sha256);
        found->sha256 = g_strdup(seal->sha256);
        return;
    }
    if (sought->guest != NULL && g_str_equal(seal->guest, sought->guest))
        found->n_guest++;
    if (sought->path == NULL || !is_same_place(seal->path, sought->path))
        return;
    g_free(found->path_bundle);
    g_free(found->path_sha256);
    found->path_bundle = g_strdup(seal->bundle);
    found->path_sha256 = g_strdup(seal->sha256);
}

static void
read_line(const char *line, gsize len, gpointer user_data)
{
    const char *says_method = NULL;
    PstSeal seal = {NULL};

    /* Most lines are questions, and need no parser to be told apart. */
    if (!holds(line, len, "\"bundle\"") || !holds(line, len, method))
        return;
    g_autoptr(JsonObject) json = pst_json_parse(line, len, &pst_validate_from_guest, NULL);
    if (json == NULL ||
        !pst_json_get_string(json, "method", PST_JSON_REQUIRED, &says_method, NULL) ||
        !pst_json_get_string(json, "guest", PST_JSON_REQUIRED, &seal.guest, NULL) ||
        !pst_json_get_string(json, "bundle", PST_JSON_REQUIRED, &seal.bundle, NULL) ||
        !pst_json_get_string(json, "path", PST_JSON_REQUIRED, &seal.path, NULL) ||
        !pst_json_get_string(json, "sha256", PST_JSON_REQUIRED, &seal.sha256, NULL) ||
        !g_str_equal(says_method, method))
        return;
    take_seal(user_data, &seal);
}

PstSealFound *
pst_seal_find(const char *file, const PstSeal *sought)
{
    PstSealFound *found = g_new0(PstSealFound, 1);
    Search search = {sought, found};

    found->fault = pst_log_lines_each(file, read_line, &search);
    return found;
}

void
pst_seal_found_free(PstSealFound *found)
{
    g_free(found->sha256);
    g_free(found->path_bundle);
    g_free(found->path_sha256);
    g_free(found->fault);
    g_free(found);
}
