// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/ssh-judge.h"
#include "guest-shim/sshd-config.h"
#include "tests/unit/ssh-world.h"

static gboolean
skip_unless_root(void)
{
    if (getuid() == 0)
        return FALSE;
    g_test_skip("the host keys have to be root's, so it takes root");
    return TRUE;
}

static void
test_sound(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    g_autoptr(PstReport) report = run(world);
    const PstSshData *seen = report->data;

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpint(seen->installed, ==, PST_TRI_YES);
    g_assert_cmpint(seen->config_ok, ==, PST_TRI_UNKNOWN); /* no program runs in a folder */
    g_assert_cmpint(seen->running, ==, PST_TRI_YES);
    g_assert_cmpint(seen->pid, ==, 234);
    g_assert_cmpint(seen->started_us, ==, 5900 * (G_USEC_PER_SEC / sysconf(_SC_CLK_TCK)));
    g_assert_cmpint(seen->socket_activated, ==, PST_TRI_NO);
    g_assert_cmpuint(g_strv_length(seen->listen), ==, 2);
    g_assert_cmpstr(seen->listen[0], ==, "0.0.0.0:22");
    g_assert_cmpstr(seen->listen[1], ==, "[::]:22");
    g_assert_cmpuint(seen->host_keys->len, ==, 3);
    const PstSshHostKey *key = seen->host_keys->pdata[2];
    g_assert_cmpstr(key->path, ==, "/etc/ssh/ssh_host_ed25519_key");
    g_assert_cmpstr(key->type, ==, "ssh-ed25519");
    g_assert_cmpstr(key->mode, ==, "0600");
    g_assert_cmpstr(key->fingerprint, ==, FINGERPRINT_ED25519);
    g_assert_true(g_str_has_suffix(KEY_ED25519, key->key));
}

static void
test_not_installed(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.not-installed");
    g_assert_cmpint(((PstSshData *)report->data)->installed, ==, PST_TRI_NO);
}

/* A folder without /proc is no guest whose sshd is dead. */
static void
test_no_proc(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/proc");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(((PstSshData *)report->data)->running, ==, PST_TRI_UNKNOWN);
}

/* Sessions and checks are no listeners, and a program of another name is none either. */
static void
test_not_running(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/proc/234");
    PUT_PROCESS(world, "401", "sshd", "/usr/sbin/sshd\0-t");
    PUT_PROCESS(world, "402", "sshd", "/usr/sbin/sshd\0-i");
    PUT_PROCESS(world, "403", "sshd-session", "/usr/lib/openssh/sshd-session\0-R");
    put_process(world, "404", "sshd", "", 0); /* a zombie */
    put_text(world, "/usr/lib/systemd/system/ssh.service", "");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.not-running");
    g_assert_cmpstr(finding_at(report, 0)->evidence->unit, ==, "ssh.service");
    g_assert_cmpint(report->status, ==, PST_STATUS_CRITICAL);
}

static void
test_old_listener(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/proc/234");
    PUT_PROCESS(world, "77", "sshd", "/usr/sbin/sshd\0-D");
    put_socket(world, "77", "3", "1001");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(((PstSshData *)report->data)->pid, ==, 77);
}

/* Containers whose numbers come first: by their own network, or by their own processes alone. */
static void
test_container(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_spaces(world, "1", "4026531840", "4026531836");
    put_spaces(world, "234", "4026531840", "4026531836");
    PUT_PROCESS(world, "100", "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
    put_spaces(world, "100", "4026532200", "4026531836");
    PUT_PROCESS(world, "101", "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
    put_spaces(world, "101", "4026531840", "4026532201");
    g_autoptr(PstReport) sound = run(world);
    g_assert_cmpuint(sound->findings->len, ==, 0);
    g_assert_cmpint(((PstSshData *)sound->data)->pid, ==, 234);

    remove_path(world, "/proc/234");
    g_autoptr(PstReport) dead = run(world);
    g_assert_cmpuint(dead->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(dead, 0)->id, ==, "ssh.not-running");
}

/* One that listens is the one that counts, whatever its number; without any the first. */
static void
test_several(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    PUT_PROCESS(world, "1000", "sshd", "/usr/sbin/sshd\0-D");
    put_socket(world, "1000", "3", "1004"); /* a connection, not a listening socket */
    g_autoptr(PstReport) sound = run(world);
    g_assert_cmpuint(sound->findings->len, ==, 0);
    g_assert_cmpint(((PstSshData *)sound->data)->pid, ==, 234);

    remove_path(world, "/proc/234/fd/3");
    remove_path(world, "/proc/234/fd/4");
    g_autoptr(PstReport) deaf = run(world);
    g_assert_cmpuint(deaf->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(deaf, 0)->id, ==, "ssh.not-listening");
    g_assert_cmpint(((PstSshData *)deaf->data)->pid, ==, 1000);
}

/* With a socket unit its ports count, those of sshd_config are not looked at by sshd. Port 80 is
 * the one that PID 1 holds. */
static void
test_socket_unit(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *path, *text;
        gboolean named;
    } rows[] = {
        {"/usr/lib/systemd/system/ssh.socket", "[Socket]\nListenStream=80\n", TRUE},
        {"/lib/systemd/system/sshd.socket", "[Socket]\n ListenStream = 0.0.0.0:80 \n", TRUE},
        {"/etc/systemd/system/ssh.socket.d/port.conf", "ListenStream=\nListenStream=80", TRUE},
        {"/run/systemd/generator/ssh.socket.d/addresses.conf", "ListenStream=[::]:80\n", TRUE},
        {"/etc/systemd/system/ssh.socket.d/port.conf", "ListenStream=2222\n", FALSE},
        {"/etc/systemd/system/ssh.socket.d/port.conf", "#ListenStream=80\n", FALSE},
        {"/etc/systemd/system/ssh.socket.d/port.conf", "ListenDatagram=80\n", FALSE},
        {"/etc/systemd/system/ssh.socket.d/port.conf", "ListenStream=vsock::80\n", FALSE},
        {"/etc/systemd/system/ssh.socket.d/port.conf", "ListenStream=/run/80\n", FALSE},
        {"/etc/systemd/system/ssh.socket.d/port.conf.old", "ListenStream=80\n", FALSE},
        {"/usr/lib/systemd/system/cups.socket", "ListenStream=80\n", FALSE},
    };

    put_sound(world);
    remove_path(world, "/proc/234");
    put_socket(world, "1", "41", "1003");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        put_text(world, rows[i].path, rows[i].text);
        g_autoptr(PstReport) report = run(world);
        const PstSshData *seen = report->data;

        g_test_message("row %u", i);
        g_assert_cmpint(seen->socket_activated, ==, PST_TRI(rows[i].named));
        g_assert_cmpuint(report->findings->len, ==, 1);
        g_assert_cmpstr(finding_at(report, 0)->id, ==,
                        rows[i].named ? "ssh.port-moved" : "ssh.not-running");
        if (rows[i].named)
            g_assert_cmpstr(seen->listen[0], ==, "127.0.0.1:80");
        remove_path(world, rows[i].path);
    }
}

/* A unit that names a port is no proof that systemd listens there. */
static void
test_socket_unit_stopped(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/proc/234");
    put_text(world, "/etc/systemd/system/ssh.socket.d/port.conf", "ListenStream=80\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.not-running");
}

static void
test_socket_activated(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/proc/234");
    put_socket(world, "1", "40", "1002");
    put_socket(world, "1", "41", "1003"); /* another port: not for sshd */
    g_autoptr(PstReport) report = run(world);
    const PstSshData *seen = report->data;

    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(seen->running, ==, PST_TRI_NO);
    g_assert_cmpint(seen->socket_activated, ==, PST_TRI_YES);
    g_assert_cmpuint(g_strv_length(seen->listen), ==, 1);
    g_assert_cmpstr(seen->listen[0], ==, "[::]:22");
}

static void
test_not_listening(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/proc/234/fd/3");
    remove_path(world, "/proc/234/fd/4");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.not-listening");
}

/* Descriptors that can't be looked at accuse nobody. */
static void
test_no_descriptors(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/proc/234/fd");
    put_text(world, "/proc/234/fd", "not a folder");
    g_autoptr(PstReport) report = run(world);

    g_assert_null(((PstSshData *)report->data)->listen);
    for (guint i = 0; i < report->findings->len; i++)
        g_assert_cmpint(finding_at(report, i)->severity, ==, PST_SEVERITY_UNKNOWN);
}

static void
test_key_mode(World *world, gconstpointer data G_GNUC_UNUSED)
{
    if (skip_unless_root())
        return;
    put_sound(world);
    put(world, "/etc/ssh/ssh_host_rsa_key", "secret", -1, 0644);
    g_autoptr(PstReport) one = run(world);
    const PstFinding *finding = finding_at(one, 0);

    g_assert_cmpuint(one->findings->len, ==, 1);
    g_assert_cmpstr(finding->id, ==, "ssh.host-key-mode");
    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpstr(finding->evidence->path, ==, "/etc/ssh/ssh_host_rsa_key");
    g_assert_cmpstr(finding->evidence->mode, ==, "0644");
    g_assert_cmpint(finding->undo->kind, ==, PST_UNDO_MODE);
    g_assert_cmpstr(finding->undo->mode, ==, "0600");

    put(world, "/etc/ssh/ssh_host_ecdsa_key", "secret", -1, 0640);
    put(world, "/etc/ssh/ssh_host_ed25519_key", "secret", -1, 0604);
    g_autoptr(PstReport) all = run(world);
    g_assert_cmpuint(all->findings->len, ==, 3);
    for (guint i = 0; i < 3; i++)
        g_assert_cmpint(finding_at(all, i)->severity, ==, PST_SEVERITY_CRITICAL);
}

static void
test_key_group(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *key = g_build_filename(world->folder, "/etc/ssh/ssh_host_rsa_key", NULL);

    if (skip_unless_root())
        return;
    put_sound(world);
    put_text(world, "/etc/group", "root:x:0:\nssh_keys:x:998:\n");
    g_assert_cmpint(chown(key, 0, 998), ==, 0);
    g_assert_cmpint(chmod(key, 0640), ==, 0);
    g_autoptr(PstReport) sound = run(world);
    g_assert_cmpuint(sound->findings->len, ==, 0);

    g_assert_cmpint(chmod(key, 0660), ==, 0);
    g_autoptr(PstReport) writable = run(world);
    g_assert_cmpuint(writable->findings->len, ==, 1);

    /* sshd looks at the mode of root's keys only. */
    g_assert_cmpint(chown(key, 1000, 1000), ==, 0);
    g_autoptr(PstReport) foreign = run(world);
    g_assert_cmpuint(foreign->findings->len, ==, 0);
}

static void
test_no_keys(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    remove_path(world, "/etc/ssh/ssh_host_rsa_key");
    remove_path(world, "/etc/ssh/ssh_host_ecdsa_key");
    g_autoptr(PstReport) some = run(world);
    g_assert_cmpuint(some->findings->len, ==, 0);

    remove_path(world, "/etc/ssh/ssh_host_ed25519_key");
    g_autoptr(PstReport) none = run(world);
    g_assert_cmpuint(none->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(none, 0)->id, ==, "ssh.no-host-key");
    g_assert_cmpint(none->status, ==, PST_STATUS_CRITICAL);

    put_text(world, "/etc/ssh/sshd_config", "HostKeyAgent /run/agent\n");
    g_autoptr(PstReport) agent = run(world);
    g_assert_cmpuint(agent->findings->len, ==, 0);
}

static void
test_named_keys(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_sound(world);
    put_text(world, "/etc/ssh/sshd_config.d/10.conf",
             "\n  hostkey = \"/etc/ssh/ssh_host_rsa_key\" # the old one\nHOSTKEY /etc/ssh/none\n");
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = finding_at(report, 0);

    g_assert_cmpuint(((PstSshData *)report->data)->host_keys->len, ==, 1);
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding->id, ==, "ssh.no-host-key");
    g_assert_cmpint(finding->severity, ==, PST_SEVERITY_WARNING);
    g_assert_cmpstr(finding->evidence->path, ==, "/etc/ssh/sshd_config.d/10.conf");
    g_assert_cmpint(finding->evidence->line, ==, 3);
}

static void
test_addresses(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const here[] = {"127.0.0.1", "10.0.2.15", "::1", "2001:db8::1", NULL};
    const struct {
        const char *config;
        guint n;
        PstSeverity severity;
    } rows[] = {
        {"", 0, 0},
        {"ListenAddress 0.0.0.0\nListenAddress ::\n", 0, 0},
        {"ListenAddress 10.0.2.15\nListenAddress 2001:0DB8:0::1\n", 0, 0},
        {"ListenAddress 10.0.2.15:2222\nListenAddress [::]:22\nListenAddress 127.0.0.2\n", 0, 0},
        {"ListenAddress guest.example\n", 0, 0},
        {"ListenAddress 192.0.2.77 rdomain red\n", 0, 0},
        {"ListenAddress 192.0.2.77\n", 1, PST_SEVERITY_CRITICAL},
        {"ListenAddress 192.0.2.77:22\nListenAddress [2001:db8::2]:22\n", 2, PST_SEVERITY_CRITICAL},
        {"ListenAddress 192.0.2.77\nListenAddress 127.0.0.1\n", 1, PST_SEVERITY_WARNING},
        {"ListenAddress 192.0.2.78\nListenAddress 127.0.0.1\n", 1, PST_SEVERITY_INFORMATION},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_ssh_kind);

        put_text(world, "/etc/ssh/sshd_config", rows[i].config);
        g_autoptr(PstSshdConfig) config = pst_sshd_config_load(world->sysroot, NULL);
        ((PstSshData *)report->data)->listen = g_strsplit("192.0.2.78:22", " ", 0);
        pst_ssh_judge_addresses(config, here, report);
        g_test_message("row %u", i);
        g_assert_cmpuint(report->findings->len, ==, rows[i].n);
        for (guint f = 0; f < rows[i].n; f++) {
            g_assert_cmpstr(finding_at(report, f)->id, ==, "ssh.listen-address-gone");
            g_assert_cmpint(finding_at(report, f)->severity, ==, rows[i].severity);
        }
    }
}

static PstReport *
judge(const World *world, const char *said, PstTri running)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_ssh_kind);
    g_autoptr(PstSshdCheck) check = pst_sshd_check_parse(255, said);

    ((PstSshData *)report->data)->running = running;
    pst_ssh_judge_check(&context, check, report);
    return report;
}

static void
test_judge_check(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/ssh/sshd_config", "Port 22\n  Prot 2x\n");
    g_autoptr(PstReport) line = judge(
        world, "/etc/ssh/sshd_config: line 2: Bad configuration option: Prot\r\n", PST_TRI_YES);
    g_assert_cmpstr(finding_at(line, 0)->id, ==, "ssh.config-error");
    g_assert_cmpstr(finding_at(line, 0)->evidence->text, ==, "Prot 2x");
    g_assert_nonnull(strstr(finding_at(line, 0)->message, "goes on until it is restarted"));
    g_assert_cmpint(((PstSshData *)line->data)->config_ok, ==, PST_TRI_NO);
    g_assert_cmpint(((PstSshData *)line->data)->config_error->line, ==, 2);

    /* A line that is not there any more. */
    g_autoptr(PstReport) beyond =
        judge(world, "/etc/ssh/sshd_config: line 200: Bad configuration option: Prot", PST_TRI_NO);
    g_assert_null(finding_at(beyond, 0)->evidence->text);
    g_assert_nonnull(strstr(finding_at(beyond, 0)->message, "can't be started"));

    const char folder[] = "Missing privilege separation directory: /run/sshd\r\n";
    g_autoptr(PstReport) stopped = judge(world, folder, PST_TRI_NO);
    g_assert_cmpuint(stopped->findings->len, ==, 0);
    g_assert_cmpint(((PstSshData *)stopped->data)->config_ok, ==, PST_TRI_YES);
    g_autoptr(PstReport) running = judge(world, folder, PST_TRI_YES);
    g_assert_cmpstr(finding_at(running, 0)->id, ==, "ssh.no-runtime-folder");

    g_autoptr(PstReport) keys = judge(world, "sshd: no hostkeys available -- exiting.", PST_TRI_NO);
    g_assert_cmpstr(finding_at(keys, 0)->id, ==, "ssh.no-host-key");
    g_autoptr(PstReport) other =
        judge(world, "Privilege separation user sshd does not exist", PST_TRI_YES);
    g_assert_cmpstr(finding_at(other, 0)->id, ==, "ssh.check-failed");
}

/* sshd would wait for a FIFO, and its own words are not worth the whole probe's time. */
static void
test_fifo(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *fifo = place(world, "/etc/ssh/sshd_config.d/a.conf");
    const PstFinding *finding = NULL;

    put_sound(world);
    put_text(world, "/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n");
    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    g_autoptr(PstReport) report = run(world);
    for (guint i = 0; i < report->findings->len; i++)
        if (g_strcmp0(finding_at(report, i)->evidence->path, "/etc/ssh/sshd_config.d/a.conf") == 0)
            finding = finding_at(report, i);
    g_assert_nonnull(finding);
    g_assert_cmpstr(finding->id, ==, "ssh.could-not-look");
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
}

static void
assert_doubt(const PstReport *report)
{
    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding_at(report, 0)->id, ==, "ssh.could-not-look");
    g_assert_cmpint(finding_at(report, 0)->severity, ==, PST_SEVERITY_UNKNOWN);
}

/* A check that could not look accuses nobody: confined like the shim, or never begun. */
static void
test_blind_check(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const said[] = {
        "/etc/ssh/sshd_config: Permission denied\n", "",
        "Permission denied\nsshd: no hostkeys available -- exiting.\r\n",
        "sshd: error while loading shared libraries: libc.so.6: cannot open shared object file: "
        "Operation not permitted\n"};

    for (guint i = 0; i < G_N_ELEMENTS(said); i++) {
        g_autoptr(PstReport) report = judge(world, said[i], PST_TRI_YES);
        assert_doubt(report);
        g_assert_cmpint(((PstSshData *)report->data)->config_ok, ==, PST_TRI_UNKNOWN);
        g_assert_cmpint(finding_at(report, 0)->evidence->exit_status, ==, 255);
    }
}

/* A key that can be seen and not be opened: a socket stands for one that SELinux keeps shut, which
 * root can't be shown otherwise. */
static void
test_shut_key(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    g_autoptr(PstSshdCheck) check =
        pst_sshd_check_parse(1, "sshd: no hostkeys available -- exiting.\r\n");
    g_autofree char *key = NULL;

    put_sound(world);
    g_autoptr(PstReport) open = pst_report_new(&pst_report_ssh_kind);
    pst_ssh_judge_keys(&context, NULL, open);
    pst_ssh_judge_check(&context, check, open);
    g_assert_cmpstr(finding_at(open, 0)->id, ==, "ssh.no-host-key");

    remove_path(world, "/etc/ssh/ssh_host_rsa_key");
    key = place(world, "/etc/ssh/ssh_host_rsa_key");
    g_assert_cmpint(mknod(key, S_IFSOCK | 0600, 0), ==, 0);
    g_autoptr(PstReport) shut = pst_report_new(&pst_report_ssh_kind);
    pst_ssh_judge_keys(&context, NULL, shut);
    pst_ssh_judge_check(&context, check, shut);
    assert_doubt(shut);
}

#define ADD(name, function) g_test_add("/ssh/" name, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("sound", test_sound);
    ADD("not-installed", test_not_installed);
    ADD("no-proc", test_no_proc);
    ADD("not-running", test_not_running);
    ADD("old-listener", test_old_listener);
    ADD("container", test_container);
    ADD("several", test_several);
    ADD("socket-activated", test_socket_activated);
    ADD("socket-unit", test_socket_unit);
    ADD("socket-unit-stopped", test_socket_unit_stopped);
    ADD("not-listening", test_not_listening);
    ADD("no-descriptors", test_no_descriptors);
    ADD("key-mode", test_key_mode);
    ADD("key-group", test_key_group);
    ADD("no-keys", test_no_keys);
    ADD("named-keys", test_named_keys);
    ADD("addresses", test_addresses);
    ADD("judge-check", test_judge_check);
    ADD("blind-check", test_blind_check);
    ADD("fifo", test_fifo);
    ADD("shut-key", test_shut_key);
    return g_test_run();
}
