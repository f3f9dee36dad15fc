// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-tasks: in a guest, as root: prints each task that ends, with the processor time that it
 * took, until SIGTERM; "ready" once it hears of all. A line is
 *
 *   TID TGID PPID INODE MICROSECONDS COMM
 *
 * for each thread, where INODE is that of the program that it ran last. Needs only libc, and a
 * kernel with CONFIG_TASKSTATS whose sysctl kernel.task_delayacct is 1. The last line is "lost"
 * where the kernel could not tell all.
 *
 * The kernel tells of exits in the family TASKSTATS of generic netlink to whoever registered for
 * the processors that they happen on (Documentation/accounting/taskstats.rst, linux/taskstats.h).
 * The times ac_utime and ac_stime are sampled at the kernel's ticks, too coarse for programs that
 * end within two of them; cpu_run_virtual_total is the scheduler's own account, in nanoseconds. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES (8 * 1024 * 1024)

typedef struct {
    struct nlmsghdr head;
    struct genlmsghdr kind;
    char rows[512];
} Message;

static volatile sig_atomic_t ended;

static void
on_signal(int number)
{
    (void)number;
    ended = 1;
}

static void __attribute__((noreturn)) die(const char *what)
{
    fprintf(stderr, "bench-tasks: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
add_row(Message *message, uint16_t type, const char *text)
{
    struct nlattr *row = (void *)((char *)message + NLMSG_ALIGN(message->head.nlmsg_len));
    size_t size = strlen(text) + 1;

    row->nla_type = type;
    row->nla_len = (uint16_t)(NLA_HDRLEN + size);
    memcpy((char *)row + NLA_HDRLEN, text, size);
    message->head.nlmsg_len =
        NLMSG_ALIGN(message->head.nlmsg_len) + (uint32_t)NLA_ALIGN(row->nla_len);
}

/* One question with one attribute. */
static void
ask(int fd, uint16_t family, uint8_t command, uint16_t type, const char *text)
{
    Message message = {
        .head = {NLMSG_LENGTH(GENL_HDRLEN), family, NLM_F_REQUEST | NLM_F_ACK, 0, 0},
        .kind = {command, 1, 0},
    };

    add_row(&message, type, text);
    if (send(fd, &message, message.head.nlmsg_len, 0) < 0)
        die("netlink");
}

/* The attribute of that TYPE among LEN bytes of them; NULL where it is not there. */
static const struct nlattr *
find_row(const void *rows, size_t len, uint16_t type)
{
    const char *at = rows;

    while (len >= NLA_HDRLEN) {
        const struct nlattr *row = (const void *)at;
        size_t step = NLA_ALIGN(row->nla_len);

        if (row->nla_len < NLA_HDRLEN || row->nla_len > len)
            return NULL;
        if ((row->nla_type & NLA_TYPE_MASK) == type)
            return row;
        if (step >= len)
            return NULL;
        at += step;
        len -= step;
    }
    return NULL;
}

static const void *
content(const struct nlattr *row)
{
    return (const char *)row + NLA_HDRLEN;
}

/* The same among those of a message of generic netlink. */
static const struct nlattr *
find_in(const struct nlmsghdr *head, uint16_t type)
{
    const char *rows = (const char *)NLMSG_DATA(head) + GENL_HDRLEN;

    if (head->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
        return NULL;
    return find_row(rows, head->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), type);
}

/* Ends the program where the kernel answers with an error. */
static void
check_answer(const struct nlmsghdr *head)
{
    const struct nlmsgerr *error = NLMSG_DATA(head);

    if (head->nlmsg_type != NLMSG_ERROR || error->error == 0)
        return;
    errno = -error->error;
    die("TASKSTATS");
}

static uint16_t
find_family(int fd)
{
    char buffer[8192];
    uint16_t family = 0;

    ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME);
    for (bool acknowledged = false; !acknowledged;) {
        ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
        const struct nlmsghdr *head = (const void *)buffer;

        if (n < 0)
            die("netlink");
        for (; NLMSG_OK(head, (size_t)n); head = NLMSG_NEXT(head, n)) {
            check_answer(head);
            acknowledged |= head->nlmsg_type == NLMSG_ERROR;
            const struct nlattr *row = find_in(head, CTRL_ATTR_FAMILY_ID);
            if (row != NULL && head->nlmsg_type == GENL_ID_CTRL)
                memcpy(&family, content(row), sizeof(family));
        }
    }
    return family;
}

/* Of the thread itself; what is told of a whole group besides would count it twice. */
static void
print_task(const struct nlmsghdr *head)
{
    const struct nlattr *task = find_in(head, TASKSTATS_TYPE_AGGR_PID);
    const struct nlattr *row =
        task != NULL ? find_row(content(task), task->nla_len - NLA_HDRLEN, TASKSTATS_TYPE_STATS)
                     : NULL;
    struct taskstats stats = {0};

    if (row == NULL)
        return;
    size_t len = row->nla_len - NLA_HDRLEN;
    memcpy(&stats, content(row), len < sizeof(stats) ? len : sizeof(stats));
    printf("%u %u %u %llu %llu %.31s\n", stats.ac_pid, stats.ac_tgid, stats.ac_ppid,
           (unsigned long long)stats.ac_exe_inode,
           (unsigned long long)stats.cpu_run_virtual_total / 1000, stats.ac_comm);
}

/* Hears whatever is there; false where the kernel had to drop some of it. */
static bool
hear(int fd)
{
    char buffer[16384];
    ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

    if (n < 0 && errno != EINTR && errno != ENOBUFS)
        die("netlink");
    if (n < 0)
        return errno == EINTR;
    for (const struct nlmsghdr *head = (const void *)buffer; NLMSG_OK(head, (size_t)n);
         head = NLMSG_NEXT(head, n)) {
        check_answer(head);
        if (head->nlmsg_type != NLMSG_ERROR)
            print_task(head);
    }
    return true;
}

int
main(void)
{
    /* Without SA_RESTART, so that a wait ends with the signal. */
    const struct sigaction action = {.sa_handler = on_signal};
    const struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    int size = BUFFER_BYTES, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    bool complete = true;
    char processors[32];

    if (fd < 0 || bind(fd, (const void *)&self, sizeof(self)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
        sigaction(SIGTERM, &action, NULL) < 0)
        die("netlink");
    snprintf(processors, sizeof(processors), "0-%ld", sysconf(_SC_NPROCESSORS_CONF) - 1);
    ask(fd, find_family(fd), TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, processors);
    puts("ready");
    fflush(stdout);
    while (!ended)
        complete &= hear(fd);
    if (!complete)
        puts("lost");
    return 0;
}
