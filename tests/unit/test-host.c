// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/host-judge.h"
#include "host-sidecar/host-xml.h"
#include "host-sidecar/recorder-judge.h"
#include "protocol/error.h"
#include "protocol/finding-catalogue.h"
#include "tests/unit/find-finding.h"

/* What the host saw of a guest with two processors, and what follows. Numbers are milliseconds
 * and percent; a negative number is not known. */
typedef struct {
    const char *name;
    const char *state, *reason;
    PstTri asked, answered;
    gint64 watched_ms;
    gint64 progress_ms[2], busy_percent[2];
    gint64 disk_requests;
    const char *panic;
    gboolean certain;
    const char *finding; /* NULL: none */
    PstSeverity severity;
} Row;

#define YES PST_TRI_YES
#define NO PST_TRI_NO
#define OPEN PST_TRI_UNKNOWN

// clang-format off
static const Row rows[] = {
    {"well", "running", "booted", OPEN, OPEN, 1000, {90, 0}, {9, 0}, 3, NULL,
     FALSE, NULL, 0},
    {"answers", "running", "booted", YES, YES, 3000, {2990, 0}, {99, 0}, 0, NULL,
     FALSE, NULL, 0},
    {"answers, with an old panic on its console", "running", "booted", YES, YES, 3000, {9, 0},
     {0, 0}, 0, "Kernel panic - not syncing: x", FALSE, NULL, 0},
    {"one spins, one is stopped", "running", "booted", YES, NO, 3000, {2900, 0}, {97, 0}, 0, NULL,
     TRUE, "host.spins", PST_SEVERITY_CRITICAL},
    {"both spin", "running", "booted", YES, NO, 3000, {2900, 2800}, {97, 93}, 0, NULL,
     TRUE, "host.spins", PST_SEVERITY_CRITICAL},
    {"one spins, the other works", "running", "booted", YES, NO, 3000, {2900, 400}, {97, 13}, 0,
     NULL, FALSE, "host.no-answer", PST_SEVERITY_UNKNOWN},
    {"busy, and its disk is used", "running", "booted", YES, NO, 3000, {2900, 0}, {97, 0}, 1, NULL,
     FALSE, "host.no-answer", PST_SEVERITY_UNKNOWN},
    {"busy, of its disk nothing is known", "running", "booted", YES, NO, 3000, {2900, 0}, {97, 0},
     -1, NULL, FALSE, "host.no-answer", PST_SEVERITY_UNKNOWN},
    {"spins, watched too shortly", "running", "booted", YES, NO, 900, {900, 0}, {99, 0}, 0, NULL,
     FALSE, "host.no-answer", PST_SEVERITY_UNKNOWN},
    {"uses no processor, as an idle one", "running", "booted", YES, NO, 3000, {0, 0}, {0, 0}, 0,
     NULL, FALSE, "host.no-answer", PST_SEVERITY_UNKNOWN},
    {"stands still, and was not asked", "running", "booted", NO, NO, 3000, {0, 0}, {0, 0}, 0, NULL,
     FALSE, "host.nobody-listens", PST_SEVERITY_UNKNOWN},
    {"of its processors nothing is known", "running", "booted", YES, NO, 3000, {-1, -1}, {-1, -1},
     0, NULL, FALSE, "host.no-answer", PST_SEVERITY_UNKNOWN},
    {"a panic on its console, silent", "running", "booted", YES, NO, 3000, {2000, 0}, {60, 0}, 0,
     "Kernel panic - not syncing: x", TRUE, "host.panicked", PST_SEVERITY_CRITICAL},
    {"the same, not watched yet", "running", "booted", YES, OPEN, -1, {-1, -1}, {-1, -1}, 0,
     "Kernel panic - not syncing: x", FALSE, NULL, 0},
    {"the same, and others have the turn", "running", "booted", OPEN, OPEN, 3000, {0, 0}, {0, 0},
     0, "Kernel panic - not syncing: x", FALSE, "host.panic-on-console", PST_SEVERITY_WARNING},
    {"stands still, and others have the turn", "running", "booted", OPEN, OPEN, 3000, {0, 0},
     {0, 0}, 0, NULL, FALSE, NULL, 0},
    {"waits for the host's processors", "running", "booted", YES, NO, 3000, {150, 0}, {100, 0}, 0,
     NULL, FALSE, "host.starved", PST_SEVERITY_UNKNOWN},
    {"spins, and shares the host's", "running", "booted", YES, NO, 3000, {1500, 0}, {100, 0}, 0,
     NULL, TRUE, "host.spins", PST_SEVERITY_CRITICAL},
    {"a panic on its console, and its disk is used", "running", "booted", YES, NO, 3000, {2000, 0},
     {60, 0}, 1, "Kernel panic - not syncing: x", FALSE, "host.panic-on-console",
     PST_SEVERITY_WARNING},
    {"a panic, silent, of its disk nothing is known", "running", "booted", YES, NO, 3000, {2000, 0},
     {60, 0}, -1, "Kernel panic - not syncing: x", TRUE, "host.panicked", PST_SEVERITY_CRITICAL},
    {"the same, nobody to ask", "running", "booted", NO, NO, 3000, {2900, 0}, {97, 0}, -1,
     "Kernel panic - not syncing: x", FALSE, "host.panic-on-console", PST_SEVERITY_WARNING},
    {"a panic, nobody to ask, not watched", "running", "booted", NO, NO, -1, {-1, -1}, {-1, -1}, 0,
     "Kernel panic - not syncing: x", FALSE, "host.panic-on-console", PST_SEVERITY_WARNING},
    {"a panic, nobody to ask, watched too shortly", "running", "booted", NO, NO, 1000, {9, 0},
     {0, 0}, 0, "Kernel panic - not syncing: x", FALSE, "host.panic-on-console",
     PST_SEVERITY_WARNING},
    {"a panic, nobody to ask, it idles", "running", "booted", NO, NO, 3000, {20, 20}, {1, 1}, 0,
     "Kernel panic - not syncing: x", FALSE, "host.panic-on-console", PST_SEVERITY_WARNING},
    {"a panic, nobody to ask, one starts and uses its disk", "running", "booted", NO, NO, 3000,
     {2900, 0}, {97, 0}, 7, "Kernel panic - not syncing: x", FALSE, "host.panic-on-console",
     PST_SEVERITY_WARNING},
    {"a panic, nobody to ask, one spins, the other works", "running", "booted", NO, NO, 3000,
     {2900, 400}, {97, 13}, 0, "Kernel panic - not syncing: x", FALSE, "host.panic-on-console",
     PST_SEVERITY_WARNING},
    {"a panic, nobody to ask, it spins", "running", "booted", NO, NO, 3000, {2900, 0}, {97, 0}, 0,
     "Kernel panic - not syncing: x", TRUE, "host.panicked", PST_SEVERITY_CRITICAL},
    {"a panic, nobody to ask, it stands still", "running", "booted", NO, NO, 3000, {0, 0}, {0, 0},
     0, "Kernel panic - not syncing: x", FALSE, "host.panic-on-console", PST_SEVERITY_WARNING},
    {"panicked by libvirt's word", "crashed", "panicked", NO, OPEN, -1, {-1, -1}, {-1, -1}, 0, NULL,
     TRUE, "host.panicked", PST_SEVERITY_CRITICAL},
    {"paused where it panicked", "paused", "panicked", NO, OPEN, -1, {-1, -1}, {-1, -1}, 0, NULL,
     TRUE, "host.panicked", PST_SEVERITY_CRITICAL},
    {"crashed otherwise", "crashed", NULL, NO, OPEN, -1, {-1, -1}, {-1, -1}, 0, NULL,
     TRUE, "host.crashed", PST_SEVERITY_CRITICAL},
    {"crashed, and destroyed for it", "off", "crashed", NO, OPEN, -1, {-1, -1}, {-1, -1}, 0, NULL,
     TRUE, "host.crashed", PST_SEVERITY_CRITICAL},
    {"the same, with the panic on its console", "off", "crashed", NO, OPEN, -1, {-1, -1}, {-1, -1},
     0, "Kernel panic - not syncing: x", TRUE, "host.crashed", PST_SEVERITY_CRITICAL},
    {"paused", "paused", "by somebody", NO, OPEN, -1, {-1, -1}, {-1, -1}, 0, NULL,
     TRUE, "host.paused", PST_SEVERITY_UNKNOWN},
    {"paused at its storage", "paused", "I/O error", NO, OPEN, -1, {-1, -1}, {-1, -1}, 0, NULL,
     TRUE, "host.io-error", PST_SEVERITY_CRITICAL},
    {"off", "off", "destroyed", NO, OPEN, -1, {-1, -1}, {-1, -1}, 0, NULL,
     TRUE, "host.not-running", PST_SEVERITY_UNKNOWN},
    {"off, with an old panic on its console", "off", "destroyed", NO, OPEN, -1, {-1, -1}, {-1, -1},
     0, "Kernel panic - not syncing: x", TRUE, "host.not-running", PST_SEVERITY_UNKNOWN},
};
// clang-format on

static gint64
known(gint64 number)
{
    return number < 0 ? PST_INT_UNKNOWN : number;
}

static PstReport *
report_of(const Row *row)
{
    PstReport *report = pst_report_new(&pst_report_host_kind);
    PstHostData *data = report->data;

    data->state = g_strdup(row->state);
    data->reason = g_strdup(row->reason);
    data->asked = row->asked;
    data->answered = row->answered;
    data->watched_ms = known(row->watched_ms);
    for (guint i = 0; i < 2; i++) {
        PstHostCpu *cpu = pst_fields_append(&pst_report_host_cpu_fields, &data->cpus);
        cpu->progress_ms = known(row->progress_ms[i]);
        cpu->busy_percent = known(row->busy_percent[i]);
    }
    PstHostDisk *disk = pst_fields_append(&pst_report_host_disk_fields, &data->disks);
    disk->progress = known(row->disk_requests);
    data->memory = pst_fields_new(&pst_report_host_memory_fields);
    if (row->panic != NULL) {
        data->console = pst_fields_new(&pst_report_host_console_fields);
        data->console->panic = g_strdup(row->panic);
    }
    return report;
}

/* Of a guest that may be well nobody is told to reset it. */
static void
check_harmless(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        g_assert_cmpint(finding->severity, <, PST_SEVERITY_CRITICAL);
        g_assert_null(strstr(finding->message, "reset"));
        g_assert_null(strstr(finding->remedy, "reset"));
    }
}

static void
test_judge(void)
{
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = report_of(&rows[i]);

        g_test_message("%s", rows[i].name);
        g_assert_cmpint(pst_host_judge_is_certain(report->data), ==, rows[i].certain);
        pst_host_judge(report, nothing);
        if (rows[i].finding == NULL) {
            g_assert_cmpuint(report->findings->len, ==, 0);
            g_assert_cmpint(report->status, ==, PST_STATUS_OK);
            continue;
        }
        const PstFinding *finding = find(report, rows[i].finding);
        g_assert_nonnull(finding);
        g_assert_cmpint(finding->severity, ==, rows[i].severity);
        g_assert_nonnull(finding->remedy);
        if (finding->severity == PST_SEVERITY_WARNING) {
            check_harmless(report);
            continue;
        }
        g_assert_cmpuint(report->findings->len, ==, 1);
        g_assert_cmpstr(report->summary, ==, finding->message);
    }
}

/* What goes on beside the guest's own state; and the last record, with the time between. */
static void
test_beside(void)
{
    const Row row = {"",   "running", "booted", YES, NO,
                     3000, {2900, 0}, {97, 0},  0,   "Kernel panic - not syncing: x",
                     TRUE, NULL,      0};
    g_autoptr(PstReport) report = report_of(&row);
    PstHostData *data = report->data;

    data->monitor = pst_fields_new(&pst_report_host_monitor_fields);
    data->monitor->state = g_strdup("occupied");
    data->monitor->for_ms = 4000;
    data->job = pst_fields_new(&pst_report_host_job_fields);
    data->job->operation = g_strdup("save");
    data->job->running_ms = 11000;
    ((PstHostDisk *)data->disks->pdata[0])->name = g_strdup("vda");
    ((PstHostDisk *)data->disks->pdata[0])->error = g_strdup("no-space");
    data->console->age_ms = 5000;
    data->last_record = pst_fields_new(&pst_report_host_record_fields);
    data->last_record->age_ms = 17500;
    data->last_record->text = g_strdup("services: none failed");
    g_autoptr(GPtrArray) not_told = g_ptr_array_new();
    g_ptr_array_add(not_told, (gpointer) "its job: no");
    pst_host_judge(report, not_told);
    g_assert_nonnull(find(report, "host.could-not-look"));
    g_assert_cmpstr(find(report, "host.panicked")->message, ==,
                    "the guest's kernel has panicked; its last record is 12.5 s older than the "
                    "console's last line");
    g_assert_cmpstr(find(report, "host.panicked")->evidence->text, ==, data->console->panic);
    g_assert_nonnull(find(report, "host.monitor-silent"));
    g_assert_nonnull(find(report, "host.job"));
    g_assert_nonnull(find(report, "host.disk-error"));
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
}

/* How long libvirt has been at something, and what, as far as it tells. */
static void
test_job(void)
{
    static const struct {
        const char *operation, *monitor;
        gint64 running_ms, for_ms;
        const char *message; /* NULL: none */
    } cases[] = {
        {"save", "ok", 11000, 20000, "libvirt has been at a save of the domain for 11 s"},
        {"save", "job", 11000, 20000, "libvirt has been at a save of the domain for 11 s"},
        {"save", "ok", 9000, 20000, NULL},
        {NULL, "job", 0, 20000,
         "another command has held the domain in libvirt for 20 s; libvirt does not say whose"},
        {NULL, "job", 0, 9000, NULL},
        {NULL, "job", 0, -1, NULL},
        {NULL, "ok", 0, 20000, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Row row = {.state = "running", .reason = "booted", .asked = OPEN, .answered = OPEN};
        g_autoptr(PstReport) report = report_of(&row);
        g_autoptr(GPtrArray) nothing = g_ptr_array_new();
        PstHostData *data = report->data;

        data->monitor = pst_fields_new(&pst_report_host_monitor_fields);
        data->monitor->state = g_strdup(cases[i].monitor);
        data->monitor->for_ms = known(cases[i].for_ms);
        if (cases[i].operation != NULL) {
            data->job = pst_fields_new(&pst_report_host_job_fields);
            data->job->operation = g_strdup(cases[i].operation);
            data->job->running_ms = cases[i].running_ms;
        }
        pst_host_judge(report, nothing);
        const PstFinding *finding = find(report, "host.job");
        g_test_message("%u", i);
        g_assert_cmpstr(finding != NULL ? finding->message : NULL, ==, cases[i].message);
        g_assert_cmpuint(report->findings->len, ==, cases[i].message != NULL);
    }
}

/* What came after a panic on the console belies it, of a silent guest as of one that nobody asks;
 * what came before does not. */
static void
test_panic_belied(void)
{
    static const struct {
        PstTri asked;
        gint64 record_ms, console_ms;
        PstTri went_on;
        gboolean certain;
        const char *message;
    } cases[] = {
        {YES, 17500, 5000, NO, TRUE, NULL},
        {NO, 17500, 5000, NO, TRUE, NULL},
        /* Both go through pipes: the order of one moment is not known. */
        {NO, 4500, 5000, NO, TRUE, NULL},
        {YES, 5000, 17500, NO, FALSE,
         "a panic stands on the console, which last grew 17 s ago; it is not the last thing that "
         "the guest did: its recorder has written since"},
        {NO, 5000, 17500, NO, FALSE,
         "a panic stands on the console, which last grew 17 s ago; it is not the last thing that "
         "the guest did: its recorder has written since"},
        {YES, 17500, 5000, YES, FALSE,
         "a panic stands on the console, which last grew 5 s ago; it is not the last thing that "
         "the guest did: other lines came after it"},
        {NO, 17500, 5000, YES, FALSE,
         "a panic stands on the console, which last grew 5 s ago; it is not the last thing that "
         "the guest did: other lines came after it"},
        {NO, 17500, -1, NO, TRUE, NULL},
        {YES, -1, 5000, NO, TRUE, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        /* One processor spins if nobody was asked; a silent guest need not. */
        const Row row = {"",
                         "running",
                         "booted",
                         cases[i].asked,
                         NO,
                         3000,
                         {cases[i].asked == NO ? 2900 : 2000, 0},
                         {cases[i].asked == NO ? 97 : 60, 0},
                         0,
                         "Kernel panic - not syncing: x",
                         TRUE,
                         NULL,
                         0};
        g_autoptr(PstReport) report = report_of(&row);
        g_autoptr(GPtrArray) nothing = g_ptr_array_new();
        PstHostData *data = report->data;

        g_test_message("%u", i);
        data->console->age_ms = known(cases[i].console_ms);
        data->console->went_on = cases[i].went_on;
        data->last_record = pst_fields_new(&pst_report_host_record_fields);
        data->last_record->age_ms = known(cases[i].record_ms);
        g_assert_cmpint(pst_host_judge_is_certain(data), ==, cases[i].certain);
        g_assert_cmpint(pst_host_judge_may_have_panicked(data), ==, cases[i].certain);
        pst_host_judge(report, nothing);
        g_assert_cmpint(find(report, "host.panicked") != NULL, ==, cases[i].certain);
        if (cases[i].certain)
            continue;
        const PstFinding *finding = find(report, "host.panic-on-console");
        g_assert_cmpstr(finding->message, ==, cases[i].message);
        g_assert_cmpstr(finding->evidence->text, ==, "Kernel panic - not syncing: x");
        check_harmless(report);
    }
}

/* A domain that was started after its console last grew has panicked in an earlier run. */
static void
test_panic_before_start(void)
{
    static const struct {
        gint64 age_ms, between_ms, console_ms;
        gboolean certain;
    } cases[] = {
        {60000, 10000, 90000, FALSE},
        /* It may have been started before its console last grew. */
        {60000, 40000, 90000, TRUE},
        {60000, 0, 5000, TRUE},
        {60000, -1, 90000, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Row row = {"",   "running", "booted", YES, NO,
                         3000, {2000, 0}, {60, 0},  0,   "Kernel panic - not syncing: x",
                         TRUE, NULL,      0};
        g_autoptr(PstReport) report = report_of(&row);
        PstHostData *data = report->data;
        PstHostLifecycle *last =
            pst_fields_append(&pst_report_host_lifecycle_fields, &data->lifecycle);

        last->state = g_strdup("running");
        last->reason = g_strdup("booted");
        last->age_ms = cases[i].age_ms;
        last->seen_us = G_GINT64_CONSTANT(1800000000000000);
        if (cases[i].between_ms >= 0)
            last->before_us = last->seen_us - cases[i].between_ms * 1000;
        data->console->age_ms = cases[i].console_ms;
        g_test_message("%u", i);
        g_assert_cmpint(pst_host_judge_is_certain(data), ==, cases[i].certain);
    }
}

/* Where QEMU does not answer, that its processors stand still is its own doing. */
static void
test_panic_monitor_silent(void)
{
    const Row row = {"",   "running", "booted", NO, NO,
                     3000, {0, 0},    {0, 0},   0,  "Kernel panic - not syncing: x",
                     TRUE, NULL,      0};
    g_autoptr(PstReport) report = report_of(&row);
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    PstHostData *data = report->data;

    data->monitor = pst_fields_new(&pst_report_host_monitor_fields);
    data->monitor->state = g_strdup("occupied");
    data->monitor->for_ms = 4000;
    pst_host_judge(report, nothing);
    g_assert_null(find(report, "host.panicked"));
    g_assert_nonnull(find(report, "host.stands-still"));
    g_assert_nonnull(find(report, "host.panic-on-console"));
}

/* What libvirt's default, on_crash=destroy, leaves of a panic or of a QEMU that was killed. */
static void
test_crashed(void)
{
    static const struct {
        const char *panic;
        PstTri went_on;
        const char *message, *source;
    } cases[] = {
        {NULL, OPEN, "the guest is off (crashed): its kernel panicked, or QEMU died or was killed",
         "libvirt"},
        {"Kernel panic - not syncing: x", NO,
         "the guest is off (crashed): a panic ends its console, which last grew 2 min ago",
         "the console's log"},
        {"Kernel panic - not syncing: x", YES,
         "the guest is off (crashed): its kernel panicked, or QEMU died or was killed", "libvirt"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Row row = {"",       "off", "crashed",      NO,   NO,   -1, {-1, -1},
                         {-1, -1}, 0,     cases[i].panic, TRUE, NULL, 0};
        g_autoptr(PstReport) report = report_of(&row);
        g_autoptr(GPtrArray) nothing = g_ptr_array_new();
        PstHostData *data = report->data;

        if (data->console != NULL) {
            data->console->age_ms = 120000;
            data->console->went_on = cases[i].went_on;
        }
        pst_host_judge(report, nothing);
        const PstFinding *finding = find(report, "host.crashed");
        g_assert_cmpint(finding->severity, ==, PST_SEVERITY_CRITICAL);
        g_assert_cmpstr(finding->message, ==, cases[i].message);
        g_assert_cmpstr(finding->evidence->source, ==, cases[i].source);
        g_assert_cmpstr(finding->evidence->text, ==,
                        cases[i].went_on == NO ? cases[i].panic : NULL);
        g_assert_nonnull(strstr(finding->remedy, "QEMU was killed"));
        g_assert_nonnull(strstr(finding->remedy, "postern forensics"));
    }
}

/* What QEMU did not tell is no sign that nothing is done. */
static void
test_untold(void)
{
    const Row row = {"",      "running", "booted", YES,   NO,   3000, {2900, 0},
                     {97, 0}, 0,         NULL,     FALSE, NULL, 0};
    g_autoptr(PstReport) report = report_of(&row);
    PstHostData *data = report->data;

    g_assert_true(pst_host_judge_is_certain(data));
    pst_fields_free(&pst_report_host_memory_fields, g_steal_pointer(&data->memory));
    g_assert_false(pst_host_judge_is_certain(data));
}

/* Since when it is off or paused, as far as that is known of the state that it is in. */
static void
test_since(void)
{
    const gint64 seen_us = G_GINT64_CONSTANT(1800000000000000), minute_us = 60000000;
    const struct {
        const char *state, *reason, *seen_state;
        gint64 before_us;
        const char *message;
    } cases[] = {
        {"off", "destroyed", "off", seen_us, "the guest is off (destroyed), since 5 min ago"},
        {"off", "destroyed", "off", seen_us - 40 * minute_us,
         "the guest is off (destroyed), since between 45 min ago and 5 min ago"},
        {"off", "destroyed", "off", PST_INT_UNKNOWN,
         "the guest is off (destroyed), first seen 5 min ago"},
        {"paused", "destroyed", "paused", seen_us,
         "the guest is paused (destroyed), since 5 min ago"},
        {"off", "destroyed", "paused", seen_us, "the guest is off (destroyed)"},
        {"off", "shut down", "off", seen_us, "the guest is off (shut down)"},
        {"off", "destroyed", NULL, seen_us, "the guest is off (destroyed)"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_host_kind);
        g_autoptr(GPtrArray) not_told = g_ptr_array_new();
        PstHostData *data = report->data;

        data->state = g_strdup(cases[i].state);
        data->reason = g_strdup(cases[i].reason);
        if (cases[i].seen_state != NULL) {
            PstHostLifecycle *row =
                pst_fields_append(&pst_report_host_lifecycle_fields, &data->lifecycle);
            row->state = g_strdup(cases[i].seen_state);
            row->reason = g_strdup("destroyed");
            row->age_ms = 5 * minute_us / 1000;
            row->seen_us = seen_us;
            row->before_us = cases[i].before_us;
        }
        pst_host_judge(report, not_told);
        g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->message, ==, cases[i].message);
    }
}

/* Whatever keeps it from recording is told, and by a name of its own. */
static void
test_recorder(void)
{
    static const struct {
        PstRecorderState state;
        const char *finding;
    } cases[] = {
        {PST_RECORDER_STATE_UNKNOWN, NULL},
        {PST_RECORDER_STATE_WRITES, NULL},
        {PST_RECORDER_STATE_WASHED, "host.recorder-flooded"},
        {PST_RECORDER_STATE_BEHIND, "host.recorder-silent"},
        {PST_RECORDER_STATE_UNUSED, "host.recorder-unused"},
        {PST_RECORDER_STATE_UNREAD, "host.recorder-unread"},
        {PST_RECORDER_STATE_ELSEWHERE, "host.recorder-elsewhere"},
        {PST_RECORDER_STATE_ASTRAY, "host.recorder-elsewhere"},
        {PST_RECORDER_STATE_EMPTIED, "host.recorder-emptied"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(PstReport) report = pst_recorder_judge("running", cases[i].state, "it is silent");

        g_assert_true((report != NULL) == (cases[i].finding != NULL));
        if (report == NULL)
            continue;
        g_assert_cmpint(report->status, ==, PST_STATUS_WARNING);
        g_assert_cmpstr(report->summary, ==, "it is silent");
        g_assert_nonnull(find(report, cases[i].finding)->remedy);
        g_assert_nonnull(pst_finding_catalogue_find(cases[i].finding));
    }
    /* A greeting that failed has a note, and is no sign of anything. */
    g_assert_null(pst_recorder_judge("running", PST_RECORDER_STATE_UNKNOWN, "not known"));
}

/* A bundle has what the host saw and what it says of the recorder in one report. */
static void
test_recorder_merged(void)
{
    PstReport *recorder =
        pst_recorder_judge("running", PST_RECORDER_STATE_UNUSED, "nothing is recorded");
    g_autoptr(PstReport) report = pst_report_new(&pst_report_host_kind);

    pst_report_conclude(report, "running");
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    pst_host_judge_merge(report, recorder);
    g_assert_cmpint(report->status, ==, PST_STATUS_WARNING);
    g_assert_cmpstr(report->summary, ==, "nothing is recorded");
    g_assert_nonnull(find(report, "host.recorder-unused"));

    PstReport *none = pst_report_new(&pst_report_host_kind);
    g_autoptr(PstReport) well = pst_report_new(&pst_report_host_kind);
    pst_report_conclude(well, "running");
    pst_host_judge_merge(well, none);
    g_assert_cmpstr(well->summary, ==, "running");
}

static void
test_xml(void)
{
    PstHostData *data = pst_fields_new(pst_report_host_kind.data);
    g_autofree char *console = NULL, *none = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_host_xml_read(
        "<domain><devices><serial type='pty'><log file='/var/log/a' append='on'/></serial>"
        "<console type='pty'><log file='/var/log/b'/></console>"
        "<channel type='unix'><target type='virtio' name='one' state='connected'/></channel>"
        "<channel type='unix'><target type='virtio' name='two'/></channel>"
        "<channel type='pty'><target type='guestfwd'/></channel></devices></domain>",
        data, &console, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(console, ==, "/var/log/a");
    g_assert_cmpuint(data->channels->len, ==, 2);
    g_assert_cmpstr(((PstHostChannel *)data->channels->pdata[0])->state, ==, "connected");
    g_assert_null(((PstHostChannel *)data->channels->pdata[1])->state);
    g_assert_true(pst_host_xml_read("<domain/>", data, &none, &error));
    g_assert_null(none);
    g_assert_false(pst_host_xml_read("<domain", data, &none, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INTERNAL);
    pst_fields_free(pst_report_host_kind.data, data);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/judge", test_judge);
    g_test_add_func("/host/beside", test_beside);
    g_test_add_func("/host/job", test_job);
    g_test_add_func("/host/panic-belied", test_panic_belied);
    g_test_add_func("/host/panic-before-start", test_panic_before_start);
    g_test_add_func("/host/panic-monitor-silent", test_panic_monitor_silent);
    g_test_add_func("/host/crashed", test_crashed);
    g_test_add_func("/host/untold", test_untold);
    g_test_add_func("/host/since", test_since);
    g_test_add_func("/host/recorder", test_recorder);
    g_test_add_func("/host/recorder-merged", test_recorder_merged);
    g_test_add_func("/host/xml", test_xml);
    return g_test_run();
}
