// SPDX-License-Identifier: LGPL-2.1-or-later
#include <signal.h>

#include "host-sidecar/ask-recover.h"
#include "host-sidecar/ask.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/leftovers.h"
#include "host-sidecar/output.h"
#include "host-sidecar/recorder-heal.h"
#include "host-sidecar/render.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define DEFAULT_LINES 50

typedef struct {
    int lines;
    gboolean heal, leftovers, prune, dry_run;
} Wanted;

/* ---- of a domain ---- */

static gboolean
print_records(const PstOptions *options, const Wanted *wanted, const PstVolumeRecords *records,
              GError **error)
{
    gint64 now_us = g_get_real_time();
    g_autofree char *text = NULL;

    if (options->json) {
        g_autoptr(JsonObject) json =
            pst_volume_records_to_json(records, (guint)wanted->lines, now_us);
        text = pst_render_json(json);
    } else {
        text = pst_volume_records_to_text(records, (guint)wanted->lines, now_us);
    }
    return pst_output_write(options->output, text, error);
}

static void
audit_hello(const PstGuest *guest)
{
    g_autoptr(PstAnswer) answer = pst_answer_new(guest->name, "hello", NULL);

    pst_ask_audit_guest(guest, "records", &answer, 1);
}

static PstRecorderCheck *
heal(PstGuest *guest, gint64 deadline_us, GError **error)
{
    const PstAskAct act = {"recorder-heal", NULL};
    g_autoptr(GError) cause = NULL;

    if (!pst_ask_audit_begin(guest->name, guest->uuid, "records", &act, error))
        return NULL;
    /* Between the device's two halves nobody interrupts it. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    PstRecorderCheck *check = pst_recorder_heal_until(guest, deadline_us, &cause);
    pst_ask_audit_act(guest->name, guest->uuid, "records", &act, check != NULL, cause);
    if (check != NULL) {
        pst_volume_records_note(check->records, PST_RECORDER_HEAL_DONE);
        return check;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static gboolean
run_domain(const PstOptions *options, const Wanted *wanted, const char *domain, gint64 deadline_us,
           GError **error)
{
    g_autoptr(PstGuest) guest = pst_ask_open(options, "records", domain, deadline_us, error);

    if (guest == NULL)
        return FALSE;
    if (guest->xml.recorder)
        audit_hello(guest);
    g_autoptr(PstRecorderCheck) check = wanted->heal
                                            ? heal(guest, deadline_us, error)
                                            : pst_recorder_check_until(guest, deadline_us, error);
    if (check == NULL)
        return FALSE;
    if (check->records == NULL && !guest->xml.recorder) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "%s: the domain has no recorder, and nothing is kept of one: docs/operating.md "
                    "tells how to attach one",
                    guest->name);
        return FALSE;
    }
    if (check->records == NULL) {
        g_propagate_error(error, g_steal_pointer(&check->error));
        return FALSE;
    }
    if (check->note != NULL)
        pst_volume_records_note(check->records, check->note);
    return print_records(options, wanted, check->records, error);
}

/* What the door says of it, as this process would have said it. */
static gboolean
print_healed(const PstOptions *options, JsonObject *result, GError **error)
{
    JsonObject *report = NULL;
    const char *words = NULL;

    if (!pst_json_get_object(result, "report", PST_JSON_REQUIRED, &report, error) ||
        !pst_json_get_string(result, "text", PST_JSON_REQUIRED, &words, error))
        return FALSE;
    g_autofree char *text = options->json ? pst_render_json(report) : pst_escape_text(words, TRUE);
    return pst_output_write(options->output, text, error);
}

/* By the recovery door, where there is one for this hypervisor; else as anybody who may. */
static gboolean
run_heal(const PstOptions *options, const Wanted *wanted, const char *domain, gint64 deadline_us,
         GError **error)
{
    g_autoptr(JsonObject) params = json_object_new();
    g_autoptr(JsonObject) result = NULL;
    g_autoptr(GError) cause = NULL;

    pst_json_set_string(params, "domain", domain);
    json_object_set_int_member(params, "lines", MIN(wanted->lines, PST_RECORDER_HEAL_MAX_LINES));
    PstAskRecover asked = pst_ask_recover(options, "heal", params, deadline_us, &result, error);
    if (asked == PST_ASK_RECOVER_DONE)
        return print_healed(options, result, error);
    if (asked == PST_ASK_RECOVER_FAILED)
        return FALSE;
    if (run_domain(options, wanted, domain, deadline_us, &cause))
        return TRUE;
    if (asked == PST_ASK_RECOVER_SHUT)
        cause = pst_ask_recover_explain(g_steal_pointer(&cause));
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* ---- of domains that are no more ---- */

static const PstAskAct prune = {"prune", NULL};

static const char *
fate_of(const PstLeftover *item, const Wanted *wanted)
{
    if (item->removed)
        return "removed";
    if (!item->expired)
        return "kept";
    return wanted->prune && !wanted->dry_run ? "kept" : "to be removed";
}

static void
render_item(GString *out, const PstLeftover *item, const Wanted *wanted)
{
    g_autofree char *age =
        item->written_us > 0 ? pst_render_age(item->written_us) : g_strdup("unknown");
    g_autofree char *size =
        g_format_size_full(item->volume_bytes + item->store_bytes, G_FORMAT_SIZE_IEC_UNITS);

    g_string_append_printf(out, "%s %-14s %-10s %-14s ", item->uuid, age, size,
                           fate_of(item, wanted));
    pst_render_append(out, item->name != NULL ? item->name : "-");
    if (item->problem != NULL) {
        g_string_append(out, ": ");
        pst_render_append(out, item->problem);
    }
    g_string_append_c(out, '\n');
}

static char *
leftovers_text(const PstLeftovers *leftovers, const Wanted *wanted)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < leftovers->items->len; i++)
        render_item(out, leftovers->items->pdata[i], wanted);
    if (leftovers->items->len == 0)
        g_string_append(out, "nothing is left over\n");
    if (leftovers->problem != NULL) {
        g_string_append(out, "note: volumes were not looked at: ");
        pst_render_append(out, leftovers->problem);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static JsonObject *
item_to_json(const PstLeftover *item)
{
    JsonObject *json = json_object_new();

    pst_json_set_string(json, "uuid", item->uuid);
    pst_json_set_string(json, "domain", item->name);
    if (item->written_us > 0)
        json_object_set_int_member(json, "age_ms",
                                   MAX(0, g_get_real_time() - item->written_us) / 1000);
    json_object_set_int_member(json, "volume_bytes", (gint64)item->volume_bytes);
    json_object_set_int_member(json, "store_bytes", (gint64)item->store_bytes);
    json_object_set_int_member(json, "parts", item->n_parts);
    json_object_set_boolean_member(json, "expired", item->expired);
    json_object_set_boolean_member(json, "removed", item->removed);
    pst_json_set_string(json, "problem", item->problem);
    return json;
}

static char *
leftovers_json(const PstLeftovers *leftovers)
{
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *items = json_array_new();

    for (guint i = 0; i < leftovers->items->len; i++)
        json_array_add_object_element(items, item_to_json(leftovers->items->pdata[i]));
    json_object_set_array_member(json, "leftovers", items);
    json_object_set_int_member(json, "keep_ms", leftovers->keep_us / 1000);
    pst_json_set_string(json, "problem", leftovers->problem);
    return pst_render_json(json);
}

/* Of each that was to be removed, what became of it. */
static void
audit_removed(const PstLeftovers *leftovers)
{
    for (guint i = 0; i < leftovers->items->len; i++) {
        const PstLeftover *item = leftovers->items->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!item->expired)
            continue;
        if (item->problem != NULL)
            error = g_error_new_literal(PST_ERROR, PST_ERROR_UNAVAILABLE, item->problem);
        pst_ask_audit_act(item->name != NULL ? item->name : item->uuid, item->uuid, "records",
                          &prune, item->removed, error);
    }
}

/* What was to be removed and was not, and what could not be looked for. Where there is no pool
 * there is no volume either. */
static int
exit_code_of(const PstLeftovers *leftovers)
{
    for (guint i = 0; i < leftovers->items->len; i++)
        if (((PstLeftover *)leftovers->items->pdata[i])->problem != NULL)
            return PST_EXIT_UNKNOWN;
    return leftovers->problem != NULL && !leftovers->no_pool ? PST_EXIT_UNKNOWN : PST_EXIT_OK;
}

static gboolean
run_leftovers(const PstOptions *options, const Wanted *wanted, int *exit_code, GError **error)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    gboolean prunes = wanted->prune && !wanted->dry_run;

    if (prunes && !pst_ask_audit_begin("-", NULL, "records", &prune, error))
        return FALSE;
    g_autoptr(PstLeftovers) leftovers = pst_leftovers_make(hypervisor, prunes, deadline_us, error);
    g_autofree char *text = NULL;

    if (leftovers == NULL) {
        if (error != NULL && (*error)->code == PST_ERROR_DEADLINE)
            (*error)->code = PST_ERROR_NO_HYPERVISOR;
        return FALSE;
    }
    if (prunes)
        audit_removed(leftovers);
    *exit_code = exit_code_of(leftovers);
    text = options->json ? leftovers_json(leftovers) : leftovers_text(leftovers, wanted);
    return pst_output_write(options->output, text, error);
}

/* ---- */

static gboolean
check_words(const Wanted *wanted, int argc, GError **error)
{
    gboolean all = wanted->leftovers || wanted->prune;
    const char *why = NULL;

    if (all && (argc > 1 || wanted->heal))
        why = "--leftovers and --prune are of no domain";
    else if (!all && argc < 2)
        why = "name a domain, or say --leftovers";
    else if (wanted->dry_run && !wanted->prune)
        why = "--dry-run belongs to --prune";
    else if (wanted->lines < 1)
        why = "--lines: say at least 1";
    if (why != NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "records: %s", why);
    return why == NULL;
}

gboolean
pst_command_records_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                        int *exit_code, GError **error)
{
    Wanted wanted = {.lines = DEFAULT_LINES};
    const GOptionEntry entries[] = {
        {"lines", 'n', 0, G_OPTION_ARG_INT, &wanted.lines, "At most so many, the newest (50)", "N"},
        {"heal", 0, 0, G_OPTION_ARG_NONE, &wanted.heal,
         "Attach the recorder's device anew, to the running guest", NULL},
        {"leftovers", 0, 0, G_OPTION_ARG_NONE, &wanted.leftovers,
         "List what domains that are no more have left", NULL},
        {"prune", 0, 0, G_OPTION_ARG_NONE, &wanted.prune,
         "Remove what of that is older than it is to be kept", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &wanted.dry_run,
         "With --prune: only say what would be removed", NULL},
        {NULL},
    };

    if (!pst_options_parse(options, command->name, command->arguments, command->summary, entries, 0,
                           1, &argc, &argv, error) ||
        !check_words(&wanted, argc, error))
        return FALSE;
    *exit_code = 0;
    if (wanted.leftovers || wanted.prune)
        return run_leftovers(options, &wanted, exit_code, error);
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    return wanted.heal ? run_heal(options, &wanted, argv[1], deadline_us, error)
                       : run_domain(options, &wanted, argv[1], deadline_us, error);
}
