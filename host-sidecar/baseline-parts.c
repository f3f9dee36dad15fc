// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/baseline-parts.h"

#include <string.h>

#include "protocol/json.h"
#include "protocol/vocabulary.h"

void
pst_baseline_free(PstBaseline *baseline)
{
    for (guint i = 0; i < baseline->answers->len; i++)
        pst_answer_free(baseline->answers->pdata[i]);
    g_ptr_array_unref(baseline->answers);
    g_clear_pointer(&baseline->mark, pst_mark_free);
    g_free(baseline->version);
    g_free(baseline->guest);
    g_free(baseline->uuid);
    g_free(baseline->uri);
    g_free(baseline->after);
    g_free(baseline->unmarked);
    g_strfreev(baseline->users);
    g_strfreev(baseline->host_keys);
    g_free(baseline);
}

PstBaseline *
pst_baseline_new(void)
{
    PstBaseline *baseline = g_new0(PstBaseline, 1);

    baseline->answers = g_ptr_array_new();
    return baseline;
}

/* ---- whom and what an answer is about ---- */

const char *
pst_baseline_user_of(const PstAnswer *answer)
{
    const char *user = NULL;

    pst_json_get_string(answer->args, "user", PST_JSON_NULLABLE, &user, NULL);
    return user;
}

const PstAnswer *
pst_baseline_find(const PstBaseline *baseline, const char *probe, const char *user)
{
    for (guint i = 0; i < baseline->answers->len; i++) {
        const PstAnswer *answer = baseline->answers->pdata[i];

        if (g_str_equal(answer->probe, probe) && g_strcmp0(pst_baseline_user_of(answer), user) == 0)
            return answer;
    }
    return NULL;
}

JsonObject *
pst_baseline_lasting_args(const PstAnswer *answer)
{
    const PstReportKind *kind = pst_vocabulary_find(answer->probe);
    JsonObject *args = json_object_new();
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, answer->args);
    while (json_object_iter_next(&iter, &name, &node)) {
        gboolean passing = FALSE;

        for (guint i = 0; kind != NULL && i < kind->args->n_rows; i++)
            passing |= kind->args->rows[i].passing && g_str_equal(kind->args->rows[i].name, name);
        if (!passing)
            json_object_set_member(args, name, json_node_copy(node));
    }
    return args;
}

char *
pst_baseline_question_of(const PstAnswer *answer)
{
    g_autoptr(JsonObject) args = pst_baseline_lasting_args(answer);
    g_autoptr(JsonObject) sorted = pst_baseline_sorted(args);
    gsize len;
    g_autofree char *text = pst_json_to_text(sorted, &len);

    return g_strconcat(answer->probe, " ", text, NULL);
}

typedef struct {
    char *question;
    PstAnswer *answer;
} Asked;

static int
compare_asked(gconstpointer a, gconstpointer b)
{
    return strcmp(((const Asked *)a)->question, ((const Asked *)b)->question);
}

void
pst_baseline_arrange(PstBaseline *baseline)
{
    guint n = baseline->answers->len;
    g_autofree Asked *asked = g_new0(Asked, n);

    for (guint i = 0; i < n; i++)
        asked[i] = (Asked){pst_baseline_question_of(baseline->answers->pdata[i]),
                           baseline->answers->pdata[i]};
    qsort(asked, n, sizeof *asked, compare_asked);
    for (guint i = 0; i < n; i++) {
        baseline->answers->pdata[i] = asked[i].answer;
        g_free(asked[i].question);
    }
}
