// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/forensics.h"

#include <string.h>

#include "host-sidecar/audit.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/forensics-gather.h"
#include "host-sidecar/html-page.h"
#include "host-sidecar/render.h"
#include "host-sidecar/seal.h"
#include "protocol/json.h"

/* What page, manifest and archive may take, out of the caller's deadline: a tenth of it, and a
 * second at most. */
#define SHARE 10
#define MAX_WRITING_US G_USEC_PER_SEC
#define KIB ((gsize)1024)
/* Of a domain's name in a bundle's: bytes. */
#define MAX_GUEST 200

#define PAGE "index.html"
#define DIAGNOSIS_TEXT "diagnosis.txt"
#define DIAGNOSIS_JSON "diagnosis.json"

/* What comes last finds the disk full where anything does, and is what is read first. The least is
 * for a guest that answers nothing, of whose parts most found no room. */
static void
keep_room(PstBundle *bundle)
{
    pst_bundle_keep(bundle, PAGE, 16 * KIB, 256 * KIB);
    pst_bundle_keep(bundle, DIAGNOSIS_TEXT, 4 * KIB, 32 * KIB);
    pst_bundle_keep(bundle, DIAGNOSIS_JSON, 12 * KIB, 128 * KIB);
}

/* A name that is no option, not hidden, the same in every shell, and of a length that file systems
 * take, with a number behind it too. */
char *
pst_forensics_name(const char *guest)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    g_autofree char *name = g_strdup(guest);

    g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '_');
    return g_strdup_printf("postern-%.*s-%s", MAX_GUEST, name, time);
}

static PstManifestPart *
add_own(PstBundle *bundle, const PstForensicsGather *gather, const char *what)
{
    PstManifest *manifest = pst_bundle_manifest(bundle);
    PstManifestPart *part = pst_manifest_add(manifest, what, "postern");

    part->took_ms = (gather->now_us - manifest->begun_us) / 1000;
    return part;
}

static void
write_text(PstBundle *bundle, const PstForensicsGather *gather, const char *what, const char *path,
           const char *text)
{
    pst_bundle_write(bundle, add_own(bundle, gather, what), path, text, strlen(text));
}

static void
write_diagnosis(PstBundle *bundle, const PstForensicsGather *gather)
{
    const char *guest = pst_bundle_manifest(bundle)->guest;
    g_autofree char *text = pst_render_diagnosis(guest, gather->answers, gather->n);
    g_autoptr(JsonObject) json = pst_diagnose_to_json(guest, gather->answers, gather->n);
    g_autofree char *line = pst_render_json(json);

    write_text(bundle, gather, "the diagnosis, for people", DIAGNOSIS_TEXT, text);
    write_text(bundle, gather, "the diagnosis, for programs", DIAGNOSIS_JSON, line);
}

/* Each with the paths that were tried. */
static void
write_failed(PstBundle *bundle, const PstForensicsGather *gather)
{
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *questions = json_array_new();

    for (guint i = 0; i < gather->n; i++)
        if (gather->answers[i]->report == NULL)
            json_array_add_object_element(questions, pst_answer_to_json(gather->answers[i]));
    json_object_set_array_member(json, "questions", questions);
    g_autofree char *line = pst_render_json(json);
    write_text(bundle, gather, "the questions that failed, and why", "failed.json", line);
}

static void
write_page(PstBundle *bundle, const PstForensicsGather *gather)
{
    PstManifest *manifest = pst_bundle_manifest(bundle);
    const PstTimelineSources sources = {
        .answers = gather->answers,
        .n = gather->n,
        .records = gather->records,
        .domain = manifest->guest,
        .begun_us = manifest->begun_us,
        .now_us = gather->now_us,
        .interrupted = gather->interrupted,
    };
    g_autoptr(GPtrArray) timeline = pst_timeline_build(&sources);
    const PstHtmlPage page = {
        .manifest = manifest,
        .answers = gather->answers,
        .n = gather->n,
        .records = gather->records,
        .timeline = timeline,
        .screen = gather->screen,
        .screen_scaled = gather->screen_scaled,
        .xml = gather->xml,
        .now_us = gather->now_us,
    };
    pst_bundle_release(bundle);
    g_autoptr(GPtrArray) pages = pst_html_page_series(&page, pst_bundle_room(bundle));
    PstManifestPart *part = add_own(bundle, gather, "the page to read all this by");
    gboolean written = FALSE;

    /* The largest that the disk has room for. */
    for (guint i = 0; i < pages->len && !written; i++)
        written = pst_bundle_write(bundle, part, PAGE, pages->pdata[i], strlen(pages->pdata[i]));
}

static void
conclude(PstForensics *forensics, const PstForensicsGather *gather)
{
    PstManifest *manifest = pst_bundle_manifest(forensics->bundle);
    PstDiagnosis diagnosis = pst_diagnose_judge(gather->answers, gather->n);

    forensics->status = diagnosis.status;
    manifest->summary = pst_diagnose_summary(&diagnosis);
    manifest->ended_us = g_get_real_time();
    manifest->interrupted = g_strdup(gather->interrupted);
    manifest->end = gather->interrupted != NULL ? PST_MANIFEST_INTERRUPTED : PST_MANIFEST_COMPLETE;
    pst_bundle_end_gathering(forensics->bundle);
    write_diagnosis(forensics->bundle, gather);
    write_failed(forensics->bundle, gather);
    write_page(forensics->bundle, gather);
}

static gboolean
seal(PstForensics *forensics, GError **error)
{
    g_autofree char *file = pst_audit_log_file();
    g_autofree char *here = g_get_current_dir();
    g_autofree char *path = g_canonicalize_filename(forensics->path, here);
    const PstAuditPlaces places = {PST_AUDIT_LOG_JOURNAL, file};

    forensics->sha256 = pst_bundle_seal(forensics->bundle, error);
    if (forensics->sha256 == NULL)
        return FALSE;
    const PstSeal made = {forensics->manifest->bundle, forensics->manifest->guest, path,
                          forensics->sha256};
    if (pst_seal_write(&places, pst_audit_caller(), &made, error))
        return TRUE;
    g_prefix_error(error, "the bundle %s is whole, its manifest's SHA-256 is %s, but ", path,
                   forensics->sha256);
    return FALSE;
}

PstForensics *
pst_forensics_make(PstGuest *guest, const PstForensicsWish *wish, GError **error)
{
    g_autoptr(PstForensics) forensics = g_new0(PstForensics, 1);
    PstManifest *manifest = pst_manifest_new(guest->name, guest->uuid, pst_audit_caller());

    manifest->deadline_ms = wish->span_us / 1000;
    g_autofree char *by_name = pst_forensics_name(guest->name);
    gboolean exact = wish->path != NULL && !wish->beside;
    forensics->manifest = manifest;
    forensics->bundle =
        exact ? pst_bundle_new(wish->path, manifest, error)
              : pst_bundle_new_beside(wish->path != NULL ? wish->path : by_name, manifest, error);
    if (forensics->bundle == NULL)
        return NULL;
    forensics->path = g_strdup(exact ? wish->path : pst_bundle_path(forensics->bundle));
    keep_room(forensics->bundle);
    gint64 until_us = wish->deadline_us - MIN(wish->span_us / SHARE, MAX_WRITING_US);
    g_autoptr(PstForensicsGather) gather = pst_forensics_gather(
        guest, wish->method, wish->wish, forensics->bundle, !wish->unattended, until_us);
    conclude(forensics, gather);
    return seal(forensics, error) ? g_steal_pointer(&forensics) : NULL;
}

void
pst_forensics_free(PstForensics *forensics)
{
    g_clear_pointer(&forensics->bundle, pst_bundle_free);
    g_free(forensics->path);
    g_free(forensics->sha256);
    g_free(forensics);
}

typedef struct {
    guint n_parts, n_not_whole, n_failed, n_unwritten;
    gint64 bytes;
} Counts;

static Counts
count(const PstManifest *manifest)
{
    Counts counts = {
        .n_not_whole = pst_manifest_count(manifest, PST_MANIFEST_PART_NOT_WHOLE),
        .n_failed = pst_manifest_count(manifest, PST_MANIFEST_PART_NOT_HAD),
        .n_unwritten = pst_manifest_count(manifest, PST_MANIFEST_PART_UNWRITTEN),
    };

    for (guint i = 0; i < manifest->parts->len; i++) {
        const PstManifestPart *part = manifest->parts->pdata[i];

        counts.n_parts += part->path != NULL;
        counts.bytes += part->path != NULL ? part->bytes : 0;
    }
    return counts;
}

int
pst_forensics_exit_code(const PstForensics *forensics)
{
    if (pst_manifest_count(forensics->manifest, PST_MANIFEST_PART_UNWRITTEN) > 0)
        return PST_EXIT_OUTPUT;
    return forensics->manifest->end == PST_MANIFEST_COMPLETE ? PST_EXIT_OK : PST_EXIT_UNKNOWN;
}

char *
pst_forensics_to_text(const PstForensics *forensics)
{
    const PstManifest *manifest = forensics->manifest;
    GString *out = g_string_new(NULL);
    Counts counts = count(manifest);

    pst_render_append(out, manifest->guest);
    g_string_append_printf(out, ": %s: ", pst_report_status_names[forensics->status]);
    pst_render_quote(out, manifest->summary);
    g_string_append(out, "\nbundle    ");
    pst_render_append(out, forensics->path);
    g_string_append_printf(out,
                           "\nparts     %u, %" G_GINT64_FORMAT " KiB, in %" G_GINT64_FORMAT
                           " ms; %u could not be had",
                           counts.n_parts, (counts.bytes + 1023) / 1024,
                           (manifest->ended_us - manifest->begun_us) / 1000, counts.n_failed);
    if (counts.n_not_whole > 0)
        g_string_append_printf(out, ", %u %s not whole", counts.n_not_whole,
                               counts.n_not_whole == 1 ? "is" : "are");
    g_string_append_c(out, '\n');
    if (counts.n_unwritten > 0) {
        g_autofree char *unwritten = pst_manifest_unwritten(manifest);
        g_string_append(out, "LOST      ");
        pst_render_append(out, unwritten);
        g_string_append_c(out, '\n');
    }
    if (manifest->end == PST_MANIFEST_INTERRUPTED)
        g_string_append_printf(out, "INTERRUPTED by %s: what was there by then is in it\n",
                               manifest->interrupted);
    g_string_append_printf(out, "manifest  SHA-256 %s, also in the audit log\n", forensics->sha256);
    return g_string_free(out, FALSE);
}

JsonObject *
pst_forensics_to_json(const PstForensics *forensics)
{
    const PstManifest *manifest = forensics->manifest;
    JsonObject *json = json_object_new();
    Counts counts = count(manifest);

    pst_json_set_string(json, "guest", manifest->guest);
    pst_json_set_string(json, "status", pst_report_status_names[forensics->status]);
    pst_json_set_string(json, "summary", manifest->summary);
    pst_json_set_string(json, "path", forensics->path);
    pst_json_set_string(json, "bundle", manifest->bundle);
    pst_json_set_string(json, "sha256", forensics->sha256);
    pst_json_set_string(json, "end", pst_manifest_end_names[manifest->end]);
    json_object_set_int_member(json, "parts", counts.n_parts);
    json_object_set_int_member(json, "failed", counts.n_failed);
    json_object_set_int_member(json, "not_whole", counts.n_not_whole);
    json_object_set_int_member(json, "unwritten", counts.n_unwritten);
    json_object_set_int_member(json, "bytes", counts.bytes);
    json_object_set_int_member(json, "took_ms", (manifest->ended_us - manifest->begun_us) / 1000);
    return json;
}
