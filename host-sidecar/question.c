// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/question.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/report-doctor.h"
#include "protocol/report-host.h"
#include "protocol/vocabulary.h"

#define MAX_WATCH_MS 10000

static gboolean
check_watch(JsonObject *args, GError **error)
{
    gint64 watch_ms = 0;

    if (!pst_json_get_int(args, "watch_ms", PST_JSON_OPTIONAL, &watch_ms, error))
        return FALSE;
    if (watch_ms >= 0 && watch_ms <= MAX_WATCH_MS)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "probe host: watch_ms=%" G_GINT64_FORMAT ": say 0 to %d", watch_ms, MAX_WATCH_MS);
    return FALSE;
}

static gboolean
check_known(const char *probe, JsonObject *args, GError **error)
{
    const PstReportKind *kind = pst_vocabulary_require(probe, error);
    gpointer decoded = NULL;

    if (kind == NULL)
        return FALSE;
    if (kind == &pst_report_doctor_kind) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "doctor is no question to a guest: say postern doctor DOMAIN");
        return FALSE;
    }
    decoded = pst_fields_decode_exact(kind->args, args, error);
    if (decoded == NULL) {
        g_prefix_error(error, "probe %s: ", probe);
        return FALSE;
    }
    pst_fields_free(kind->args, decoded);
    return kind != &pst_report_host_kind || check_watch(args, error);
}

gboolean
pst_question_check(const char *probe, JsonObject *args, GError **error)
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

JsonObject *
pst_question_params(PstInquiry *inquiry, guint i, PstCall *call)
{
    g_autoptr(JsonObject) args = pst_inquiry_args(inquiry, i);

    call->name = pst_inquiry_probe(inquiry, i);
    call->args = args;
    call->caller = pst_inquiry_caller(inquiry);
    return pst_call_params(call);
}

/* Another path leads to the same shim or an older one: only lack of room may be better there. */
static gboolean
is_final(const GError *error)
{
    return error->code != PST_ERROR_BUSY && error->code != PST_ERROR_TOO_LARGE &&
           error->code != PST_ERROR_UNAVAILABLE;
}

/* Nothing that found something wrong may pass for healthy. Both enums run in the same order. */
static gboolean
is_understated(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (((PstFinding *)report->findings->pdata[i])->severity > (int)report->status)
            return TRUE;
    return FALSE;
}

static void
settle_report(PstInquiry *inquiry, guint i, PstVia via, PstMessage *answer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstReport) report = pst_report_decode(answer->result, &error);

    if (report == NULL) {
        pst_inquiry_fail(inquiry, i, via, 0, error->message);
        return;
    }
    if (!g_str_equal(report->probe, pst_inquiry_probe(inquiry, i))) {
        pst_inquiry_fail(inquiry, i, via, 0, "the shim answered with the report of another probe");
        return;
    }
    if (is_understated(report)) {
        pst_inquiry_fail(inquiry, i, via, 0, "the shim's report is better than its findings");
        return;
    }
    pst_inquiry_answer(inquiry, i, via, g_steal_pointer(&report));
}

void
pst_question_settle(PstInquiry *inquiry, guint i, PstVia via, PstMessage *answer)
{
    if (answer->type == PST_MESSAGE_RESULT)
        settle_report(inquiry, i, via, answer);
    else if (answer->error->code == PST_ERROR_DEADLINE)
        pst_inquiry_note_late(inquiry, i, via, answer->error);
    else if (is_final(answer->error))
        pst_inquiry_refuse(inquiry, i, via, answer->error);
    else
        pst_inquiry_fail(inquiry, i, via, 0, answer->error->message);
}
