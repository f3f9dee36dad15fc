// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/containers-docker.h"
#include "guest-shim/containers-judge.h"
#include "guest-shim/containers-podman.h"
#include "guest-shim/containers-words.h"
#include "guest-shim/probe-containers.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

#define SLICE "/sys/fs/cgroup/system.slice"
#define HOUR_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)

static char *
data_file(const char *name, gsize *len)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "containers", name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, len, &error);
    g_assert_no_error(error);
    return text;
}

static PstReport *
run(const World *world)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstContainersArgs args = {PST_TRI_UNKNOWN};
    PstReport *report = pst_report_new(&pst_report_containers_kind);

    pst_probe_containers_run(&context, &args, report);
    return report;
}

static const PstContainersContainer *
container_of(const PstContainersData *data, const char *name)
{
    for (guint i = 0; data->containers != NULL && i < data->containers->len; i++) {
        const PstContainersContainer *container = data->containers->pdata[i];
        if (g_strcmp0(container->name, name) == 0)
            return container;
    }
    g_assert_not_reached();
}

/* How many findings there are of this id, and *first. */
static guint
count(const PstReport *report, const char *id, const PstFinding **first)
{
    guint n = 0;

    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (g_str_equal(finding->id, id) && n++ == 0 && first != NULL)
            *first = finding;
    }
    return n;
}

static void
test_none(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(report->summary, ==, "no container runtime here");
    g_assert_null(((PstContainersData *)report->data)->runtimes);
}

/* What dockerd 20.10 says over its socket: which bytes answer which target. */
static const struct {
    const char *container; /* NULL: the list */
    const char *what;
    const char *file;
} answers[] = {
    {NULL, "json?all=1", "docker-20.10-list.http"},
    {"aedf3d9bc631", "/json", "docker-20.10-broken.http"},
    {"aedf3d9bc631", "/logs?", "docker-20.10-broken-log.http"},
    {"9728ca2af3c0", "/json", "docker-20.10-gaveup.http"},
    {"36ee736e273b", "/json", "docker-20.10-sick.http"},
    {"9f69f65e6f4d", "/json", "docker-20.10-nostart.http"},
    {"d636d0504d4c", "/json", "docker-20.10-halted.http"},
    {"33ee63a25520", "/json", "docker-20.10-web.http"},
};

/* A daemon in a thread, until its listener is shut down. */
typedef struct {
    int listener;
    const char *always; /* says this to everybody; NULL: what the table has */
    gboolean silent;    /* says nothing, and keeps the connections */
    gboolean late;      /* says nothing but the list */
    GThread *thread;
} Daemon;

static void
send_pieces(int fd, const char *bytes, gsize len)
{
    for (gsize at = 0; at < len; at += 700)
        if (send(fd, bytes + at, MIN(700, len - at), MSG_NOSIGNAL) < 0)
            return;
}

static const char *
file_for(const char *request)
{
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autofree char *begin = g_strdup_printf(
            "GET /containers/%s", answers[i].container != NULL ? answers[i].container : "");
        if (g_str_has_prefix(request, begin) && strstr(request, answers[i].what) != NULL)
            return answers[i].file;
    }
    return NULL;
}

static void
serve(const Daemon *daemon, int fd)
{
    static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
    char request[1024] = "";

    if (recv(fd, request, sizeof(request) - 1, 0) <= 0)
        return;
    const char *file = file_for(request);
    gsize len = 0;
    g_autofree char *bytes = daemon->always == NULL && file != NULL ? data_file(file, &len) : NULL;
    if (daemon->always != NULL)
        send_pieces(fd, daemon->always, strlen(daemon->always));
    else if (bytes != NULL)
        send_pieces(fd, bytes, len);
    else
        send_pieces(fd, none, strlen(none));
}

static gpointer
run_daemon(gpointer data)
{
    const Daemon *daemon = data;
    g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(int));
    guint n = 0;
    int fd;

    while ((fd = accept4(daemon->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (daemon->silent || (daemon->late && n++ > 0)) {
            g_array_append_val(kept, fd);
            continue;
        }
        serve(daemon, fd);
        close(fd);
    }
    for (guint i = 0; i < kept->len; i++)
        close(g_array_index(kept, int, i));
    return NULL;
}

static void
daemon_start(Daemon *daemon, const World *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = place(world, PST_CONTAINERS_DOCKER_SOCKET);

    g_assert_cmpuint(strlen(path), <, sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    daemon->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(daemon->listener, (const struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    g_assert_cmpint(listen(daemon->listener, 8), ==, 0);
    daemon->thread = g_thread_new("daemon", run_daemon, daemon);
}

static void
daemon_stop(Daemon *daemon)
{
    shutdown(daemon->listener, SHUT_RDWR);
    g_thread_join(daemon->thread);
    close(daemon->listener);
}

/* Asks a daemon within some milliseconds; the error's code, 0 for none. */
static int
ask(const World *world, Daemon *daemon, gint64 ms, PstReport *report)
{
    /* The probe keeps 300 ms to report in. */
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + (ms + 300) * 1000};
    g_autoptr(GError) error = NULL;

    daemon_start(daemon, world);
    gboolean done = pst_containers_docker_ask(&context, report->data, &error);
    daemon_stop(daemon);
    g_assert_cmpint(done, ==, error == NULL);
    return error != NULL ? error->code : 0;
}

static gint64
real_us(const char *time)
{
    return pst_containers_words_time(time);
}

static void
test_docker(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
    PstContainersData *data = report->data;
    Daemon daemon = {0};

    g_assert_cmpint(ask(world, &daemon, 9000, report), ==, 0);
    g_assert_cmpuint(data->containers->len, ==, 7);
    const PstContainersContainer *broken = container_of(data, "broken");
    g_assert_cmpstr(broken->state, ==, "restarting");
    g_assert_cmpstr(broken->restart_policy, ==, "always");
    g_assert_cmpint(broken->restarts, >=, 7);
    g_assert_cmpint(broken->exit_code, ==, 3);
    g_assert_cmpuint(broken->lines->len, ==, 5);
    g_assert_cmpstr(container_of(data, "sick")->health, ==, "unhealthy");
    g_assert_nonnull(container_of(data, "nostart")->error);
    g_assert_cmpint(container_of(data, "web")->started_us, ==,
                    real_us("2026-11-26T00:33:39.387929Z"));
    g_assert_cmpint(container_of(data, "web")->finished_us, ==, PST_INT_UNKNOWN);
    g_assert_cmpstr(container_of(data, "web")->image, ==, "shop:1");
}

static void
test_docker_findings(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
    const PstFinding *finding = NULL;
    Daemon daemon = {0};

    g_assert_cmpint(ask(world, &daemon, 9000, report), ==, 0);
    pst_containers_judge(report, real_us("2026-11-26T00:34:00Z"));
    g_assert_cmpuint(report->findings->len, ==, 5);
    g_assert_cmpuint(count(report, "containers.exited", &finding), ==, 3);
    g_assert_cmpstr(finding->remedy, ==,
                    "docker logs halted tells more; mend its cause, then: docker start halted");
    g_assert_cmpstr(finding->evidence->name, ==, "halted");
    g_assert_cmpuint(count(report, "containers.unhealthy", NULL), ==, 1);
    g_assert_cmpuint(count(report, "containers.restarting", &finding), ==, 1);
    g_assert_cmpstr(finding->evidence->text, ==, "cannot read /etc/shop.conf");
    g_assert_cmpint(finding->evidence->exit_status, ==, 3);
    g_assert_cmpint(((PstContainersData *)report->data)->n_running, ==, 2);
}

static void
test_docker_trouble(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        Daemon daemon;
        int code;
    } rows[] = {
        {{.silent = TRUE}, PST_ERROR_DEADLINE},
        {{.late = TRUE}, PST_ERROR_DEADLINE},
        {{.always = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"},
         PST_ERROR_PROTOCOL},
        {{.always = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull"}, PST_ERROR_INVALID_PARAMS},
        {{.always = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"}, PST_ERROR_INVALID_PARAMS},
        {{.always = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n["}, PST_ERROR_PARSE},
        {{.always = "rubbish"}, PST_ERROR_PROTOCOL},
        {{.always = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1,null,{}]"}, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
        Daemon daemon = rows[i].daemon;
        int code = ask(world, &daemon, 400, report);

        if (rows[i].code != 0)
            g_assert_cmpint(code, !=, 0);
        if (rows[i].code == PST_ERROR_DEADLINE)
            g_assert_cmpint(code, ==, PST_ERROR_DEADLINE);
        remove_path(world, PST_CONTAINERS_DOCKER_SOCKET);
    }
}

/* Where dockerd does not run nobody touches its socket, which would start it. */
static void
test_docker_stopped(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_text(world, SLICE "/docker.service/cgroup.procs", "");
    put_text(world, "/usr/bin/dockerd", "");
    g_autoptr(PstReport) report = run(world);
    const PstContainersRuntime *runtime = ((PstContainersData *)report->data)->runtimes->pdata[0];

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(count(report, "containers.runtime-stopped", NULL), ==, 1);
    g_assert_cmpstr(runtime->state, ==, "stopped");
}

static void
test_docker_stuck(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_text(world, SLICE "/docker.service/cgroup.procs", "77\n");
    put_text(world, "/proc/77/stat", "77 (dockerd) T 1 1\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_WARNING);
    g_assert_cmpuint(count(report, "containers.runtime-hangs", NULL), ==, 1);
}

/* Which of them was given no more than a moment has not been seen to hang. */
static void
test_late(void)
{
    static const struct {
        gint64 took_ms;
        const char *state, *id;
    } rows[] = {
        {PST_INT_UNKNOWN, "hangs", "containers.runtime-hangs"},
        {5000, "hangs", "containers.runtime-hangs"},
        {40, "failed", "containers.could-not-look"},
    };
    g_autoptr(GError) cause = g_error_new_literal(PST_ERROR, PST_ERROR_DEADLINE, "no answer");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
        PstContainersData *data = report->data;
        PstContainersRuntime *runtime =
            pst_fields_append(&pst_report_containers_runtime_fields, &data->runtimes);

        runtime->name = g_strdup("docker");
        runtime->took_ms = rows[i].took_ms;
        pst_containers_judge_failure(runtime, cause, report);
        g_assert_cmpuint(count(report, rows[i].id, NULL), ==, 1);
        g_assert_cmpstr(runtime->state, ==, rows[i].state);
    }
}

static void
test_docker_lines(void)
{
    static const guint8 framed[] = "\1\0\0\0\0\0\0\4one\n\2\0\0\0\0\0\0\xFFtwo\n\xFF";
    PstContainersContainer *a = pst_fields_new(&pst_report_containers_container_fields);
    PstContainersContainer *b = pst_fields_new(&pst_report_containers_container_fields);

    pst_containers_docker_lines(framed, sizeof(framed) - 1, a);
    g_assert_cmpuint(a->lines->len, ==, 3);
    g_assert_cmpstr(((PstContainersLine *)a->lines->pdata[0])->text, ==, "one");
    g_assert_cmpstr(((PstContainersLine *)a->lines->pdata[1])->stream, ==, "stderr");
    pst_containers_docker_lines((const guint8 *)"1\n2\r\n3\n4\n5\n6\n\n", 14, b);
    g_assert_cmpuint(b->lines->len, ==, 5);
    g_assert_cmpstr(((PstContainersLine *)b->lines->pdata[0])->text, ==, "2");
    g_assert_null(((PstContainersLine *)b->lines->pdata[0])->stream);
    pst_fields_free(&pst_report_containers_container_fields, a);
    pst_fields_free(&pst_report_containers_container_fields, b);
}

/* What podman 4.3 says. */
static void
test_podman(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
    g_autoptr(GHashTable) logs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    PstContainersData *data = report->data;
    const PstFinding *finding = NULL;
    gsize len = 0;
    g_autofree char *list = data_file("podman-4.3-ps.json", &len);
    g_autofree char *details = data_file("podman-4.3-inspect.ndjson", NULL);

    g_assert_true(pst_containers_podman_parse_list(list, len, data, NULL));
    pst_containers_podman_parse_details(details, data, logs);
    g_assert_cmpuint(data->containers->len, ==, 4);
    const PstContainersContainer *broken = container_of(data, "broken");
    g_assert_cmpstr(broken->id, ==, "df2ddafcc9e0");
    g_assert_cmpstr(broken->restart_policy, ==, "on-failure");
    g_assert_cmpint(broken->restarts, ==, 2);
    g_assert_nonnull(g_hash_table_lookup(logs, broken));
    g_assert_cmpstr(container_of(data, "sick")->unit, ==, "sick.service");
    g_assert_cmpstr(container_of(data, "web")->state, ==, "paused");
    pst_containers_judge(report, real_us("2026-11-26T00:31:00Z"));
    g_assert_cmpuint(report->findings->len, ==, 2);
    g_assert_cmpuint(count(report, "containers.exited", &finding), ==, 1);
    g_assert_cmpint(finding->evidence->exit_status, ==, 3);
    g_assert_cmpuint(count(report, "containers.unhealthy", &finding), ==, 1);
    g_assert_cmpstr(finding->evidence->unit, ==, "sick.service");
}

static void
test_podman_rubbish(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
    static const char *const texts[] = {"", "[", "{}", "[{\"Names\":7}", "rubbish"};
    const char *odd = "[{\"Names\":7,\"Labels\":[],\"State\":1}]";

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(
            pst_containers_podman_parse_list(texts[i], strlen(texts[i]), report->data, &error));
        g_assert_nonnull(error);
    }
    g_assert_true(pst_containers_podman_parse_list("null", 4, report->data, NULL));
    g_assert_true(pst_containers_podman_parse_list(odd, strlen(odd), report->data, NULL));
    pst_containers_podman_parse_details("{\n{}\n{\"Id\":\"x\",\"State\":7}\n", report->data, NULL);
}

static void
test_podman_lines(void)
{
    PstContainersContainer *container = pst_fields_new(&pst_report_containers_container_fields);

    pst_containers_podman_lines("cut stdout F\n2026-11-26T00:29:47.2+00:00 stdout F starting up\n"
                                "2026-11-26T00:29:47.2+00:00 stderr F no \xFF\n",
                                container);
    g_assert_cmpuint(container->lines->len, ==, 2);
    g_assert_cmpstr(((PstContainersLine *)container->lines->pdata[0])->text, ==, "starting up");
    g_assert_cmpstr(((PstContainersLine *)container->lines->pdata[1])->stream, ==, "stderr");
    pst_fields_free(&pst_report_containers_container_fields, container);
}

/* A podman that nobody has used since the boot is not run: its first run changes things. */
static void
test_podman_unused(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put(world, "/usr/bin/podman", "", 0, 0755);
    put_text(world, "/var/lib/containers/storage/libpod/bolt_state.db", "");
    g_autoptr(PstReport) unused_report = run(world);
    put_text(world, "/run/libpod/alive", "");
    put_text(world, "/run/user/1000/libpod/tmp", "");
    put_text(world, "/run/user/1001/other", "");
    g_autoptr(PstReport) used = run(world);
    const PstContainersData *before = unused_report->data, *after = used->data;

    if (geteuid() != 0) {
        g_test_skip("only root's own programs are run");
        return;
    }
    g_assert_cmpstr(((PstContainersRuntime *)before->runtimes->pdata[0])->state, ==, "not-used");
    g_assert_cmpstr(((PstContainersRuntime *)after->runtimes->pdata[0])->state, ==, "not-asked");
    g_assert_cmpstr(after->rootless_not_asked[0], ==, "1000");
    g_assert_null(after->rootless_not_asked[1]);
    g_assert_cmpuint(count(used, "containers.rootless-not-asked", NULL), ==, 1);
    g_assert_cmpint(used->status, ==, PST_STATUS_OK);
}

static void
put_machine(const World *world, const char *name, const char *class, const char *leader)
{
    g_autofree char *path = g_strdup_printf("/run/systemd/machines/%s", name);
    g_autofree char *text =
        g_strdup_printf("# This is private data. Do not parse.\nNAME=%s\nCLASS=%s\n"
                        "SERVICE=systemd-nspawn\nROOT=/var/lib/machines/%s\nSCOPE=systemd-"
                        "nspawn@%s.service\nLEADER=%s\nREALTIME=1795653227829687\n",
                        name, class, name, name, leader);

    put_text(world, path, text);
}

static void
test_nspawn(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_machine(world, "shop", "container", "4711");
    put_machine(world, "gone", "container", "4712");
    put_machine(world, "desk", "vm", "4711");
    put_text(world, "/run/systemd/machines/unit:systemd-nspawn@shop.service", "x");
    put_text(world, "/run/systemd/machines/rubbish", "\xFF\n=\n");
    put_text(world, "/proc/4711/stat", "4711 (systemd) S 1 1\n");
    put_text(world, "/etc/systemd/system/machines.target.wants/systemd-nspawn@mail.service", "");
    put_text(world, "/etc/systemd/system/machines.target.wants/systemd-nspawn@shop.service", "");
    put_text(world, "/etc/systemd/system/machines.target.wants/systemd-nspawn@.service", "");
    g_autoptr(PstReport) report = run(world);
    const PstContainersData *data = report->data;

    g_assert_cmpuint(data->containers->len, ==, 3);
    g_assert_cmpstr(container_of(data, "shop")->state, ==, "running");
    g_assert_cmpint(container_of(data, "shop")->started_us, ==, 1795653227829687);
    g_assert_cmpstr(container_of(data, "gone")->state, ==, "exited");
    g_assert_cmpstr(container_of(data, "mail")->unit, ==, "systemd-nspawn@mail.service");
    g_assert_cmpuint(count(report, "containers.exited", NULL), ==, 2);
}

typedef struct {
    const char *name;
    const char *state, *health, *policy, *unit;
    gint64 restarts, exit_code, started_ago_us;
    const char *id; /* of the only finding, NULL for none */
} JudgeRow;

static const JudgeRow judge_rows[] = {
    {"runs", "running", NULL, "always", NULL, 0, 0, HOUR_US, NULL},
    {"healthy", "running", "healthy", "always", NULL, 0, 0, HOUR_US, NULL},
    {"starting", "running", "starting", "always", NULL, 0, 0, 0, NULL},
    {"done", "exited", NULL, "no", NULL, 0, 0, HOUR_US, NULL},
    {"failed-and-unwanted", "exited", NULL, "no", NULL, 0, 1, HOUR_US, NULL},
    {"no-policy", "exited", NULL, NULL, NULL, 0, 1, HOUR_US, NULL},
    {"done-on-failure", "exited", NULL, "on-failure", NULL, 0, 0, HOUR_US, NULL},
    {"gave-up", "exited", NULL, "on-failure", NULL, 5, 1, HOUR_US, "containers.exited"},
    {"stopped", "exited", NULL, "unless-stopped", NULL, 0, 0, HOUR_US, "containers.exited"},
    {"of-a-unit", "exited", NULL, NULL, "shop.service", 0, 1, HOUR_US, "containers.exited"},
    {"never-started", "created", NULL, "always", NULL, 0, 0, HOUR_US, NULL},
    {"paused", "paused", NULL, "always", NULL, 0, 0, HOUR_US, NULL},
    {"restarting", "restarting", NULL, "always", NULL, 2, 1, 0, "containers.restarting"},
    {"between-two-ends", "running", NULL, "always", NULL, 9, 1, 5, "containers.restarting"},
    {"restarted-long-ago", "running", NULL, "always", NULL, 9, 1, HOUR_US, NULL},
    {"unhealthy", "running", "unhealthy", "no", NULL, 0, 0, HOUR_US, "containers.unhealthy"},
    {"ended-unhealthy", "exited", "unhealthy", "no", NULL, 0, 0, HOUR_US, NULL},
};

static void
test_judge(gconstpointer data)
{
    const JudgeRow *row = data;
    g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
    PstContainersData *seen = report->data;
    PstContainersContainer *container =
        pst_fields_append(&pst_report_containers_container_fields, &seen->containers);
    gint64 now_us = 1000 * HOUR_US;

    container->runtime = g_strdup("docker");
    container->name = g_strdup("shop");
    container->state = g_strdup(row->state);
    container->health = g_strdup(row->health);
    container->restart_policy = g_strdup(row->policy);
    container->unit = g_strdup(row->unit);
    container->restarts = row->restarts;
    container->exit_code = row->exit_code;
    container->started_us = now_us - row->started_ago_us;
    pst_containers_judge(report, now_us);

    g_assert_cmpuint(report->findings->len, ==, row->id != NULL ? 1 : 0);
    if (row->id != NULL)
        g_assert_cmpstr(((PstFinding *)report->findings->pdata[0])->id, ==, row->id);
}

static void
test_words(void)
{
    g_assert_cmpint(pst_containers_words_time("0001-01-01T00:00:00Z"), ==, PST_INT_UNKNOWN);
    g_assert_cmpint(pst_containers_words_time("1970-01-01T00:00:01Z"), ==, 1000000);
    g_assert_cmpint(pst_containers_words_time("yesterday"), ==, PST_INT_UNKNOWN);
    g_assert_cmpstr(pst_containers_words_health("Up 2 hours (unhealthy)"), ==, "unhealthy");
    g_assert_cmpstr(pst_containers_words_health("Up 1 second (health: starting)"), ==, "starting");
    g_assert_null(pst_containers_words_health("Exited (0) 2 days ago"));
}

#define ADD(name, function)                                                                        \
    g_test_add("/containers/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("none", test_none);
    ADD("docker", test_docker);
    ADD("docker-findings", test_docker_findings);
    ADD("docker-trouble", test_docker_trouble);
    ADD("docker-stopped", test_docker_stopped);
    ADD("docker-stuck", test_docker_stuck);
    ADD("podman-unused", test_podman_unused);
    ADD("nspawn", test_nspawn);
    g_test_add_func("/containers/late", test_late);
    g_test_add_func("/containers/docker-lines", test_docker_lines);
    g_test_add_func("/containers/podman", test_podman);
    g_test_add_func("/containers/podman-rubbish", test_podman_rubbish);
    g_test_add_func("/containers/podman-lines", test_podman_lines);
    g_test_add_func("/containers/words", test_words);
    for (guint i = 0; i < G_N_ELEMENTS(judge_rows); i++) {
        g_autofree char *path = g_strdup_printf("/containers/judge/%s", judge_rows[i].name);
        g_test_add_data_func(path, &judge_rows[i], test_judge);
    }
    return g_test_run();
}
