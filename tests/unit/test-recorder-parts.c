// SPDX-License-Identifier: LGPL-2.1-or-later
/* The parts of the recorder that need no main loop of the shim's: kinds and their bounds, the
 * kernel's log, the news of reports, looks that are due. */
#include "guest-shim/recorder-due.h"
#include "guest-shim/recorder-kernel.h"
#include "guest-shim/recorder-kinds.h"
#include "guest-shim/recorder-news.h"
#include "guest-shim/recorder-queue.h"
#include "guest-shim/recorder-repeat.h"
#include "protocol/json.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define MAX_BURST 30
#define MIN_EACH_S 20

/* ---- each kind has its bound ---- */

static guint
make_many(PstRecorderKinds *kinds, PstEventKind kind, guint n, gint64 now_us)
{
    const PstEventFacts facts = {.message = "m"};
    guint made = 0;

    for (guint i = 0; i < n; i++) {
        g_autoptr(JsonObject) json = pst_recorder_kinds_make(kinds, kind, &facts, now_us);
        made += json != NULL;
    }
    return made;
}

/* A flood of any kind, however long, and none of another kind suffers. */
static void
test_bound(void)
{
    for (PstEventKind flood = 0; flood < PST_EVENT_KINDS; flood++) {
        g_autoptr(PstRecorderKinds) kinds = pst_recorder_kinds_new();
        guint made = 0;

        for (gint64 s = 1; s <= 3600; s++)
            made += make_many(kinds, flood, 100, s * SECOND);
        g_assert_cmpuint(made, >, 0);
        g_assert_cmpuint(made, <=, MAX_BURST + 3600 / MIN_EACH_S);
        for (PstEventKind other = 0; other < PST_EVENT_KINDS; other++)
            if (other != flood)
                g_assert_cmpuint(make_many(kinds, other, 1, 3600 * SECOND), ==, 1);
    }
}

static void
test_suppressed(void)
{
    g_autoptr(PstRecorderKinds) kinds = pst_recorder_kinds_new();
    const PstEventFacts facts = {.message = "bad \xff", .unit = "a.service"};
    guint made = make_many(kinds, PST_EVENT_UNIT_FAILED, 1000, SECOND);
    g_autoptr(JsonObject) json =
        pst_recorder_kinds_make(kinds, PST_EVENT_UNIT_FAILED, &facts, 1000 * SECOND);
    gint64 suppressed = 0;

    g_assert_true(pst_json_get_int(json, "suppressed", PST_JSON_REQUIRED, &suppressed, NULL));
    g_assert_cmpint(suppressed, ==, 1000 - made);
    g_assert_cmpstr(json_object_get_string_member(json, "event"), ==, "unit-failed");
    g_assert_cmpstr(json_object_get_string_member(json, "unit"), ==, "a.service");
    g_assert_cmpstr(json_object_get_string_member(json, "message"), ==, "bad \xef\xbf\xbd");
    g_assert_false(json_object_has_member(json, "path"));
}

/* ---- what waits for the port ---- */

static void
assert_queue(PstRecorderQueue *queue, gsize waiting, guint64 lost)
{
    gsize len = 1;

    g_assert_true((pst_recorder_queue_peek(queue, &len) != NULL) == (waiting > 0));
    g_assert_cmpuint(len, ==, waiting);
    g_assert_cmpuint(pst_recorder_queue_lost(queue), ==, lost);
}

static gboolean
add(PstRecorderQueue *queue, const char *text)
{
    return pst_recorder_queue_add(queue, text, strlen(text), PST_RECORDER_QUEUE_MAX);
}

static void
assert_next(const PstRecorderQueue *queue, const char *frames)
{
    gsize len = 0;
    const guint8 *bytes = pst_recorder_queue_peek(queue, &len);

    g_assert_cmpmem(bytes, len, frames, strlen(frames));
}

/* Each record is written to its end, or counted as lost, once. */
static void
test_queue(void)
{
    g_autoptr(PstRecorderQueue) queue = pst_recorder_queue_new();
    g_autofree char *large = g_strnfill(PST_RECORDER_QUEUE_MAX - 8, 'x');
    g_autofree char *larger = g_strconcat(large, "x", NULL);

    assert_queue(queue, 0, 0);
    g_assert_true(add(queue, "abcd"));
    g_assert_true(add(queue, "ef"));
    assert_queue(queue, 10, 0);
    pst_recorder_queue_advance(queue, 8);
    assert_queue(queue, 2, 0);
    pst_recorder_queue_advance(queue, 2);
    assert_queue(queue, 0, 0);

    /* There is no room. */
    g_assert_true(add(queue, "abcd"));
    g_assert_false(add(queue, larger));
    g_assert_false(pst_recorder_queue_add(queue, large, strlen(large), PST_RECORDER_QUEUE_REPORTS));
    assert_queue(queue, 6, 2);
    g_assert_true(add(queue, large));
    g_assert_false(add(queue, ""));
    assert_queue(queue, PST_RECORDER_QUEUE_MAX, 3);

    /* A port that takes little by little makes room, in the middle of a frame too. */
    gsize taken = PST_RECORDER_QUEUE_MAX / 2 + 100;
    pst_recorder_queue_advance(queue, 100);
    g_assert_true(pst_recorder_queue_add(queue, large, 90, PST_RECORDER_QUEUE_MAX));
    pst_recorder_queue_advance(queue, taken);
    for (gsize i = 0; i < taken / 1002; i++)
        g_assert_true(pst_recorder_queue_add(queue, large, 1000, PST_RECORDER_QUEUE_MAX));
    g_assert_cmpuint(pst_recorder_queue_lost(queue), ==, 3);
    gsize len = 0;
    const guint8 *bytes = pst_recorder_queue_peek(queue, &len);
    g_assert_cmpuint(len, <=, PST_RECORDER_QUEUE_MAX);
    g_assert_cmpuint(bytes[0], ==, 'x');
    g_assert_cmpuint(bytes[len - 1], ==, '\n');
    pst_recorder_queue_interrupt(queue);
    g_assert_cmpuint(pst_recorder_queue_lost(queue), ==, 4);
    bytes = pst_recorder_queue_peek(queue, &len);
    g_assert_cmpuint(bytes[0], ==, 0x1e);
}

/* The port is taken away: what it had not begun with waits for the next. */
static void
test_queue_interrupted(void)
{
    g_autoptr(PstRecorderQueue) queue = pst_recorder_queue_new();

    pst_recorder_queue_interrupt(queue);
    assert_queue(queue, 0, 0);
    for (guint i = 0; i < 3; i++)
        g_assert_true(add(queue, "abcd"));
    g_assert_true(add(queue, "ef"));

    /* Before the first, in the middle of it, and once more before the second. */
    pst_recorder_queue_interrupt(queue);
    assert_queue(queue, 22, 0);
    pst_recorder_queue_advance(queue, 3);
    pst_recorder_queue_interrupt(queue);
    pst_recorder_queue_interrupt(queue);
    assert_queue(queue, 16, 1);
    /* Between two, and with all but the end of one written. */
    pst_recorder_queue_advance(queue, 6);
    pst_recorder_queue_interrupt(queue);
    assert_next(queue, "\x1e"
                       "abcd\n\x1e"
                       "ef\n");
    pst_recorder_queue_advance(queue, 5);
    pst_recorder_queue_interrupt(queue);
    assert_next(queue, "\x1e"
                       "ef\n");
    g_assert_true(add(queue, "g"));
    assert_next(queue, "\x1e"
                       "ef\n\x1eg\n");
    /* In the middle of the last. */
    pst_recorder_queue_advance(queue, 5);
    pst_recorder_queue_interrupt(queue);
    assert_queue(queue, 0, 3);
}

/* ---- what is told is kept as "KIND MESSAGE UNIT PATH TEXT" ---- */

static void
keep(PstEventKind kind, const PstEventFacts *facts, gpointer user_data)
{
    g_ptr_array_add(user_data, g_strdup_printf("%d %s %s %s %s", kind, facts->message,
                                               facts->unit != NULL ? facts->unit : "-",
                                               facts->path != NULL ? facts->path : "-",
                                               facts->text != NULL ? facts->text : "-"));
}

static void
assert_told(GPtrArray *told, const char *const *wanted)
{
    for (guint i = 0; i < told->len; i++)
        g_test_message("%s", (const char *)told->pdata[i]);
    for (guint i = 0; wanted[i] != NULL; i++) {
        g_assert_cmpuint(told->len, >, i);
        g_assert_cmpstr(told->pdata[i], ==, wanted[i]);
    }
    g_assert_cmpuint(told->len, ==, g_strv_length((char **)wanted));
    g_ptr_array_set_size(told, 0);
}

/* ---- the kernel's log ---- */

static void
test_kernel(void)
{
    static const char *const lines[] = {
        "6,1,10,-;nothing of weight",
        "4,2,11,-;tail invoked oom-killer: gfp_mask=0xcc0",
        "4,3,11,-;CPU: 0 PID: 300 Comm: tail",
        "6,4,12,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/system.slice/eats.service,task_memcg=/system.slice/eats.service,task=tail,"
        "pid=300,uid=0",
        "3,5,12,-;Memory cgroup out of memory: Killed process 300 (tail) total-vm:1kB, "
        "anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0",
        /* Of a program (facility 1), and no record at all. */
        "12,6,13,-;said by a program",
        "garbage",
    };
    g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(PstRecorderKernel) kernel = pst_recorder_kernel_new(keep, told);
    const char *const wanted[] = {
        "6 Memory cgroup out of memory: Killed process 300 (tail) total-vm:1kB, anon-rss:1kB, "
        "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0 eats.service - -",
        "5 tail invoked oom-killer: gfp_mask=0xcc0 - - CPU: 0 PID: 300 Comm: tail", NULL};
    const char *const nothing[] = {NULL};

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        pst_recorder_kernel_take(kernel, lines[i]);
    pst_recorder_kernel_pause(kernel);
    assert_told(told, wanted);
    pst_recorder_kernel_pause(kernel);
    assert_told(told, nothing);
}

typedef struct {
    PstRecorderKinds *kinds;
    guint made;
} Maker;

static void
make(PstEventKind kind, const PstEventFacts *facts, gpointer user_data)
{
    Maker *maker = user_data;
    g_autoptr(JsonObject) json = pst_recorder_kinds_make(maker->kinds, kind, facts, SECOND);
    const char *text = json_object_get_string_member(json, "text");

    g_assert_cmpuint(strlen(json_object_get_string_member(json, "message")), ==, 1024);
    g_assert_cmpuint(strlen(text), <, 4200);
    g_assert_true(g_str_has_suffix(text, " lines more"));
    g_assert_cmpuint(strlen(facts->before) + strlen(facts->after), <, 24 * 1024);
    maker->made++;
}

/* However much comes together, what is told of it is small. */
static void
test_kernel_flood(void)
{
    g_autoptr(PstRecorderKinds) kinds = pst_recorder_kinds_new();
    Maker maker = {kinds, 0};
    g_autoptr(PstRecorderKernel) kernel = pst_recorder_kernel_new(make, &maker);
    g_autofree char *dots = g_strnfill(7000, '.');
    g_autofree char *line = g_strconcat("3,1,1,-;", dots, NULL);

    pst_recorder_kernel_take(kernel, line);
    for (guint i = 0; i < 10000; i++)
        pst_recorder_kernel_take(kernel, i % 2 == 0 ? line : "3,1,1,-;short");
    pst_recorder_kernel_pause(kernel);
    g_assert_cmpuint(maker.made, ==, 1);
    /* Nor is what it leaves behind for the next. */
    pst_recorder_kernel_take(kernel, line);
    for (guint i = 0; i < 50; i++)
        pst_recorder_kernel_take(kernel, "3,1,1,-;short");
    pst_recorder_kernel_take(kernel, line);
    pst_recorder_kernel_pause(kernel);
    g_assert_cmpuint(maker.made, ==, 2);
}

/* ---- the news of reports ---- */

#define SERVICES(status, findings)                                                                 \
    "{\"probe\":\"services\",\"status\":\"" status "\",\"findings\":[" findings "]}"
#define STORAGE(findings)                                                                          \
    "{\"probe\":\"storage\",\"status\":\"warning\",\"findings\":[" findings "]}"
#define FAILED(unit)                                                                               \
    "{\"id\":\"services.failed\",\"severity\":\"warning\",\"message\":\"failed\",\"evidence\":{"   \
    "\"unit\":\"" unit "\",\"path\":\"/x\"}}"
#define ROOM(id, path)                                                                             \
    "{\"id\":\"storage." id "\",\"severity\":\"warning\",\"message\":\"room\",\"evidence\":{"      \
    "\"path\":\"" path "\"}}"

static void
take(PstRecorderNews *news, const char *text)
{
    g_autoptr(JsonObject) json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    pst_recorder_news_take(news, json);
}

static void
test_news(void)
{
    g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(PstRecorderNews) news = pst_recorder_news_new(keep, told);
    const char *const nothing[] = {NULL};
    const char *const b_failed[] = {"0 failed b - -", NULL};
    const char *const a_failed[] = {"0 failed a - -", NULL};
    const char *const full[] = {"4 room - /var -", "3 room - / -", NULL};

    /* What it begins with is no news; what comes is, once. */
    take(news, SERVICES("warning", FAILED("a")));
    assert_told(told, nothing);
    take(news, SERVICES("warning", FAILED("a") "," FAILED("b")));
    assert_told(told, b_failed);
    take(news, SERVICES("warning", FAILED("b") "," FAILED("a")));
    assert_told(told, nothing);

    /* One that could not look has not seen them pass. */
    take(news, SERVICES("unknown", ""));
    take(news, SERVICES("warning", FAILED("a") "," FAILED("b")));
    assert_told(told, nothing);
    take(news, SERVICES("ok", ""));
    take(news, SERVICES("warning", FAILED("a")));
    assert_told(told, a_failed);

    /* It was started again and failed again, between two looks. */
    pst_recorder_news_ended(news, "a");
    pst_recorder_news_ended(news, "never-heard-of");
    take(news, SERVICES("warning", FAILED("a")));
    assert_told(told, a_failed);
    take(news, SERVICES("warning", FAILED("a")));
    assert_told(told, nothing);

    take(news, STORAGE(""));
    take(news, STORAGE(ROOM("nearly-full", "/var") "," ROOM("full", "/") "," ROOM("slow", "/")));
    assert_told(told, full);
}

/* A unit that ends before the first look, and is seen to have failed by it. */
static void
test_news_first(void)
{
    g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(PstRecorderNews) news = pst_recorder_news_new(keep, told);
    const char *const a_failed[] = {"0 failed a - -", NULL};

    pst_recorder_news_ended(news, "a");
    take(news, SERVICES("unknown", ""));
    take(news, SERVICES("warning", FAILED("a") "," FAILED("b")));
    assert_told(told, a_failed);
    for (guint i = 0; i < 100000; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        pst_recorder_news_ended(news, name);
    }
}

/* ---- looks that are due ---- */

static void
count(const char *const *probes G_GNUC_UNUSED, gpointer user_data)
{
    ++*(guint *)user_data;
}

/* A second at most of what a guest could keep up for ever. */
static void
test_due(void)
{
    guint n = 0;
    PstRecorderDue due = {
        .bucket = {.size = 4, .each_us = 3600 * SECOND}, .due = count, .user_data = &n};
    gint64 until_us = g_get_monotonic_time() + SECOND;

    while (g_get_monotonic_time() < until_us) {
        pst_recorder_due_ask(&due);
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpuint(n, ==, 4);
    /* The last one is not lost. */
    g_assert_cmpuint(due.source, !=, 0);
    pst_recorder_due_clear(&due);
}

/* What says everything lies in the newest parts of the volume, and is never older than a day. */
static void
test_repeat(void)
{
    const guint64 mebibyte = 1024 * 1024;
    const gint64 day_us = G_TIME_SPAN_DAY;
    PstRecorderRepeat repeat = {0};

    pst_recorder_repeat_begin(&repeat, 100, SECOND);
    g_assert_false(pst_recorder_repeat_is_due(&repeat, 100 + mebibyte - 1, day_us));
    g_assert_true(pst_recorder_repeat_is_due(&repeat, 100 + mebibyte, 2 * SECOND));
    g_assert_true(pst_recorder_repeat_is_due(&repeat, 100, SECOND + day_us));
    pst_recorder_repeat_begin(&repeat, 100, SECOND + day_us);
    g_assert_false(pst_recorder_repeat_is_due(&repeat, 100, 2 * day_us));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recorder-parts/bound", test_bound);
    g_test_add_func("/recorder-parts/suppressed", test_suppressed);
    g_test_add_func("/recorder-parts/queue", test_queue);
    g_test_add_func("/recorder-parts/queue-interrupted", test_queue_interrupted);
    g_test_add_func("/recorder-parts/kernel", test_kernel);
    g_test_add_func("/recorder-parts/kernel-flood", test_kernel_flood);
    g_test_add_func("/recorder-parts/news", test_news);
    g_test_add_func("/recorder-parts/news-first", test_news_first);
    g_test_add_func("/recorder-parts/due", test_due);
    g_test_add_func("/recorder-parts/repeat", test_repeat);
    return g_test_run();
}
