// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/archive.h"
#include "host-sidecar/ask.h"
#include "host-sidecar/audit.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/diagnose-words.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/forensics.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "host-sidecar/verify.h"
#include "protocol/error.h"

#define N_ENTRIES 2
#define DIGEST_DIGITS 64
/* Of a verification. */
#define CHANGED 1

typedef struct {
    PstDiagnoseWords words;
    char *verify, *digest;
} Wanted;

static void
clear_wanted(Wanted *wanted)
{
    pst_diagnose_words_clear(&wanted->words);
    g_free(wanted->verify);
    g_free(wanted->digest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wanted, clear_wanted)

static gboolean
refuse(const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s", why);
    return FALSE;
}

/* A folder that is called like an archive, or like standard output, is what nobody meant. */
static gboolean
check_output(const char *path, GError **error)
{
    static const char *const packed[] = {".tar", ".gz",   ".tgz", ".bz2", ".tbz2", ".xz", ".txz",
                                         ".zst", ".tzst", ".lz4", ".zip", ".7z",   NULL};

    if (path == NULL || g_str_has_suffix(path, PST_ARCHIVE_SUFFIX))
        return TRUE;
    if (g_str_equal(path, "-"))
        return refuse("-o -: a bundle is a folder, or a file whose name ends in " PST_ARCHIVE_SUFFIX
                      ", and never standard output",
                      error);
    for (guint i = 0; packed[i] != NULL; i++)
        if (g_ascii_strcasecmp(path + MAX(strlen(path), strlen(packed[i])) - strlen(packed[i]),
                               packed[i]) == 0)
            return refuse(
                "-o: of archives, a bundle can be one whose name ends in " PST_ARCHIVE_SUFFIX
                ": say that, or the name of a folder",
                error);
    return TRUE;
}

static gboolean
check(const Wanted *wanted, const PstOptions *options, int n, GError **error)
{
    gboolean verify = wanted->verify != NULL;

    if (verify && (n > 0 || options->output != NULL))
        return refuse("usage: postern forensics --verify PATH [--digest SHA256]", error);
    if (!verify && n != 1)
        return refuse("usage: postern forensics DOMAIN [options]", error);
    if (!check_output(options->output, error))
        return FALSE;
    if (wanted->digest == NULL)
        return TRUE;
    if (!verify)
        return refuse("--digest goes with --verify", error);
    if (strlen(wanted->digest) != DIGEST_DIGITS ||
        strspn(wanted->digest, "0123456789abcdefABCDEF") != DIGEST_DIGITS)
        return refuse("--digest: say the 64 hexadecimal digits of a SHA-256", error);
    return TRUE;
}

static gboolean
parse(const PstCommand *command, PstOptions *options, int *argc, char ***argv, Wanted *wanted,
      GError **error)
{
    GOptionEntry entries[N_ENTRIES + PST_DIAGNOSE_WORDS_N_ENTRIES + 1] = {
        {"verify", 0, 0, G_OPTION_ARG_FILENAME, &wanted->verify,
         "Ask nobody: is the bundle at PATH as it was sealed?", "PATH"},
        {"digest", 0, 0, G_OPTION_ARG_STRING, &wanted->digest,
         "With --verify: its manifest's SHA-256, in place of the audit log's", "SHA256"},
    };

    pst_diagnose_words_entries(&wanted->words, entries + N_ENTRIES);
    return pst_options_parse(options, command->name, command->arguments, command->summary, entries,
                             0, 1, argc, argv, error) &&
           check(wanted, options, *argc - 1, error);
}

static int
exit_code_of(PstVerifyVerdict verdict)
{
    switch (verdict) {
    case PST_VERIFY_INTACT:
        return PST_EXIT_OK;
    case PST_VERIFY_CHANGED:
    case PST_VERIFY_UNSEALED:
    case PST_VERIFY_BROKEN:
        return CHANGED;
    case PST_VERIFY_UNVOUCHED:
        break;
    }
    return PST_EXIT_UNKNOWN;
}

static gboolean
verify(const PstOptions *options, const Wanted *wanted, int *exit_code, GError **error)
{
    g_autofree char *audit_file = pst_audit_log_file();
    g_autofree char *text = NULL;
    g_autoptr(PstVerify) outcome =
        pst_verify_bundle(wanted->verify, wanted->digest, audit_file, error);

    if (outcome == NULL)
        return FALSE;
    *exit_code = exit_code_of(outcome->verdict);
    if (options->json) {
        g_autoptr(JsonObject) json = pst_verify_to_json(outcome, wanted->verify);
        text = pst_render_json(json);
    } else {
        text = pst_verify_to_text(outcome, wanted->verify);
    }
    return (options->quiet && outcome->verdict == PST_VERIFY_INTACT) ||
           pst_output_write(NULL, text, error);
}

static gboolean
print(const PstOptions *options, const PstForensics *forensics, GError **error)
{
    g_autofree char *text = NULL;

    if (options->json) {
        g_autoptr(JsonObject) json = pst_forensics_to_json(forensics);
        text = pst_render_json(json);
    } else {
        text = pst_forensics_to_text(forensics);
    }
    return (options->quiet && pst_forensics_exit_code(forensics) == PST_EXIT_OK) ||
           pst_output_write(NULL, text, error);
}

gboolean
pst_command_forensics_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                          int *exit_code, GError **error)
{
    g_auto(Wanted) wanted = {0};
    PstDiagnoseWish wish;

    if (!parse(command, options, &argc, &argv, &wanted, error))
        return FALSE;
    if (wanted.verify != NULL)
        return verify(options, &wanted, exit_code, error);
    if (!pst_diagnose_words_read(&wanted.words, &wish, error))
        return FALSE;

    const PstForensicsWish how = {.method = command->name,
                                  .path = options->output,
                                  .wish = &wish,
                                  .span_us = options->deadline_us,
                                  .deadline_us = g_get_monotonic_time() + options->deadline_us};
    g_autoptr(PstGuest) guest =
        pst_ask_open(options, command->name, argv[1], how.deadline_us, error);
    if (guest == NULL)
        return FALSE;
    g_autoptr(PstForensics) forensics = pst_forensics_make(guest, &how, error);
    if (forensics == NULL)
        return FALSE;
    *exit_code = pst_forensics_exit_code(forensics);
    return print(options, forensics, error);
}
