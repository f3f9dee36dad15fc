// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/error.h"

#define ANSWER_BYTES (64 * 1024)
#define MAX_ANSWERS 200
#define MAX_BODY 64
#define WAIT_S 1

void
pst_netlink_attributes(const guint8 *bytes, gsize len, PstNetlinkAttributes *attributes)
{
    memset(attributes, 0, sizeof(*attributes));
    while (len >= sizeof(struct rtattr)) {
        const struct rtattr *row = (const void *)bytes;
        gsize step = RTA_ALIGN(row->rta_len);

        if (row->rta_len < sizeof(*row) || row->rta_len > len)
            return;
        if ((row->rta_type & NLA_TYPE_MASK) < PST_NETLINK_ATTRIBUTES)
            attributes->rows[row->rta_type & NLA_TYPE_MASK] = row;
        if (step >= len)
            return;
        bytes += step;
        len -= step;
    }
}

gboolean
pst_netlink_attributes_behind(const guint8 *body, gsize len, gsize head,
                              PstNetlinkAttributes *attributes)
{
    if (len < head)
        return FALSE;
    pst_netlink_attributes(body + NLMSG_ALIGN(head), len - MIN(len, NLMSG_ALIGN(head)), attributes);
    return TRUE;
}

gboolean
pst_netlink_parse(const guint8 *bytes, gsize len, PstNetlinkTake take, gpointer data)
{
    while (len >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *head = (const void *)bytes;
        gsize step = NLMSG_ALIGN(head->nlmsg_len);

        if (head->nlmsg_len < sizeof(*head) || head->nlmsg_len > len ||
            head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR)
            return FALSE;
        take(head->nlmsg_type, bytes + NLMSG_HDRLEN, head->nlmsg_len - NLMSG_HDRLEN, data);
        if (step >= len)
            return TRUE;
        bytes += step;
        len -= step;
    }
    return FALSE;
}

int
pst_netlink_error(const guint8 *bytes, gsize len)
{
    struct nlmsghdr head;
    struct nlmsgerr refusal;

    if (len < NLMSG_LENGTH(sizeof(refusal)))
        return 0;
    memcpy(&head, bytes, sizeof(head));
    memcpy(&refusal, bytes + NLMSG_HDRLEN, sizeof(refusal));
    if (head.nlmsg_type != NLMSG_ERROR || refusal.error == -EOPNOTSUPP)
        return 0;
    return -refusal.error;
}

static gboolean
fail(const char *what, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "rtnetlink: %s: %s", what,
                g_strerror(errno));
    return FALSE;
}

int
pst_netlink_open(GError **error)
{
    const struct timeval patience = {.tv_sec = WAIT_S};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        fail("socket", error);
    else
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

gboolean
pst_netlink_dump(int fd, guint16 type, gconstpointer body, gsize len, PstNetlinkTake take,
                 gpointer data, GError **error)
{
    struct {
        struct nlmsghdr head;
        guint8 body[MAX_BODY];
    } request = {
        .head = {.nlmsg_len = (guint32)NLMSG_LENGTH(len),
                 .nlmsg_type = type,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
    };
    g_autofree guint8 *answer = g_malloc(ANSWER_BYTES);

    g_return_val_if_fail(len <= MAX_BODY, FALSE);
    memcpy(request.body, body, len);
    if (send(fd, &request, request.head.nlmsg_len, 0) < 0)
        return fail("send", error);
    for (guint i = 0; i < MAX_ANSWERS; i++) {
        ssize_t n = recv(fd, answer, ANSWER_BYTES, 0);

        if (n < 0)
            return fail("recv", error);
        errno = pst_netlink_error(answer, (gsize)n);
        if (errno != 0)
            return fail("refused", error);
        if (!pst_netlink_parse(answer, (gsize)n, take, data))
            break;
    }
    return TRUE;
}
