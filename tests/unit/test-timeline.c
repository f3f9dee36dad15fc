// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/timeline.h"
#include "protocol/report-host.h"
#include "protocol/report-journal.h"
#include "protocol/report-system.h"
#include "tests/unit/make-report.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
/* The guest's clock is decades slow. */
#define GUEST_NOW (500 * SECOND)

static PstAnswer *
answer_of(const PstReportKind *kind)
{
    PstAnswer *answer = pst_answer_new("web", kind->name, NULL);

    answer->report = pst_report_new(kind);
    answer->report->realtime_us = GUEST_NOW;
    answer->via = PST_VIA_CHANNEL;
    pst_report_conclude(answer->report, "sound");
    return answer;
}

static const PstTimelineEvent *
find(const GPtrArray *events, const char *text)
{
    for (guint i = 0; i < events->len; i++)
        if (strstr(((PstTimelineEvent *)events->pdata[i])->text, text) != NULL)
            return events->pdata[i];
    return NULL;
}

static void
assert_event(const GPtrArray *events, const char *text, PstTimelineSide side, gint64 moment_us)
{
    const PstTimelineEvent *event = find(events, text);

    g_assert_nonnull(event);
    g_assert_cmpint(event->side, ==, side);
    g_assert_cmpint(event->moment_us, ==, moment_us);
}

static void
add_line(PstJournalData *data, const char *message, gint64 last_us, gint64 priority, gint64 count)
{
    PstJournalGroup *group = pst_fields_append(&pst_report_journal_group_fields, &data->groups);

    group->message = g_strdup(message);
    group->identifier = g_strdup("sshd");
    group->last_us = last_us;
    group->priority = priority;
    group->count = count;
}

static void
test_sides(void)
{
    g_autoptr(PstAnswer) system = answer_of(&pst_report_system_kind);
    g_autoptr(PstAnswer) journal = answer_of(&pst_report_journal_kind);
    g_autoptr(PstAnswer) host = answer_of(&pst_report_host_kind);
    PstAnswer *answers[] = {system, journal, host};
    const PstTimelineSources sources = {answers, 3, NULL, "web", NOW - SECOND, NOW, "SIGINT"};
    PstHostData *data = host->report->data;

    ((PstSystemData *)system->report->data)->uptime_s = 100;
    system->age_ms = 5000;
    add_line(journal->report->data, "no room", GUEST_NOW - 7 * SECOND, 3, 4);
    add_line(journal->report->data, "later than now", GUEST_NOW + 70 * SECOND, 2, 1);
    add_line(journal->report->data, "not urgent", GUEST_NOW - 7 * SECOND, 4, 1);
    data->state = g_strdup("crashed");
    data->reason = g_strdup("panicked");
    data->console = pst_fields_new(&pst_report_host_console_fields);
    data->console->age_ms = 30000;
    data->console->panic = g_strdup("Kernel panic");

    g_autoptr(GPtrArray) events = pst_timeline_build(&sources);
    assert_event(events, "the kernel started", PST_TIMELINE_GUEST, NOW - 105 * SECOND);
    assert_event(events, "sshd: no room", PST_TIMELINE_GUEST, NOW - 7 * SECOND);
    assert_event(events, "later than now", PST_TIMELINE_GUEST, NOW);
    assert_event(events, "crashed (panicked)", PST_TIMELINE_HOST, NOW);
    assert_event(events, "Kernel panic", PST_TIMELINE_HOST, NOW - 30 * SECOND);
    g_assert_cmpint(find(events, "Kernel panic")->severity, ==, PST_SEVERITY_CRITICAL);
    assert_event(events, "was begun", PST_TIMELINE_HOST, NOW - SECOND);
    assert_event(events, "interrupted by SIGINT", PST_TIMELINE_HOST, NOW);
    data->console->went_on = PST_TRI_YES;
    g_autoptr(GPtrArray) outlived = pst_timeline_build(&sources);
    g_assert_cmpint(find(outlived, "Kernel panic")->severity, ==, PST_SEVERITY_WARNING);
    g_assert_null(find(events, "not urgent"));
    g_assert_cmpuint(find(events, "no room")->count, ==, 4);
    for (guint i = 1; i < events->len; i++)
        g_assert_cmpint(((PstTimelineEvent *)events->pdata[i - 1])->moment_us, >=,
                        ((PstTimelineEvent *)events->pdata[i])->moment_us);
}

static void
add_state(PstHostData *data, const char *state, const char *reason, gint64 seen_us,
          gint64 before_us)
{
    PstHostLifecycle *row = pst_fields_append(&pst_report_host_lifecycle_fields, &data->lifecycle);

    row->state = g_strdup(state);
    row->reason = g_strdup(reason);
    row->age_ms = (NOW - seen_us) / 1000;
    row->seen_us = seen_us;
    row->before_us = before_us;
}

/* How exactly it is known when a state began is said, and nothing more exactly than it is. */
static void
test_lifecycle(void)
{
    g_autoptr(PstAnswer) host = answer_of(&pst_report_host_kind);
    PstAnswer *answers[] = {host};
    const PstTimelineSources sources = {answers, 1, NULL, "web", NOW, NOW, NULL};
    PstHostData *data = host->report->data;

    add_state(data, "running", "booted", NOW - 900 * SECOND, PST_INT_UNKNOWN);
    add_state(data, "paused", "by somebody", NOW - 600 * SECOND, NOW - 601 * SECOND);
    add_state(data, "running", "unpaused", NOW - 600 * SECOND, NOW - 600 * SECOND);
    add_state(data, "running", "restored", NOW - 60 * SECOND, NOW - 360 * SECOND);
    ((PstHostLifecycle *)data->lifecycle->pdata[3])->restarted = PST_TRI_YES;
    pst_fields_append(&pst_report_host_lifecycle_fields, &data->lifecycle);

    g_autoptr(GPtrArray) events = pst_timeline_build(&sources);
    assert_event(events, "the domain was seen running (booted); since when is not known",
                 PST_TIMELINE_HOST, NOW - 900 * SECOND);
    const PstTimelineEvent *paused = find(events, "became paused");
    const PstTimelineEvent *resumed = find(events, "unpaused");
    g_assert_cmpstr(paused->text, ==, "the domain became paused (by somebody)");
    g_assert_cmpstr(resumed->text, ==, "the domain became running (unpaused)");
    assert_event(events,
                 "the domain became running (restored), anew: it was off before, between "
                 "2027-01-15 07:54:00 UTC and 2027-01-15 07:59:00 UTC: nobody looked meanwhile",
                 PST_TIMELINE_HOST, NOW - 60 * SECOND);
    /* Of one moment, the later one stands above. */
    for (guint i = 1; i < events->len; i++)
        if (events->pdata[i] == paused)
            g_assert_true(events->pdata[i - 1] == resumed);
}

static void
test_files(void)
{
    g_autoptr(PstAnswer) network = pst_answer_new("web", "network", NULL);
    PstAnswer *answers[] = {network};
    const PstTimelineSources sources = {answers, 1, NULL, "web", NOW, NOW, NULL};

    network->report = make_report(PST_SEVERITY_CRITICAL, "network.no-link", "it is gone");
    network->report->realtime_us = GUEST_NOW;
    PstEvidence *evidence = ((PstFinding *)network->report->findings->pdata[0])->evidence;
    evidence->path = g_strdup("/etc/net");
    evidence->changed_us = GUEST_NOW - 60 * SECOND;
    g_autoptr(GPtrArray) events = pst_timeline_build(&sources);
    assert_event(events, "/etc/net changed; now: it is gone", PST_TIMELINE_GUEST,
                 NOW - 60 * SECOND);
}

static guint
count(const GPtrArray *events, const char *words)
{
    guint n = 0;

    for (guint i = 0; i < events->len; i++)
        n += strstr(((const PstTimelineEvent *)events->pdata[i])->text, words) != NULL;
    return n;
}

static void
free_record(gpointer record)
{
    pst_record_free(record);
}

static void
add_record(GPtrArray *records, PstRecordKind kind, gint64 boottime_us, const char *name,
           const char *value, const char *status)
{
    PstRecord *record = g_new0(PstRecord, 1);

    record->seq = records->len + 1;
    record->boot_id = g_strdup("1");
    record->machine_id = g_strdup("m");
    record->boottime_us = boottime_us;
    record->realtime_us = boottime_us;
    record->kind = kind;
    record->body = json_object_new();
    json_object_set_string_member(record->body, name, value);
    json_object_set_string_member(record->body, "status", status);
    json_object_set_string_member(record->body, "message", "again");
    g_ptr_array_add(records, record);
}

/* What a revert has undone is marked, and accuses nobody. */
static void
test_undone(void)
{
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);
    const PstRecordCounters counters = {0, 0, 0};

    add_record(records, PST_RECORD_REPORT, 20 * SECOND, "probe", "pam", "critical");
    add_record(records, PST_RECORD_REPORT, 40 * SECOND, "probe", "sudo", "critical");
    add_record(records, PST_RECORD_REPORT, 30 * SECOND, "probe", "ssh", "critical");
    g_autoptr(PstVolumeRecords) volume = pst_volume_records_new(records, &counters, NOW, 1);
    const PstTimelineSources sources = {NULL, 0, volume, "web", NOW, NOW, NULL};
    g_autoptr(GPtrArray) events = pst_timeline_build(&sources);

    g_assert_cmpint(find(events, "undone by a revert: sudo")->severity, ==,
                    PST_SEVERITY_INFORMATION);
    g_assert_cmpint(find(events, "pam")->severity, ==, PST_SEVERITY_CRITICAL);
    g_assert_false(g_str_has_prefix(find(events, "pam")->text, "undone"));
    g_assert_false(g_str_has_prefix(find(events, "ssh")->text, "undone"));
}

/* What a copy wrote to the original's file is told as the copy's, and accuses nobody. */
static void
test_others(void)
{
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);
    const PstRecordCounters counters = {0, 0, 0};
    static const struct {
        const char *probe, *boot_id, *machine_id, *domain;
    } rows[] = {
        {"pam", "1", "m", "web"},
        {"sudo", "2", "m", "copy"},
        {"ssh", "3", "x", NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        add_record(records, PST_RECORD_REPORT, 20 * SECOND, "probe", rows[i].probe, "critical");
        PstRecord *record = records->pdata[i];
        g_free(record->boot_id);
        record->boot_id = g_strdup(rows[i].boot_id);
        g_free(record->machine_id);
        record->machine_id = g_strdup(rows[i].machine_id);
        record->domain = g_strdup(rows[i].domain);
    }
    g_autoptr(PstVolumeRecords) volume = pst_volume_records_new(records, &counters, NOW, 1);
    const PstTimelineSources sources = {NULL, 0, volume, "web", NOW, NOW, NULL};
    g_autoptr(GPtrArray) events = pst_timeline_build(&sources);

    g_assert_true(g_str_has_prefix(find(events, "pam")->text, "pam"));
    g_assert_cmpint(find(events, "pam")->severity, ==, PST_SEVERITY_CRITICAL);
    g_assert_cmpint(find(events, "of the domain copy: sudo")->severity, ==,
                    PST_SEVERITY_INFORMATION);
    g_assert_cmpint(find(events, "of another machine: ssh")->severity, ==,
                    PST_SEVERITY_INFORMATION);
}

/* What was well is no news, and a flood of one and the same is one line. */
static void
test_records(void)
{
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);
    const PstRecordCounters counters = {0, 0, 0};

    add_record(records, PST_RECORD_BOOT, 1 * SECOND, "shim", "0.1", "");
    add_record(records, PST_RECORD_REPORT, 2 * SECOND, "probe", "pam", "ok");
    add_record(records, PST_RECORD_REPORT, 3 * SECOND, "probe", "sudo", "critical");
    add_record(records, PST_RECORD_REPORT, 3 * SECOND, "probe", "ssh", "unknown");
    add_record(records, PST_RECORD_REPORT, 3 * SECOND, "probe", "network", "unknown");
    ((PstRecord *)records->pdata[4])->user = g_strdup("deploy");
    for (guint i = 0; i < 5000; i++)
        add_record(records, PST_RECORD_EVENT, 4 * SECOND, "event", "oom", "");
    /* What is well again is news, once, and only of what was not well. */
    add_record(records, PST_RECORD_REPORT, 5 * SECOND, "probe", "ssh", "ok");
    json_object_set_string_member(((PstRecord *)records->pdata[records->len - 1])->body, "summary",
                                  "it runs");
    add_record(records, PST_RECORD_REPORT, 7 * SECOND, "probe", "ssh", "ok");
    add_record(records, PST_RECORD_REPORT, 7 * SECOND, "probe", "network", "ok");
    add_record(records, PST_RECORD_SHUTDOWN, 10 * SECOND, "x", "y", "");
    g_autoptr(PstVolumeRecords) volume = pst_volume_records_new(records, &counters, NOW, 1);
    const PstTimelineSources sources = {NULL, 0, volume, "web", NOW, NOW, NULL};

    g_autoptr(GPtrArray) events = pst_timeline_build(&sources);
    assert_event(events, "told to end", PST_TIMELINE_GUEST, NOW);
    assert_event(events, "oom", PST_TIMELINE_GUEST, NOW - 6 * SECOND);
    g_assert_cmpuint(find(events, "oom")->count, >, 1);
    g_assert_cmpuint(events->len, <=, PST_TIMELINE_MAX);
    g_assert_null(find(events, "pam"));
    assert_event(events, "ssh: it runs", PST_TIMELINE_GUEST, NOW - 5 * SECOND);
    g_assert_cmpuint(count(events, "ssh: "), ==, 1);
    g_assert_null(find(events, "network"));
}

static void
test_records_few(void)
{
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);
    const PstRecordCounters counters = {0, 0, 0};

    add_record(records, PST_RECORD_BOOT, 1 * SECOND, "shim", "0.1", "");
    json_object_set_boolean_member(((PstRecord *)records->pdata[0])->body, "initramfs", TRUE);
    add_record(records, PST_RECORD_REPORT, 3 * SECOND, "probe", "sudo", "critical");
    add_record(records, PST_RECORD_EVENT, 3 * SECOND, "event", "unit-failed", "");
    json_object_set_string_member(((PstRecord *)records->pdata[2])->body, "unit", "sshd.service");
    add_record(records, PST_RECORD_EVENT, 3 * SECOND, "event", "unchanged", "");
    add_record(records, PST_RECORD_EVENT, 3 * SECOND, "event", "oom-kill", "");
    add_record(records, PST_RECORD_EVENT, 3 * SECOND, "event", "looks-suspended", "");
    add_record(records, PST_RECORD_EVENT, 3 * SECOND, "event", "looks-resumed", "");
    g_autoptr(PstVolumeRecords) volume = pst_volume_records_new(records, &counters, NOW, 1);
    const PstTimelineSources sources = {NULL, 0, volume, "web", NOW, NOW, NULL};
    g_autoptr(GPtrArray) events = pst_timeline_build(&sources);
    assert_event(events, "postern-shim 0.1", PST_TIMELINE_GUEST, NOW - 2 * SECOND);
    assert_event(events, "sudo: ", PST_TIMELINE_GUEST, NOW);
    assert_event(events, "the shim began to record: postern-shim 0.1, in the initramfs",
                 PST_TIMELINE_GUEST, NOW - 2 * SECOND);
    assert_event(events, "unit-failed: sshd.service: again", PST_TIMELINE_GUEST, NOW);
    g_assert_cmpint(find(events, "sudo: ")->severity, ==, PST_SEVERITY_CRITICAL);
    g_assert_cmpint(find(events, "oom-kill")->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpint(find(events, "unchanged")->severity, ==, PST_SEVERITY_INFORMATION);
    g_assert_cmpint(find(events, "looks-suspended")->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpint(find(events, "looks-resumed")->severity, ==, PST_SEVERITY_INFORMATION);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timeline/sides", test_sides);
    g_test_add_func("/timeline/lifecycle", test_lifecycle);
    g_test_add_func("/timeline/files", test_files);
    g_test_add_func("/timeline/records", test_records);
    g_test_add_func("/timeline/undone", test_undone);
    g_test_add_func("/timeline/others", test_others);
    g_test_add_func("/timeline/records-few", test_records_few);
    return g_test_run();
}
