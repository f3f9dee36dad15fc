// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/sequence.h"

#include "host-sidecar/diagnose.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"

#define RECORD_SEPARATOR '\x1e'

struct PstSequence {
    const char *output;
    gboolean quiet;
    GHashTable *told; /* of PstAnswer, by address */
    GString *kept;    /* for the file */
    GError *error;    /* the first */
};

PstSequence *
pst_sequence_new(const char *output, gboolean quiet)
{
    PstSequence *sequence = g_new0(PstSequence, 1);

    sequence->output = output;
    sequence->quiet = quiet;
    sequence->told = g_hash_table_new(NULL, NULL);
    sequence->kept = g_string_new(NULL);
    return sequence;
}

void
pst_sequence_free(PstSequence *sequence)
{
    g_hash_table_unref(sequence->told);
    g_string_free(sequence->kept, TRUE);
    g_clear_error(&sequence->error);
    g_free(sequence);
}

static void
print(PstSequence *sequence, JsonObject *json)
{
    g_autofree char *line = pst_render_json(json);
    g_autofree char *text = g_strdup_printf("%c%s", RECORD_SEPARATOR, line);

    if (sequence->output != NULL)
        g_string_append(sequence->kept, text);
    else if (sequence->error == NULL)
        pst_output_write(NULL, text, &sequence->error);
}

static void
print_answer(PstAnswer *answer, gpointer user_data)
{
    PstSequence *sequence = user_data;

    if (!g_hash_table_add(sequence->told, answer) ||
        (sequence->quiet && pst_answer_status(answer) == PST_STATUS_OK))
        return;
    g_autoptr(JsonObject) json = pst_answer_to_json(answer);
    print(sequence, json);
}

PstInquiryListener
pst_sequence_listener(PstSequence *sequence)
{
    return (PstInquiryListener){print_answer, sequence};
}

gboolean
pst_sequence_end(PstSequence *sequence, const char *guest, PstAnswer *const *answers, guint n,
                 GError **error)
{
    gboolean sound = pst_diagnose_judge(answers, n).status == PST_STATUS_OK;

    for (guint i = 0; i < n; i++)
        print_answer(answers[i], sequence);
    if (!sound || !sequence->quiet) {
        g_autoptr(JsonObject) verdict = pst_diagnose_verdict_to_json(guest, answers, n);
        print(sequence, verdict);
    }
    if (sequence->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&sequence->error));
        return FALSE;
    }
    return sequence->kept->len == 0 ||
           pst_output_write(sequence->output, sequence->kept->str, error);
}
