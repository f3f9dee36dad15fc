// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/baseline-question.h"

#include <string.h>

#include "protocol/json.h"
#include "protocol/vocabulary.h"

JsonObject *
pst_baseline_question_args(const PstAnswer *answer)
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
    g_autoptr(JsonObject) args = pst_baseline_question_args(answer);
    g_autoptr(JsonObject) sorted = pst_json_sorted(args);
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
pst_baseline_question_arrange(GPtrArray *answers)
{
    guint n = answers->len;

    if (n < 2)
        return;

    g_autofree Asked *asked = g_new0(Asked, n);

    for (guint i = 0; i < n; i++)
        asked[i] = (Asked){pst_baseline_question_of(answers->pdata[i]), answers->pdata[i]};
    qsort(asked, n, sizeof *asked, compare_asked);
    for (guint i = 0; i < n; i++) {
        answers->pdata[i] = asked[i].answer;
        g_free(asked[i].question);
    }
}
