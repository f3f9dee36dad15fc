// SPDX-License-Identifier: LGPL-2.1-or-later
/* Peers that speak the protocol so far as to get past `hello`, and then go wrong in one way. They
 * find id and method by searching the text: their host is well-behaved. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "peer-port.h"
#include "peer.h"

#define REQUEST_MAX 65536 /* the largest frame from a host */
#define ID_MAX 64
#define NAME_MAX_LEN 64
#define PRODUCT_UUID "/sys/class/dmi/id/product_uuid" /* the domain's, where systemd is not */

typedef struct {
    char id[ID_MAX];
    char method[NAME_MAX_LEN];
    char probe[NAME_MAX_LEN]; /* params.name, "" where there is none */
} Request;

/* Answers one request that is not `hello`; -1 ends the peer. */
typedef int (*Answer)(int fd, const Request *request, char *const *argv);

/* Copies the string member NAME of TEXT to VALUE. */
static int
member(const char *text, const char *name, char *value, size_t size)
{
    char key[NAME_MAX_LEN + 4];
    snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = strstr(text, key);
    if (at == NULL)
        return -1;
    at += strlen(key);
    at += strspn(at, " ");
    if (*at != '"')
        return -1;
    at++;
    size_t len = strcspn(at, "\"");
    if (len >= size)
        return -1;
    memcpy(value, at, len);
    value[len] = '\0';
    return 0;
}

static int
parse(const char *text, Request *request)
{
    *request = (Request){0};
    if (member(text, "method", request->method, sizeof(request->method)) != 0)
        return -1;
    if (member(text, "name", request->probe, sizeof(request->probe)) != 0)
        request->probe[0] = '\0';
    return member(text, "id", request->id, sizeof(request->id)); /* a notification has none */
}

static int64_t
now_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Reads the first line of PATH, an id; zeros where there is no such file. */
static void
read_id(const char *path, char *id, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, id, size - 1);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        len = snprintf(id, size, "%032d", 0);
    id[len] = '\0';
    id[strcspn(id, "\n")] = '\0';
}

static char *
format(const char *pattern, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, pattern);
    if (vasprintf(&text, pattern, args) < 0)
        abort();
    va_end(args);
    return text;
}

static int
send_result(int fd, const char *id, const char *result, int times)
{
    char *frame = format("\x1e{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":%s}\n", id, result);
    int sent = 0;
    while (sent == 0 && times-- > 0)
        sent = pst_peer_port_write(fd, frame, strlen(frame));
    free(frame);
    return sent;
}

static int
send_hello(int fd, const Request *request, int protocol)
{
    char boot_id[ID_MAX], machine_id[ID_MAX];
    read_id("/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id));
    read_id(access("/etc/machine-id", R_OK) == 0 ? "/etc/machine-id" : PRODUCT_UUID, machine_id,
            sizeof(machine_id));
    char *result = format("{\"protocol\":%d,\"shim\":\"peer\",\"boot_id\":\"%s\","
                          "\"machine_id\":\"%s\",\"boottime_us\":%lld,\"realtime_us\":%lld,"
                          "\"capabilities\":[]}",
                          protocol, boot_id, machine_id, (long long)now_us(CLOCK_BOOTTIME),
                          (long long)now_us(CLOCK_REALTIME));
    int sent = send_result(fd, request->id, result, 1);
    free(result);
    return sent;
}

/* What a sound shim would say: a report with STATUS for a probe, an empty object for the rest. */
static char *
result_for(const Request *request, const char *status)
{
    if (strcmp(request->method, "probe") != 0)
        return format("{}");
    return format("{\"probe\":\"%s\",\"status\":\"%s\",\"summary\":\"a scripted peer\","
                  "\"findings\":[],\"data\":{},\"took_ms\":0,\"truncated\":false}",
                  request->probe, status);
}

static int
answer(int fd, const Request *request, const char *status, int times)
{
    char *result = result_for(request, status);
    int sent = send_result(fd, request->id, result, times);
    free(result);
    return sent;
}

static int
answer_soundly(int fd, const Request *request, char *const *argv)
{
    (void)argv;
    return answer(fd, request, "ok", 1);
}

static int
answer_twice(int fd, const Request *request, char *const *argv)
{
    (void)argv;
    return answer(fd, request, "ok", 2);
}

static int
answer_oddly(int fd, const Request *request, char *const *argv)
{
    (void)argv;
    return answer(fd, request, "splendid", 1);
}

/* Each answer has a process of its own to wait in, so that a late one holds up no other. A ping is
 * answered at once: it is the probes that take their time. */
static int
answer_late(int fd, const Request *request, char *const *argv)
{
    if (strcmp(request->method, "ping") == 0)
        return answer(fd, request, "ok", 1);
    if (fork() != 0)
        return 0;
    uint64_t wait_us = pst_peer_port_number(argv[0], 1000) * 1000;
    struct timespec pause = {(time_t)(wait_us / 1000000), (long)(wait_us % 1000000) * 1000};
    nanosleep(&pause, NULL);
    answer(fd, request, "ok", 1);
    _exit(0);
}

static int
answer_another(int fd, const Request *request, char *const *argv)
{
    Request other = *request;
    (void)argv;
    other.id[0] = other.id[0] == '0' ? '1' : '0';
    return answer(fd, &other, "ok", 1);
}

static int
answer_half(int fd, const Request *request, char *const *argv)
{
    (void)argv;
    char *frame =
        format("\x1e{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"probe\":\"", request->id);
    int sent = pst_peer_port_write(fd, frame, strlen(frame));
    free(frame);
    return sent;
}

static int
answer_and_reset(int fd, const Request *request, char *const *argv)
{
    answer_half(fd, request, argv);
    usleep(100000); /* let the host have it first */
    if (argv[0] != NULL && strcmp(argv[0], "poweroff") == 0)
        reboot(RB_POWER_OFF);
    reboot(RB_AUTOBOOT);
    return -1;
}

static int
answer_and_panic(int fd, const Request *request, char *const *argv)
{
    answer_half(fd, request, argv);
    usleep(100000);
    int trigger = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
    return write(trigger, "c", 1) == 1 ? 0 : -1;
}

static int
answer_busy(int fd, const Request *request, char *const *argv)
{
    (void)argv;
    char *frame = format("\x1e{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"error\":{\"code\":-32003,"
                         "\"message\":\"a scripted peer is busy\",\"data\":{\"reason\":\"busy\"}}}"
                         "\n",
                         request->id);
    int sent = pst_peer_port_write(fd, frame, strlen(frame));
    free(frame);
    return sent;
}

static int
answer_nothing(int fd, const Request *request, char *const *argv)
{
    (void)fd, (void)request, (void)argv;
    return 0;
}

static int
leave(int fd, const Request *request, char *const *argv)
{
    (void)fd, (void)request, (void)argv;
    return -1;
}

/* Reads requests; answers each `hello` with PROTOCOL and all else through ANSWER_ONE. Without one
 * it returns after the first `hello`. */
static int
handle(int fd, char *text, char *const *argv, int protocol, Answer answer_one)
{
    Request request;

    if (parse(text, &request) != 0)
        return 0;
    if (strcmp(request.method, "hello") != 0)
        return answer_one != NULL ? answer_one(fd, &request, argv) : 0;
    int sent = send_hello(fd, &request, protocol);
    return answer_one != NULL ? sent : -1;
}

static void
serve(int fd, char *const *argv, int protocol, Answer answer_one)
{
    static char text[REQUEST_MAX + 1];
    size_t used = 0;
    ssize_t len;

    while ((len = pst_peer_port_read(fd, text + used, REQUEST_MAX - used)) > 0) {
        used += (size_t)len;
        text[used] = '\0';
        for (char *end; (end = memchr(text, '\n', used)) != NULL;) {
            *end = '\0';
            if (handle(fd, text, argv, protocol, answer_one) != 0)
                return;
            used -= (size_t)(end + 1 - text);
            memmove(text, end + 1, used + 1);
        }
        if (used == REQUEST_MAX)
            used = 0;
    }
}

void
pst_peer_protocol_answer_hello(int fd)
{
    serve(fd, NULL, 1, NULL);
}

#define PEER(NAME, PROTOCOL, ANSWER)                                                               \
    static void NAME(int fd, char *const *argv)                                                    \
    {                                                                                              \
        serve(fd, argv, PROTOCOL, ANSWER);                                                         \
    }

PEER(sound, 1, answer_soundly)
PEER(late, 1, answer_late)
PEER(twice, 1, answer_twice)
PEER(wrong_session, 1, answer_another)
PEER(unknown_status, 1, answer_oddly)
PEER(old_protocol, 0, answer_soundly)
PEER(new_protocol, 99, answer_soundly)
PEER(half, 1, answer_half)
PEER(reset_mid, 1, answer_and_reset)
PEER(panic_mid, 1, answer_and_panic)
PEER(busy, 1, answer_busy)
PEER(mute, 1, answer_nothing)
PEER(quitter, 1, leave)

const PstPeer pst_peer_protocol_table[] = {
    {"sound", "", "answers everything as it should", sound},
    {"late", "[MS]", "answers hello and ping at once and all else MS later", late},
    {"twice", "", "answers each request twice", twice},
    {"wrong-session", "", "answers with another session's id", wrong_session},
    {"unknown-status", "", "reports a status that does not exist", unknown_status},
    {"old-protocol", "", "says that it speaks protocol 0", old_protocol},
    {"new-protocol", "", "says that it speaks protocol 99", new_protocol},
    {"half", "", "sends the first half of each answer", half},
    {"reset-mid", "[poweroff]", "sends half an answer and resets its machine", reset_mid},
    {"panic-mid", "", "sends half an answer and crashes its kernel", panic_mid},
    {"busy", "", "refuses each request as busy", busy},
    {"mute", "", "answers hello and nothing else", mute},
    {"quitter", "", "answers hello and closes the port at the next request", quitter},
    {0},
};
