// SPDX-License-Identifier: LGPL-2.1-or-later
/* The audit log as it is written: by many at once, by those that are killed, into a full disk. */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/error.h"
#include "tests/unit/chain-world.h"

/* ---- lines */

static void
test_line(void)
{
    PstChainLink link = {.seq = 42}, read = {0};

    g_strlcpy(link.prev, pst_chain_nothing, sizeof(link.prev));
    link.prev[3] = 'f';
    g_autofree char *line = pst_chain_line_make("{\"a\":1}", &link);
    g_autofree char *wanted = g_strdup_printf("{\"a\":1,\"seq\":42,\"prev\":\"%s\"}", link.prev);
    g_assert_cmpstr(line, ==, wanted);
    g_assert_true(pst_chain_line_read(line, strlen(line), &read));
    g_assert_cmpuint(read.seq, ==, 42);
    g_assert_cmpstr(read.prev, ==, link.prev);
    for (gsize len = 0; len < strlen(line); len++)
        g_assert_false(pst_chain_line_read(line, len, &read));
}

static void
test_line_refused(void)
{
    static const char *const ends[] = {
        ",\"seq\":0,\"prev\":\"%s\"}",  ",\"seq\":01,\"prev\":\"%s\"}",
        ",\"seq\":,\"prev\":\"%s\"}",   ",\"seq\":-1,\"prev\":\"%s\"}",
        ",\"seq\":1 ,\"prev\":\"%s\"}", ",\"seq\":99999999999999999,\"prev\":\"%s\"}",
        ",\"seq\":1,\"prev\":\"%s\"} ", "\"seq\":1,\"prev\":\"%s\"}",
        ",\"seq\":1,\"prev\":\"a%s\"}", ",\"seq\":9007199254740992,\"prev\":\"%s\"}",
    };
    PstChainLink link;

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_auto(GStrv) parts = g_strsplit(ends[i], "%s", 2);
        g_autofree char *line =
            g_strconcat("{\"a\":1", parts[0], pst_chain_nothing, parts[1], NULL);
        g_assert_false(pst_chain_line_read(line, strlen(line), &link));
    }
    g_autofree char *upper =
        g_strdup_printf("{\"a\":1,\"seq\":1,\"prev\":\"A%s\"}", pst_chain_nothing + 1);
    g_assert_false(pst_chain_line_read(upper, strlen(upper), &link));
}

static void
test_head(void)
{
    PstChainHead head = {7, "", 4711, 3, 2, "0a-1"}, read = {0};
    char text[PST_CHAIN_HEAD_BYTES + 1];

    g_strlcpy(head.sha256, pst_chain_nothing, sizeof(head.sha256));
    pst_chain_head_to_text(&head, text);
    g_assert_cmpuint(strlen(text), ==, PST_CHAIN_HEAD_BYTES);
    g_assert_true(pst_chain_head_parse(text, strlen(text), &read));
    g_assert_cmpuint(read.seq, ==, 7);
    g_assert_cmpstr(read.sha256, ==, pst_chain_nothing);
    g_assert_cmpint(read.bytes, ==, 4711);
    g_assert_cmpuint(read.first, ==, 3);
    g_assert_cmpuint(read.kept, ==, 2);
    g_assert_cmpstr(read.boot, ==, "0a-1");
    /* The largest of all that it can hold. */
    const guint64 most = G_GUINT64_CONSTANT(9007199254740991);
    head =
        (PstChainHead){most, "", (gint64)most, most, most, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"};
    g_strlcpy(head.sha256, pst_chain_nothing, sizeof(head.sha256));
    pst_chain_head_to_text(&head, text);
    g_assert_true(pst_chain_head_parse(text, strlen(text), &read));
    g_assert_cmpuint(read.kept, ==, most);
    static const char *const broken[] = {
        "", "{}", "{\"seq\":1}",
        "{\"seq\":-1,\"sha256\":\"0\",\"bytes\":1,\"first\":1,\"kept\":1,\"boot\":\"\"}",
        "{\"seq\":1,\"sha256\":\"0\",\"bytes\":1,\"first\":1,\"kept\":1,\"boot\":\"\"}"};
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++)
        g_assert_false(pst_chain_head_parse(broken[i], strlen(broken[i]), &read));
}

/* ---- a file */

static void
test_append(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    struct stat st;
    PstChainEntry entry = {0};

    for (int i = 0; i < 5; i++) {
        entry = append_number(world, i);
        g_assert_cmpuint(entry.seq, ==, (guint64)i + 2);
        g_assert_null(entry.fault);
    }
    assert_intact(world, 6, 0);
    g_autoptr(PstChainOutcome) result = verify(world);
    g_assert_cmpstr(result->sha256, ==, entry.sha256);
    g_assert_cmpint(stat(world->log, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
    g_assert_cmpint(stat(world->head, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
    g_assert_cmpint(st.st_size, ==, PST_CHAIN_HEAD_BYTES);
}

static void
test_synced(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    PstChainEntry entry;

    g_assert_true(pst_chain_append(world->log, "{\"a\":1}", TRUE, &entry, &error));
    g_assert_no_error(error);
    assert_intact(world, 2, 0);
}

static void
assert_refused(const World *world, const char *json)
{
    g_autoptr(GError) error = NULL;
    PstChainEntry entry;

    g_assert_false(pst_chain_append(world->log, json, FALSE, &entry, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
    g_assert_nonnull(strstr(error->message, world->log));
}

/* Neither of the two files is anything but a file of this user's. */
static void
test_no_file(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *target = g_build_filename(world->folder, "target", NULL);
    const char *const paths[] = {world->log, world->head};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        write_file(target, "", 0);
        g_assert_cmpint(symlink(target, paths[i]), ==, 0);
        assert_refused(world, "{\"a\":1}");
        g_autoptr(GString) text = read_file(target);
        g_assert_cmpuint(text->len, ==, 0);
        empty_folder(world);
        g_assert_cmpint(mkfifo(paths[i], 0600), ==, 0);
        assert_refused(world, "{\"a\":1}");
        empty_folder(world);
        g_assert_cmpint(g_mkdir(paths[i], 0700), ==, 0);
        assert_refused(world, "{\"a\":1}");
        empty_folder(world);
    }
}

static void
test_too_long(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *filler = g_strnfill(PST_CHAIN_LINE_BYTES, 'x');
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", filler);

    assert_refused(world, json);
    filler[PST_CHAIN_LINE_BYTES - 1024] = '\0';
    g_autofree char *fits = g_strdup_printf("{\"a\":\"%s\"}", filler);
    append_text(world, fits);
    assert_intact(world, 2, 0);
}

static void
limit_size(rlim_t bytes)
{
    struct rlimit limit;

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = MIN(bytes, limit.rlim_max);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* Where there is room for a part of a line, none of it stays. */
static void
test_full(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    struct stat before, after;

    append_number(world, 1);
    append_number(world, 2);
    append_number(world, 3);
    g_assert_cmpint(stat(world->log, &before), ==, 0);
    g_assert_cmpint(before.st_size, >, PST_CHAIN_HEAD_BYTES);
    for (rlim_t room = 0; room < 40; room += 13) {
        limit_size((rlim_t)before.st_size + room);
        assert_refused(world, "{\"a\":\"a record that is longer than the room\"}");
        limit_size(RLIM_INFINITY);
        g_assert_cmpint(stat(world->log, &after), ==, 0);
        g_assert_cmpint(after.st_size, ==, before.st_size);
        assert_intact(world, 4, 0);
    }
    append_number(world, 4);
    assert_intact(world, 5, 0);
}

/* No room for the head: nothing is written that it could not tell of. */
static void
test_full_at_once(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    limit_size(PST_CHAIN_HEAD_BYTES - 1);
    assert_refused(world, "{\"a\":1}");
    limit_size(RLIM_INFINITY);
    append_number(world, 1);
    assert_intact(world, 2, 0);
}

/* Who has the turn and stands still holds nobody up for long. */
static void
test_held(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    gint64 begun_us = g_get_monotonic_time();

    append_number(world, 1);
    int fd = open(world->head, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
    assert_refused(world, "{\"a\":1}");
    g_assert_cmpint(g_get_monotonic_time() - begun_us, >=, G_USEC_PER_SEC);
    close(fd);
    append_number(world, 2);
    assert_intact(world, 3, 0);
}

/* ---- several */

/* On a busy machine a turn may not come in time: then it was said, and nothing was written. */
static void
append_patiently(const World *world, int number)
{
    g_autofree char *json = g_strdup_printf("{\"realtime_us\":%d,\"method\":\"probe\"}", number);
    gboolean done = FALSE;
    PstChainEntry entry;

    for (int tries = 0; !done && tries < 20; tries++) {
        g_autoptr(GError) error = NULL;
        done = pst_chain_append(world->log, json, FALSE, &entry, &error);
        g_assert_true(done || strstr(error->message, "another process holds it") != NULL);
    }
    g_assert_true(done);
}

static void
write_many(const World *world, int writer, int n)
{
    for (int i = 0; i < n; i++)
        append_patiently(world, writer * 1000000 + i);
}

static pid_t
start(const World *world, int writer, int n)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid > 0)
        return pid;
    write_many(world, writer, n);
    _exit(0);
}

static gpointer
write_in_thread(gpointer data)
{
    write_many(data, 99, 50);
    return NULL;
}

static int
count_lines_of(const World *world, int writer)
{
    g_autoptr(GString) text = read_file(world->log);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    int next = 0;

    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *begins = g_strdup_printf("{\"realtime_us\":%d,", writer * 1000000 + next);
        next += g_str_has_prefix(lines[i], begins);
    }
    return next;
}

static void
test_concurrent(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const int n_writers = 6, n = 100;
    pid_t pids[6];
    int status = -1;

    for (int i = 0; i < n_writers; i++)
        pids[i] = start(world, i + 1, n);
    g_autoptr(GThread) thread = g_thread_new("writer", write_in_thread, world);
    g_thread_join(g_steal_pointer(&thread));
    for (int i = 0; i < n_writers; i++) {
        g_assert_cmpint(waitpid(pids[i], &status, 0), ==, pids[i]);
        g_assert_cmpint(status, ==, 0);
        g_assert_cmpint(count_lines_of(world, i + 1), ==, n);
    }
    assert_intact(world, (guint64)(n_writers * n + 50 + 1), 0);
}

/* Writes, and tells of each line that it was written, until it is killed. */
static pid_t
start_until_killed(const World *world, int fd, gsize len)
{
    g_autofree char *filler = g_strnfill(len, 'x');
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", filler);
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid > 0)
        return pid;
    for (;;) {
        append_text(world, json);
        if (write(fd, "+", 1) != 1)
            _exit(1);
    }
}

static guint
count_acknowledged(int fd)
{
    char bytes[4096];
    guint n = 0;
    gssize got;

    while ((got = read(fd, bytes, sizeof(bytes))) > 0)
        n += (guint)got;
    return n;
}

/* What a killed writer was told to be written is there, and the chain holds. */
static void
test_killed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const int rounds = 60;
    guint acknowledged = 0;

    for (int i = 0; i < rounds; i++) {
        int ends[2];
        g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
        pid_t pid = start_until_killed(world, ends[1], (gsize)g_test_rand_int_range(1, 20000));
        close(ends[1]);
        g_usleep((gulong)g_test_rand_int_range(500, 8000));
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        acknowledged += count_acknowledged(ends[0]);
        close(ends[0]);
    }
    append_number(world, 1);
    g_autoptr(PstChainOutcome) result = verify(world);
    g_autofree char *text = pst_chain_verify_to_text(result, world->log);
    g_test_message("%u acknowledged: %s", acknowledged, text);
    g_assert_cmpuint(result->n_faults, ==, 0);
    g_assert_cmpuint(result->n_lines, >=, acknowledged);
}

/* ---- torn */

/* Any beginning of a line at the end: told, sealed by the next writer, and no fault. */
static void
test_torn(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    append_number(world, 1);
    g_autoptr(GString) log = read_file(world->log);
    g_autoptr(GString) head = read_file(world->head);
    append_number(world, 2);
    g_autoptr(GString) longer = read_file(world->log);

    for (gsize len = log->len + 1; len < longer->len - 1; len++) {
        write_file(world->log, longer->str, len);
        write_file(world->head, head->str, head->len);
        assert_intact(world, 2, 1);
        PstChainEntry entry = append_number(world, 3);
        g_assert_null(entry.fault);
        assert_intact(world, 4, 1);
        /* What it was then, it has to be. */
        g_autoptr(GString) closed = read_file(world->log);
        closed->str[log->len] ^= 1;
        write_file(world->log, closed->str, closed->len);
        g_autoptr(PstChainOutcome) result = verify(world);
        g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_FOREIGN);
        g_assert_cmpuint(first_fault(result)->line, ==, 3);
    }
}

/* Who seals a torn line may be killed as well, at any byte, before the head tells of it. */
static void
test_torn_seal(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    append_number(world, 1);
    g_autoptr(GString) log = read_file(world->log);
    g_autoptr(GString) head = read_file(world->head);
    append_number(world, 2);
    g_autoptr(GString) longer = read_file(world->log);
    gsize torn = log->len + 20;

    g_assert_cmpuint(torn, <, longer->len);
    write_file(world->log, longer->str, torn);
    write_file(world->head, head->str, head->len);
    append_number(world, 3);
    g_autoptr(GString) closed = read_file(world->log);
    for (gsize len = torn; len <= closed->len; len++) {
        /* A line feed alone does not tell it from a line that somebody put there. */
        if (len == torn + 1)
            continue;
        write_file(world->log, closed->str, len);
        write_file(world->head, head->str, head->len);
        g_autoptr(PstChainOutcome) before = verify(world);
        g_assert_cmpuint(before->n_faults, ==, 0);
        PstChainEntry entry = append_number(world, 4);
        g_assert_null(entry.fault);
        g_autoptr(PstChainOutcome) result = verify(world);
        g_assert_cmpuint(result->n_faults, ==, 0);
        g_assert_cmpuint(result->n_lines, >=, 4);
    }
}

/* What lacks only its line feed is a line. */
static void
test_torn_line_feed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    append_number(world, 1);
    g_autoptr(GString) head = read_file(world->head);
    append_number(world, 2);
    g_autoptr(GString) log = read_file(world->log);

    write_file(world->log, log->str, log->len - 1);
    write_file(world->head, head->str, head->len);
    assert_intact(world, 2, 1);
    append_number(world, 3);
    assert_intact(world, 4, 0);
}

/* A line that is whole, and that the head does not tell of. */
static void
test_head_behind(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    append_number(world, 1);
    g_autoptr(GString) head = read_file(world->head);

    append_number(world, 2);
    append_number(world, 3);
    write_file(world->head, head->str, head->len);
    assert_intact(world, 4, 0);
    PstChainEntry entry = append_number(world, 4);
    g_assert_cmpuint(entry.seq, ==, 5);
    g_assert_null(entry.fault);
    assert_intact(world, 5, 0);
}

/* More than is looked at at once. */
static void
test_head_far_behind(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *filler = g_strnfill(PST_CHAIN_LINE_BYTES / 3, 'x');
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", filler);
    const guint n = 60;

    append_number(world, 1);
    g_autoptr(GString) head = read_file(world->head);
    for (guint i = 0; i < n; i++)
        append_text(world, json);
    g_autoptr(GString) log = read_file(world->log);
    g_string_append(log, "{\"torn");
    write_file(world->log, log->str, log->len);
    write_file(world->head, head->str, head->len);
    PstChainEntry entry = append_number(world, 2);
    g_assert_null(entry.fault);
    assert_intact(world, n + 4, 1);
}

/* ---- what it costs: -m perf, in the folder that TMPDIR names */

static const char record[] =
    "{\"realtime_us\":1790000000000000,\"caller\":\"root (uid 0), logged in as ann (uid 1000)\","
    "\"uid\":0,\"gid\":0,\"pid\":4711,\"exe\":\"/usr/bin/postern\",\"method\":\"diagnose\","
    "\"guest\":\"web\",\"uuid\":\"6695eb01-f6a4-8304-79aa-97f2502e193f\",\"probe\":\"services\","
    "\"args\":{},\"via\":\"channel\",\"result\":\"ok\",\"took_ms\":38}";

static void
tell_cost(const char *what, guint n, gint64 begun_us, clock_t begun)
{
    g_test_message("%s: %.1f us each, %.1f us of processor time", what,
                   (gdouble)(g_get_monotonic_time() - begun_us) / n,
                   (gdouble)(clock() - begun) * G_USEC_PER_SEC / CLOCKS_PER_SEC / n);
}

static void
append_for(const World *world, const char *what, guint n, gboolean synced)
{
    gint64 begun_us = g_get_monotonic_time();
    clock_t begun = clock();
    PstChainEntry entry;

    for (guint i = 0; i < n; i++)
        g_assert_true(pst_chain_append(world->log, record, synced, &entry, NULL));
    tell_cost(what, n, begun_us, begun);
}

static void
test_cost(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const guint n = 30000, n_synced = 200;

    append_for(world, "a record", n, FALSE);
    append_for(world, "a record that is synced", n_synced, TRUE);
    gint64 begun_us = g_get_monotonic_time();
    clock_t begun = clock();
    assert_intact(world, n + n_synced + 1, 0);
    tell_cost("a line to verify", n + n_synced, begun_us, begun);
}

#define ADD(name, func) g_test_add("/chain/" name, World, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGXFSZ, SIG_IGN);
    g_test_add_func("/chain/line", test_line);
    g_test_add_func("/chain/line-refused", test_line_refused);
    g_test_add_func("/chain/head", test_head);
    ADD("append", test_append);
    ADD("synced", test_synced);
    ADD("no-file", test_no_file);
    ADD("too-long", test_too_long);
    ADD("full", test_full);
    ADD("full-at-once", test_full_at_once);
    ADD("held", test_held);
    ADD("concurrent", test_concurrent);
    ADD("killed", test_killed);
    ADD("torn", test_torn);
    ADD("torn-seal", test_torn_seal);
    ADD("torn-line-feed", test_torn_line_feed);
    ADD("head-behind", test_head_behind);
    ADD("head-far-behind", test_head_far_behind);
    if (g_test_perf())
        ADD("cost", test_cost);
    return g_test_run();
}
