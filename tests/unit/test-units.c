// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "guest-shim/units-bus.h"
#include "guest-shim/units-systemctl.h"
#include "guest-shim/units-wanted.h"
#include "guest-shim/units.h"
#include "protocol/error.h"

/* A peer that is real to the code under test: a listening socket with a thread behind it that
 * answers each connection with bytes of its own, or with D-Bus messages. */
typedef void (*Serve)(int fd);

typedef struct {
    char *folder;
    char *path;
    int listener;
    Serve serve;
    GThread *thread;
} Server;

static gpointer
serve_thread(gpointer data)
{
    Server *server = data;
    int fd = accept(server->listener, NULL, NULL);

    g_assert_cmpint(fd, >=, 0);
    server->serve(fd);
    close(fd);
    return NULL;
}

static void
server_start(Server *server, Serve serve)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    server->folder = g_dir_make_tmp("postern-units-XXXXXX", NULL);
    server->path = g_build_filename(server->folder, "private", NULL);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, server->path, sizeof(address.sun_path));
    g_assert_cmpint(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(server->listener, 1), ==, 0);
    server->serve = serve;
    server->thread = g_thread_new("server", serve_thread, server);
}

static void
server_stop(Server *server)
{
    g_thread_join(server->thread);
    close(server->listener);
    g_unlink(server->path);
    g_rmdir(server->folder);
    g_free(server->path);
    g_free(server->folder);
}

/* Reads until the peer has sent BEGIN; whatever follows it stays unread. */
static void
accept_handshake(int fd)
{
    GString *seen = g_string_new(NULL);
    char c;

    while (!g_str_has_suffix(seen->str, "BEGIN\r\n")) {
        g_assert_cmpint(read(fd, &c, 1), ==, 1);
        if (c != '\0')
            g_string_append_c(seen, c);
    }
    g_autofree char *uid = g_strdup_printf("%u", geteuid());
    GString *expected = g_string_new("AUTH EXTERNAL ");
    for (const char *digit = uid; *digit != '\0'; digit++)
        g_string_append_printf(expected, "%02x", (guint)*digit);
    g_string_append(expected, "\r\nBEGIN\r\n");
    g_assert_cmpstr(seen->str, ==, expected->str);
    g_string_free(seen, TRUE);
    g_string_free(expected, TRUE);
    g_assert_cmpint(write(fd, "OK 0123456789abcdef0123456789abcdef\r\n", 37), ==, 37);
}

static GDBusMessage *
read_call(int fd)
{
    guint8 *bytes = g_malloc0(64 * 1024);
    gssize needed;

    if (recv(fd, bytes, 16, MSG_WAITALL) != 16) {
        g_free(bytes);
        return NULL;
    }
    needed = g_dbus_message_bytes_needed(bytes, 16, NULL);
    g_assert_cmpint(recv(fd, bytes + 16, (gsize)needed - 16, MSG_WAITALL), ==, needed - 16);
    GDBusMessage *message =
        g_dbus_message_new_from_blob(bytes, (gsize)needed, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
    g_assert_nonnull(message);
    g_free(bytes);
    return message;
}

static void
send_message(int fd, GDBusMessage *message)
{
    static guint32 serial = 1000;
    gsize len;

    g_dbus_message_set_serial(message, serial++);
    g_autofree guchar *blob =
        g_dbus_message_to_blob(message, &len, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
    g_assert_nonnull(blob);
    /* In odd pieces, as a stream may come. */
    for (gsize at = 0; at < len; at += 7)
        g_assert_cmpint(write(fd, blob + at, MIN(7, len - at)), ==, MIN(7, len - at));
    g_object_unref(message);
}

static GVariant *
property_of(const char *path, const char *property)
{
    if (g_str_equal(property, "SystemState"))
        return g_variant_new_string("degraded");
    if (g_str_equal(property, "NFailedUnits"))
        return g_variant_new_uint32(2);
    if (g_str_equal(property, "NRestarts"))
        return g_variant_new_uint32(4);
    if (g_str_equal(property, "ActiveEnterTimestampMonotonic"))
        return g_variant_new_uint64(G_GUINT64_CONSTANT(18446744073709551615));
    if (g_str_equal(property, "ConditionResult"))
        return g_variant_new_boolean(FALSE);
    if (g_str_equal(property, "Result")) /* of another type than systemd's */
        return g_variant_new_uint32(7);
    if (g_str_equal(property, "FragmentPath"))
        return g_variant_new_string(path);
    return NULL;
}

static GDBusMessage *
answer(GDBusMessage *call)
{
    static const char *const triggers[] = {"gone.timer", NULL};
    GDBusMessage *reply = g_dbus_message_new_method_reply(call);
    const char *method = g_dbus_message_get_member(call);
    const char *first = NULL, *property = NULL;
    GVariant *value;

    if (g_str_equal(method, "ListUnitsByNames") || g_str_equal(method, "ListUnitsByPatterns")) {
        g_dbus_message_set_body(
            reply,
            g_variant_new_parsed("([('ssh.service', 'shell', 'loaded', 'active', 'running', "
                                 "'', objectpath '/a', uint32 0, '', objectpath '/'),"
                                 "('nix.service', 'nix.service', 'not-found', 'inactive', "
                                 "'dead', '', objectpath '/a', 0, '', '/'),"
                                 "('gone.service', 'gone', 'loaded', 'inactive', 'dead', '', "
                                 "'/a', 0, '', '/')],)"));
    } else if (g_str_equal(method, "ListJobs")) {
        g_dbus_message_set_body(reply, g_variant_new_parsed("([(uint32 7, 'slow.service', 'start', "
                                                            "'running', objectpath '/j', "
                                                            "objectpath '/u')],)"));
    } else if (g_str_equal(method, "GetAll")) {
        g_dbus_message_set_body(reply,
                                g_variant_new_parsed("({'UnitFileState': <'disabled'>, 'Other': "
                                                     "<1>, 'TriggeredBy': <%^as>, 'LoadError': "
                                                     "<('name', 'text')>},)",
                                                     triggers));
    } else {
        g_variant_get(g_dbus_message_get_body(call), "(&s&s)", &first, &property);
        value = property_of(g_dbus_message_get_path(call), property);
        if (value != NULL) {
            g_dbus_message_set_body(reply, g_variant_new("(v)", value));
        } else {
            g_object_unref(reply);
            reply = g_dbus_message_new_method_error_literal(
                call, "org.freedesktop.DBus.Error.UnknownProperty", "no such property");
        }
    }
    return reply;
}

/* Answers in the wrong order, with a signal and a stranger's reply between. */
static void
serve_systemd(int fd)
{
    GDBusMessage *call, *held = NULL;
    gboolean first = TRUE;

    accept_handshake(fd);
    while ((call = read_call(fd)) != NULL) {
        GDBusMessage *signal =
            g_dbus_message_new_signal("/x", "org.freedesktop.systemd1.Manager", "Reloading");
        GDBusMessage *stray = g_dbus_message_new_method_reply(call);

        g_dbus_message_set_reply_serial(stray, 4000000);
        send_message(fd, signal);
        send_message(fd, stray);
        if (first) {
            held = answer(call);
            first = FALSE;
        } else {
            send_message(fd, answer(call));
            if (held != NULL)
                send_message(fd, g_steal_pointer(&held));
        }
        g_object_unref(call);
    }
}

static PstUnits *
open_units(const Server *server)
{
    g_autoptr(GError) error = NULL;
    PstBusPeer *peer = pst_bus_peer_open(server->path, 5000, &error);

    g_assert_no_error(error);
    return pst_units_new_for_peer(peer);
}

static void
test_bus_answers(void)
{
    static const char *const names[] = {"sshd.service", "nix.service", "gone.service", NULL};
    Server server;
    g_autoptr(GError) error = NULL;

    server_start(&server, serve_systemd);
    g_autoptr(PstUnits) units = open_units(&server);
    g_assert_cmpstr(pst_units_source(units), ==, "systemd");

    PstUnitsManager *manager = pst_units_manager(units, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(manager->state, ==, "degraded");
    g_assert_cmpint(manager->n_failed, ==, 2);
    g_assert_null(manager->version);
    g_assert_cmpint(manager->n_jobs, ==, PST_INT_UNKNOWN);
    pst_fields_free(&pst_units_manager_fields, manager);

    GPtrArray *jobs = pst_units_jobs(units, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(jobs->len, ==, 1);
    g_assert_cmpstr(((PstUnitsJob *)jobs->pdata[0])->unit, ==, "slow.service");
    g_assert_cmpstr(((PstUnitsJob *)jobs->pdata[0])->state, ==, "running");
    pst_units_list_free(&pst_units_job_fields, jobs);

    GPtrArray *list = pst_units_details(units, names, FALSE, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(list->len, ==, 3);
    const PstUnitDetails *ssh = list->pdata[0], *nix = list->pdata[1], *gone = list->pdata[2];
    g_assert_cmpstr(ssh->id, ==, "ssh.service");
    g_assert_cmpstr(ssh->fragment_path, ==, "/org/freedesktop/systemd1/unit/ssh_2eservice");
    g_assert_cmpint(ssh->restarts, ==, 4);
    g_assert_cmpint(ssh->active_enter, ==, G_MAXINT64);
    g_assert_cmpint(ssh->condition_met, ==, PST_TRI_NO);
    g_assert_null(ssh->result);
    g_assert_cmpstr(nix->load, ==, "not-found");
    g_assert_null(nix->fragment_path);
    g_assert_cmpstr(gone->enabled, ==, "disabled");
    g_assert_cmpstr(gone->load_error, ==, "text");
    g_assert_cmpstr(gone->triggered_by[0], ==, "gone.timer");
    pst_units_list_free(&pst_units_details_fields, list);

    g_clear_pointer(&units, pst_units_free);
    server_stop(&server);
}

static void
serve_nothing(int fd)
{
    char c;

    while (read(fd, &c, 1) == 1)
        continue;
}

/* As a bus says which ways in it knows; who asks that does not log in. */
static void
serve_ways(int fd)
{
    static const char asked[] = "\0AUTH\r\n";
    char c;

    for (guint i = 0; i < sizeof(asked) - 1; i++) {
        g_assert_cmpint(read(fd, &c, 1), ==, 1);
        g_assert_cmpint(c, ==, asked[i]);
    }
    send(fd, "REJECTED EXTERNAL\r\n", 19, MSG_NOSIGNAL);
    g_assert_cmpint(read(fd, &c, 1), ==, 0);
}

static void
serve_close(int fd G_GNUC_UNUSED)
{
}

static void
serve_noise(int fd)
{
    g_autofree char *noise = g_malloc0(4096);

    memset(noise, 'x', 4096);
    send(fd, noise, 4096, MSG_NOSIGNAL);
    serve_nothing(fd);
}

static void
serve_refusal(int fd)
{
    send(fd, "REJECTED EXTERNAL\r\n", 19, MSG_NOSIGNAL);
    serve_nothing(fd);
}

/* A header that announces 128 MiB; one that is none; a message that ends in its middle. */
static void
serve_huge(int fd)
{
    static const char header[] = "l\2\1\1\0\0\0\10\1\0\0\0\5\0\0\0";

    accept_handshake(fd);
    send(fd, header, 16, MSG_NOSIGNAL);
    serve_nothing(fd);
}

static void
serve_bad_header(int fd)
{
    accept_handshake(fd);
    send(fd, "Zzzzzzzzzzzzzzzzzzzz", 20, MSG_NOSIGNAL);
    serve_nothing(fd);
}

static void
serve_half(int fd)
{
    accept_handshake(fd);
    send(fd, "l\2\1\1\10\0\0\0\1\0\0\0\5\0\0\0xxx", 19, MSG_NOSIGNAL);
}

/* Of a right length, and not a message. */
static void
serve_unreadable(int fd)
{
    accept_handshake(fd);
    send(fd, "l\2\1\1\10\0\0\0\1\0\0\0\10\0\0\0\377\377\377\377\377\377\377\377zzzzzzzz", 32,
         MSG_NOSIGNAL);
    serve_nothing(fd);
}

typedef struct {
    const char *name;
    Serve serve;
    PstErrorCode code;
    gboolean opens;
} Hostile;

static const Hostile hostiles[] = {
    {"silent", serve_nothing, PST_ERROR_DEADLINE, FALSE},
    {"closes", serve_close, PST_ERROR_UNAVAILABLE, FALSE},
    {"noise", serve_noise, PST_ERROR_PROTOCOL, FALSE},
    {"refuses", serve_refusal, PST_ERROR_PROTOCOL, FALSE},
    {"huge", serve_huge, PST_ERROR_PROTOCOL, TRUE},
    {"bad-header", serve_bad_header, PST_ERROR_PROTOCOL, TRUE},
    {"half", serve_half, PST_ERROR_UNAVAILABLE, TRUE},
    {"unreadable", serve_unreadable, PST_ERROR_PROTOCOL, TRUE},
};

static void
test_bus_hostile(gconstpointer data)
{
    const Hostile *hostile = data;
    Server server;
    g_autoptr(GError) error = NULL;
    gint64 before = g_get_monotonic_time();

    server_start(&server, hostile->serve);
    PstBusPeer *peer = pst_bus_peer_open(server.path, 300, &error);
    g_assert_cmpint(peer != NULL, ==, hostile->opens);
    if (peer != NULL) {
        g_autoptr(PstUnits) units = pst_units_new_for_peer(peer);
        g_assert_null(pst_units_jobs(units, &error));
    }
    g_assert_error(error, PST_ERROR, (int)hostile->code);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 5 * G_USEC_PER_SEC);
    server_stop(&server);
}

static void
test_bus_awake(void)
{
    Server server;
    g_autoptr(GError) error = NULL;

    server_start(&server, serve_ways);
    g_assert_true(pst_bus_peer_is_awake(server.path, 20000, &error));
    g_assert_no_error(error);
    server_stop(&server);
}

static void
test_bus_silent(void)
{
    Server server;
    g_autoptr(GError) error = NULL;

    server_start(&server, serve_nothing);
    g_assert_false(pst_bus_peer_is_awake(server.path, 100, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_DEADLINE);
    server_stop(&server);
}

static void
test_bus_absent(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_bus_peer_open("/nonexistent/private", 300, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

static PstErrorCode
code_of_opening(const char *path)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_bus_peer_open(path, 300, &error));
    g_assert_true(error->domain == PST_ERROR);
    return (PstErrorCode)error->code;
}

static int
bind_at(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    return fd;
}

/* Only a refusal may be laid at the peer's door. */
static void
test_bus_errors(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-units-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "private", NULL);
    g_autofree char *datagrams = g_build_filename(folder, "datagrams", NULL);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct rlimit before, none;
    int waiting[8], n = 0;
    int listener = bind_at(path, SOCK_STREAM), other = bind_at(datagrams, SOCK_DGRAM);

    g_assert_cmpint(code_of_opening(path), ==, PST_ERROR_UNAVAILABLE); /* nobody listens */
    g_assert_cmpint(code_of_opening(datagrams), ==, PST_ERROR_INTERNAL);

    /* Those who wait fill the queue. */
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(listen(listener, 1), ==, 0);
    do {
        g_assert_cmpint(n, <, G_N_ELEMENTS(waiting));
        waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    } while (connect(waiting[n++], (struct sockaddr *)&address, sizeof(address)) == 0);
    g_assert_cmpint(code_of_opening(path), ==, PST_ERROR_DEADLINE);

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    none = before;
    none.rlim_cur = 0;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    PstErrorCode code = code_of_opening(path);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_cmpint(code, ==, PST_ERROR_INTERNAL);

    while (n > 0)
        close(waiting[--n]);
    close(listener);
    close(other);
    g_unlink(path);
    g_unlink(datagrams);
    g_rmdir(folder);
}

static void
test_names(void)
{
    static const char *const good[] = {"ssh.service", "getty@tty1.service", "-.mount",
                                       "dev-disk-by\\x2dlabel-guest.device"};
    static const char *const bad[] = {"",           "ssh",           ".service",   "a b.service",
                                      "*.service",  "a/b.service",   "x@.service", "ssh.services",
                                      "a\nb.mount", "--x=.service=", "@x.service"};
    g_autofree char *path = pst_units_bus_path("0a-\\x2d@b.service");

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(pst_units_is_name(good[i]));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(pst_units_is_name(bad[i]));
    g_autofree char *long_name = g_strnfill(300, 'a');
    g_autofree char *long_unit = g_strconcat(long_name, ".service", NULL);
    g_assert_false(pst_units_is_name(long_unit));
    g_assert_cmpstr(path, ==, "/org/freedesktop/systemd1/unit/_30a_2d_5cx2d_40b_2eservice");
}

static void
test_systemctl_show(void)
{
    GPtrArray *list = pst_units_systemctl_parse(
        "Type=notify\nRestarts=9\nNRestarts=2\nExecMainCode=1\nExecMainStatus=255\nMainPID=0\n"
        "Result=exit-code\nId=ssh.service\nDescription=a = b\nLoadState=loaded\n"
        "ActiveState=failed\nSubState=failed\nTriggeredBy=a.socket b.timer\n"
        "ActiveEnterTimestampMonotonic=24471039\nConditionResult=yes\nNeedDaemonReload=no\n"
        "DefaultDependencies=no\nIgnoreOnIsolate=yes\n"
        "\nId=nix.service\nLoadState=not-found\nNRestarts=[not set]\nTriggeredBy=\n");

    g_assert_cmpuint(list->len, ==, 2);
    const PstUnitDetails *ssh = list->pdata[0], *nix = list->pdata[1];
    g_assert_cmpstr(ssh->description, ==, "a = b");
    g_assert_cmpint(ssh->restarts, ==, 2);
    g_assert_cmpint(ssh->exit_status, ==, 255);
    g_assert_cmpint(ssh->active_enter, ==, 24471039);
    g_assert_cmpint(ssh->condition_met, ==, PST_TRI_YES);
    g_assert_cmpint(ssh->needs_reload, ==, PST_TRI_NO);
    g_assert_cmpint(ssh->default_dependencies, ==, PST_TRI_NO);
    g_assert_cmpint(ssh->ignore_on_isolate, ==, PST_TRI_YES);
    g_assert_cmpuint(g_strv_length(ssh->triggered_by), ==, 2);
    g_assert_cmpstr(nix->load, ==, "not-found");
    g_assert_cmpint(nix->restarts, ==, PST_INT_UNKNOWN);
    g_assert_cmpuint(g_strv_length(nix->triggered_by), ==, 0);
    pst_units_list_free(&pst_units_details_fields, list);
}

static void
test_systemctl_lists(void)
{
    GPtrArray *units = pst_units_systemctl_parse_list(
        "ssh.service          loaded    active   running OpenBSD Secure Shell server\n"
        "display.service      not-found inactive dead    display.service\n"
        "\ngarbage\n0 loaded units listed.\n");
    GPtrArray *jobs = pst_units_systemctl_parse_jobs(
        "123 slow.service           start running\n124 after.target start waiting\nNo jobs\n");

    g_assert_cmpuint(units->len, ==, 2);
    g_assert_cmpstr(((PstUnit *)units->pdata[0])->description, ==, "OpenBSD Secure Shell server");
    g_assert_cmpstr(((PstUnit *)units->pdata[1])->load, ==, "not-found");
    g_assert_cmpuint(jobs->len, ==, 2);
    g_assert_cmpstr(((PstUnitsJob *)jobs->pdata[1])->unit, ==, "after.target");
    g_assert_cmpstr(((PstUnitsJob *)jobs->pdata[1])->state, ==, "waiting");
    pst_units_list_free(&pst_units_unit_fields, units);
    pst_units_list_free(&pst_units_job_fields, jobs);
}

static void
test_wanted(void)
{
    g_autofree char *folder =
        g_test_build_filename(G_TEST_DIST, "data", "sysroot", "system-complete", NULL);
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new(folder, NULL);

    g_assert_true(pst_units_wanted(sysroot, "ssh.service"));
    g_assert_false(pst_units_wanted(sysroot, "nftables.service"));
}

static void
test_not_booted(void)
{
    g_autofree char *folder =
        g_test_build_filename(G_TEST_DIST, "data", "sysroot", "system-absent", NULL);
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new(folder, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_units_open(sysroot, 300, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/units/bus/answers", test_bus_answers);
    g_test_add_func("/units/bus/absent", test_bus_absent);
    g_test_add_func("/units/bus/awake", test_bus_awake);
    g_test_add_func("/units/bus/silent", test_bus_silent);
    g_test_add_func("/units/bus/errors", test_bus_errors);
    for (guint i = 0; i < G_N_ELEMENTS(hostiles); i++) {
        g_autofree char *name = g_strconcat("/units/bus/hostile/", hostiles[i].name, NULL);
        g_test_add_data_func(name, &hostiles[i], test_bus_hostile);
    }
    g_test_add_func("/units/names", test_names);
    g_test_add_func("/units/systemctl/show", test_systemctl_show);
    g_test_add_func("/units/systemctl/lists", test_systemctl_lists);
    g_test_add_func("/units/wanted", test_wanted);
    g_test_add_func("/units/not-booted", test_not_booted);
    return g_test_run();
}
