// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe-memory.h"
#include "protocol/report-memory.h"
#include "tests/unit/world.h"

#define MEBI ((gint64)1024 * 1024)
#define GROUPS "/sys/fs/cgroup"
#define QUIET "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
#define QUIET_FULL "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
#define BUSY "some avg10=99.00 avg60=97.50 avg300=96.01 total=9\n"

/* As a small guest has it after its start, and no swap. */
#define MEMINFO(total, available, swap, more)                                                      \
    "MemTotal:         " total " kB\nMemFree:          201020 kB\nMemAvailable:     " available    \
    " kB\nBuffers:           12000 kB\nCached:           130000 kB\nSwapTotal:       " swap        \
    " kB\nSwapFree:        " swap                                                                  \
    " kB\nShmem:              5000 kB\nKernelStack:        1500 kB\n"                              \
    "PageTables:         1200 kB\nSUnreclaim:        18000 kB\nCommitLimit:      240000 kB\n"      \
    "Committed_AS:     100000 kB\nHugePages_Total:       0\nHugePages_Free:        0\n"            \
    "Hugepagesize:       2048 kB\n" more

#define SUMMARY                                                                                    \
    "3,501,90000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,"              \
    "mems_allowed=0,oom_memcg=/system.slice/shop.service,task_memcg=/system.slice/shop.service,"   \
    "task=python3,pid=700,uid=0\n"
#define KILLED                                                                                     \
    "3,502,90000100,-;Memory cgroup out of memory: Killed process 700 (python3) "                  \
    "total-vm:70000kB, anon-rss:30000kB, file-rss:2000kB, shmem-rss:0kB, UID:0 pgtables:80kB "     \
    "oom_score_adj:0\n"
#define GLOBAL                                                                                     \
    "3,510,4999000000,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"             \
    "mems_allowed=0,global_oom,task_memcg=/user.slice/user-1000.slice/session-3.scope,task=tail,"  \
    "pid=800,uid=1000\n"                                                                           \
    "3,511,4999000100,-;Out of memory: Killed process 800 (tail) total-vm:700000kB, "              \
    "anon-rss:300000kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:80kB oom_score_adj:0\n"

static void
put_process(const World *world, guint pid, const char *name, guint pages, const char *group)
{
    g_autofree char *stat_path = g_strdup_printf("/proc/%u/stat", pid);
    g_autofree char *group_path = g_strdup_printf("/proc/%u/cgroup", pid);
    g_autofree char *stat = g_strdup_printf(
        "%u (%s) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 250 9000000 %u 18446744073709551615 "
        "1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
        pid, name, pages);
    g_autofree char *line = g_strdup_printf("0::%s\n", group);

    put_text(world, stat_path, stat);
    put_text(world, group_path, line);
}

/* The files of a control group of version 2. */
static void
put_group(const World *world, const char *group, const char *const (*files)[2])
{
    for (; (*files)[0] != NULL; files++) {
        g_autofree char *path = g_strdup_printf(GROUPS "%s/%s", group, (*files)[0]);
        put_text(world, path, (*files)[1]);
    }
}

static const char *const sound_group[][2] = {{"pids.max", "500\n"},
                                             {"pids.current", "5\n"},
                                             {"pids.events", "max 0\n"},
                                             {"memory.max", "max\n"},
                                             {"memory.events.local", "low 0\noom 0\noom_kill 0\n"},
                                             {NULL, NULL}};

static void
put_sound(const World *world)
{
    put_text(world, "/proc/meminfo", MEMINFO("496180", "350000", "0", ""));
    put_text(world, "/proc/vmstat", "nr_free_pages 50000\noom_kill 0\npgfault 5\n");
    put_text(world, "/proc/pressure/memory", QUIET QUIET_FULL);
    put_text(world, "/proc/pressure/io", BUSY QUIET_FULL);
    put_text(world, "/proc/pressure/cpu", QUIET QUIET_FULL);
    put_text(world, "/proc/loadavg", "0.50 0.20 0.10 2/120 900\n");
    put_text(world, "/proc/uptime", "5000.12 4000.00\n");
    put_text(world, "/proc/sys/fs/file-nr", "900\t0\t9223372036854775807\n");
    put_text(world, "/proc/sys/kernel/threads-max", "3800\n");
    put_text(world, "/proc/sys/kernel/pid_max", "32768\n");
    put_text(world, "/proc/sys/vm/overcommit_memory", "0\n");
    put_process(world, 1, "systemd", 2000, "/init.scope");
    put_process(world, 700, "nginx: (x) R 1", 9000, "/system.slice/nginx.service");
    put_text(world, GROUPS "/cgroup.controllers", "cpu memory pids\n");
    put_group(world, "/system.slice/nginx.service", sound_group);
    put_group(world, "/user.slice/user-1000.slice", sound_group);
}

static PstReport *
run(const World *world)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_memory_kind);

    pst_probe_memory_run(&context, NULL, report);
    return report;
}

static const PstFinding *
only_finding(const PstReport *report, const char *id)
{
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, id);
    return report->findings->pdata[0];
}

static const PstFinding *
find_finding(const PstReport *report, const char *id)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        if (g_str_equal(finding->id, id))
            return finding;
    }
    g_assert_not_reached();
}

static void
test_sound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run(world);
    const PstMemoryData *seen = report->data;

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpint(seen->sizes->total_bytes, ==, 496180 * 1024);
    g_assert_cmpint(seen->sizes->kernel_fixed_bytes, ==, 20700 * 1024);
    g_assert_cmpint(seen->oom_kills, ==, 0);
    g_assert_cmpint(seen->limits->tasks, ==, 120);
    g_assert_cmpint(seen->limits->files_max, ==, G_MAXINT64);
    g_assert_cmpuint(seen->pressure->len, ==, 3);
    g_assert_cmpint(((PstMemoryPressure *)seen->pressure->pdata[2])->some_avg60_basis_points, ==,
                    9750);
    g_assert_null(seen->groups);
    g_assert_null(seen->kills);
    const PstMemoryProcess *largest = seen->processes->pdata[0];
    g_assert_cmpstr(largest->name, ==, "nginx: (x) R 1");
    g_assert_cmpstr(largest->unit, ==, "nginx.service");
    g_assert_cmpint(largest->threads, ==, 3);
    g_assert_cmpint(largest->rss_bytes, ==, 9000 * sysconf(_SC_PAGESIZE));
}

static const struct {
    const char *name, *meminfo;
    const char *finding; /* NULL for none */
    PstSeverity severity;
    const char *words;
} sizes[] = {
    {"low", MEMINFO("496180", "20000", "0", ""), "memory.low", PST_SEVERITY_WARNING,
     "19.5 MiB of 485 MiB of memory are left, and 0 bytes of swap"},
    {"gone", MEMINFO("496180", "8000", "0", ""), "memory.low", PST_SEVERITY_CRITICAL, "7.8 MiB"},
    {"swap-left", MEMINFO("496180", "8000", "400000", ""), "memory.low", PST_SEVERITY_WARNING,
     "391 MiB of swap"},
    {"large-with-room", MEMINFO("263000000", "3000000", "0", ""), NULL, 0, NULL},
    {"large-low", MEMINFO("263000000", "200000", "0", ""), "memory.low", PST_SEVERITY_WARNING,
     "195 MiB"},
    {"before-3.14", "MemTotal: 496180 kB\nMemFree: 5000 kB\nCached: 12000 kB\nShmem: 9000 kB\n",
     "memory.low", PST_SEVERITY_CRITICAL, "7.8 MiB"},
    {"no-numbers", "MemTotal: lots\n", "memory.could-not-look", PST_SEVERITY_UNKNOWN, "how much"},
};

static void
test_sizes(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);

    put_sound(world);
    put_text(world, "/proc/meminfo", sizes[i].meminfo);
    g_autoptr(PstReport) report = run(world);

    if (sizes[i].finding == NULL) {
        g_assert_cmpuint(report->findings->len, ==, 0);
        return;
    }
    const PstFinding *finding = only_finding(report, sizes[i].finding);
    g_assert_cmpint(finding->severity, ==, sizes[i].severity);
    g_assert_nonnull(strstr(finding->message, sizes[i].words));
}

static void
test_huge_pages(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/meminfo",
             "MemTotal: 496180 kB\nMemAvailable: 9000 kB\nHugePages_Total: 150\n"
             "HugePages_Free: 149\nHugepagesize: 2048 kB\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(find_finding(report, "memory.huge-pages")->severity, ==, PST_SEVERITY_WARNING);
    const PstFinding *low = find_finding(report, "memory.low");
    g_assert_cmpstr(low->caused_by, ==, "memory.huge-pages");
    g_assert_nonnull(strstr(low->evidence->text, "nginx: (x) R 1 (pid 700, nginx.service)"));
    g_assert_nonnull(strstr(low->evidence->text, "huge pages 300 MiB"));
}

static void
test_commit(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/sys/vm/overcommit_memory", "2\n");
    g_autoptr(PstReport) room = run(world);
    g_assert_cmpuint(room->findings->len, ==, 0);

    put_text(world, "/proc/meminfo",
             "MemTotal: 496180 kB\nMemAvailable: 350000 kB\nCommitLimit: 240000 kB\n"
             "Committed_AS: 239000 kB\n");
    g_autoptr(PstReport) report = run(world);
    only_finding(report, "memory.commit-limit");
}

static const struct {
    const char *name, *resource, *text, *finding;
    PstSeverity severity;
} pressures[] = {
    {"memory", "memory",
     "some avg10=60.00 avg60=30.00 avg300=5.00 total=9\n"
     "full avg10=50.00 avg60=15.25 avg300=5.00 total=9\n",
     "memory.pressure", PST_SEVERITY_WARNING},
    {"memory-worse", "memory",
     "some avg10=99.00 avg60=80.00 avg300=5.00 total=9\n"
     "full avg10=90.00 avg60=55.00 avg300=5.00 total=9\n",
     "memory.pressure", PST_SEVERITY_CRITICAL},
    {"memory-for-a-moment", "memory",
     "some avg10=60.00 avg60=9.00 avg300=1.00 total=9\n"
     "full avg10=50.00 avg60=8.00 avg300=1.00 total=9\n",
     NULL, 0},
    {"io", "io", BUSY "full avg10=99.00 avg60=98.00 avg300=90.00 total=9\n", "memory.io-pressure",
     PST_SEVERITY_WARNING},
    {"io-at-a-start", "io", BUSY "full avg10=99.00 avg60=98.00 avg300=30.00 total=9\n", NULL, 0},
    {"cpu-before-5.13", "cpu", BUSY, "memory.cpu-pressure", PST_SEVERITY_INFORMATION},
    {"garbage", "memory", "some avg10=nan avg60=999.00 avg300=\nfull avg60=1", NULL, 0},
    {"empty", "memory", "", NULL, 0},
};

static void
test_pressure(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    g_autofree char *path = g_strconcat("/proc/pressure/", pressures[i].resource, NULL);

    put_sound(world);
    put_text(world, path, pressures[i].text);
    g_autoptr(PstReport) report = run(world);

    if (pressures[i].finding == NULL)
        g_assert_cmpuint(report->findings->len, ==, 0);
    else
        g_assert_cmpint(only_finding(report, pressures[i].finding)->severity, ==,
                        pressures[i].severity);
}

static void
test_group_killed(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/vmstat", "oom_kill 2\n");
    put_text(
        world, "/dev/kmsg",
        "5,1,0,-;Linux version 6.1\n SUBSYSTEM=x\n"
        "12,400,80000000,-;Out of memory: Killed process 1 (systemd) total-vm:1kB\n" SUMMARY KILLED
            SUMMARY KILLED);
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = only_finding(report, "memory.oom-kills");
    const PstMemoryData *seen = report->data;

    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpstr(finding->evidence->unit, ==, "shop.service");
    g_assert_cmpstr(finding->message, ==,
                    "the kernel killed python3 of shop.service, 2 times for want of memory: its "
                    "control group had used up its limit");
    g_assert_nonnull(strstr(finding->remedy, "set-property shop.service MemoryMax="));
    g_assert_cmpuint(seen->kills->len, ==, 2);
    const PstMemoryKill *kill = seen->kills->pdata[0];
    g_assert_cmpint(kill->rss_bytes, ==, 32000 * 1024);
    g_assert_cmpstr(kill->group, ==, "/system.slice/shop.service");
    g_assert_cmpint(ABS(g_get_real_time() - (gint64)(5000 - 90) * G_USEC_PER_SEC - kill->at_us), <,
                    2 * G_USEC_PER_SEC);
}

static void
test_guest_killed(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/vmstat", "oom_kill 1\n");
    put_text(world, "/dev/kmsg", SUMMARY GLOBAL);
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = only_finding(report, "memory.oom-kills");

    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_CRITICAL);
    g_assert_cmpstr(finding->evidence->unit, ==, "session-3.scope");
    g_assert_nonnull(strstr(finding->message, "tail of session-3.scope for want of memory: the "
                                              "guest had no more"));
}

static void
test_old_kill(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/vmstat", "oom_kill 1\n");
    put_text(world, "/proc/uptime", "500000.00 1\n");
    put_text(world, "/dev/kmsg", SUMMARY KILLED);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(only_finding(report, "memory.oom-kills")->severity, ==,
                    PST_SEVERITY_INFORMATION);
}

/* The log has gone over it: the groups' counters and the guest's own are left. */
static void
test_unnamed_kills(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/vmstat", "oom_kill 3\n");
    put_text(world, "/dev/kmsg", "6,900,1000,-;something else\n");
    g_autoptr(PstReport) unknown = run(world);
    g_assert_nonnull(strstr(only_finding(unknown, "memory.oom-kills")->message, "3 processes"));

    put_text(world, GROUPS "/system.slice/nginx.service/memory.events.local", "oom_kill 2\n");
    g_autoptr(PstReport) group = run(world);
    g_assert_cmpstr(only_finding(group, "memory.oom-kills")->evidence->unit, ==, "nginx.service");
}

static void
test_no_log(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *log = place(world, "/dev/kmsg");

    put_sound(world);
    put_text(world, "/proc/vmstat", "oom_kill 3\n");
    g_assert_cmpint(mkfifo(log, 0600), ==, 0);
    g_autoptr(PstReport) report = run(world);

    find_finding(report, "memory.oom-kills");
    g_assert_cmpint(find_finding(report, "memory.could-not-look")->severity, ==,
                    PST_SEVERITY_UNKNOWN);
}

static const struct {
    const char *name, *max, *current, *events;
    int severity; /* -1 for no finding */
} tasks[] = {
    {"full", "30\n", "30\n", "max 4\n", PST_SEVERITY_CRITICAL},
    {"many", "1000\n", "990\n", "max 0\n", PST_SEVERITY_CRITICAL},
    {"small-by-design", "1\n", "1\n", "max 0\n", -1},
    {"was-full", "30\n", "12\n", "max 4\n", -1},
    {"no-limit", "max\n", "5000\n", "max 0\n", -1},
    {"garbage", "-5\n", "many\n", "max\n", -1},
};

static void
test_tasks(World *world, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data);
    const char *const files[][2] = {{"pids.max", tasks[i].max},
                                    {"pids.current", tasks[i].current},
                                    {"pids.events", "max 0\n"},
                                    {NULL, NULL}};
    /* Where older kernels count what the slice refused. */
    const char *const below[][2] = {
        {"pids.max", "max\n"}, {"pids.events", tasks[i].events}, {NULL, NULL}};

    put_sound(world);
    put_group(world, "/user.slice/user-1000.slice", files);
    put_group(world, "/user.slice/user-1000.slice/session-1.scope", below);
    g_autoptr(PstReport) report = run(world);

    if (tasks[i].severity < 0) {
        g_assert_cmpuint(report->findings->len, ==, 0);
        return;
    }
    const PstFinding *finding = only_finding(report, "memory.pids-exhausted");
    g_assert_cmpint(finding->severity, ==, tasks[i].severity);
    g_assert_cmpstr(finding->evidence->unit, ==, "user-1000.slice");
    g_assert_cmpstr(finding->evidence->path, ==,
                    "/sys/fs/cgroup/user.slice/user-1000.slice/pids.max");
}

static void
test_limit_reached(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const files[][2] = {
        {"memory.max", "33554432\n"},
        {"memory.current", "33000000\n"},
        {"memory.stat", "anon 400000\nactive_file 30000000\ninactive_file 2000000\n"},
        {NULL, NULL}};

    put_sound(world);
    put_group(world, "/system.slice/shop.service", files);
    g_autoptr(PstReport) cache = run(world);
    g_assert_cmpuint(cache->findings->len, ==, 0);

    put_text(world, GROUPS "/system.slice/shop.service/memory.stat",
             "anon 32900000\nactive_file 1000\ninactive_file 0\n");
    g_autoptr(PstReport) report = run(world);
    g_assert_cmpstr(only_finding(report, "memory.limit-reached")->evidence->unit, ==,
                    "shop.service");
}

static void
test_guest_limits(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/proc/loadavg", "0.50 0.20 0.10 2/3790 900\n");
    put_text(world, "/proc/sys/fs/file-nr", "9990 0 10000\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpstr(find_finding(report, "memory.pids-exhausted")->evidence->path, ==,
                    "/proc/sys/kernel/threads-max");
    find_finding(report, "memory.files-exhausted");
    g_assert_cmpuint(report->findings->len, ==, 2);
}

/* RHEL 8 and older: version 1, and a kernel that says no more than it must. */
static void
test_version_1(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, GROUPS);
    remove_path(world, "/proc/pressure");
    put_text(world, "/proc/vmstat", "nr_free_pages 50000\n");
    put_text(world, "/dev/kmsg", "6,1,0,-;Linux version 4.9\n");
    put_text(world, "/proc/700/cgroup",
             "9:memory:/system.slice/nginx.service\n1:name=systemd:/system.slice/nginx.service\n");
    put_text(world, GROUPS "/pids/system.slice/shop.service/pids.max", "20\n");
    put_text(world, GROUPS "/pids/system.slice/shop.service/pids.current", "20\n");
    put_text(world, GROUPS "/pids/system.slice/shop.service/pids.events", "max 1\n");
    put_text(world, GROUPS "/memory/system.slice/x.service/memory.limit_in_bytes",
             "9223372036854771712\n");
    put_text(world, GROUPS "/memory/system.slice/x.service/memory.usage_in_bytes", "1000\n");
    put_text(world, GROUPS "/memory/system.slice/x.service/memory.oom_control",
             "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    g_autoptr(PstReport) report = run(world);
    const PstMemoryData *seen = report->data;

    g_assert_cmpint(seen->oom_kills, ==, PST_INT_UNKNOWN);
    g_assert_null(seen->pressure);
    g_assert_cmpstr(((PstMemoryProcess *)seen->processes->pdata[0])->unit, ==, "nginx.service");
    g_assert_cmpuint(report->findings->len, ==, 2);
    g_assert_cmpint(find_finding(report, "memory.pids-exhausted")->severity, ==,
                    PST_SEVERITY_WARNING);
    g_assert_cmpstr(find_finding(report, "memory.oom-kills")->evidence->unit, ==, "x.service");
}

static void
test_no_groups(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, GROUPS);
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
}

static void
test_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
}

static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const paths[] = {"/proc/meminfo",
                                        "/proc/vmstat",
                                        "/proc/pressure/memory",
                                        "/proc/loadavg",
                                        "/proc/uptime",
                                        "/proc/sys/fs/file-nr",
                                        "/dev/kmsg",
                                        "/proc/7/stat",
                                        GROUPS "/cgroup.controllers",
                                        GROUPS "/a/memory.max",
                                        GROUPS "/a/pids.max",
                                        GROUPS "/a/pids.events",
                                        GROUPS "/a/memory.stat",
                                        "/proc/sys/kernel/pid_max"};
    gsize len;

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        put(world, paths[i], "\xFF\0(((\n)))\n;;,,1\n999999999999999999999999 9\n", 43, 0644);
    g_autoptr(PstReport) report = run(world);
    g_autofree char *text = pst_report_to_text(report, 200000, &len);

    g_assert_nonnull(text);
    g_assert_cmpint(report->status, !=, PST_STATUS_OK);
}

static void
test_deep_groups(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GString) path = g_string_new(GROUPS);

    put_sound(world);
    for (guint i = 0; i < 30; i++)
        g_string_append(path, "/deep.slice");
    g_string_append(path, "/pids.max");
    put_text(world, path->str, "5\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_true(report->truncated);
}

#define ADD(name, function) g_test_add("/memory/" name, World, NULL, set_up, function, tear_down)
#define ADD_ALL(prefix, table, function)                                                           \
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {                                              \
        g_autofree char *path = g_strdup_printf("/memory/" prefix "/%s", table[i].name);           \
        g_test_add(path, World, GUINT_TO_POINTER(i), set_up, function, tear_down);                 \
    }

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("sound", test_sound);
    ADD_ALL("sizes", sizes, test_sizes);
    ADD_ALL("pressure", pressures, test_pressure);
    ADD_ALL("tasks", tasks, test_tasks);
    ADD("huge-pages", test_huge_pages);
    ADD("commit-limit", test_commit);
    ADD("group-killed", test_group_killed);
    ADD("guest-killed", test_guest_killed);
    ADD("old-kill", test_old_kill);
    ADD("unnamed-kills", test_unnamed_kills);
    ADD("no-log", test_no_log);
    ADD("limit-reached", test_limit_reached);
    ADD("guest-limits", test_guest_limits);
    ADD("version-1", test_version_1);
    ADD("no-groups", test_no_groups);
    ADD("absent", test_absent);
    ADD("garbage", test_garbage);
    ADD("deep-groups", test_deep_groups);
    return g_test_run();
}
