// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/verify.h"

#include <unistd.h>

#include "host-sidecar/audit-log.h"
#include "host-sidecar/render.h"
#include "host-sidecar/seal.h"
#include "protocol/error.h"
#include "protocol/json.h"

static const char *const verdict_names[] = {
    [PST_VERIFY_INTACT] = "intact",       [PST_VERIFY_CHANGED] = "changed",
    [PST_VERIFY_UNSEALED] = "unsealed",   [PST_VERIFY_BROKEN] = "broken",
    [PST_VERIFY_UNVOUCHED] = "unvouched",
};

void
pst_verify_free(PstVerify *verify)
{
    g_clear_pointer(&verify->changes, g_ptr_array_unref);
    g_clear_pointer(&verify->manifest, pst_manifest_free);
    g_clear_pointer(&verify->contents, pst_bundle_contents_free);
    g_clear_pointer(&verify->found, pst_seal_found_free);
    g_free(verify->sha256);
    g_free(verify->sealed);
    g_free(verify->fault);
    g_free(verify);
}

/* A bundle that says to be another than it was has its path and its guest still. */
static void
find_seal(PstVerify *verify, const char *path, const char *digest, const char *audit_file)
{
    const PstManifest *manifest = verify->manifest;

    if (digest != NULL) {
        verify->sealed = g_ascii_strdown(digest, -1);
        return;
    }
    g_autofree char *here = g_get_current_dir();
    g_autofree char *whole = g_canonicalize_filename(path, here);
    const PstSeal sought = {manifest != NULL ? manifest->bundle : NULL,
                            manifest != NULL ? manifest->guest : NULL, whole, NULL};
    verify->found = pst_seal_find(audit_file, &sought);
    verify->sealed = g_strdup(verify->found->sha256);
    if (verify->fault == NULL)
        verify->fault = g_strdup(verify->found->fault);
}

/* Whether another bundle was sealed at this path, and this one nowhere. */
static gboolean
is_in_place_of_another(const PstVerify *verify)
{
    return verify->sealed == NULL && verify->found != NULL && verify->found->path_bundle != NULL;
}

static PstVerifyVerdict
judge(const PstVerify *verify)
{
    if (verify->contents->manifest == NULL)
        return PST_VERIFY_UNSEALED;
    if (verify->manifest == NULL || verify->changes->len > 0)
        return PST_VERIFY_CHANGED;
    if (is_in_place_of_another(verify))
        return PST_VERIFY_CHANGED;
    if (verify->sealed == NULL)
        return PST_VERIFY_UNVOUCHED;
    return g_str_equal(verify->sealed, verify->sha256) ? PST_VERIFY_INTACT : PST_VERIFY_CHANGED;
}

static void
read_manifest(PstVerify *verify)
{
    g_autoptr(GError) error = NULL;
    gsize len = 0;
    const char *text = g_bytes_get_data(verify->contents->manifest, &len);

    verify->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, verify->contents->manifest);
    verify->manifest = pst_manifest_read(text, len, &error);
    if (verify->manifest != NULL)
        verify->changes = pst_manifest_compare(verify->manifest, verify->contents->files);
    else
        verify->fault = g_strdup(error->message);
}

PstVerify *
pst_verify_bundle(const char *path, const char *digest, const char *audit_file, GError **error)
{
    g_autoptr(PstVerify) verify = g_new0(PstVerify, 1);

    g_autoptr(GError) cause = NULL;

    verify->contents = pst_bundle_contents_read(path, &cause);
    if (verify->contents == NULL && cause->code == PST_ERROR_PROTOCOL) {
        verify->verdict = PST_VERIFY_BROKEN;
        verify->fault = g_strdup(cause->message);
        return g_steal_pointer(&verify);
    }
    if (verify->contents == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (verify->contents->manifest != NULL)
        read_manifest(verify);
    find_seal(verify, path, digest, audit_file);
    verify->verdict = judge(verify);
    return g_steal_pointer(&verify);
}

static gboolean
is_other_manifest(const PstVerify *verify)
{
    return verify->sealed != NULL && verify->sha256 != NULL &&
           !g_str_equal(verify->sealed, verify->sha256);
}

static void
append_changes(GString *out, const PstVerify *verify)
{
    if (verify->fault != NULL) {
        g_string_append(out, "  ");
        pst_render_append(out, verify->fault);
        g_string_append_c(out, '\n');
    }
    if (is_in_place_of_another(verify)) {
        g_string_append(out, "  the seal of this path is of another bundle, ");
        pst_render_append(out, verify->found->path_bundle);
        g_string_append(out, ", with the manifest SHA-256 ");
        pst_render_append(out, verify->found->path_sha256);
        g_string_append_c(out, '\n');
    }
    if (is_other_manifest(verify))
        g_string_append_printf(out,
                               "  changed  " PST_MANIFEST_NAME ": its SHA-256 is %s, and that of "
                               "the seal is %.64s\n",
                               verify->sha256, verify->sealed);
    for (guint i = 0; verify->changes != NULL && i < verify->changes->len; i++) {
        const PstManifestChange *change = verify->changes->pdata[i];

        g_string_append_printf(out, "  %-8s ", pst_manifest_change_names[change->kind]);
        pst_render_append(out, change->path);
        g_string_append(out, ": ");
        pst_render_append(out, change->detail);
        g_string_append_c(out, '\n');
    }
}

/* The seal is in the journal too, which may outlive the file. Every user of the host can write
 * there, and only _UID is journald's own word. */
static void
append_journal(GString *out, const char *bundle)
{
    g_string_append_printf(out,
                           "  where the journal still has it: journalctl _UID=%u "
                           "MESSAGE_ID=" PST_AUDIT_MESSAGE_ID_SEAL " POSTERN_BUNDLE=%s "
                           "--output-fields=POSTERN_SHA256 -o cat\n",
                           (guint)geteuid(), bundle);
}

static void
append_verdict(GString *out, const PstVerify *verify)
{
    switch (verify->verdict) {
    case PST_VERIFY_INTACT:
        g_string_append_printf(out, "intact: %u files, as they were sealed\n",
                               verify->contents->files->len);
        break;
    case PST_VERIFY_CHANGED:
        g_string_append(out, "changed: this is not what was sealed\n");
        break;
    case PST_VERIFY_BROKEN:
        g_string_append(out, "broken: this is no bundle, or no longer\n");
        break;
    case PST_VERIFY_UNSEALED:
        g_string_append_printf(out,
                               "never sealed: %u files are there, and no " PST_MANIFEST_NAME
                               "; the gathering was killed\n",
                               verify->contents->files->len);
        break;
    case PST_VERIFY_UNVOUCHED:
        g_string_append_printf(
            out,
            "unknown: %u files agree with the manifest, but this host's audit log holds no "
            "seal of it: say --digest SHA256\n",
            verify->contents->files->len);
        if (verify->found->n_guest > 0)
            g_string_append_printf(out, "  it holds %u of other bundles of that guest\n",
                                   verify->found->n_guest);
        append_journal(out, verify->manifest->bundle);
        break;
    }
}

char *
pst_verify_to_text(const PstVerify *verify, const char *path)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, path);
    g_string_append(out, ": ");
    append_verdict(out, verify);
    append_changes(out, verify);
    if (verify->manifest != NULL) {
        gboolean dated = verify->manifest->ended_us != PST_INT_UNKNOWN;
        g_autofree char *age = dated ? pst_render_age(verify->manifest->ended_us) : NULL;

        g_string_append(out, "  of ");
        pst_render_append(out, verify->manifest->guest);
        g_string_append_printf(
            out, ", sealed %s%s, manifest SHA-256 %s\n",
            dated ? age : "at a time that it does not tell",
            verify->manifest->end == PST_MANIFEST_INTERRUPTED ? " after it was interrupted" : "",
            verify->sha256);
        g_autofree char *unwritten = pst_manifest_unwritten(verify->manifest);
        if (unwritten != NULL) {
            g_string_append(out, "  it is not all that there was: ");
            pst_render_append(out, unwritten);
            g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

JsonObject *
pst_verify_to_json(const PstVerify *verify, const char *path)
{
    JsonObject *json = json_object_new();
    JsonArray *changes = json_array_new();

    pst_json_set_string(json, "path", path);
    pst_json_set_string(json, "verdict", verdict_names[verify->verdict]);
    if (verify->contents != NULL)
        json_object_set_int_member(json, "files", verify->contents->files->len);
    pst_json_set_string(json, "sha256", verify->sha256);
    pst_json_set_string(json, "sealed_sha256", verify->sealed);
    if (verify->found != NULL) {
        pst_json_set_string(json, "path_bundle", verify->found->path_bundle);
        pst_json_set_string(json, "path_sha256", verify->found->path_sha256);
        json_object_set_int_member(json, "guest_seals", verify->found->n_guest);
    }
    if (verify->manifest != NULL)
        json_object_set_int_member(
            json, "unwritten", pst_manifest_count(verify->manifest, PST_MANIFEST_PART_UNWRITTEN));
    pst_json_set_string(json, "fault", verify->fault);
    for (guint i = 0; verify->changes != NULL && i < verify->changes->len; i++) {
        const PstManifestChange *change = verify->changes->pdata[i];
        JsonObject *row = json_object_new();

        pst_json_set_string(row, "change", pst_manifest_change_names[change->kind]);
        pst_json_set_string(row, "path", change->path);
        pst_json_set_string(row, "detail", change->detail);
        json_array_add_object_element(changes, row);
    }
    json_object_set_array_member(json, "changes", changes);
    return json;
}
