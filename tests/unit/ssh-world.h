// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe-ssh.h"
#include "protocol/report-ssh.h"
#include "tests/unit/ssh-keys.h"
#include "tests/unit/world.h"

/* A guest with sshd as a folder of files. */

static inline void
put_process(const World *world, const char *pid, const char *comm, const char *cmdline, gsize len)
{
    g_autofree char *comm_path = g_strdup_printf("/proc/%s/comm", pid);
    g_autofree char *cmdline_path = g_strdup_printf("/proc/%s/cmdline", pid);
    g_autofree char *stat_path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *fd = g_strdup_printf("/proc/%s/fd/0", pid);
    g_autofree char *stat = g_strdup_printf(
        "%s (%s) S 1 234 234 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 5900 15777792 1876 184467", pid,
        comm);
    g_autofree char *line = g_strconcat(comm, "\n", NULL);

    put_text(world, comm_path, line);
    put(world, cmdline_path, cmdline, (gssize)len, 0644);
    put_text(world, stat_path, stat);
    put_text(world, fd, "");
}

#define PUT_PROCESS(world, pid, comm, cmdline)                                                     \
    put_process(world, pid, comm, cmdline, sizeof(cmdline))

static inline void
put_socket(const World *world, const char *pid, const char *fd, const char *inode)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/fd/%s", pid, fd);
    g_autofree char *target = g_strdup_printf("socket:[%s]", inode);
    g_autofree char *whole = place(world, path);

    unlink(whole);
    g_assert_cmpint(symlink(target, whole), ==, 0);
}

static inline void
put_spaces(const World *world, const char *pid, const char *net, const char *pids)
{
    const char *const rows[][2] = {{"net", net}, {"pid", pids}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/proc/%s/ns/%s", pid, rows[i][0]);
        g_autofree char *target = g_strdup_printf("%s:[%s]", rows[i][0], rows[i][1]);
        g_autofree char *whole = place(world, path);

        g_assert_cmpint(symlink(target, whole), ==, 0);
    }
}

#define TCP_HEAD                                                                                   \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode\n"
#define TCP                                                                                        \
    TCP_HEAD "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 "  \
             "       0 1001 1 0 100 0 0 10 0\n"                                                    \
             "   1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 "  \
             "       0 1003 1 0 100 0 0 10 0\n"                                                    \
             "   2: 0F02000A:0016 0202000A:9C40 01 00000000:00000000 00:00000000 00000000     0 "  \
             "       0 1004 1 0 100 0 0 10 0\n"
#define TCP6                                                                                       \
    TCP_HEAD "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 "  \
             "0A 00000000:00000000 00:00000000 00000000     0        0 1002 1 0 100 0 0 10 0\n"    \
             "   1: 00000000000000000000000001000000:0019 00000000000000000000000000000000:0000 "  \
             "0A 00000000:00000000 00:00000000 00000000     0        0 1005 1 0 100 0 0 10 0\n"

/* A sound guest: sshd installed, three keys, the listener with its two sockets. */
static inline void
put_sound(const World *world)
{
    const struct {
        const char *name, *key;
    } types[] = {{"rsa", KEY_RSA}, {"ecdsa", KEY_ECDSA}, {"ed25519", KEY_ED25519}};

    put(world, "/usr/sbin/sshd", "", 0, 0755);
    put_text(world, "/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n");
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *key = g_strdup_printf("/etc/ssh/ssh_host_%s_key", types[i].name);
        g_autofree char *public_key = g_strconcat(key, ".pub", NULL);
        g_autofree char *text = g_strconcat(types[i].key, " root@x\n", NULL);
        put(world, key, "secret", -1, 0600);
        put_text(world, public_key, text);
    }
    PUT_PROCESS(world, "1", "systemd", "/sbin/init");
    PUT_PROCESS(world, "234", "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
    PUT_PROCESS(world, "300", "sshd", "sshd: harness [priv]");
    put_socket(world, "234", "3", "1001");
    put_socket(world, "234", "4", "1002");
    put_text(world, "/proc/net/tcp", TCP);
    put_text(world, "/proc/net/tcp6", TCP6);
}

static inline PstReport *
run_for(const World *world, const PstSshArgs *args)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_ssh_kind);

    pst_probe_ssh_run(&context, args, report);
    for (guint i = 0; i < report->findings->len; i++)
        g_test_message("%s", ((PstFinding *)report->findings->pdata[i])->message);
    return report;
}

static inline PstReport *
run(const World *world)
{
    const PstSshArgs nobody = {.port = PST_INT_UNKNOWN};

    return run_for(world, &nobody);
}

static inline const PstFinding *
finding_at(const PstReport *report, guint n)
{
    g_assert_cmpuint(n, <, report->findings->len);
    return report->findings->pdata[n];
}
