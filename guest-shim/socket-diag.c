// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/socket-diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-shim/netlink.h"
#include "protocol/error.h"

#define ANSWER_BYTES (64 * 1024)
#define MAX_ANSWERS 200
#define MAX_SOCKETS 10000
#define WAIT_S 1
/* INET_DIAG_SKV6ONLY of linux/inet_diag.h since 4.3; older headers do not have it. */
#define ATTRIBUTE_ONLY6 11

GHashTable *
pst_socket_diag_table_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

const char *
pst_socket_diag_module(int protocol)
{
    return protocol == IPPROTO_UDP ? "udp_diag" : "tcp_diag";
}

/* One that has no such attribute is of a kernel that does not tell. */
static void
add_socket(const guint8 *bytes, gsize len, GHashTable *only6)
{
    gsize at = NLMSG_ALIGN(sizeof(struct inet_diag_msg));
    struct inet_diag_msg head;

    if (len < sizeof(head))
        return;
    memcpy(&head, bytes, sizeof(head));
    while (at < len && len - at >= sizeof(struct rtattr)) {
        struct rtattr row;

        memcpy(&row, bytes + at, sizeof(row));
        if (row.rta_len < sizeof(row) || row.rta_len > len - at)
            return;
        if ((row.rta_type & NLA_TYPE_MASK) == ATTRIBUTE_ONLY6 && row.rta_len > RTA_LENGTH(0) &&
            g_hash_table_size(only6) < MAX_SOCKETS) {
            guint64 inode = head.idiag_inode;

            g_hash_table_insert(only6, g_memdup2(&inode, sizeof(inode)),
                                GINT_TO_POINTER(bytes[at + RTA_LENGTH(0)] != 0));
        }
        at += RTA_ALIGN(row.rta_len);
    }
}

gboolean
pst_socket_diag_parse(const guint8 *bytes, gsize len, GHashTable *only6)
{
    while (len >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr head;

        memcpy(&head, bytes, sizeof(head));
        gsize step = NLMSG_ALIGN(head.nlmsg_len);
        if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > len ||
            head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR)
            return FALSE;
        if (head.nlmsg_type == SOCK_DIAG_BY_FAMILY)
            add_socket(bytes + NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN, only6);
        if (step >= len)
            return TRUE;
        bytes += step;
        len -= step;
    }
    return FALSE;
}

static gboolean
fail(const char *what, int number, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "sock_diag: %s: %s", what,
                g_strerror(number));
    return FALSE;
}

static gboolean
dump(int fd, int protocol, guint state, GHashTable *only6, GError **error)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 of;
    } request = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct inet_diag_req_v2)),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .of = {.sdiag_family = AF_INET6,
               .sdiag_protocol = (guint8)protocol,
               .idiag_states = 1U << state},
    };
    g_autofree guint8 *answer = g_malloc(ANSWER_BYTES);

    if (send(fd, &request, request.head.nlmsg_len, 0) < 0)
        return fail("send", errno, error);
    for (guint i = 0; i < MAX_ANSWERS; i++) {
        ssize_t n = recv(fd, answer, ANSWER_BYTES, 0);

        if (n < 0)
            return fail("recv", errno, error);
        int refused = pst_netlink_error(answer, (gsize)n);
        if (refused != 0)
            return fail("refused", refused, error);
        if (!pst_socket_diag_parse(answer, (gsize)n, only6))
            break;
    }
    return TRUE;
}

gboolean
pst_socket_diag_read(int protocol, guint state, GHashTable *only6, GError **error)
{
    const struct timeval patience = {.tv_sec = WAIT_S};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0)
        return fail("socket", errno, error);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    gboolean done = dump(fd, protocol, state, only6, error);
    close(fd);
    return done;
}
