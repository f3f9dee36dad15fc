// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/baseline.h"

#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/baseline-question.h"
#include "host-sidecar/diagnose.h"
#include "protocol/json.h"
#include "protocol/report-journal.h"
#include "protocol/report-ssh.h"
#include "protocol/vocabulary.h"

/* ---- questions ---- */

static JsonObject *
vantage_of(const PstBaselineWish *wish, const char *user)
{
    JsonObject *vantage = json_object_new();
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    if (wish->vantage != NULL) {
        json_object_iter_init(&iter, wish->vantage);
        while (json_object_iter_next(&iter, &name, &node))
            json_object_set_member(vantage, name, json_node_copy(node));
    }
    if (user != NULL)
        json_object_set_string_member(vantage, "user", user);
    return vantage;
}

/* Whom it asks about: each user, else the vantage's own, else nobody (NULL). */
static GPtrArray *
users_of(const PstBaselineWish *wish)
{
    GPtrArray *users = g_ptr_array_new();
    const char *user = NULL;

    for (guint i = 0; wish->users != NULL && wish->users[i] != NULL; i++)
        if (!g_ptr_array_find_with_equal_func(users, wish->users[i], g_str_equal, NULL))
            g_ptr_array_add(users, (gpointer)wish->users[i]);
    if (users->len > 0)
        return users;
    if (wish->vantage != NULL)
        pst_json_get_string(wish->vantage, "user", PST_JSON_NULLABLE, &user, NULL);
    g_ptr_array_add(users, (gpointer)user);
    return users;
}

/* The journal's newest entry, which a mark is made of; of all that are newer than the earlier
 * mark's place. */
static PstAnswer *
ask_place(const char *guest, const PstBaseline *earlier)
{
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_int_member(args, "priority", 7);
    json_object_set_int_member(args, "lines", 1);
    json_object_set_boolean_member(args, "own", TRUE);
    if (earlier != NULL && earlier->mark != NULL && earlier->mark->cursor != NULL)
        json_object_set_string_member(args, "after", earlier->mark->cursor);
    return pst_answer_new(guest, pst_report_journal_kind.name, args);
}

static gboolean
is_place(const PstAnswer *answer)
{
    gboolean own = FALSE;

    return g_str_equal(answer->probe, pst_report_journal_kind.name) &&
           pst_json_get_bool(answer->args, "own", PST_JSON_NULLABLE, &own, NULL) && own;
}

PstAnswer **
pst_baseline_questions(const char *guest, const PstBaselineWish *wish, const PstBaseline *earlier,
                       guint *n)
{
    g_autoptr(GPtrArray) users = users_of(wish);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *questions = g_ptr_array_new();

    g_ptr_array_add(questions, ask_place(guest, earlier));
    for (guint i = 0; i < users->len; i++) {
        g_autoptr(JsonObject) vantage = vantage_of(wish, users->pdata[i]);
        const PstDiagnoseWish one = {
            .vantage = vantage, .passive = wish->passive, .units = wish->units};
        guint n_one = 0;
        g_autofree PstAnswer **ones = pst_diagnose_questions(guest, &one, &n_one);

        for (guint j = 0; j < n_one; j++) {
            if (g_hash_table_add(known, pst_baseline_question_of(ones[j])))
                g_ptr_array_add(questions, ones[j]);
            else
                pst_answer_free(ones[j]);
        }
    }
    *n = questions->len;
    return (PstAnswer **)g_ptr_array_free(questions, FALSE);
}

static char *
join_units(JsonArray *units)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(units); i++) {
        const char *unit = json_array_get_string_element(units, i);
        if (unit != NULL)
            g_string_append_printf(out, "%s%s", out->len > 0 ? "," : "", unit);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Each probe was given what it takes of the vantage, so all of them together have it. */
void
pst_baseline_wish_again(const PstBaseline *earlier, PstBaselineWish *wish)
{
    *wish = (PstBaselineWish){.users = (const char *const *)earlier->users,
                              .vantage = json_object_new()};
    for (guint i = 0; i < earlier->answers->len; i++) {
        const PstAnswer *answer = earlier->answers->pdata[i];
        JsonObjectIter iter;
        const char *name;
        JsonNode *node;

        json_object_iter_init(&iter, answer->args);
        while (json_object_iter_next(&iter, &name, &node))
            json_object_set_member(wish->vantage, name, json_node_copy(node));
    }
    (void)pst_json_get_bool(wish->vantage, "passive", PST_JSON_NULLABLE, &wish->passive, NULL);
    JsonArray *units = NULL;
    pst_json_get_array(wish->vantage, "units", PST_JSON_NULLABLE, &units, NULL);
    if (units != NULL)
        wish->units = join_units(units);
    static const char *const no_vantage[] = {"passive", "units", "user"};
    for (guint i = 0; i < G_N_ELEMENTS(no_vantage); i++)
        json_object_remove_member(wish->vantage, no_vantage[i]);
}

void
pst_baseline_wish_clear(PstBaselineWish *wish)
{
    g_clear_pointer(&wish->vantage, json_object_unref);
    g_clear_pointer(&wish->units, g_free);
}

/* ---- from answers ---- */

static void
derive_access(GPtrArray *answers, const PstBaselineWish *wish)
{
    g_autoptr(GPtrArray) users = users_of(wish);
    guint n = answers->len;

    for (guint i = 0; i < users->len; i++) {
        const char *user = users->pdata[i];
        g_autoptr(JsonObject) vantage = vantage_of(wish, user);
        g_autoptr(GPtrArray) of_user = g_ptr_array_new();

        if (user == NULL)
            continue;
        for (guint j = 0; j < n; j++) {
            const char *about = pst_baseline_user_of(answers->pdata[j]);
            if (about == NULL || g_str_equal(about, user))
                g_ptr_array_add(of_user, answers->pdata[j]);
        }
        g_ptr_array_add(
            answers, pst_access_answer((PstAnswer *const *)of_user->pdata, of_user->len, vantage));
    }
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
take_host_keys(PstBaseline *baseline)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    const PstAnswer *answer = pst_mark_find((PstAnswer *const *)baseline->answers->pdata,
                                            baseline->answers->len, pst_report_ssh_kind.name);
    const PstSshData *data = answer != NULL ? answer->report->data : NULL;

    if (data == NULL || data->host_keys == NULL)
        return;
    for (guint i = 0; i < data->host_keys->len; i++) {
        const PstSshHostKey *key = data->host_keys->pdata[i];
        if (key->type != NULL && key->fingerprint != NULL)
            g_ptr_array_add(keys, g_strconcat(key->type, " ", key->fingerprint, NULL));
    }
    if (keys->len == 0)
        return;
    g_ptr_array_sort(keys, compare_strings);
    g_ptr_array_add(keys, NULL);
    baseline->host_keys = g_strdupv((char **)keys->pdata);
}

static void
take_mark(PstBaseline *baseline, PstAnswer *const *answers, guint n, gint64 host_us)
{
    g_autoptr(GError) error = NULL;
    const char *after = NULL;

    baseline->mark = pst_mark_make(answers, n, host_us, &error);
    if (baseline->mark == NULL)
        baseline->unmarked = g_strdup(error->message);
    for (guint i = 0; i < n; i++) {
        if (!is_place(answers[i]) || !pst_mark_is_own(answers[i]) ||
            !pst_json_get_string(answers[i]->args, "after", PST_JSON_OPTIONAL, &after, NULL) ||
            after == NULL)
            continue;
        baseline->after = g_strdup(after);
        baseline->after_found = pst_mark_found(answers[i]);
        /* Nothing is newer: it is the newest. */
        if (baseline->after_found == PST_TRI_YES && baseline->mark != NULL &&
            baseline->mark->cursor == NULL)
            baseline->mark->cursor = g_strdup(after);
    }
}

static void
take_answers(PstBaseline *baseline, PstAnswer **answers, guint n, const PstBaselineWish *wish)
{
    for (guint i = 0; i < n; i++) {
        if (is_place(answers[i])) {
            pst_answer_free(answers[i]);
            continue;
        }
        JsonObject *args = pst_baseline_question_args(answers[i]);
        json_object_unref(answers[i]->args);
        answers[i]->args = args;
        g_ptr_array_add(baseline->answers, answers[i]);
    }
    g_free(answers);
    derive_access(baseline->answers, wish);
    pst_baseline_question_arrange(baseline->answers);
}

PstBaseline *
pst_baseline_make(PstAnswer **answers, guint n, const PstBaselineWish *wish, const char *uuid,
                  const char *uri, gint64 host_us)
{
    PstBaseline *baseline = pst_baseline_new();
    g_autoptr(GPtrArray) users = users_of(wish);

    baseline->version = g_strdup(PST_VERSION);
    baseline->guest = g_strdup(n > 0 ? answers[0]->guest : "");
    baseline->uuid = g_strdup(uuid);
    baseline->uri = g_strdup(uri);
    baseline->taken_us = host_us;
    for (guint i = 0; i < n && baseline->uuid == NULL; i++)
        baseline->uuid = g_strdup(answers[i]->uuid);
    if (users->pdata[0] == NULL)
        g_ptr_array_set_size(users, 0);
    g_ptr_array_sort(users, compare_strings);
    g_ptr_array_add(users, NULL);
    baseline->users = g_strdupv((char **)users->pdata);
    take_mark(baseline, answers, n, host_us);
    take_answers(baseline, answers, n, wish);
    take_host_keys(baseline);
    return baseline;
}
