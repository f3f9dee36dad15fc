// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/error.h"
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
    return pst_audit_log_append(places->file, line, error);
}

/* Whether the line is a seal of the bundle; its digest then. */
static gboolean
read_line(const char *line, gsize len, const char *bundle, char **sha256)
{
    const char *says_method = NULL, *says_bundle = NULL, *says_sha256 = NULL;

    /* Most lines are questions, and need no parser to be told apart. */
    if (memmem(line, len, bundle, strlen(bundle)) == NULL)
        return FALSE;
    g_autoptr(JsonObject) json = pst_json_parse(line, len, &pst_validate_from_guest, NULL);
    if (json == NULL ||
        !pst_json_get_string(json, "method", PST_JSON_REQUIRED, &says_method, NULL) ||
        !pst_json_get_string(json, "bundle", PST_JSON_REQUIRED, &says_bundle, NULL) ||
        !pst_json_get_string(json, "sha256", PST_JSON_REQUIRED, &says_sha256, NULL) ||
        !g_str_equal(says_method, method) || !g_str_equal(says_bundle, bundle))
        return FALSE;
    g_free(*sha256);
    *sha256 = g_strdup(says_sha256);
    return TRUE;
}

static FILE *
open_log(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    FILE *stream = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (stream == NULL && fd >= 0)
        close(fd);
    return stream;
}

char *
pst_seal_find(const char *file, const char *bundle, GError **error)
{
    char *line = NULL, *sha256 = NULL;
    gsize size = 0;
    gssize len;
    FILE *stream = open_log(file);

    if (stream == NULL && errno == ENOENT)
        return NULL;
    if (stream == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the audit log can't be read: %s: %s",
                    file, g_strerror(errno));
        return NULL;
    }
    while ((len = getline(&line, &size, stream)) > 0)
        read_line(line, (gsize)len, bundle, &sha256);
    free(line);
    fclose(stream);
    return sha256;
}
