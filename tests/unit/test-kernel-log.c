// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/kernel-log.h"
#include "guest-shim/oom-line.h"
#include "guest-shim/process-list.h"

static const struct {
    const char *message;
    PstOomLineKind kind;
    gint64 pid;
    const char *name, *group, *limit_group;
    gint64 rss_kib;
} lines[] = {
    {"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
     "task_memcg=/user.slice,task=chrome,pid=9999,uid=1000",
     PST_OOM_LINE_SUMMARY, 9999, "chrome", "/user.slice", NULL, -1},
    {"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,"
     "task_memcg=/a/b,task=x,pid=1,uid=0,pid=77,uid=5",
     PST_OOM_LINE_SUMMARY, 77, "x,pid=1,uid=0", "/a/b", "/a", -1},
    {"oom-kill:constraint=CONSTRAINT_NONE", PST_OOM_LINE_NONE, 0, NULL, NULL, NULL, -1},
    {"Out of memory: Killed process 5 (a) total-vm:1) total-vm:9kB, anon-rss:4kB, file-rss:2kB, "
     "shmem-rss:1kB, UID:0",
     PST_OOM_LINE_KILLED, 5, "a) total-vm:1", NULL, NULL, 7},
    /* Before kernel 4.20 or so, and before 4.6. */
    {"Killed process 2134 (mysqld) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB",
     PST_OOM_LINE_KILLED, 2134, "mysqld", NULL, NULL, 8},
    {"Killed process 2134 (mysqld) total-vm:9kB, anon-rss:8kB, file-rss:4kB", PST_OOM_LINE_KILLED,
     2134, "mysqld", NULL, NULL, 12},
    {"Out of memory: Kill process 2134 (mysqld) score 1 or sacrifice child", PST_OOM_LINE_NONE, 0,
     NULL, NULL, NULL, -1},
    {"Killed process -3 (x) total-vm:9kB", PST_OOM_LINE_NONE, 0, NULL, NULL, NULL, -1},
    {"Killed process 3 (01234567890123456789012345678901234567890123456789012345678901234567) "
     "total-vm:9kB",
     PST_OOM_LINE_NONE, 0, NULL, NULL, NULL, -1},
};

static void
test_oom_lines(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        PstOomLine line = {0};

        g_assert_cmpint(pst_oom_line_parse(lines[i].message, &line), ==, lines[i].kind);
        if (lines[i].kind != PST_OOM_LINE_NONE) {
            g_assert_cmpint(line.pid, ==, lines[i].pid);
            g_assert_cmpstr(line.name, ==, lines[i].name);
            g_assert_cmpstr(line.group, ==, lines[i].group);
            g_assert_cmpstr(line.limit_group, ==, lines[i].limit_group);
            g_assert_cmpint(line.rss_bytes, ==,
                            lines[i].rss_kib < 0 ? -1 : lines[i].rss_kib * 1024);
        }
        pst_oom_line_clear(&line);
    }
}

static void
test_log_lines(void)
{
    static const struct {
        const char *line, *message;
        gint64 time_us;
    } records[] = {{"6,339,5140900,-;NET: Registered", "NET: Registered", 5140900},
                   {"7,160,424069,-,caller=T1;pci: x;y", "pci: x;y", 424069},
                   {"14,1,5,-;a program wrote this", NULL, 0},
                   {" SUBSYSTEM=acpi", NULL, 0},
                   {"6,339,5140900", NULL, 0},
                   {"6;339,5140900,-;x", NULL, 0},
                   {"", NULL, 0}};

    for (guint i = 0; i < G_N_ELEMENTS(records); i++) {
        gint64 time_us = 0;

        g_assert_cmpstr(pst_kernel_log_parse(records[i].line, &time_us), ==, records[i].message);
        g_assert_cmpint(time_us, ==, records[i].time_us);
    }
}

static void
test_fragments(void)
{
    static const struct {
        const char *line;
        guint64 seq;
        gboolean fragment;
    } records[] = {{"6,339,5140900,-;x,c", 339, FALSE},
                   {"6,340,5140900,c;x", 340, TRUE},
                   {"7,341,424069,c,caller=T1;x", 341, TRUE},
                   {"7,342,424069,+;x", 342, TRUE}};

    for (guint i = 0; i < G_N_ELEMENTS(records); i++) {
        guint64 seq = 0;

        g_assert_true(pst_kernel_log_is_fragment(records[i].line, &seq) == records[i].fragment);
        g_assert_cmpuint(seq, ==, records[i].seq);
    }
}

static void
test_units(void)
{
    static const char *const groups[][2] = {
        {"/system.slice/nginx.service", "nginx.service"},
        {"/user.slice/user-1000.slice/user@1000.service/app.slice/x.service", "user@1000.service"},
        {"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
        {"/user.slice/user-1000.slice", "user-1000.slice"},
        {"/system.slice/docker-0a1b.scope", "docker-0a1b.scope"},
        {"/docker/0a1b", NULL},
        {"/", NULL},
        {"", NULL}};

    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autofree char *unit = pst_process_list_unit_of_group(groups[i][0]);
        g_assert_cmpstr(unit, ==, groups[i][1]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel-log/oom-lines", test_oom_lines);
    g_test_add_func("/kernel-log/records", test_log_lines);
    g_test_add_func("/kernel-log/fragments", test_fragments);
    g_test_add_func("/kernel-log/units", test_units);
    return g_test_run();
}
