// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recorder-state.h"
#include "tests/unit/record-streams.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define NOW (G_GINT64_CONSTANT(1800000000) * SECOND)
/* When the guest said hello, by its own clock. */
#define HELLO (1000 * SECOND)

typedef struct {
    gint64 seq, last_s;
} Last;

static PstRecorderState
judge_parts(gint64 seq, gint64 last_us, const Last *records, gint64 volume_age_s, guint n_parts)
{
    static const PstRecordCounters counters = {0};
    PstHelloRecorder recorder = {.written_bytes = 1, .seq = seq, .last_us = last_us};
    PstHello hello = {
        .boot_id = (char *)STREAM_BOOT_A, .boottime_us = HELLO, .recorder = &recorder};
    GPtrArray *set = pst_record_set_new();

    for (; records->seq != 0; records++) {
        const StreamRecord wanted = {records->seq < 0 ? STREAM_BOOT_B : STREAM_BOOT_A,
                                     STREAM_MACHINE_A,
                                     "web",
                                     ABS(records->seq),
                                     records->last_s * SECOND,
                                     PST_RECORD_BOOT,
                                     NULL,
                                     0};
        g_ptr_array_add(set, stream_record(&wanted));
    }
    g_autoptr(PstVolumeRecords) volume =
        pst_volume_records_new(set, &counters, NOW - volume_age_s * SECOND, n_parts);
    return pst_recorder_state_judge(&hello, volume, NOW);
}

static PstRecorderState
judge(gint64 seq, gint64 last_us, const Last *records, gint64 volume_age_s)
{
    return judge_parts(seq, last_us, records, volume_age_s, 1);
}

static void
test_judge(void)
{
    static const struct {
        const char *what;
        gint64 seq, last_s;
        Last records[6];
        gint64 volume_age_s;
        PstRecorderState state;
    } cases[] = {
        {"all there", 3, 900, {{2, 800}, {3, 900}}, 100, PST_RECORDER_STATE_WRITES},
        {"one more since", 3, 900, {{3, 900}, {4, 999}}, 1, PST_RECORDER_STATE_WRITES},
        {"the last is missing", 3, 900, {{1, 700}, {2, 800}}, 200, PST_RECORDER_STATE_BEHIND},
        {"all are missing", 3, 900, {{0}}, 5000, PST_RECORDER_STATE_BEHIND},
        {"of another boot", 3, 900, {{-3, 900}}, 2000, PST_RECORDER_STATE_BEHIND},
        /* The shim before had come further. */
        {"a new shim that is not heard",
         3,
         900,
         {{40, 700}, {41, 800}},
         200,
         PST_RECORDER_STATE_BEHIND},
        /* Before the revert the number was given to another one. */
        {"not heard since a revert",
         42,
         900,
         {{41, 850}, {42, 950}, {81, 990}},
         300,
         PST_RECORDER_STATE_BEHIND},
        {"reverted, and nothing written since",
         41,
         850,
         {{41, 850}, {42, 950}},
         300,
         PST_RECORDER_STATE_WRITES},
        {"reverted, and heard",
         42,
         900,
         {{41, 850}, {42, 950}, {42, 900}},
         100,
         PST_RECORDER_STATE_WRITES},
        {"flooded", 3, 900, {{1, 700}}, 3, PST_RECORDER_STATE_WASHED},
        {"nothing written yet", 0, 0, {{0}}, 0, PST_RECORDER_STATE_UNKNOWN},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].what);
        g_assert_cmpint(
            judge(cases[i].seq, cases[i].last_s * SECOND, cases[i].records, cases[i].volume_age_s),
            ==, cases[i].state);
    }
}

/* A shim that does not tell when it wrote. */
static void
test_first_shims(void)
{
    static const struct {
        gint64 seq;
        Last records[4];
        PstRecorderState state;
    } cases[] = {
        {3, {{2, 800}, {3, 900}}, PST_RECORDER_STATE_WRITES},
        {3, {{3, 900}, {4, 910}}, PST_RECORDER_STATE_WRITES},
        {3, {{1, 700}, {2, 800}}, PST_RECORDER_STATE_BEHIND},
        {3, {{4, 910}, {-1, 10}}, PST_RECORDER_STATE_WRITES},
        {3, {{4, 910}, {1, 10}}, PST_RECORDER_STATE_BEHIND},
        {0, {{0}}, PST_RECORDER_STATE_UNKNOWN},
        {PST_INT_UNKNOWN, {{0}}, PST_RECORDER_STATE_UNKNOWN},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(judge(cases[i].seq, PST_INT_UNKNOWN, cases[i].records, 1), ==,
                        cases[i].state);
}

/* Of a volume that can't be read nothing is known: attaching its device anew mends no pool. */
static void
test_unread(void)
{
    static const Last kept[] = {{2, 800}, {0}};
    PstHelloRecorder recorder = {.seq = 3, .last_us = 900 * SECOND};
    const PstHello hello = {
        .boot_id = (char *)STREAM_BOOT_A, .boottime_us = HELLO, .recorder = &recorder};

    g_assert_cmpint(pst_recorder_state_judge(&hello, NULL, NOW), ==, PST_RECORDER_STATE_UNREAD);
    /* What the store alone has. */
    g_assert_cmpint(judge_parts(3, 900 * SECOND, kept, 200, 0), ==, PST_RECORDER_STATE_UNREAD);
    g_assert_cmpint(judge_parts(3, 900 * SECOND, kept, 200, 1), ==, PST_RECORDER_STATE_BEHIND);
}

/* What the device is set up to do explains what is seen, and is told where nothing else is. */
static void
test_device(void)
{
    static const struct {
        PstRecorderState seen, elsewhere, emptied;
    } cases[] = {
        {PST_RECORDER_STATE_UNKNOWN, PST_RECORDER_STATE_ELSEWHERE, PST_RECORDER_STATE_EMPTIED},
        {PST_RECORDER_STATE_WRITES, PST_RECORDER_STATE_WRITES, PST_RECORDER_STATE_EMPTIED},
        {PST_RECORDER_STATE_WASHED, PST_RECORDER_STATE_WASHED, PST_RECORDER_STATE_WASHED},
        {PST_RECORDER_STATE_BEHIND, PST_RECORDER_STATE_ELSEWHERE, PST_RECORDER_STATE_BEHIND},
        {PST_RECORDER_STATE_UNUSED, PST_RECORDER_STATE_UNUSED, PST_RECORDER_STATE_UNUSED},
        {PST_RECORDER_STATE_UNREAD, PST_RECORDER_STATE_ELSEWHERE, PST_RECORDER_STATE_UNREAD},
    };
    const PstGuestXml sound = {.recorder = TRUE};
    const PstGuestXml elsewhere = {.recorder = TRUE, .recorder_elsewhere = TRUE};
    const PstGuestXml emptied = {.recorder = TRUE, .recorder_emptied = TRUE};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        PstRecorderState seen = cases[i].seen;
        g_assert_cmpint(pst_recorder_state_of_device(seen, &sound), ==, seen);
        g_assert_cmpint(pst_recorder_state_of_device(seen, &elsewhere), ==, cases[i].elsewhere);
        g_assert_cmpint(pst_recorder_state_of_device(seen, &emptied), ==, cases[i].emptied);
    }
}

static void
test_may_be_astray(void)
{
    const PstHello hello = {.boot_id = (char *)STREAM_BOOT_A};
    const PstHello other = {.boot_id = (char *)STREAM_BOOT_B};
    static const PstRecordCounters counters = {1, 0, 0};
    const StreamRecord wanted = {STREAM_BOOT_A, STREAM_MACHINE_A, "test", 1,
                                 1000,          PST_RECORD_BOOT,  NULL,   0};
    GPtrArray *set = pst_record_set_new();

    g_ptr_array_add(set, stream_record(&wanted));
    g_autoptr(PstVolumeRecords) records = pst_volume_records_new(set, &counters, 0, 1);
    /* What has records of this boot has them from this recorder, whatever its folder is called. */
    g_assert_false(pst_recorder_state_may_be_astray(PST_RECORDER_STATE_BEHIND, &hello, records));
    g_assert_true(pst_recorder_state_may_be_astray(PST_RECORDER_STATE_BEHIND, &other, records));
    g_assert_true(pst_recorder_state_may_be_astray(PST_RECORDER_STATE_UNREAD, &hello, NULL));
    g_assert_true(pst_recorder_state_may_be_astray(PST_RECORDER_STATE_UNKNOWN, NULL, NULL));
    g_assert_false(pst_recorder_state_may_be_astray(PST_RECORDER_STATE_UNKNOWN, NULL, records));
    g_assert_false(pst_recorder_state_may_be_astray(PST_RECORDER_STATE_WRITES, &other, records));
}

static void
test_folder(void)
{
    static const struct {
        const char *path, *folder;
        gboolean astray;
    } cases[] = {
        {"/b/x.records", "/b", FALSE},      {"/b//x.records", "/b/", FALSE},
        {"/c/x.records", "/b", TRUE},       {"/b/c/x.records", "/b", TRUE},
        {"/b/c/../x.records", "/b", FALSE}, {"x.records", "/b", FALSE},
        {"/b/x.records", NULL, FALSE},      {NULL, "/b", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(pst_recorder_state_is_astray(cases[i].path, cases[i].folder), ==,
                        cases[i].astray);
}

static char *
explain(PstRecorderState state, const PstHello *hello)
{
    return pst_recorder_state_explain(state, hello, "web", "there is no pool");
}

static void
test_words(void)
{
    PstHelloRecorder recorder = {.seq = 7, .last_us = HELLO - 90 * SECOND};
    PstHello hello = {.boot_id = (char *)STREAM_BOOT_A, .boottime_us = HELLO};

    g_assert_cmpint(pst_recorder_state_judge(&hello, NULL, NOW), ==, PST_RECORDER_STATE_UNUSED);
    g_autofree char *unused = explain(PST_RECORDER_STATE_UNUSED, &hello);
    g_assert_nonnull(strstr(unused, "does not hold the recorder's port open"));
    hello.recorder = &recorder;
    g_autofree char *silent = explain(PST_RECORDER_STATE_BEHIND, &hello);
    g_assert_cmpstr(silent, ==,
                    "the recorder has fallen silent: record 7, written 90 s ago, did not arrive in "
                    "the volume; postern records web --heal attaches its device anew");
    g_autofree char *washed = explain(PST_RECORDER_STATE_WASHED, &hello);
    g_assert_nonnull(strstr(washed, "floods"));
    g_autofree char *unread = explain(PST_RECORDER_STATE_UNREAD, &hello);
    g_assert_cmpstr(unread, ==, "what its recorder writes can't be read: there is no pool");
    g_autofree char *elsewhere = explain(PST_RECORDER_STATE_ELSEWHERE, &hello);
    g_autofree char *astray = explain(PST_RECORDER_STATE_ASTRAY, &hello);
    g_assert_nonnull(strstr(astray, "another folder"));
    g_assert_nonnull(strstr(elsewhere, "UUID.records"));
    g_autofree char *emptied = explain(PST_RECORDER_STATE_EMPTIED, &hello);
    g_assert_nonnull(strstr(emptied, "append='on'"));
    g_assert_null(explain(PST_RECORDER_STATE_WRITES, &hello));
    g_assert_null(explain(PST_RECORDER_STATE_UNKNOWN, &hello));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recorder-state/judge", test_judge);
    g_test_add_func("/recorder-state/device", test_device);
    g_test_add_func("/recorder-state/folder", test_folder);
    g_test_add_func("/recorder-state/may-be-astray", test_may_be_astray);
    g_test_add_func("/recorder-state/first-shims", test_first_shims);
    g_test_add_func("/recorder-state/unread", test_unread);
    g_test_add_func("/recorder-state/words", test_words);
    return g_test_run();
}
