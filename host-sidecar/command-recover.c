// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/audit.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/config.h"
#include "host-sidecar/confirm.h"
#include "host-sidecar/output.h"
#include "host-sidecar/power.h"
#include "host-sidecar/recovery-ladder.h"
#include "host-sidecar/recovery-run.h"
#include "host-sidecar/recovery-undo.h"
#include "host-sidecar/recovery-words.h"
#include "host-sidecar/render.h"
#include "host-sidecar/snapshot-run.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define N_OWN 11 /* that are not of the vantage */
/* Of a step: the revert with the wait for what it leaves is the longest. */
#define DEFAULT_DEADLINE_US (180 * (gint64)G_USEC_PER_SEC)
#define LONGEST_US (3600 * (gint64)G_USEC_PER_SEC)
#define DEFAULT_UNDO_US (300 * (gint64)G_USEC_PER_SEC)
#define DEFAULT_SETTLE_US (30 * (gint64)G_USEC_PER_SEC)
#define GATE_US (20 * (gint64)G_USEC_PER_SEC)
#define OPEN_US (20 * (gint64)G_USEC_PER_SEC)
/* Of a word that is kept. */
#define MAX_WORD 1024

typedef struct {
    PstVantageWords who;
    char *policy, *baseline, *undo, *snapshot, *without_forensics, *undo_timeout, *settle;
    gboolean unchecked, forget, dry_run, yes;
    /* What they mean. */
    PstGateWords gate;
    GBytes *script;
    gint64 undo_us, settle_us;
} Words;

static void
clear_words(Words *words)
{
    pst_vantage_words_clear(&words->who);
    g_free(words->policy);
    g_free(words->baseline);
    g_free(words->undo);
    g_free(words->snapshot);
    g_free(words->without_forensics);
    g_free(words->undo_timeout);
    g_free(words->settle);
    pst_gate_words_clear(&words->gate);
    g_clear_pointer(&words->script, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "recover: %s", why);
    return FALSE;
}

/* ---- the words ---- */

static gboolean
read_span(const char *text, const char *name, gint64 otherwise_us, gint64 *span_us, GError **error)
{
    *span_us = otherwise_us;
    if (text == NULL)
        return TRUE;
    if (!pst_options_parse_span(text, span_us, error))
        return FALSE;
    if (*span_us >= 1000 && *span_us <= LONGEST_US)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "recover: %s: say 1ms to 1h", name);
    return FALSE;
}

/* By its whole path: the same run may be gone on with from another folder. */
static void
make_whole(char **path)
{
    if (*path == NULL)
        return;
    char *whole = g_canonicalize_filename(*path, NULL);
    g_free(*path);
    *path = whole;
}

static gboolean
are_short(const Words *words, GError **error)
{
    const char *const all[] = {words->policy, words->baseline, words->undo};

    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i] != NULL && strlen(all[i]) > MAX_WORD)
            return refuse(error, "a path has more than 1024 bytes");
    return TRUE;
}

static gboolean
read_words(Words *words, PstOptions *options, GError **error)
{
    const PstGateSaid said = {words->policy, words->baseline, NULL, &words->who, FALSE, FALSE};

    if (!pst_options_ask_afresh(options, "recover", error))
        return FALSE;
    if (words->policy == NULL)
        return refuse(error, "say what must hold: --policy NAME or --policy FILE");
    make_whole(&words->baseline);
    make_whole(&words->undo);
    const PstGateSaid whole = {words->policy, words->baseline, NULL, said.who};
    if (!are_short(words, error) ||
        !read_span(words->undo_timeout, "--undo-timeout", DEFAULT_UNDO_US, &words->undo_us,
                   error) ||
        !read_span(words->settle, "--settle", DEFAULT_SETTLE_US, &words->settle_us, error) ||
        (words->snapshot != NULL && !pst_snapshot_check_name(words->snapshot, error)) ||
        !pst_power_check_reason(words->without_forensics, error) ||
        !pst_gate_words_read(&whole, &words->gate, error) ||
        !pst_gate_words_check(&words->gate, error))
        return FALSE;
    if (words->undo == NULL)
        return TRUE;
    words->script = pst_recovery_undo_load(words->undo, error);
    return words->script != NULL;
}

/* What is asked for, as it would be kept: so two of them can be compared. */
static PstRecoveryState *
make_state(const Words *words, const PstGuest *guest, GError **error)
{
    g_autoptr(PstRecoveryState) state = pst_recovery_state_new();
    gsize len = 0;

    state->guest = g_strdup(guest->name);
    state->uuid = g_strdup(guest->uuid);
    state->caller = g_strdup(pst_audit_caller());
    state->begun_us = g_get_real_time();
    state->policy = g_strdup(words->policy);
    state->policy_sha256 = g_strdup(words->gate.policy->sha256);
    state->baseline = g_strdup(words->baseline);
    if (words->gate.before != NULL) {
        g_autofree char *text = pst_baseline_to_text(words->gate.before, &len);
        state->baseline_sha256 =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, len);
    }
    if (json_object_get_size(words->gate.vantage) > 0) {
        g_autoptr(JsonObject) sorted = pst_json_sorted(words->gate.vantage);
        state->vantage = pst_json_to_text(sorted, NULL);
    }
    state->undo = g_strdup(words->undo);
    if (words->script != NULL)
        state->undo_sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, words->script);
    state->snapshot = g_strdup(words->snapshot);
    state->without_forensics = g_strdup(words->without_forensics);
    state->unchecked = PST_TRI(words->unchecked);
    g_autofree char *text = pst_recovery_state_to_text(state, &len);
    return pst_recovery_state_parse(text, len, error);
}

/* ---- which run it is ---- */

/* One of other words is not gone on with, and what it did can't be undone by forgetting it. */
static gboolean
refuse_other(const PstRecoveryState *last, const char *differs, GError **error)
{
    PstRecoveryNext next = pst_recovery_ladder_next(last);
    g_autofree char *age = pst_render_age(last->begun_us);

    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "a recover of this guest, begun %s, was interrupted at its step %s, and was said "
                "otherwise (%s): say the same to go on with it, or --forget to begin anew",
                age, next.step < PST_RECOVERY_N_STEPS ? pst_recovery_step_names[next.step] : "halt",
                differs);
    return FALSE;
}

/* The run that is to be gone on with, *STATE, or what is left of one that was over: takes WANTED
 * over. */
static gboolean
choose(const PstRecoveryFile *file, gboolean forget, PstRecoveryState *wanted,
       PstRecoveryState **state, GError **error)
{
    g_autoptr(PstRecoveryState) last = NULL, fresh = wanted;

    if (!forget && !pst_recovery_file_read(file, &last, error))
        return FALSE;
    g_autofree char *differs = last != NULL ? pst_recovery_state_differs(last, fresh) : NULL;
    if (last != NULL && last->end == PST_RECOVERY_UNDER_WAY) {
        if (differs != NULL)
            return refuse_other(last, differs, error);
        *state = g_steal_pointer(&last);
        return TRUE;
    }
    if (last != NULL)
        pst_recovery_state_follow(fresh, last);
    *state = g_steal_pointer(&fresh);
    return TRUE;
}

/* ---- what is lost ---- */

/* Looks at the snapshot before it is known which run it is. NULL with the error, or where there is
 * none to be reverted to. */
static PstSnapshotDone *
look_at_snapshot(const PstOptions *options, const char *domain, PstRecoveryState *wanted,
                 GError **error)
{
    if (wanted->snapshot == NULL)
        return NULL;
    PstSnapshotDone *preview = pst_snapshot_run_preview(options, domain, wanted->snapshot, error);
    if (preview != NULL)
        wanted->snapshot_us = preview->snapshot->created_us;
    return preview;
}

/* *LOST is what STATE would lose; NULL where it is not to be reverted, or may have been. Nothing is
 * begun without the snapshot; what was begun goes on without it, and halts. */
static gboolean
tell_loss(const PstRecoveryState *state, const PstSnapshotDone *preview, GError *cause, char **lost,
          GError **error)
{
    g_autoptr(GError) own = cause;

    if (state->snapshot == NULL || state->revert_spent == PST_TRI_YES ||
        pst_recovery_state_row(state, PST_RECOVERY_REVERT) != NULL)
        return TRUE;
    if (preview != NULL)
        *lost = pst_snapshot_words_lost(state->guest, preview);
    if (preview != NULL || pst_recovery_state_row(state, PST_RECOVERY_GATE) != NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&own));
    return FALSE;
}

static gboolean
ask(const char *question, GError **error)
{
    g_autofree char *text = g_strconcat(question, "? [y/N] ", NULL);

    return pst_confirm_ask(text, error);
}

static gboolean
confirm(const PstOptions *options, const Words *words, const PstRecoveryState *state,
        const char *lost, GError **error)
{
    g_autofree char *question = pst_recovery_words_question(state, lost);

    if (!words->yes && pst_confirm_may_ask())
        return ask(question, error);
    if (!options->quiet && lost != NULL)
        fprintf(stderr, "postern: %s\n", question);
    return TRUE;
}

/* A revert that was begun before, and turned out not to have been done; else its loss is said where
 * it begins. */
static gboolean
confirm_again(const char *lost, gpointer user_data, GError **error)
{
    const Words *words = user_data;

    return words->yes || !pst_confirm_may_ask() || ask(lost, error);
}

/* ---- the verb ---- */

static gboolean
print(const PstOptions *options, JsonObject *json, const char *text, GError **error)
{
    g_autofree char *as_json = options->json ? pst_render_json(json) : NULL;

    return pst_output_write(options->output, options->json ? as_json : text, error);
}

static gboolean
print_plan(const PstOptions *options, const PstRecoveryState *state, const char *lost,
           GError **error)
{
    g_autoptr(JsonObject) json = pst_recovery_words_plan_json(state);
    g_autofree char *text = pst_recovery_words_plan(state, lost);

    pst_json_set_string(json, "loss", lost);
    return print(options, json, text, error);
}

static gboolean
climb(const PstOptions *options, const Words *words, const char *domain, PstRecoveryFile *file,
      PstRecoveryState *state, int *exit_code, GError **error)
{
    const PstRecoveryWish wish = {
        .options = options,
        .domain = domain,
        .gate = &words->gate,
        .script = words->script,
        .undo_us = words->undo_us,
        .settle_us = words->settle_us,
        .gate_us = GATE_US,
        .file = file,
        .agree = confirm_again,
        .user_data = (gpointer)words,
    };

    if (!pst_recovery_run(&wish, state, error))
        return FALSE;
    *exit_code = pst_recovery_words_exit_code(state);
    if (options->quiet && *exit_code == 0)
        return TRUE;
    g_autoptr(JsonObject) json = pst_recovery_words_json(state);
    g_autofree char *text = pst_recovery_words_text(state);
    return print(options, json, text, error);
}

static gboolean
is_number(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

static gboolean
recover(const PstOptions *options, const Words *words, const char *domain, int *exit_code,
        GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);
    g_autoptr(PstGuest) guest =
        config != NULL
            ? pst_ask_open(options, "recover", domain, g_get_monotonic_time() + OPEN_US, error)
            : NULL;
    g_autoptr(PstRecoveryState) wanted = guest != NULL ? make_state(words, guest, error) : NULL;
    g_autoptr(PstRecoveryState) state = NULL;
    g_autofree char *lost = NULL;
    g_autoptr(GError) cause = NULL;

    if (wanted == NULL)
        return FALSE;
    *exit_code = 0;
    /* By a number it is another one once it was reverted, and no grant knows it by that. */
    const char *word = is_number(domain) ? guest->name : domain;
    PstOptions meant = *options;
    meant.uuid = guest->uuid;
    g_autoptr(PstSnapshotDone) preview = look_at_snapshot(&meant, word, wanted, &cause);
    g_autoptr(PstRecoveryFile) file =
        words->dry_run
            ? pst_recovery_file_peek(config, guest->uri, guest->uuid, error)
            : pst_recovery_file_open(config, guest->uri, guest->uuid, pst_audit_caller(), error);
    if (file == NULL || !choose(file, words->forget, g_steal_pointer(&wanted), &state, error) ||
        !tell_loss(state, preview, g_steal_pointer(&cause), &lost, error))
        return FALSE;
    if (words->dry_run)
        return print_plan(options, state, lost, error);
    return confirm(options, words, state, lost, error) &&
           climb(&meant, words, word, file, state, exit_code, error);
}

gboolean
pst_command_recover_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                        int *exit_code, GError **error)
{
    g_auto(Words) words = {.policy = NULL};
    GOptionEntry entries[N_OWN + PST_VANTAGE_N_ENTRIES + 1] = {
        {"policy", 'p', 0, G_OPTION_ARG_STRING, &words.policy,
         "What must hold: a policy's name, or its file", "NAME|FILE"},
        {"baseline", 'b', 0, G_OPTION_ARG_FILENAME, &words.baseline,
         "What was before: a file of postern baseline", "FILE"},
        {"undo", 0, 0, G_OPTION_ARG_FILENAME, &words.undo,
         "Fed to sh -s in it, as root, once (at most 16 KiB)", "SCRIPT"},
        {"undo-timeout", 0, 0, G_OPTION_ARG_STRING, &words.undo_timeout,
         "Kill that after this time (5min)", "SPAN"},
        {"snapshot", 0, 0, G_OPTION_ARG_STRING, &words.snapshot,
         "Reverted to, once, where the undo is not enough", "NAME"},
        {"settle", 0, 0, G_OPTION_ARG_STRING, &words.settle,
         "Ask again for so long while something in it is under way (30s)", "SPAN"},
        {"unchecked", 0, 0, G_OPTION_ARG_NONE, &words.unchecked,
         "Revert it also where the gate could not check", NULL},
        {"without-forensics", 0, 0, G_OPTION_ARG_STRING, &words.without_forensics,
         "Keep no evidence, and this reason in the audit", "REASON"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &words.dry_run,
         "Only say what would be done, and what a revert loses", NULL},
        {"forget", 0, 0, G_OPTION_ARG_NONE, &words.forget,
         "Begin anew, whatever became of one that was interrupted or halted", NULL},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &words.yes, "Don't ask on a terminal", NULL},
    };

    pst_vantage_entries(&words.who, entries + N_OWN, PST_VANTAGE_N_ENTRIES);
    options->default_deadline_us = DEFAULT_DEADLINE_US;
    options->longest_deadline_us = LONGEST_US;
    return pst_options_parse(options, command->name, command->arguments, command->summary, entries,
                             1, 1, &argc, &argv, error) &&
           read_words(&words, options, error) &&
           recover(options, &words, argv[1], exit_code, error);
}
