// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/baseline.h"

#include "protocol/json.h"

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
    g_free(baseline->host);
    g_free(baseline->host_id);
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
