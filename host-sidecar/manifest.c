// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/manifest.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"

#define SHA256_DIGITS 64
#define ID_DIGITS 32
#define MAX_NAMES 2

const char *const pst_manifest_end_names[] = {"complete", "interrupted", NULL};
const char *const pst_manifest_change_names[] = {"changed", "missing", "added"};

static const PstField part_rows[] = {
    PST_STRING(PstManifestPart, path, "in the bundle; absent where the part could not be had"),
    PST_REQUIRED_STRING(PstManifestPart, what, "what it is, in words"),
    PST_INT(PstManifestPart, bytes, "of the file"),
    PST_STRING(PstManifestPart, sha256, "of the file, 64 hexadecimal digits"),
    PST_REQUIRED_STRING(
        PstManifestPart, via,
        "channel, agent, agent-builtin, volume, host, libvirt, postern; none where no "
        "path told it"),
    PST_INT(PstManifestPart, age_ms, "milliseconds, of what it tells when it was had"),
    PST_INT(PstManifestPart, took_ms,
            "milliseconds from the start of the gathering until it was had, or given up"),
    PST_STRING(PstManifestPart, error, "why it is not there, or not whole"),
    PST_BOOL(PstManifestPart, unwritten,
             "whether it was had, and is not there because it could not be written"),
};
const PstFields pst_manifest_part_fields = PST_FIELDS(PstManifestPart, part_rows);

static const PstField rows[] = {
    PST_REQUIRED_STRING(PstManifest, format, PST_MANIFEST_FORMAT),
    PST_REQUIRED_STRING(PstManifest, version, "of postern"),
    PST_REQUIRED_STRING(PstManifest, bundle, "its id, 32 hexadecimal digits"),
    PST_REQUIRED_STRING(PstManifest, guest, "the domain's name"),
    PST_STRING(PstManifest, uuid, "the domain's"),
    PST_STRING(PstManifest, caller, "who gathered it"),
    PST_STRING(PstManifest, summary, "the verdict, in a line"),
    PST_INT(PstManifest, begun_us, "the host's real time, microseconds since 1970 UTC"),
    PST_INT(PstManifest, ended_us, "the same"),
    PST_INT(PstManifest, deadline_ms, "how long it might take"),
    PST_ENUM(PstManifest, end, pst_manifest_end_names, "whether everything was tried"),
    PST_STRING(PstManifest, interrupted, "by what it was"),
    PST_LIST(PstManifest, parts, pst_manifest_part_fields, "in the order in which they were had"),
};
const PstFields pst_manifest_fields = PST_FIELDS(PstManifest, rows);

static char *
new_id(void)
{
    g_autofree char *uuid = g_uuid_string_random();
    GString *id = g_string_new(uuid);

    g_string_replace(id, "-", "", 0);
    return g_string_free(id, FALSE);
}

PstManifest *
pst_manifest_new(const char *guest, const char *uuid, const char *caller)
{
    PstManifest *manifest = pst_fields_new(&pst_manifest_fields);

    manifest->format = g_strdup(PST_MANIFEST_FORMAT);
    manifest->version = g_strdup(PST_VERSION);
    manifest->bundle = new_id();
    manifest->guest = g_strdup(guest);
    manifest->uuid = g_strdup(uuid);
    manifest->caller = g_strdup(caller);
    manifest->begun_us = g_get_real_time();
    manifest->parts = g_ptr_array_new();
    return manifest;
}

void
pst_manifest_free(PstManifest *manifest)
{
    pst_fields_free(&pst_manifest_fields, manifest);
}

PstManifestPart *
pst_manifest_add(PstManifest *manifest, const char *what, const char *via)
{
    PstManifestPart *part = pst_fields_append(&pst_manifest_part_fields, &manifest->parts);

    part->what = g_strdup(what);
    part->via = g_strdup(via);
    return part;
}

PstManifestPartState
pst_manifest_part_state(const PstManifestPart *part)
{
    if (part->unwritten == PST_TRI_YES)
        return PST_MANIFEST_PART_UNWRITTEN;
    if (part->path == NULL)
        return PST_MANIFEST_PART_NOT_HAD;
    return part->error == NULL ? PST_MANIFEST_PART_WHOLE : PST_MANIFEST_PART_NOT_WHOLE;
}

guint
pst_manifest_count(const PstManifest *manifest, PstManifestPartState state)
{
    guint n = 0;

    for (guint i = 0; i < manifest->parts->len; i++)
        n += pst_manifest_part_state(manifest->parts->pdata[i]) == state;
    return n;
}

char *
pst_manifest_unwritten(const PstManifest *manifest)
{
    guint n = pst_manifest_count(manifest, PST_MANIFEST_PART_UNWRITTEN);
    const char *between = n == 1 ? "1 part was had and could not be written: "
                                 : " parts were had and could not be written: ";
    g_autoptr(GString) text = g_string_new(NULL);
    const char *why = NULL;

    if (n == 0)
        return NULL;
    if (n > 1)
        g_string_append_printf(text, "%u", n);
    for (guint i = 0; i < manifest->parts->len; i++) {
        const PstManifestPart *part = manifest->parts->pdata[i];

        if (pst_manifest_part_state(part) != PST_MANIFEST_PART_UNWRITTEN)
            continue;
        g_string_append_printf(text, "%s%s", between, part->what);
        between = ", ";
        why = why != NULL ? why : part->error;
    }
    if (why != NULL)
        g_string_append_printf(text, " (%s)", why);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
pst_manifest_to_text(const PstManifest *manifest, gsize *len)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    cut.max_string = 512;
    g_autoptr(JsonObject) json = pst_fields_encode(&pst_manifest_fields, manifest, &cut);
    g_autofree char *line = pst_json_to_text(json, NULL);
    char *text = g_strconcat(line, "\n", NULL);

    *len = strlen(text);
    return text;
}

static gboolean
is_digits(const char *text, gsize n)
{
    return text != NULL && strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

static gboolean
is_name(const char *name)
{
    return g_ascii_isalnum(name[0]) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == strlen(name);
}

gboolean
pst_manifest_is_path(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", MAX_NAMES + 1);

    for (guint i = 0; names[i] != NULL; i++)
        if (i == MAX_NAMES || !is_name(names[i]))
            return FALSE;
    return names[0] != NULL && !g_str_equal(path, PST_MANIFEST_NAME);
}

static const char *
find_fault(const PstManifest *manifest)
{
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);

    if (!g_str_equal(manifest->format, PST_MANIFEST_FORMAT))
        return "its format is not " PST_MANIFEST_FORMAT;
    if (!is_digits(manifest->bundle, ID_DIGITS))
        return "its id is not one";
    if (manifest->parts == NULL || manifest->parts->len > PST_MANIFEST_MAX_PARTS)
        return "it has no parts, or too many";
    for (guint i = 0; i < manifest->parts->len; i++) {
        const PstManifestPart *part = manifest->parts->pdata[i];

        if (part->path == NULL)
            continue;
        if (!pst_manifest_is_path(part->path) || !g_hash_table_add(paths, part->path))
            return "a path in it is none, or is there twice";
        if (!is_digits(part->sha256, SHA256_DIGITS) || part->bytes < 0)
            return "a part in it has no digest or no size";
    }
    return NULL;
}

PstManifest *
pst_manifest_read(const char *text, gsize len, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(JsonObject) json = NULL;
    g_autoptr(PstManifest) manifest = NULL;
    const char *fault = "it is too large";

    if (len <= PST_MANIFEST_MAX_BYTES) {
        json = pst_json_parse(text, len, &pst_validate_from_guest, &cause);
        if (json != NULL)
            manifest = pst_fields_decode(&pst_manifest_fields, json, &cause);
        fault = manifest != NULL ? find_fault(manifest) : cause->message;
    }
    if (fault == NULL)
        return g_steal_pointer(&manifest);
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "not a manifest: %s", fault);
    return NULL;
}

void
pst_manifest_file_free(PstManifestFile *file)
{
    g_free(file->path);
    g_free(file->sha256);
    g_free(file->odd);
    g_free(file);
}

void
pst_manifest_change_free(PstManifestChange *change)
{
    g_free(change->detail);
    g_free(change);
}

static void
free_change(gpointer change)
{
    pst_manifest_change_free(change);
}

static void
add_change(GPtrArray *changes, PstManifestChangeKind kind, const char *path, char *detail)
{
    PstManifestChange *change = g_new0(PstManifestChange, 1);

    change->kind = kind;
    change->path = path;
    change->detail = detail;
    g_ptr_array_add(changes, change);
}

static void
compare_part(GPtrArray *changes, const PstManifestPart *part, const PstManifestFile *file)
{
    if (file == NULL)
        add_change(changes, PST_MANIFEST_MISSING, part->path, g_strdup(part->what));
    else if (file->odd != NULL)
        add_change(changes, PST_MANIFEST_CHANGED, part->path, g_strdup(file->odd));
    else if (file->bytes != part->bytes)
        add_change(changes, PST_MANIFEST_CHANGED, part->path,
                   g_strdup_printf("%" G_GINT64_FORMAT " bytes, and not %" G_GINT64_FORMAT,
                                   file->bytes, part->bytes));
    else if (g_strcmp0(file->sha256, part->sha256) != 0)
        add_change(changes, PST_MANIFEST_CHANGED, part->path,
                   g_strdup("as large, and not the same"));
}

GPtrArray *
pst_manifest_compare(const PstManifest *manifest, const GPtrArray *files)
{
    GPtrArray *changes = g_ptr_array_new_with_free_func(free_change);
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < files->len; i++) {
        PstManifestFile *file = files->pdata[i];
        g_hash_table_insert(there, file->path, file);
    }
    for (guint i = 0; i < manifest->parts->len; i++) {
        const PstManifestPart *part = manifest->parts->pdata[i];

        if (part->path == NULL)
            continue;
        compare_part(changes, part, g_hash_table_lookup(there, part->path));
        g_hash_table_remove(there, part->path);
    }
    for (guint i = 0; i < files->len; i++) {
        const PstManifestFile *file = files->pdata[i];

        if (g_hash_table_lookup(there, file->path) == file)
            add_change(changes, PST_MANIFEST_ADDED, file->path,
                       g_strdup(file->odd != NULL ? file->odd : "a file"));
    }
    return changes;
}
