// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask.h"

#include <stdio.h>
#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/audit.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/host-look.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "host-sidecar/volume.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/vocabulary.h"

/* What an answer may wait for that was asked in passing. */
#define HARVEST_US G_USEC_PER_SEC

void
pst_ask_audit_guest(const PstGuest *guest, const char *method, PstAnswer *const *answers, guint n)
{
    static gboolean said;

    for (guint i = 0; i < n; i++) {
        const PstAuditRecord record = {pst_audit_caller(), pst_audit_self(), method,
                                       guest != NULL ? guest->uuid : NULL, answers[i]};
        g_autoptr(GError) error = NULL;

        if (pst_audit_record(&record, &error))
            continue;
        if (!said)
            fprintf(stderr, "postern: %s\n", error->message);
        said = TRUE;
    }
}

void
pst_ask_audit(const char *method, PstAnswer *const *answers, guint n)
{
    pst_ask_audit_guest(NULL, method, answers, n);
}

/* A question that got no further than libvirt. */
static void
audit_failure(const char *method, const char *domain, gint64 took_us, const GError *error)
{
    g_autoptr(PstAnswer) answer = pst_answer_new(domain, "-", NULL);

    answer->error = g_error_copy(error);
    answer->took_ms = took_us / 1000;
    pst_ask_audit(method, &answer, 1);
}

PstGuest *
pst_ask_open(const PstOptions *options, const char *method, const char *domain, gint64 deadline_us,
             GError **error)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(options->connect);
    g_autoptr(GError) cause = NULL;
    gint64 begun_us = g_get_monotonic_time();
    PstGuest *guest = pst_guest_open(hypervisor, domain, deadline_us, &cause);

    if (guest != NULL)
        return guest;
    if (cause->code == PST_ERROR_DEADLINE)
        cause->code = PST_ERROR_NO_HYPERVISOR;
    audit_failure(method, domain, g_get_monotonic_time() - begun_us, cause);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

PstAnswer **
pst_ask_guest(PstGuest *guest, const char *method, PstAnswer **questions, guint n,
              gint64 deadline_us, const PstInquiryListener *listener, PstReport **host)
{
    /* Before and after: who is interrupted has asked all the same. */
    pst_ask_audit_guest(guest, method, questions, n);
    PstAnswer **answers = pst_ladder_ask(&pst_guest_ladder, guest, questions, n, pst_audit_caller(),
                                         deadline_us, listener, host);

    pst_ask_audit_guest(guest, method, answers, n);
    if (guest->xml.recorder)
        pst_volume_harvest_until(guest, MIN(deadline_us, g_get_monotonic_time() + HARVEST_US));
    return answers;
}

static gboolean
print_answer(const PstOptions *options, PstAnswer *answer, GError **error)
{
    g_autofree char *text = NULL;

    if (options->quiet && pst_answer_status(answer) == PST_STATUS_OK)
        return TRUE;
    if (options->json) {
        g_autoptr(JsonObject) json = pst_answer_to_json(answer);
        text = pst_render_json(json);
    } else if (answer->report != NULL) {
        text = pst_render_answer(answer);
    }
    return text == NULL || pst_output_write(options->output, text, error);
}

static gboolean
check_known(const char *probe, JsonObject *args, GError **error)
{
    const PstReportKind *kind = pst_vocabulary_require(probe, error);
    gpointer decoded = NULL;

    if (kind == NULL)
        return FALSE;
    decoded = pst_fields_decode_exact(kind->args, args, error);
    if (decoded == NULL) {
        g_prefix_error(error, "probe %s: ", probe);
        return FALSE;
    }
    pst_fields_free(kind->args, decoded);
    return TRUE;
}

gboolean
pst_ask_check(const char *probe, JsonObject *args, GError **error)
{
    const gsize around = 1024;
    g_autofree char *text = pst_json_to_text(args, NULL);

    if (!check_known(probe, args, error))
        return FALSE;
    if (strlen(text) + around <= PST_LIMIT_FRAME_FROM_HOST)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "probe %s: the arguments are too long: say less than %d KiB", probe,
                PST_LIMIT_FRAME_FROM_HOST / 1024 - 1);
    return FALSE;
}

/* Prints the answer and sets the exit code; an answer without a report is the verb's error. */
static gboolean
conclude(const PstOptions *options, PstAnswer *answer, int *exit_code, GError **error)
{
    if (!print_answer(options, answer, error))
        return FALSE;
    if (answer->report == NULL) {
        /* Whatever the guest calls its refusal: the question is open, and the caller made no
         * mistake that a guest could know better than this program. */
        g_autofree char *why = pst_answer_explain(answer);
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s: %s", answer->guest,
                    answer->probe, why);
        return FALSE;
    }
    *exit_code = pst_exit_code_of_status(pst_answer_status(answer));
    return TRUE;
}

gboolean
pst_ask_one(const PstOptions *options, const char *method, const char *domain, const char *probe,
            JsonObject *args, int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;

    if (!pst_ask_check(probe, args, error))
        return FALSE;
    g_autoptr(PstGuest) guest = pst_ask_open(options, method, domain, deadline_us, error);
    if (guest == NULL)
        return FALSE;

    PstAnswer **questions = g_new0(PstAnswer *, 1);
    questions[0] = pst_answer_new(guest->name, probe, args);
    g_autofree PstAnswer **answers =
        pst_ask_guest(guest, method, questions, 1, deadline_us, NULL, NULL);
    g_autoptr(PstAnswer) answer = answers[0];

    return conclude(options, answer, exit_code, error);
}

/* How long counters are watched where nobody says so. */
#define WATCH_MS 1000
#define MAX_WATCH_MS 10000

gboolean
pst_ask_host(const PstOptions *options, const char *method, const char *domain, JsonObject *args,
             int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us, watch_ms = WATCH_MS;

    if (!pst_ask_check(pst_report_host_kind.name, args, error) ||
        !pst_json_get_int(args, "watch_ms", PST_JSON_OPTIONAL, &watch_ms, error))
        return FALSE;
    if (watch_ms < 0 || watch_ms > MAX_WATCH_MS) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "probe host: watch_ms=%" G_GINT64_FORMAT ": say 0 to %d", watch_ms,
                    MAX_WATCH_MS);
        return FALSE;
    }
    g_autoptr(PstGuest) guest = pst_ask_open(options, method, domain, deadline_us, error);
    if (guest == NULL)
        return FALSE;
    g_autoptr(PstAnswer) answer = pst_answer_new(guest->name, pst_report_host_kind.name, args);
    answer->via = PST_VIA_HOST;
    gint64 begun_us = g_get_monotonic_time();
    answer->report = pst_host_look_report(guest, watch_ms, deadline_us, &answer->error);
    answer->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    pst_ask_audit_guest(guest, method, &answer, 1);
    return conclude(options, answer, exit_code, error);
}

gboolean
pst_ask_access(const PstOptions *options, const char *method, const char *domain, JsonObject *args,
               int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    PstDiagnoseWish wish = {.vantage = args, .probes = pst_access_probes};
    guint n = 0;

    if (!pst_ask_check(pst_report_access_kind.name, args, error) ||
        !pst_json_get_bool(args, "passive", PST_JSON_OPTIONAL, &wish.passive, error))
        return FALSE;
    g_autoptr(PstGuest) guest = pst_ask_open(options, method, domain, deadline_us, error);
    if (guest == NULL)
        return FALSE;

    PstAnswer **questions = pst_diagnose_questions(guest->name, &wish, &n);
    PstAnswer **answers = pst_ask_guest(guest, method, questions, n, deadline_us, NULL, NULL);
    g_autoptr(PstAnswer) access = pst_access_answer(answers, n, args);

    for (guint i = 0; i < n; i++)
        pst_answer_free(answers[i]);
    g_free(answers);
    return conclude(options, access, exit_code, error);
}
