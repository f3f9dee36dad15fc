// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-judge.h"

#include <string.h>

#define MAX_UNKNOWN 8 /* 2^8 runs of a stack; of more only the two extremes are tried */

typedef enum { UNDEFINED, POSITIVE, NEGATIVE } Impression;

/* One run: the answers of all lines, and what becomes of them. */
typedef struct {
    const GPtrArray *lines;
    const int *answers;
    Impression impression;
    int status;
    guint decider;
    /* What stood when each substack was entered: a reset goes back to it. */
    Impression saved_impression[64];
    int saved_status[64];
} Run;

gboolean
pst_pam_judge_is_faulty(const PstPamLine *line)
{
    return line->must_fail || (!line->substack && (line->state == PST_PAM_MODULE_MISSING ||
                                                   line->state == PST_PAM_MODULE_DAMAGED));
}

int
pst_pam_judge_by_name(const PstPamLine *line, PstPamPhase phase)
{
    g_autofree char *name = g_path_get_basename(line->module);

    if (g_str_equal(name, "pam_permit.so"))
        return PST_PAM_SUCCESS;
    if (g_str_equal(name, "pam_deny.so"))
        return phase == PST_PAM_SESSION ? PST_PAM_SESSION_ERR : PST_PAM_AUTH_ERR;
    if (g_str_equal(name, "pam_warn.so") || g_str_equal(name, "pam_debug.so"))
        return PST_PAM_IGNORE;
    return PST_PAM_ANY;
}

static const PstPamLine *
line_at(const Run *run, guint i)
{
    return run->lines->pdata[i];
}

/* The last line of the substack, or of the stack, that line I is in. */
static guint
end_of_level(const Run *run, guint i)
{
    guint level = line_at(run, i)->level;

    while (i + 1 < run->lines->len && line_at(run, i + 1)->level >= level)
        i++;
    return i;
}

static void
apply_good(Run *run, guint i, int answer)
{
    if (run->impression == NEGATIVE ||
        (run->impression == POSITIVE && run->status != PST_PAM_SUCCESS))
        return;
    run->impression = POSITIVE;
    run->status = answer;
    run->decider = i;
}

static void
apply_bad(Run *run, guint i, int answer)
{
    if (run->impression == NEGATIVE)
        return;
    run->impression = NEGATIVE;
    run->status = answer == PST_PAM_IGNORE ? PST_PAM_PERM_DENIED : answer;
    run->decider = i;
}

static void
reset(Run *run, guint level)
{
    gboolean outermost = level == 0 || level >= G_N_ELEMENTS(run->saved_status);

    run->impression = outermost ? UNDEFINED : run->saved_impression[level];
    run->status = outermost ? PST_PAM_PERM_DENIED : run->saved_status[level];
}

/* Skips COUNT modules at the level of line I, a substack counting as one. A jump past the end fails
 * the stack. Returns the last line skipped. */
static guint
jump(Run *run, guint i, int count)
{
    guint level = line_at(run, i)->level;
    guint at = i;

    for (; count > 0 && at + 1 < run->lines->len && line_at(run, at + 1)->level >= level; count--) {
        at++;
        while (at + 1 < run->lines->len && line_at(run, at + 1)->level > level)
            at++;
    }
    if (count > 0) {
        run->impression = NEGATIVE;
        run->status = PST_PAM_PERM_DENIED;
        run->decider = i;
    }
    return at;
}

static void
enter_substack(Run *run, guint level)
{
    if (level + 1 >= G_N_ELEMENTS(run->saved_status))
        return;
    run->saved_impression[level + 1] = run->impression;
    run->saved_status[level + 1] = run->status;
}

/* Applies line I and returns the line to go on after; the whole stack ends where that is the last.
 */
static guint
step(Run *run, guint i)
{
    const PstPamLine *line = line_at(run, i);
    int answer = run->answers[i];
    int action = line->must_fail ? PST_PAM_DO_BAD : line->actions[answer];

    switch (action) {
    case PST_PAM_DO_IGNORE:
        return i;
    case PST_PAM_DO_RESET:
        reset(run, line->level);
        return i;
    case PST_PAM_DO_OK:
        apply_good(run, i, answer);
        return i;
    case PST_PAM_DO_DONE:
        apply_good(run, i, answer);
        return run->impression == POSITIVE ? end_of_level(run, i) : i;
    case PST_PAM_DO_BAD:
        apply_bad(run, i, answer);
        return i;
    case PST_PAM_DO_DIE:
        apply_bad(run, i, answer);
        return end_of_level(run, i);
    default:
        return jump(run, i, action);
    }
}

static int
run_stack(const GPtrArray *lines, const int *answers, guint *decider)
{
    Run run = {
        .lines = lines, .answers = answers, .status = PST_PAM_PERM_DENIED, .decider = G_MAXUINT};

    for (guint i = 0; i < lines->len; i++) {
        if (line_at(&run, i)->substack)
            enter_substack(&run, line_at(&run, i)->level);
        else
            i = step(&run, i);
    }
    if (decider != NULL)
        *decider = run.decider;
    if (run.status == PST_PAM_SUCCESS && run.impression != POSITIVE)
        return PST_PAM_PERM_DENIED;
    return run.status;
}

/* Every combination of yes and no for the lines of unknown answer; *best is the result of yes for
 * all of them. */
static PstPamOutcome
try_all(const GPtrArray *lines, int *answers, const GArray *unknown, int *best)
{
    guint n = MIN(unknown->len, MAX_UNKNOWN);
    gboolean passed = FALSE, failed = FALSE;

    for (guint bits = 0; bits < 1u << n; bits++) {
        for (guint i = 0; i < unknown->len; i++) {
            gboolean no = i < n ? (bits >> i & 1) != 0 : bits == (1u << n) - 1;
            answers[g_array_index(unknown, guint, i)] = no ? PST_PAM_PERM_DENIED : PST_PAM_SUCCESS;
        }
        int result = run_stack(lines, answers, NULL);
        if (bits == 0)
            *best = result;
        passed |= result == PST_PAM_SUCCESS;
        failed |= result != PST_PAM_SUCCESS;
    }
    for (guint i = 0; i < unknown->len; i++)
        answers[g_array_index(unknown, guint, i)] = PST_PAM_SUCCESS;
    return passed && failed ? PST_PAM_DEPENDS : passed ? PST_PAM_PASSES : PST_PAM_FAILS;
}

/* Lines that can't be loaded come first: they are likelier the damage than a pam_deny after them.
 */
static const PstPamLine *
find_culprit(const GPtrArray *lines, int *answers)
{
    guint decider = G_MAXUINT;

    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < lines->len; i++) {
            PstPamLine *line = lines->pdata[i];
            gboolean faulty = pst_pam_judge_is_faulty(line);
            int answer = answers[i];
            gboolean must_fail = line->must_fail;

            if (line->substack || faulty != (pass == 0) || answer == PST_PAM_SUCCESS)
                continue;
            /* A line without sense, made a success, would be one that is not there. */
            line->must_fail = FALSE;
            answers[i] = must_fail ? PST_PAM_IGNORE : PST_PAM_SUCCESS;
            int action = line->actions[answers[i]];
            if (must_fail)
                line->actions[PST_PAM_IGNORE] = PST_PAM_DO_IGNORE;
            gboolean passes = run_stack(lines, answers, NULL) == PST_PAM_SUCCESS;
            if (must_fail)
                line->actions[PST_PAM_IGNORE] = action;
            line->must_fail = must_fail;
            answers[i] = answer;
            if (passes)
                return line;
        }
    }
    run_stack(lines, answers, &decider);
    return decider < lines->len ? lines->pdata[decider] : NULL;
}

/* A line without sense, mended, would be one that succeeds as `required` does. */
static GPtrArray *
mend(const GPtrArray *lines, GPtrArray *made)
{
    GPtrArray *all = g_ptr_array_new();

    for (guint i = 0; i < lines->len; i++) {
        PstPamLine *line = lines->pdata[i];

        if (line->must_fail) {
            line = g_memdup2(line, sizeof(*line));
            line->must_fail = FALSE;
            line->actions[PST_PAM_SUCCESS] = PST_PAM_DO_OK;
            g_ptr_array_add(made, line);
        }
        g_ptr_array_add(all, line);
    }
    return all;
}

/* The answers of all lines; of those of which nobody knows it the numbers go to UNKNOWN. */
static void
ask(const GPtrArray *lines, PstPamPhase phase, PstPamAnswer answer, gpointer data, gboolean mended,
    int *answers, GArray *unknown)
{
    for (guint i = 0; i < lines->len; i++) {
        const PstPamLine *line = lines->pdata[i];
        if (line->substack)
            continue;
        if (pst_pam_judge_is_faulty(line) || line->module == NULL)
            answers[i] = mended            ? PST_PAM_SUCCESS
                         : line->must_fail ? PST_PAM_PERM_DENIED
                                           : PST_PAM_MODULE_UNKNOWN;
        else
            answers[i] = answer(line, phase, data);
        if (answers[i] == PST_PAM_ANY)
            g_array_append_val(unknown, i);
    }
}

static PstPamJudgement
judge_lines(const GPtrArray *lines, PstPamPhase phase, PstPamAnswer answer, gpointer data,
            gboolean mended)
{
    g_autofree int *answers = g_new0(int, lines->len + 1);
    g_autoptr(GArray) unknown = g_array_new(FALSE, FALSE, sizeof(guint));
    PstPamJudgement judgement = {PST_PAM_UNKNOWN, PST_PAM_PERM_DENIED, NULL};

    ask(lines, phase, answer, data, mended, answers, unknown);
    judgement.outcome = try_all(lines, answers, unknown, &judgement.result);
    if (judgement.result != PST_PAM_SUCCESS && !mended)
        judgement.culprit = find_culprit(lines, answers);
    return judgement;
}

PstPamJudgement
pst_pam_judge(const PstPamStack *stack, PstPamPhase phase, PstPamAnswer answer, gpointer data)
{
    if (stack->unlooked)
        return (PstPamJudgement){PST_PAM_UNKNOWN, PST_PAM_PERM_DENIED, NULL};
    if (stack->aborts)
        return (PstPamJudgement){PST_PAM_FAILS, PST_PAM_PERM_DENIED, NULL};
    return judge_lines(stack->lines[phase], phase, answer, data, FALSE);
}

const PstPamLine *
pst_pam_judge_hinge(const PstPamStack *stack, PstPamPhase phase, PstPamAnswer answer, gpointer data,
                    PstPamTrusted trusted)
{
    const GPtrArray *lines = stack->lines[phase];
    g_autofree int *answers = g_new0(int, lines->len + 1);
    g_autoptr(GArray) unknown = g_array_new(FALSE, FALSE, sizeof(guint));

    ask(lines, phase, answer, data, FALSE, answers, unknown);
    for (guint i = 0; i < unknown->len; i++)
        answers[g_array_index(unknown, guint, i)] = PST_PAM_SUCCESS;
    for (guint i = 0; i < unknown->len; i++) {
        guint at = g_array_index(unknown, guint, i);

        if (trusted(lines->pdata[at], phase))
            continue;
        answers[at] = PST_PAM_PERM_DENIED;
        if (run_stack(lines, answers, NULL) != PST_PAM_SUCCESS)
            return lines->pdata[at];
        answers[at] = PST_PAM_SUCCESS;
    }
    return NULL;
}

PstPamJudgement
pst_pam_judge_mended(const PstPamStack *stack, PstPamPhase phase, PstPamAnswer answer,
                     gpointer data)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) lines = mend(stack->lines[phase], made);

    if (stack->unlooked)
        return (PstPamJudgement){PST_PAM_UNKNOWN, PST_PAM_PERM_DENIED, NULL};
    return judge_lines(lines, phase, answer, data, TRUE);
}
