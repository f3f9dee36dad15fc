// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/wait.h"

#include <string.h>

#include "host-sidecar/access.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/wait-words.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-access.h"
#include "protocol/report-journal.h"
#include "protocol/report-services.h"

#define MAX_UNIT 255
#define UNIT_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ":_.@\\-"

void
pst_wait_goal_clear(PstWaitGoal *goal)
{
    g_free(goal->unit);
    g_clear_pointer(&goal->vantage, json_object_unref);
    g_clear_pointer(&goal->since, pst_mark_free);
}

void
pst_wait_verdict_clear(PstWaitVerdict *verdict)
{
    g_free(verdict->boot_id);
    g_free(verdict->seen);
}

static gboolean
is_unit(const char *text)
{
    return *text != '\0' && strlen(text) <= MAX_UNIT &&
           strspn(text, UNIT_CHARACTERS) == strlen(text);
}

gboolean
pst_wait_parse(const char *text, PstWaitGoal *goal, GError **error)
{
    if (g_str_equal(text, "shim")) {
        goal->state = PST_WAIT_SHIM;
        return TRUE;
    }
    if (g_str_equal(text, "access")) {
        goal->state = PST_WAIT_ACCESS;
        return TRUE;
    }
    goal->state = PST_WAIT_TARGET;
    if (g_str_equal(text, "target"))
        return TRUE;
    if (g_str_has_prefix(text, "target=") && is_unit(text + strlen("target="))) {
        goal->unit = g_strdup(text + strlen("target="));
        return TRUE;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "--for %.64s: say shim, access, target, or target=UNIT", text);
    return FALSE;
}

/* ---- questions ---- */

static PstAnswer *
ask_system(const char *guest)
{
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_int_member(args, "host_realtime_us", g_get_real_time());
    return pst_answer_new(guest, pst_report_system_kind.name, args);
}

static PstAnswer *
ask_unit(const char *guest, const char *unit)
{
    g_autoptr(JsonObject) args = json_object_new();
    JsonArray *units = json_array_new();

    json_array_add_string_element(units, unit);
    json_object_set_array_member(args, "units", units);
    return pst_answer_new(guest, pst_report_services_kind.name, args);
}

static PstAnswer *
ask_journal(const char *guest, const char *cursor)
{
    g_autoptr(JsonObject) args = json_object_new();

    json_object_set_string_member(args, "after", cursor);
    json_object_set_int_member(args, "lines", 1);
    return pst_answer_new(guest, pst_report_journal_kind.name, args);
}

static void
ask_access(const PstWaitGoal *goal, const char *guest, GPtrArray *questions)
{
    const PstDiagnoseWish wish = {
        .vantage = goal->vantage, .passive = goal->passive, .probes = pst_access_probes};
    guint n = 0;
    g_autofree PstAnswer **asked = pst_diagnose_questions(guest, &wish, &n);

    for (guint i = 0; i < n; i++)
        g_ptr_array_add(questions, asked[i]);
}

PstAnswer **
pst_wait_questions(const PstWaitGoal *goal, const char *guest, gboolean with_journal, guint *n)
{
    g_autoptr(GPtrArray) questions = g_ptr_array_new();

    g_ptr_array_add(questions, ask_system(guest));
    if (goal->state == PST_WAIT_ACCESS)
        ask_access(goal, guest, questions);
    if (goal->unit != NULL)
        g_ptr_array_add(questions, ask_unit(guest, goal->unit));
    if (with_journal && goal->since != NULL && goal->since->cursor != NULL)
        g_ptr_array_add(questions, ask_journal(guest, goal->since->cursor));
    *n = questions->len;
    return (PstAnswer **)g_ptr_array_free(g_steal_pointer(&questions), FALSE);
}

/* ---- the verdict ---- */

/* Whether what the guest says is of after the mark; where not, or not surely, the verdict says so.
 */
static gboolean
is_after(const PstWaitGoal *goal, PstAnswer *const *answers, guint n, gboolean came_back,
         PstWaitVerdict *verdict)
{
    if (goal->since == NULL)
        return TRUE;
    PstMarkRelation relation = pst_mark_relate(goal->since, answers, n);
    verdict->other_machine = relation == PST_MARK_OTHER_MACHINE;
    verdict->ask_journal = relation == PST_MARK_DOUBTFUL && goal->since->cursor != NULL;
    if (relation == PST_MARK_OTHER_MACHINE)
        verdict->seen = g_strdup("another machine answers: its machine id is not the mark's");
    else if (relation == PST_MARK_UNTOLD)
        verdict->seen = g_strdup("it answers, and does not tell which boot this is");
    if (verdict->seen != NULL)
        return FALSE;
    if (came_back || relation == PST_MARK_OTHER_BOOT || relation == PST_MARK_UNDONE)
        return TRUE;
    verdict->seen = g_strdup("it is still in the boot of the mark, and was not reverted");
    if (relation == PST_MARK_DOUBTFUL) {
        g_free(verdict->seen);
        verdict->seen =
            g_strdup("it is in the boot of the mark, and stood still meanwhile: paused, "
                     "or reverted, which its journal does not tell");
    }
    return FALSE;
}

static void
judge_unit(const char *unit, PstAnswer *const *answers, guint n, PstWaitVerdict *verdict)
{
    const PstAnswer *services = pst_mark_find(answers, n, pst_report_services_kind.name);
    const PstServicesData *data = services != NULL ? services->report->data : NULL;

    for (guint i = 0; data != NULL && data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *row = data->units->pdata[i];

        if (row->asked_as == NULL)
            continue;
        verdict->reached =
            g_strcmp0(row->active, "active") == 0 || g_strcmp0(row->active, "reloading") == 0;
        verdict->seen = pst_wait_words_unit(row);
        return;
    }
    verdict->seen = g_strdup_printf("%s: %s", unit,
                                    data != NULL ? "there is no such unit"
                                                 : "the guest does not tell its state");
}

static void
judge_access(const PstWaitGoal *goal, PstAnswer *const *answers, guint n, PstWaitVerdict *verdict)
{
    g_autofree PstAnswer **own = g_new0(PstAnswer *, n);
    guint n_own = 0;

    for (guint i = 0; i < n; i++)
        if (pst_mark_is_own(answers[i]))
            own[n_own++] = answers[i];
    g_autoptr(PstReport) access = pst_access_derive(own, n_own, goal->vantage);
    const PstAccessData *data = access->data;

    verdict->reached = data->login == PST_ACCESS_OPEN && data->root == PST_ACCESS_OPEN;
    verdict->seen = pst_wait_words_access(data);
}

static void
judge_state(const PstWaitGoal *goal, const PstAnswer *system, PstAnswer *const *answers, guint n,
            PstWaitVerdict *verdict)
{
    const PstSystemData *data = system->report->data;

    switch (goal->state) {
    case PST_WAIT_SHIM:
        verdict->reached = system->via == PST_VIA_CHANNEL;
        verdict->seen = pst_wait_words_shim(system);
        return;
    case PST_WAIT_ACCESS:
        judge_access(goal, answers, n, verdict);
        return;
    case PST_WAIT_TARGET:
        break;
    }
    if (goal->unit != NULL) {
        judge_unit(goal->unit, answers, n, verdict);
        return;
    }
    verdict->reached = pst_wait_words_is_started(data);
    verdict->seen = pst_wait_words_target(data);
}

static gboolean
has_agent(PstAnswer *const *answers, guint n)
{
    for (guint i = 0; i < n; i++)
        if (answers[i]->report != NULL && answers[i]->via == PST_VIA_AGENT)
            return TRUE;
    return FALSE;
}

PstWaitVerdict
pst_wait_judge(const PstWaitGoal *goal, PstAnswer *const *answers, guint n, gboolean came_back)
{
    const PstAnswer *system = pst_mark_find(answers, n, pst_report_system_kind.name);
    PstWaitVerdict verdict = {.by_agent = has_agent(answers, n)};

    if (system == NULL) {
        verdict.silent = TRUE;
        verdict.seen = pst_wait_words_silence(answers, n);
        return verdict;
    }
    verdict.boot_id = g_strdup(((const PstSystemData *)system->report->data)->boot_id);
    if (is_after(goal, answers, n, came_back, &verdict))
        judge_state(goal, system, answers, n, &verdict);
    return verdict;
}

/* One that does not tell its boot never will: it is not asked at once. */
static PstWaitWeight
weigh_reached(const PstWaitVerdict *verdict, const PstWaitTurn *turn)
{
    if (turn->events && !verdict->by_agent)
        return PST_WAIT_THERE;
    if (verdict->boot_id == NULL)
        return PST_WAIT_MISSING;
    return g_strcmp0(verdict->boot_id, turn->boot_before) == 0 ? PST_WAIT_THERE : PST_WAIT_REPEAT;
}

PstWaitWeight
pst_wait_weigh(const PstWaitVerdict *verdict, const PstWaitTurn *turn)
{
    if (turn->broken)
        return PST_WAIT_REPEAT;
    if (verdict->other_machine)
        return PST_WAIT_FOREIGN;
    if (verdict->reached)
        return weigh_reached(verdict, turn);
    return verdict->ask_journal && !turn->asked_journal ? PST_WAIT_REPEAT : PST_WAIT_MISSING;
}
