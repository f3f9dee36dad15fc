// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/health.h"

#include <string.h>

#include "host-sidecar/render.h"
#include "protocol/json.h"

/* Of a row, bytes; of the message in it, characters. */
#define MAX_SUMMARY 500
#define MAX_MESSAGE 110

static const PstField row_rows[] = {
    PST_REQUIRED_STRING(PstHealthRow, name, "the domain's name"),
    PST_STRING(PstHealthRow, uuid, "its UUID"),
    PST_ENUM(PstHealthRow, status, pst_report_status_names, "after what is expected of it"),
    PST_ENUM(PstHealthRow, condition, pst_condition_names, "what it is doing"),
    PST_STRING(PstHealthRow, state, "as libvirt says"),
    PST_STRING(PstHealthRow, reason, "why it is in that state, by libvirt's word"),
    PST_STRING(PstHealthRow, summary, "one line: the worst thing first"),
    PST_STRING(PstHealthRow, via, "the best path that answered"),
    PST_STRING(PstHealthRow, why, "why no path to it answered, path by path"),
    PST_INT(PstHealthRow, took_ms, "milliseconds until it had answered, or was given up"),
    PST_INT(PstHealthRow, answered_us, "when it last answered, real time of the host"),
    PST_STRING(PstHealthRow, last_status, "of the last answer, where that is not of now"),
    PST_STRING(PstHealthRow, last_summary, "the same"),
    PST_INT(PstHealthRow, misses, "how often in a row it did not answer"),
    PST_INT(PstHealthRow, ask_again_us, "it is left alone until then, real time of the host"),
    PST_STRING(PstHealthRow, job, "what libvirt does with it"),
    PST_INT(PstHealthRow, job_ms, "milliseconds since it began"),
    PST_LIST(PstHealthRow, problems, pst_problem_fields, "what counts most is in front"),
    PST_STRINGS(PstHealthRow, notes, "expired acknowledgements"),
    PST_BOOL(PstHealthRow, fresh, "something is other than the last sweep told"),
    PST_STRING(PstHealthRow, was, "the condition that the last sweep told"),
    PST_STRINGS(PstHealthRow, gone, "problems of the last sweep that are no more"),
};
const PstFields pst_health_row_fields = PST_FIELDS(PstHealthRow, row_rows);

static const PstField health_rows[] = {
    PST_ENUM(PstHealth, status, pst_report_status_names, "of the worst domain"),
    PST_STRING(PstHealth, uri, "the hypervisor, as libvirt calls it"),
    PST_INT(PstHealth, begun_us, "when the sweep began, real time of the host"),
    PST_INT(PstHealth, took_ms, "milliseconds"),
    PST_INT(PstHealth, last_us, "when the sweep before was"),
    PST_LIST(PstHealth, domains, pst_health_row_fields, "the worst first"),
    PST_STRINGS(PstHealth, vanished, "domains of the last sweep that are no more"),
    PST_STRINGS(PstHealth, notes, "of the sweep itself"),
};
const PstFields pst_health_fields = PST_FIELDS(PstHealth, health_rows);

void
pst_health_free(PstHealth *health)
{
    pst_fields_free(&pst_health_fields, health);
}

/* ---- problems ---- */

static gboolean
is_of_state(const PstProblem *problem)
{
    return g_str_equal(problem->id, "host.paused") || g_str_equal(problem->id, "host.not-running");
}

/* Being as it may be excuses that and nothing else. */
static void
weigh_state(const PstHealthSight *sight, const PstExpectation *expectation, PstProblem *problem)
{
    PstCondition condition = pst_health_sight_condition(sight);

    if (!is_of_state(problem) || condition == PST_CONDITION_CRASHED)
        return;
    if (pst_expect_may_be(expectation, condition) != PST_EXPECTATION_YES)
        return;
    problem->counted = PST_SEVERITY_INFORMATION;
    g_free(problem->excuse);
    problem->excuse = g_strdup_printf("it may be %s", pst_condition_names[condition]);
}

static gboolean
is_too_long(gint64 since_us, gint64 now_us, gint64 limit_us)
{
    return limit_us != PST_INT_UNKNOWN && since_us != PST_INT_UNKNOWN &&
           now_us - since_us >= limit_us;
}

static gint64
silent_since(const PstHealthSight *sight, const PstHealthEntry *entry)
{
    gboolean silent = pst_health_sight_condition(sight) == PST_CONDITION_SILENT;

    return silent && entry != NULL ? entry->silent_us : PST_INT_UNKNOWN;
}

static gboolean
is_of_silence(const PstProblem *problem)
{
    return g_str_equal(problem->id, "host.no-answer") ||
           g_str_equal(problem->id, "host.nobody-listens");
}

/* What was seen when it was last asked holds until it is asked again. */
static void
add_left_alone(PstHealthSight *sight, const PstHealthEntry *entry, gint64 now_us)
{
    gboolean known = entry != NULL && entry->missed_id != NULL && entry->missed_text != NULL;
    g_autofree char *asked = pst_render_ago(entry != NULL && entry->missed_us != PST_INT_UNKNOWN
                                                ? MAX(0, now_us - entry->missed_us)
                                                : 0);

    pst_health_sight_add(
        sight, known ? entry->missed_id : "host.no-answer",
        known && entry->missed_severity == PST_SEVERITY_CRITICAL ? PST_SEVERITY_CRITICAL
                                                                 : PST_SEVERITY_UNKNOWN,
        "as of %s, left alone since: %s", asked, known ? entry->missed_text : "it did not answer");
}

/* What failed to look must not read as well, whatever led to it. */
static void
add_missing(PstHealthSight *sight, const PstHealthEntry *entry, gint64 now_us)
{
    guint n = sight->problems != NULL ? sight->problems->len : 0;

    if (sight->left_alone)
        add_left_alone(sight, entry, now_us);
    else if (n == 0 && !sight->answered)
        pst_health_sight_add(sight, "host.no-answer", PST_SEVERITY_UNKNOWN, "it did not answer%s%s",
                             sight->why != NULL ? ": " : "", sight->why != NULL ? sight->why : "");
}

static void
weigh_all(PstHealthSight *sight, const PstHealthEntry *entry, const PstExpectation *expectation,
          gint64 now_us)
{
    gint64 limit_us = pst_expect_silent_us(expectation);

    for (guint i = 0; sight->problems != NULL && i < sight->problems->len; i++) {
        PstProblem *problem = sight->problems->pdata[i];

        if (is_of_silence(problem) && is_too_long(silent_since(sight, entry), now_us, limit_us))
            problem->severity = PST_SEVERITY_CRITICAL;
        pst_expect_weigh(expectation, problem, sight->job_ms);
        weigh_state(sight, expectation, problem);
    }
}

/* In the order in which they are to be mended, but what counts more first. */
static GPtrArray *
arrange(const GPtrArray *problems)
{
    GPtrArray *arranged = problems != NULL ? g_ptr_array_new() : NULL;

    for (int counted = PST_SEVERITY_CRITICAL; counted >= PST_SEVERITY_INFORMATION; counted--)
        for (guint i = 0; problems != NULL && i < problems->len; i++)
            if (((PstProblem *)problems->pdata[i])->counted == counted)
                g_ptr_array_add(arranged, problems->pdata[i]);
    return arranged;
}

static gboolean
counts(const PstProblem *problem)
{
    return problem->counted > PST_SEVERITY_INFORMATION;
}

/* ---- a row ---- */

static char *
excused_summary(const PstHealthRow *row)
{
    const PstProblem *first = row->problems->pdata[0];

    if (row->problems->len == 1)
        return g_strdup_printf("%s (%s)", first->message, first->excuse);
    return g_strdup_printf("%u problems that do not count; %s (%s)", row->problems->len,
                           first->message, first->excuse);
}

/* So much of it that its id behind it has room on a line. */
static char *
short_message(const PstProblem *problem)
{
    if (g_utf8_strlen(problem->message, -1) <= MAX_MESSAGE)
        return g_strdup(problem->message);
    g_autofree char *cut = g_utf8_substring(problem->message, 0, MAX_MESSAGE);
    return g_strconcat(cut, "…", NULL);
}

static char *
summarize(const PstHealthRow *row)
{
    guint n = 0;

    for (guint i = 0; row->problems != NULL && i < row->problems->len; i++)
        n += counts(row->problems->pdata[i]);
    if (n == 0)
        return row->problems != NULL ? excused_summary(row) : g_strdup("nothing is wrong");
    const PstProblem *first = row->problems->pdata[0];
    g_autofree char *message = short_message(first);
    if (n == 1)
        return g_strdup_printf("%s [%s]", message, first->id);
    return g_strdup_printf("%s [%s]; %u more", message, first->id, n - 1);
}

static void
add_last_answer(PstHealthRow *row, const PstHealthSight *sight, const PstHealthEntry *entry)
{
    row->answered_us = sight->answered_us;
    if (sight->answered || entry == NULL)
        return;
    /* Unless a clock was set back: somebody else may have had a later answer, of which only the
     * time is known. */
    row->answered_us = MAX(row->answered_us, entry->answered_us);
    row->last_status = g_strdup(entry->status);
    row->last_summary = g_strdup(entry->summary);
}

static void
add_breaker(PstHealthRow *row, const PstHealthSight *sight, const PstHealthEntry *entry,
            gint64 now_us)
{
    PstBreaker breaker = {0};

    if (!sight->missed && !sight->left_alone)
        return;
    if (entry != NULL)
        breaker = pst_health_memory_breaker(entry);
    if (sight->missed)
        pst_breaker_note(&breaker, FALSE, sight->run, now_us);
    gint64 until_us = pst_breaker_until_us(&breaker, sight->run, now_us);
    row->misses = breaker.misses;
    row->ask_again_us = until_us > 0 ? until_us : PST_INT_UNKNOWN;
}

/* ---- what is new ---- */

/* Whether the sweep would have seen the problem, if it were there still. */
static gboolean
was_looked_for(const PstHealthSight *sight, const char *key)
{
    gsize len = strcspn(key, ".");

    /* A guest that runs and was not asked was not looked at either; nor one that had no time. */
    if (len == strlen("host") && strncmp(key, "host", len) == 0)
        return !sight->rushed && sight->state != NULL &&
               (sight->asked || !g_str_equal(sight->state, "running"));
    for (char **probe = sight->looked; probe != NULL && *probe != NULL; probe++)
        if (strlen(*probe) == len && strncmp(*probe, key, len) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
is_told(const PstHealthRow *row, const char *key)
{
    for (guint i = 0; row->problems != NULL && i < row->problems->len; i++) {
        g_autofree char *other = pst_health_memory_key(row->problems->pdata[i]);
        if (counts(row->problems->pdata[i]) && g_str_equal(other, key))
            return TRUE;
    }
    return FALSE;
}

static void
compare(PstHealthRow *row, const PstHealthSight *sight, const PstHealthEntry *entry)
{
    GStrvBuilder *gone = g_strv_builder_new();
    gboolean fresh = FALSE;
    guint n_counted = 0;

    /* More than the memory holds can't be told from what is new. */
    for (guint i = 0; row->problems != NULL && i < row->problems->len; i++) {
        PstProblem *problem = row->problems->pdata[i];
        if (!counts(problem) || n_counted++ >= PST_HEALTH_MEMORY_MAX_TOLD)
            continue;
        g_autofree char *key = pst_health_memory_key(problem);
        problem->fresh = PST_TRI(!pst_health_memory_was_told(entry, key));
        fresh |= problem->fresh == PST_TRI_YES;
    }
    for (char **key = entry != NULL ? entry->told : NULL; key != NULL && *key != NULL; key++) {
        if (!was_looked_for(sight, *key) || is_told(row, *key))
            continue;
        g_strv_builder_add(gone, *key);
        fresh = TRUE;
    }
    if (entry != NULL && entry->condition != NULL &&
        !g_str_equal(entry->condition, pst_condition_names[row->condition])) {
        row->was = g_strdup(entry->condition);
        fresh = TRUE;
    }
    row->gone = g_strv_builder_end(gone);
    g_strv_builder_unref(gone);
    row->fresh = PST_TRI(fresh);
}

static void
judge_sight(PstHealthRow *row, PstHealthSight *sight, const PstHealthView *view, gint64 now_us)
{
    const PstHealthEntry *entry = pst_health_memory_find(view->memory, sight->uuid, sight->name);
    g_autoptr(PstExpectation) expectation = pst_expect_find(
        view->expect, sight->name,
        sight->uuid != NULL ? sight->uuid : (entry != NULL ? entry->uuid : NULL), view->now);

    add_missing(sight, entry, now_us);
    weigh_all(sight, entry, expectation, now_us);
    row->name = g_strdup(sight->name);
    row->uuid = g_strdup(sight->uuid);
    row->condition = pst_health_sight_condition(sight);
    row->state = g_strdup(sight->state);
    row->reason = g_strdup(sight->reason);
    row->via = g_strdup(sight->via);
    row->why = g_strdup(sight->why);
    row->took_ms = sight->took_ms;
    row->job = g_strdup(sight->job);
    row->job_ms = sight->job_ms;
    row->problems = arrange(sight->problems);
    g_clear_pointer(&sight->problems, g_ptr_array_unref);
    if (row->problems != NULL && row->problems->len > 0)
        row->status = ((PstProblem *)row->problems->pdata[0])->counted;
    g_autofree char *summary = summarize(row);
    row->summary = pst_json_clean_cut(summary, MAX_SUMMARY, NULL);
    row->notes = pst_expect_expired(expectation);
    add_last_answer(row, sight, entry);
    add_breaker(row, sight, entry, now_us);
    compare(row, sight, entry);
}

/* ---- all of them ---- */

static gint
by_status(gconstpointer a, gconstpointer b)
{
    const PstHealthRow *one = *(const PstHealthRow *const *)a;
    const PstHealthRow *other = *(const PstHealthRow *const *)b;

    if (one->status != other->status)
        return other->status - one->status;
    return strcmp(one->name, other->name);
}

void
pst_health_sort(PstHealth *health)
{
    if (health->domains != NULL)
        g_ptr_array_sort(health->domains, by_status);
}

static gboolean
has_sight(const GPtrArray *sights, const PstHealthEntry *entry)
{
    for (guint i = 0; i < sights->len; i++) {
        const PstHealthSight *sight = sights->pdata[i];
        if (sight->uuid != NULL ? g_str_equal(sight->uuid, entry->uuid)
                                : g_str_equal(sight->name, entry->name))
            return TRUE;
    }
    return FALSE;
}

static char **
find_vanished(const GPtrArray *sights, const PstHealthView *view)
{
    GStrvBuilder *vanished = g_strv_builder_new();
    const GPtrArray *known = view->memory->guests;

    for (guint i = 0; view->complete && known != NULL && i < known->len; i++) {
        const PstHealthEntry *entry = known->pdata[i];
        if (!has_sight(sights, entry))
            g_strv_builder_add(vanished, entry->name);
    }
    char **names = g_strv_builder_end(vanished);
    g_strv_builder_unref(vanished);
    return names;
}

PstHealth *
pst_health_judge(GPtrArray *sights, const PstHealthView *view)
{
    PstHealth *health = pst_fields_new(&pst_health_fields);
    gint64 now_us = g_date_time_to_unix(view->now) * G_USEC_PER_SEC;

    health->last_us = view->memory->swept_us;
    health->vanished = find_vanished(sights, view);
    for (guint i = 0; i < sights->len; i++) {
        PstHealthRow *row = pst_fields_append(&pst_health_row_fields, &health->domains);
        judge_sight(row, sights->pdata[i], view, now_us);
        health->status = MAX(health->status, row->status);
    }
    pst_health_sort(health);
    return health;
}

/* ---- what is left for the next ---- */

static const PstHealthRow *
find_row(const PstHealth *health, const char *name)
{
    for (guint i = 0; health->domains != NULL && i < health->domains->len; i++) {
        const PstHealthRow *row = health->domains->pdata[i];
        if (g_str_equal(row->name, name))
            return row;
    }
    return NULL;
}

/* What counts now, and what nobody has looked for since. */
static void
note_told(PstHealthEntry *entry, const PstHealthRow *row, const PstHealthSight *sight)
{
    g_autoptr(GPtrArray) told = g_ptr_array_new();

    for (guint i = 0; row->problems != NULL && i < row->problems->len; i++)
        if (counts(row->problems->pdata[i]) && told->len < PST_HEALTH_MEMORY_MAX_TOLD)
            g_ptr_array_add(told, pst_health_memory_key(row->problems->pdata[i]));
    for (char **key = entry->told; key != NULL && *key != NULL; key++)
        if (!was_looked_for(sight, *key) && !is_told(row, *key) &&
            told->len < PST_HEALTH_MEMORY_MAX_TOLD)
            g_ptr_array_add(told, g_strdup(*key));
    g_ptr_array_add(told, NULL);
    g_strfreev(entry->told);
    entry->told = (char **)g_ptr_array_steal(told, NULL);
}

static void
note_miss(PstHealthEntry *entry, const PstHealthRow *row)
{
    const PstProblem *first = row->problems != NULL ? row->problems->pdata[0] : NULL;

    g_clear_pointer(&entry->missed_id, g_free);
    g_clear_pointer(&entry->missed_text, g_free);
    if (first == NULL)
        return;
    entry->missed_id = g_strdup(first->id);
    entry->missed_text = g_strdup(first->message);
    entry->missed_severity = first->severity;
}

static void
note_answer(PstHealthEntry *entry, const PstHealthRow *row, const PstHealthSight *sight,
            gint64 now_us)
{
    PstBreaker breaker = pst_health_memory_breaker(entry);

    /* Of one that had no time it is not known whether it is silent still. */
    if (row->condition != PST_CONDITION_SILENT && !sight->rushed)
        entry->silent_us = PST_INT_UNKNOWN;
    else if (row->condition == PST_CONDITION_SILENT && entry->silent_us == PST_INT_UNKNOWN)
        entry->silent_us = now_us;
    if (sight->missed)
        note_miss(entry, row);
    if (sight->missed || sight->answered) {
        pst_breaker_note(&breaker, sight->answered, sight->run, now_us);
        entry->misses = breaker.misses;
        entry->missed_us = breaker.missed_us;
        entry->run = breaker.run;
    }
    if (!sight->answered)
        return;
    entry->answered_us = now_us;
    g_free(entry->status);
    g_free(entry->summary);
    entry->status = g_strdup(pst_report_status_names[row->status]);
    entry->summary = g_strdup(row->summary);
}

void
pst_health_note(PstHealthMemory *memory, const PstHealth *health, const GPtrArray *sights,
                gboolean complete, gint64 now_us)
{
    for (guint i = 0; i < sights->len; i++) {
        const PstHealthSight *sight = sights->pdata[i];
        const PstHealthRow *row = find_row(health, sight->name);
        PstHealthEntry *entry = sight->uuid != NULL
                                    ? pst_health_memory_take(memory, sight->uuid, sight->name)
                                    : pst_health_memory_find(memory, NULL, sight->name);

        if (row == NULL || entry == NULL)
            continue;
        note_answer(entry, row, sight, now_us);
        if (!complete)
            continue;
        entry->seen_us = now_us;
        note_told(entry, row, sight);
        g_free(entry->condition);
        entry->condition = g_strdup(pst_condition_names[row->condition]);
    }
    if (!complete)
        return;
    memory->swept_us = now_us;
    pst_health_memory_forget(memory, now_us);
}

guint
pst_health_count(const PstHealth *health, PstStatus status)
{
    guint n = 0;

    for (guint i = 0; health->domains != NULL && i < health->domains->len; i++)
        n += ((PstHealthRow *)health->domains->pdata[i])->status == (int)status;
    return n;
}

guint
pst_health_count_condition(const PstHealth *health, PstCondition condition)
{
    guint n = 0;

    for (guint i = 0; health->domains != NULL && i < health->domains->len; i++)
        n += ((PstHealthRow *)health->domains->pdata[i])->condition == (int)condition;
    return n;
}

gboolean
pst_health_has_news(const PstHealth *health)
{
    if (health->vanished != NULL && health->vanished[0] != NULL)
        return TRUE;
    for (guint i = 0; health->domains != NULL && i < health->domains->len; i++)
        if (((PstHealthRow *)health->domains->pdata[i])->fresh == PST_TRI_YES)
            return TRUE;
    return FALSE;
}
