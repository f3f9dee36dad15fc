// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/timeline.h"

#include "host-sidecar/causes.h"
#include "protocol/json.h"
#include "protocol/record-event.h"
#include "protocol/report-host.h"
#include "protocol/report-journal.h"
#include "protocol/report-system.h"

#define MS G_GINT64_CONSTANT(1000)
/* syslog's err. */
#define MAX_PRIORITY 3
/* Of the groups of a journal, which has the most urgent first. */
#define MAX_JOURNAL 60
/* What is seen so soon after it happened needs no two dates. */
#define EXACT_US (2 * G_USEC_PER_SEC)
/* A century: more is no uptime, and its microseconds would not fit. */
#define MAX_UPTIME_S (G_GINT64_CONSTANT(100) * 366 * 86400)

static void
free_event(gpointer data)
{
    PstTimelineEvent *event = data;

    g_free(event->text);
    g_free(event);
}

/* Takes TEXT over. */
static PstTimelineEvent *
add(GPtrArray *events, PstTimelineSide side, const char *source, PstSeverity severity,
    gint64 moment_us, char *text)
{
    PstTimelineEvent *event = g_new0(PstTimelineEvent, 1);

    event->moment_us = moment_us;
    event->side = side;
    event->severity = severity;
    event->source = source;
    event->text = text;
    event->count = 1;
    g_ptr_array_add(events, event);
    return event;
}

static const char *
string_of(JsonObject *body, const char *name)
{
    const char *value = "";

    pst_json_get_string(body, name, PST_JSON_NULLABLE, &value, NULL);
    return value;
}

static PstSeverity
severity_of(const char *status)
{
    for (int i = 0; pst_report_status_names[i] != NULL; i++)
        if (g_str_equal(pst_report_status_names[i], status))
            return (PstSeverity)i;
    return PST_SEVERITY_INFORMATION;
}

/* That the recorder looked, and nothing had happened, or that it looks again. */
static gboolean
is_quiet(const char *event)
{
    return g_str_equal(event, pst_record_event_names[PST_EVENT_UNCHANGED]) ||
           g_str_equal(event, pst_record_event_names[PST_EVENT_LOOKS_RESUMED]);
}

static void
add_record(GPtrArray *events, const PstRecord *record, gint64 moment_us)
{
    PstSeverity severity = PST_SEVERITY_INFORMATION;
    g_autofree char *words = pst_volume_records_words(record);

    if (record->kind == PST_RECORD_EVENT && !is_quiet(string_of(record->body, "event")))
        severity = PST_SEVERITY_WARNING;
    else if (record->kind == PST_RECORD_REPORT)
        severity = severity_of(string_of(record->body, "status"));
    add(events, PST_TIMELINE_GUEST, "record", severity, moment_us,
        g_strconcat(record->kind == PST_RECORD_BOOT ? "the shim began to record: " : "", words,
                    NULL));
}

static gboolean
is_well(const PstRecord *record)
{
    return severity_of(string_of(record->body, "status")) <= PST_SEVERITY_INFORMATION;
}

/* What was well at a boot is no event, and what is well again is one: a GArray of gboolean. */
static GArray *
find_news(const GPtrArray *records)
{
    GArray *news = g_array_sized_new(FALSE, TRUE, sizeof(gboolean), records->len);
    g_autoptr(GHashTable) ill = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < records->len; i++) {
        const PstRecord *record = records->pdata[i];
        gboolean told = TRUE;

        if (record->kind == PST_RECORD_REPORT) {
            char *question = g_strdup_printf("%s %s", string_of(record->body, "probe"),
                                             record->user != NULL ? record->user : "");
            told = !is_well(record) || g_hash_table_contains(ill, question);
            if (is_well(record)) {
                g_hash_table_remove(ill, question);
                g_free(question);
            } else {
                g_hash_table_add(ill, question);
            }
        }
        g_array_append_val(news, told);
    }
    return news;
}

/* What a revert has undone was so once, and what another domain wrote to this one's file never:
 * both are no part of how the guest came to where it is. */
static void
mark(PstTimelineEvent *event, const char *of, const char *whose)
{
    g_autofree char *text = event->text;

    event->text = g_strconcat(of, whose, ": ", text, NULL);
    event->severity = PST_SEVERITY_INFORMATION;
}

static void
mark_other(PstTimelineEvent *event, const PstRecord *record)
{
    gboolean named = record->domain != NULL && *record->domain != '\0';

    mark(event, named ? "of the domain " : "of another machine", named ? record->domain : "");
}

static void
add_records(GPtrArray *events, const PstTimelineSources *sources)
{
    const PstVolumeRecords *records = sources->records;
    guint told = 0;

    if (records == NULL)
        return;
    g_autoptr(GHashTable) others = pst_volume_records_others(records, sources->domain);
    g_autoptr(GHashTable) live = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < records->live->len; i++)
        g_hash_table_add(live, records->live->pdata[i]);

    g_autoptr(GArray) news = find_news(records->records);
    for (guint i = records->records->len; i > 0 && told < PST_TIMELINE_MAX; i--) {
        const PstRecord *record = records->records->pdata[i - 1];

        if (!g_array_index(news, gboolean, i - 1))
            continue;
        gint64 age_us = pst_volume_records_age_us(records, record, sources->now_us);
        add_record(events, record, sources->now_us - age_us);
        if (g_hash_table_contains(others, record))
            mark_other(events->pdata[events->len - 1], record);
        if (!g_hash_table_contains(live, record))
            mark(events->pdata[events->len - 1], "undone by a revert", "");
        told++;
    }
}

/* A moment of the guest's clock, told in an answer, on the host's. */
static gboolean
moment_of(const PstTimelineSources *sources, const PstAnswer *answer, gint64 guest_us,
          gint64 *moment_us)
{
    if (answer->report->realtime_us == PST_INT_UNKNOWN || guest_us == PST_INT_UNKNOWN)
        return FALSE;
    /* What a guest dates later than its own report was, by that report. */
    *moment_us =
        sources->now_us - answer->age_ms * MS - MAX(answer->report->realtime_us - guest_us, 0);
    return TRUE;
}

static void
add_journal(GPtrArray *events, const PstTimelineSources *sources, const PstAnswer *answer)
{
    const PstJournalData *data = answer->report->data;

    for (guint i = 0; data->groups != NULL && i < data->groups->len && i < MAX_JOURNAL; i++) {
        const PstJournalGroup *group = data->groups->pdata[i];
        gint64 moment_us = 0;

        if (group->priority > MAX_PRIORITY || group->message == NULL ||
            !moment_of(sources, answer, group->last_us, &moment_us))
            continue;
        PstTimelineEvent *event =
            add(events, PST_TIMELINE_GUEST, "journal", PST_SEVERITY_WARNING, moment_us,
                g_strdup_printf("%s: %s", group->identifier != NULL ? group->identifier : "?",
                                group->message));
        event->count = (guint)CLAMP(group->count, 1, G_MAXINT);
    }
}

static void
add_kernel_start(GPtrArray *events, const PstTimelineSources *sources, const PstAnswer *answer)
{
    const PstSystemData *data = answer->report->data;

    if (data->uptime_s > 0 && data->uptime_s < MAX_UPTIME_S)
        add(events, PST_TIMELINE_GUEST, "kernel", PST_SEVERITY_INFORMATION,
            sources->now_us - answer->age_ms * MS - data->uptime_s * G_USEC_PER_SEC,
            g_strdup("the kernel started, by its uptime"));
}

static void
add_files(GPtrArray *events, const PstTimelineSources *sources)
{
    g_autoptr(GArray) causes = pst_causes_order(sources->answers, sources->n);

    for (guint i = 0; i < causes->len; i++) {
        const PstCause *cause = &g_array_index(causes, PstCause, i);
        const PstEvidence *evidence = cause->finding->evidence;

        if (cause->dating.age_us == PST_INT_UNKNOWN || cause->dating.age_us < 0)
            continue;
        add(events, PST_TIMELINE_GUEST, "file", (PstSeverity)cause->finding->severity,
            sources->now_us - cause->dating.age_us,
            g_strdup_printf("%s changed; now: %s",
                            evidence != NULL && evidence->path != NULL ? evidence->path : "a file",
                            cause->finding->message));
    }
}

static void
add_console(GPtrArray *events, const PstTimelineSources *sources, const PstHostConsole *console)
{
    gint64 moment_us = sources->now_us - console->age_ms * MS;

    if (console->age_ms == PST_INT_UNKNOWN)
        return;
    /* One that the guest outlived is perhaps of a run long ago. */
    if (console->panic != NULL)
        add(events, PST_TIMELINE_HOST, "console",
            console->went_on == PST_TRI_YES ? PST_SEVERITY_WARNING : PST_SEVERITY_CRITICAL,
            moment_us, g_strdup_printf("no later than this: %s", console->panic));
    else
        add(events, PST_TIMELINE_HOST, "console", PST_SEVERITY_INFORMATION, moment_us,
            g_strdup("the console's log last grew"));
}

static char *
date_text(gint64 us)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);

    return utc != NULL ? g_date_time_format(utc, "%F %T UTC") : g_strdup("?");
}

/* It stands where it was seen; how long before that it can have been is said. */
static char *
lifecycle_text(const PstHostLifecycle *row)
{
    gboolean known = row->before_us != PST_INT_UNKNOWN;
    gboolean exact = known && row->seen_us - row->before_us < EXACT_US;
    g_autofree char *before = known && !exact ? date_text(row->before_us) : NULL;
    g_autofree char *seen = before != NULL ? date_text(row->seen_us) : NULL;
    g_autoptr(GString) text = g_string_new("the domain ");

    g_string_append_printf(text, "%s %s", known ? "became" : "was seen", row->state);
    if (row->reason != NULL)
        g_string_append_printf(text, " (%s)", row->reason);
    if (row->restarted == PST_TRI_YES)
        g_string_append(text, ", anew: it was off before");
    if (before != NULL)
        g_string_append_printf(text, ", between %s and %s: nobody looked meanwhile", before, seen);
    else if (!known)
        g_string_append(text, "; since when is not known");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
add_lifecycle(GPtrArray *events, const PstHostData *data)
{
    for (guint i = data->lifecycle != NULL ? data->lifecycle->len : 0; i > 0; i--) {
        const PstHostLifecycle *row = data->lifecycle->pdata[i - 1];

        if (row->state != NULL && row->seen_us != PST_INT_UNKNOWN)
            add(events, PST_TIMELINE_HOST, "domain", PST_SEVERITY_INFORMATION, row->seen_us,
                lifecycle_text(row));
    }
}

static void
add_host(GPtrArray *events, const PstTimelineSources *sources, const PstAnswer *answer)
{
    const PstHostData *data = answer->report->data;

    if (data->state != NULL)
        add(events, PST_TIMELINE_HOST, "domain", (PstSeverity)answer->report->status,
            sources->now_us - answer->age_ms * MS,
            g_strdup_printf("the domain is %s%s%s%s", data->state, data->reason != NULL ? " (" : "",
                            data->reason != NULL ? data->reason : "",
                            data->reason != NULL ? ")" : ""));
    if (data->job != NULL && data->job->operation != NULL &&
        data->job->running_ms != PST_INT_UNKNOWN)
        add(events, PST_TIMELINE_HOST, "domain", PST_SEVERITY_WARNING,
            sources->now_us - data->job->running_ms * MS,
            g_strdup_printf("libvirt began a job: %s", data->job->operation));
    if (data->console != NULL)
        add_console(events, sources, data->console);
    add_lifecycle(events, data);
}

static void
add_answer(GPtrArray *events, const PstTimelineSources *sources, const PstAnswer *answer)
{
    if (answer->report == NULL || answer->report->data == NULL)
        return;
    if (answer->report->kind == &pst_report_journal_kind)
        add_journal(events, sources, answer);
    else if (answer->report->kind == &pst_report_system_kind)
        add_kernel_start(events, sources, answer);
    else if (answer->report->kind == &pst_report_host_kind)
        add_host(events, sources, answer);
}

static gint
newest_first(gconstpointer a, gconstpointer b)
{
    const PstTimelineEvent *one = *(PstTimelineEvent *const *)a;
    const PstTimelineEvent *other = *(PstTimelineEvent *const *)b;

    return one->moment_us < other->moment_us ? 1 : one->moment_us > other->moment_us ? -1 : 0;
}

/* A guest that says the same a thousand times says it once, with the number. */
static GPtrArray *
put_together(GPtrArray *events)
{
    GPtrArray *together = g_ptr_array_new_with_free_func(free_event);
    PstTimelineEvent *last = NULL;

    for (guint i = 0; i < events->len; i++) {
        PstTimelineEvent *event = events->pdata[i];

        if (last != NULL && last->side == event->side && g_str_equal(last->source, event->source) &&
            g_str_equal(last->text, event->text)) {
            last->count += MIN(event->count, G_MAXINT - last->count);
            free_event(event);
        } else if (together->len < PST_TIMELINE_MAX) {
            g_ptr_array_add(together, last = event);
        } else {
            free_event(event);
        }
    }
    g_ptr_array_unref(events);
    return together;
}

GPtrArray *
pst_timeline_build(const PstTimelineSources *sources)
{
    GPtrArray *events = g_ptr_array_new();

    add(events, PST_TIMELINE_HOST, "postern", PST_SEVERITY_INFORMATION, sources->begun_us,
        g_strdup("this bundle was begun"));
    if (sources->interrupted != NULL)
        add(events, PST_TIMELINE_HOST, "postern", PST_SEVERITY_WARNING, sources->now_us,
            g_strdup_printf("this bundle was interrupted by %s", sources->interrupted));
    add_records(events, sources);
    add_files(events, sources);
    for (guint i = 0; i < sources->n; i++)
        add_answer(events, sources, sources->answers[i]);
    g_ptr_array_sort(events, newest_first);
    return put_together(events);
}
