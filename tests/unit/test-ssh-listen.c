// SPDX-License-Identifier: LGPL-2.1-or-later
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/socket.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/network-listening.h"
#include "guest-shim/socket-borrow.h"
#include "guest-shim/socket-diag.h"
#include "guest-shim/ssh-judge-listen.h"
#include "guest-shim/sshd-process.h"
#include "protocol/ssh-listen.h"
#include "tests/unit/find-finding.h"
#include "tests/unit/ssh-world.h"

/* Who can come to where sshd listens: by the version of IP, and by the address. */

#define CONFIG "/etc/ssh/sshd_config"
#define SIX                                                                                        \
    TCP_HEAD "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 "  \
             "0A 00000000:00000000 00:00000000 00000000     0        0 1002 1 0 100 0 0 10 0\n"

/* ---- of a folder, where the kernel does not tell ---- */

typedef struct {
    const char *config;        /* sshd's */
    const char *path, *text;   /* a further file; NULL for none */
    const char *from;          /* NULL: nobody said */
    gboolean by_systemd, both; /* PID 1 has the socket on [::] too; there is one on 0.0.0.0 */
    const char *id;            /* NULL: nothing is found */
    guint line;                /* of sshd's configuration; 0: it has none */
    PstTri only6;              /* whether the socket is told to take no IPv4; unknown: not told */
} Row;

#define SYSCTL "/proc/sys/net/ipv6/bindv6only"
#define DROP_IN "/etc/systemd/system/ssh.socket.d/10-bind.conf"
#define SHUT "ssh.family-shut"
#define DEPENDS "ssh.depends-on-address"
#define UNLOOKED "ssh.could-not-look"

static const Row rows[] = {
    {"AddressFamily inet6", NULL, NULL, "192.0.2.9", FALSE, FALSE, SHUT, 1, PST_TRI_YES},
    {"AddressFamily inet6", NULL, NULL, "2001:db8::9", FALSE, FALSE, NULL, 0, PST_TRI_YES},
    {"AddressFamily inet6", NULL, NULL, NULL, FALSE, FALSE, DEPENDS, 1, PST_TRI_YES},
    {"UsePAM yes\nListenAddress ::", NULL, NULL, "192.0.2.9", FALSE, FALSE, SHUT, 2, PST_TRI_YES},
    {"AddressFamily any", NULL, NULL, "192.0.2.9", FALSE, FALSE, SHUT, 0, PST_TRI_YES},
    {"AddressFamily inet6", NULL, NULL, "192.0.2.9", FALSE, TRUE, NULL, 0, PST_TRI_YES},
    {"", SYSCTL, "0\n", "192.0.2.9", TRUE, FALSE, NULL, 0, PST_TRI_NO},
    {"", SYSCTL, "1\n", "192.0.2.9", TRUE, FALSE, SHUT, 0, PST_TRI_YES},
    {"", NULL, NULL, "192.0.2.9", TRUE, FALSE, UNLOOKED, 0, PST_TRI_UNKNOWN},
    {"", DROP_IN, "[Socket]\nBindIPv6Only=ipv6-only\n", "192.0.2.9", TRUE, FALSE, SHUT, 0,
     PST_TRI_YES},
    {"", DROP_IN, "[Socket]\nBindIPv6Only=both\n", "192.0.2.9", TRUE, FALSE, NULL, 0, PST_TRI_NO},
    {"", "/usr/lib/systemd/system/sshd.socket", "[Socket]\nListenStream=22\nBindIPv6Only=both\n",
     "192.0.2.9", TRUE, FALSE, UNLOOKED, 0, PST_TRI_UNKNOWN}, /* either may hold it */
};

static void
spoil(const World *world, const Row *row)
{
    put_sound(world);
    put_text(world, CONFIG, row->config);
    put_text(world, "/proc/net/tcp", row->both ? TCP : TCP_HEAD);
    put_text(world, "/proc/net/tcp6", SIX);
    put_text(world, "/proc/1/fd/9", "");
    put_text(world, "/usr/lib/systemd/system/ssh.socket", "[Socket]\nListenStream=22\n");
    if (row->path != NULL)
        put_text(world, row->path, row->text);
    if (row->by_systemd)
        put_socket(world, "1", "40", "1002");
}

static void
test_family(World *world, gconstpointer data)
{
    const Row *row = data;
    const PstSshArgs asked = {.port = PST_INT_UNKNOWN, .from = (char *)row->from};

    spoil(world, row);
    g_autoptr(PstReport) report = run_for(world, &asked);
    const PstSshData *seen = report->data;
    const char *const ids[] = {SHUT, DEPENDS, UNLOOKED};

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_cmpint(find(report, ids[i]) != NULL, ==, g_strcmp0(ids[i], row->id) == 0);
    if (row->only6 == PST_TRI_UNKNOWN)
        g_assert_null(seen->listen_ipv6_only);
    else
        g_assert_cmpint(g_strv_contains((const char *const *)seen->listen_ipv6_only, "[::]:22"), ==,
                        row->only6 == PST_TRI_YES);
    if (row->line == 0)
        return;
    const PstEvidence *evidence = find(report, row->id)->evidence;
    g_assert_cmpstr(evidence->path, ==, CONFIG);
    g_assert_cmpint(evidence->line, ==, row->line);
}

/* sshd listens over IPv4 alone, and somebody comes over IPv6. */
static void
test_inet(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const PstSshArgs asked = {.port = PST_INT_UNKNOWN, .from = (char *)"2001:db8::9"};

    put_sound(world);
    put_text(world, CONFIG, "AddressFamily inet\n");
    put_text(world, "/proc/net/tcp6", TCP_HEAD);
    g_autoptr(PstReport) report = run_for(world, &asked);
    g_assert_nonnull(find(report, SHUT));
    g_assert_cmpstr(find(report, SHUT)->evidence->text, ==, "AddressFamily inet");
    g_autoptr(PstReport) nobody = run(world);
    g_assert_null(find(nobody, DEPENDS));
}

/* ---- what the kernel tells ---- */

typedef struct {
    struct nlmsghdr head;
    struct inet_diag_msg body;
    struct rtattr other_head;
    guint8 other[4];
    struct rtattr only_head;
    guint8 only[4];
} Told;

static void
test_parse(void)
{
    Told message = {
        .head = {.nlmsg_len = sizeof(message), .nlmsg_type = SOCK_DIAG_BY_FAMILY},
        .body = {.idiag_family = AF_INET6, .idiag_inode = 1002},
        .other_head = {RTA_LENGTH(1), INET_DIAG_SHUTDOWN},
        .only_head = {RTA_LENGTH(1), 11},
        .only = {1},
    };
    g_autoptr(GHashTable) only6 = pst_socket_diag_table_new();
    guint64 inode = 1002;
    gpointer only;

    g_assert_true(pst_socket_diag_parse((const guint8 *)&message, sizeof(message), only6));
    g_assert_true(g_hash_table_lookup_extended(only6, &inode, NULL, &only));
    g_assert_true(GPOINTER_TO_INT(only));
    message.only[0] = 0;
    g_assert_true(pst_socket_diag_parse((const guint8 *)&message, sizeof(message), only6));
    g_assert_false(GPOINTER_TO_INT(g_hash_table_lookup(only6, &inode)));

    /* A kernel that does not tell. */
    message.only_head.rta_type = INET_DIAG_MARK;
    g_hash_table_remove_all(only6);
    g_assert_true(pst_socket_diag_parse((const guint8 *)&message, sizeof(message), only6));
    g_assert_cmpuint(g_hash_table_size(only6), ==, 0);

    /* Cut anywhere, it is refused or says less. */
    for (gsize n = 0; n < sizeof(message); n++) {
        g_autofree guint8 *cut = g_memdup2(&message, n);
        if (n >= sizeof(struct nlmsghdr))
            ((struct nlmsghdr *)(void *)cut)->nlmsg_len = (guint32)n;
        pst_socket_diag_parse(cut, n, only6);
    }
    message.head.nlmsg_type = NLMSG_DONE;
    g_assert_false(pst_socket_diag_parse((const guint8 *)&message, sizeof(message), only6));
}

static int
listen_on6(int only, guint16 *port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    g_assert_cmpint(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)), ==, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)(void *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)(void *)&address, &len), ==, 0);
    *port = ntohs(address.sin6_port);
    return fd;
}

static PstTri
told_of(const PstNetworkData *data, guint16 port)
{
    for (guint i = 0; i < data->listening->len; i++) {
        const PstNetworkListening *row = data->listening->pdata[i];
        if (row->port == port && g_str_equal(row->protocol, "tcp") &&
            g_str_equal(row->address, "::"))
            return row->ipv6_only;
    }
    g_assert_not_reached();
}

/* Two sockets of the kernel that this runs on. */
static void
test_kernel(void)
{
    g_autoptr(PstSysroot) live = pst_sysroot_new("/", NULL);
    g_autoptr(GHashTable) only6 = pst_socket_diag_table_new();
    g_autoptr(GError) error = NULL;
    guint16 ports[2];
    int fds[] = {listen_on6(0, &ports[0]), listen_on6(1, &ports[1])};

    if (fds[0] < 0) {
        g_test_skip("no IPv6 here");
        return;
    }
    if (!pst_socket_diag_read(IPPROTO_TCP, PST_SSHD_LISTENS, only6, &error) ||
        g_hash_table_size(only6) == 0) {
        g_test_skip(error != NULL ? error->message : "this kernel does not tell");
        return;
    }
    PstNetworkData *data = pst_fields_new(pst_report_network_kind.data);
    g_assert_true(pst_network_listening_read(live, data, &error));
    g_assert_cmpint(told_of(data, ports[0]), ==, PST_TRI_NO);
    g_assert_cmpint(told_of(data, ports[1]), ==, PST_TRI_YES);
    pst_fields_free(pst_report_network_kind.data, data);
    close(fds[0]);
    close(fds[1]);
}

static gboolean
may_borrow(int fd)
{
    int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int own = process >= 0 ? (int)syscall(SYS_pidfd_getfd, process, fd, 0) : -1;

    if (process >= 0)
        close(process);
    if (own >= 0)
        close(own);
    return own >= 0;
}

/* A descriptor of a process': here, of this one. */
static void
test_borrowed(void)
{
    for (int only = 0; only <= 1; only++) {
        guint16 port;
        int fd = listen_on6(only, &port);
        struct stat st;

        if (fd < 0) {
            g_test_skip("no IPv6 here");
            return;
        }
        g_assert_cmpint(fstat(fd, &st), ==, 0);
        if (may_borrow(fd))
            g_assert_cmpint(pst_socket_borrow_only6(getpid(), fd, st.st_ino), ==, PST_TRI(only));
        else
            g_test_skip("this kernel gives no descriptor of a process (pidfd_getfd)");
        g_assert_cmpint(pst_socket_borrow_only6(getpid(), fd, st.st_ino + 1), ==, PST_TRI_UNKNOWN);
        close(fd);
    }
}

/* ---- by the address ---- */

static void
set_address(int fd, const char *link, unsigned long request, const char *text)
{
    struct ifreq wish = {0};
    struct sockaddr_in *address = (struct sockaddr_in *)(void *)&wish.ifr_addr;

    g_strlcpy(wish.ifr_name, link, sizeof(wish.ifr_name));
    address->sin_family = AF_INET;
    g_assert_cmpint(inet_pton(AF_INET, text, &address->sin_addr), ==, 1);
    g_assert_cmpint(ioctl(fd, request, &wish), ==, 0);
}

static gboolean
add_link(int fd, const char *link, const char *address)
{
    struct ifreq wish = {.ifr_flags = IFF_UP};

    if (ioctl(fd, SIOCBRADDBR, link) < 0)
        return FALSE;
    set_address(fd, link, SIOCSIFADDR, address);
    set_address(fd, link, SIOCSIFNETMASK, "255.255.255.0");
    g_strlcpy(wish.ifr_name, link, sizeof(wish.ifr_name));
    g_assert_cmpint(ioctl(fd, SIOCSIFFLAGS, &wish), ==, 0);
    return TRUE;
}

static void
add_default_route(int fd, const char *gateway)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct sockaddr_in *any = (struct sockaddr_in *)(void *)&route.rt_dst;
    struct sockaddr_in *mask = (struct sockaddr_in *)(void *)&route.rt_genmask;
    struct sockaddr_in *via = (struct sockaddr_in *)(void *)&route.rt_gateway;

    any->sin_family = mask->sin_family = via->sin_family = AF_INET;
    g_assert_cmpint(inet_pton(AF_INET, gateway, &via->sin_addr), ==, 1);
    g_assert_cmpint(ioctl(fd, SIOCADDRT, &route), ==, 0);
}

/* A network of its own: pst0 leads everywhere, pst1 to its own network alone. */
static gboolean
make_network(void)
{
    int fd;

    if (unshare(CLONE_NEWNET) < 0 || (fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        return FALSE;
    gboolean made = add_link(fd, "pst0", "10.9.0.1") && add_link(fd, "pst1", "172.17.0.1");
    if (made)
        add_default_route(fd, "10.9.0.254");
    close(fd);
    return made;
}

static void
test_links(void)
{
    static const struct {
        const char *places, *from;
        gboolean found;
    } cases[] = {
        {"172.17.0.1:22", "192.0.2.9", TRUE},
        {"172.17.0.1:22", NULL, TRUE},
        {"172.17.0.1:22", "10.9.0.7", TRUE},
        {"172.17.0.1:22", "172.17.0.7", FALSE},
        {"172.17.0.1:22", "127.0.0.1", FALSE},
        {"10.9.0.1:22", "192.0.2.9", FALSE},
        {"10.9.0.1:22", NULL, FALSE},
        {"10.9.0.1:22 172.17.0.1:22", "192.0.2.9", FALSE},
        {"0.0.0.0:22 172.17.0.1:2222", "192.0.2.9", FALSE},
        {"192.0.2.77:22", "192.0.2.9", FALSE}, /* no address of any link */
    };
    g_autoptr(PstSysroot) live = pst_sysroot_new("/", NULL);
    const PstProbeContext context = {live, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    g_autoptr(PstSshdConfig) config = pst_sshd_config_parse("ListenAddress 172.17.0.1\n", CONFIG);

    if (!make_network()) {
        g_test_skip("it takes a network of its own, with bridges");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PstSshArgs asked = {.port = PST_INT_UNKNOWN, .from = (char *)cases[i].from};
        g_autoptr(PstReport) report = pst_report_new(&pst_report_ssh_kind);
        const PstSshSubject subject = {.context = &context,
                                       .asked = &asked,
                                       .report = report,
                                       .data = report->data,
                                       .unit = "ssh.service"};

        subject.data->listen = g_strsplit(cases[i].places, " ", -1);
        pst_ssh_judge_listen(&subject, config);
        g_test_message("row %u", i);
        g_assert_cmpuint(report->findings->len, ==, cases[i].found);
        if (!cases[i].found)
            continue;
        const PstFinding *finding = finding_at(report, 0);
        g_assert_cmpstr(finding->id, ==, DEPENDS);
        g_assert_cmpint(finding->evidence->line, ==, 1);
        g_assert_nonnull(strstr(finding->message, "172.17.0.1:22, an address of pst1"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strdup_printf("/ssh-listen/family/%u", i);
        g_test_add(name, World, &rows[i], set_up, test_family, tear_down);
    }
    g_test_add("/ssh-listen/inet", World, NULL, set_up, test_inet, tear_down);
    g_test_add_func("/ssh-listen/parse", test_parse);
    g_test_add_func("/ssh-listen/kernel", test_kernel);
    g_test_add_func("/ssh-listen/borrowed", test_borrowed);
    g_test_add_func("/ssh-listen/links", test_links);
    return g_test_run();
}
