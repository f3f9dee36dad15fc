// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-handshake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-shim/handshake-record.h"
#include "guest-shim/program.h"
#include "guest-shim/sshd-check.h"
#include "protocol/error.h"

#define GREETING "SSH-2.0-postern\r\n"
#define TIMEOUT_MS 8000
#define TALK_MS 8000
/* A loopback that does not answer by then drops what comes: the rest of the time is for asking the
 * program itself. */
#define CONNECT_MS 2000
/* What sshd says when it comes to the end of what it was given. */
#define AT_THE_END "Connection closed by "
#define MAX_OUTPUT (16 * 1024)
#define MAX_SAID 512
#define PENALTY "Not allowed at this time" /* sshd.c since OpenSSH 9.8 */

void
pst_sshd_handshake_free(PstSshdHandshake *handshake)
{
    g_clear_pointer(&handshake->kexinit, pst_ssh_kexinit_free);
    g_free(handshake->said);
    g_free(handshake);
}

static PstSshdHandshake *
new_handshake(PstSshdHandshakeVerdict verdict, const char *said, gsize len)
{
    PstSshdHandshake *handshake = g_new0(PstSshdHandshake, 1);

    handshake->verdict = verdict;
    if (said != NULL)
        handshake->said = g_strchomp(g_utf8_make_valid(said, (gssize)MIN(len, MAX_SAID)));
    return handshake;
}

static PstSshdHandshake *
give_up(PstSshdHandshakeVerdict verdict, const char *why)
{
    return new_handshake(verdict, why, strlen(why));
}

/* Appends what is there to read; FALSE at the end of the stream. */
static gboolean
take(int fd, GByteArray *bytes)
{
    guint8 buffer[4096];
    gssize n = read(fd, buffer, sizeof(buffer));

    if (n > 0)
        g_byte_array_append(bytes, buffer, (guint)n);
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* What the bytes so far are; NULL where more is needed. */
static PstSshdHandshake *
understand(const GByteArray *bytes)
{
    gboolean complete;
    g_autoptr(PstSshKexinit) kexinit =
        pst_ssh_kexinit_parse(bytes->data, bytes->len, &complete, NULL);
    PstSshdHandshake *handshake;

    if (kexinit != NULL && !complete && bytes->len < PST_SSH_KEXINIT_MAX)
        return NULL;
    if (kexinit == NULL || !complete)
        return new_handshake(PST_SSHD_HANDSHAKE_SHUT, (const char *)bytes->data, bytes->len);
    handshake = new_handshake(PST_SSHD_HANDSHAKE_DONE, NULL, 0);
    handshake->kexinit = g_steal_pointer(&kexinit);
    return handshake;
}

/* Reads until the lists are there, the stream ends, or the deadline has passed. */
static PstSshdHandshake *
await(int fd, gint64 end_us)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    PstSshdHandshake *handshake = NULL;

    while (handshake == NULL) {
        gint64 left_ms = (end_us - g_get_monotonic_time()) / 1000;
        struct pollfd ready = {fd, POLLIN, 0};

        if (left_ms <= 0 || (poll(&ready, 1, (int)left_ms) == 0))
            return give_up(PST_SSHD_HANDSHAKE_LATE, "no answer in time");
        if (!take(fd, bytes))
            break;
        handshake = understand(bytes);
    }
    if (handshake == NULL)
        handshake = new_handshake(PST_SSHD_HANDSHAKE_SHUT,
                                  bytes->len > 0 ? (const char *)bytes->data : "", bytes->len);
    if (handshake->said != NULL && strstr(handshake->said, PENALTY) != NULL)
        handshake->verdict = PST_SSHD_HANDSHAKE_REFUSED;
    return handshake;
}

static char **
make_argv(const char *const *options)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; options != NULL && options[i] != NULL; i++)
        g_strv_builder_add(builder, options[i]);
    g_strv_builder_add(builder, "-i");
    g_strv_builder_add(builder, "-e");
    return g_strv_builder_end(builder);
}

/* Its last line, which says why it ended. */
static char *
last_words(const PstProgramResult *result)
{
    g_autofree char *text = g_strchomp(g_strdup(result->err->str));
    const char *line = strrchr(text, '\n');

    return g_utf8_make_valid(line != NULL ? line + 1 : text, -1);
}

/* It answers on its standard output, or, where it was executed anew on the way, on the socket that
 * is its input (server_accept_inetd() of sshd.c). */
static PstSshdHandshake *
read_answer(const PstProgramResult *result, int ours)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[4096];
    gssize n;

    g_byte_array_append(bytes, (const guint8 *)result->out->str, (guint)result->out->len);
    while (bytes->len < MAX_OUTPUT && (n = recv(ours, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0)
        g_byte_array_append(bytes, buffer, (guint)n);
    return understand(bytes);
}

/* The greeting is all that it gets, and is there before it begins: it answers, sees the end of the
 * stream, and ends. */
static PstSshdHandshake *
run_on(const PstProgram *program, const PstProbeContext *context, int ours, GError **error)
{
    g_autoptr(PstProgramResult) result = NULL;
    PstSshdHandshake *handshake;

    if (write(ours, GREETING, strlen(GREETING)) < 0 || shutdown(ours, SHUT_WR) < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "socket: %s", g_strerror(errno));
        return NULL;
    }
    result = pst_program_run(context->sysroot, program, error);
    if (result == NULL)
        return NULL;
    if (result->timed_out)
        return give_up(PST_SSHD_HANDSHAKE_LATE, "sshd -i did not end in time");
    handshake = read_answer(result, ours);
    if (handshake != NULL && handshake->verdict == PST_SSHD_HANDSHAKE_DONE)
        return handshake;
    g_clear_pointer(&handshake, pst_sshd_handshake_free);
    handshake = give_up(PST_SSHD_HANDSHAKE_SHUT, "");
    g_free(handshake->said);
    handshake->said = last_words(result);
    /* It began, and nobody saw with what: it refused nothing. */
    if (strstr(handshake->said, AT_THE_END) != NULL)
        handshake->verdict = PST_SSHD_HANDSHAKE_LATE;
    return handshake;
}

PstSshdHandshake *
pst_sshd_handshake_run(const PstProbeContext *context, const char *const *options, GError **error)
{
    g_auto(GStrv) argv = make_argv(options);
    PstProgram program = {
        .candidates = pst_sshd_check_programs,
        .argv = (const char *const *)argv,
        .timeout_ms = pst_probe_time_left_ms(context, TIMEOUT_MS),
        .max_output = MAX_OUTPUT,
    };
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "socketpair: %s", g_strerror(errno));
        return NULL;
    }
    program.input = pair[1];
    PstSshdHandshake *handshake = run_on(&program, context, pair[0], error);
    close(pair[0]);
    close(pair[1]);
    return handshake;
}

static gboolean
make_address(const char *address, guint port, struct sockaddr_storage *storage, socklen_t *len)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)storage;

    memset(storage, 0, sizeof(*storage));
    if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((guint16)port);
        *len = sizeof(*four);
        return TRUE;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((guint16)port);
    *len = sizeof(*six);
    return inet_pton(AF_INET6, address, &six->sin6_addr) == 1;
}

/* 0 where the socket is connected, else the number of the error. */
static int
connect_until(int fd, const struct sockaddr_storage *storage, socklen_t len, gint64 end_us)
{
    struct pollfd ready = {fd, POLLOUT, 0};
    gint64 left_ms = MAX(0, (end_us - g_get_monotonic_time()) / 1000);
    int number = 0;
    socklen_t number_len = sizeof(number);

    if (connect(fd, (const struct sockaddr *)(const void *)storage, len) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (poll(&ready, 1, (int)left_ms) != 1)
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &number_len) < 0 ? errno : number;
}

static PstSshdHandshake *
talk(const PstSysroot *sysroot, int fd, const struct sockaddr_storage *storage, socklen_t len,
     gint64 end_us)
{
    gint64 connected_us = MIN(end_us, g_get_monotonic_time() + CONNECT_MS * 1000);
    int failed = connect_until(fd, storage, len, connected_us);

    if (failed != 0)
        return give_up(PST_SSHD_HANDSHAKE_NOBODY, g_strerror(failed));
    pst_handshake_record_write(sysroot, fd);
    if (send(fd, GREETING, strlen(GREETING), MSG_NOSIGNAL) < 0)
        return give_up(PST_SSHD_HANDSHAKE_SHUT, g_strerror(errno));
    return await(fd, end_us);
}

PstSshdHandshake *
pst_sshd_handshake_connect(const PstProbeContext *context, const char *address, guint port)
{
    gint64 end_us = g_get_monotonic_time() + pst_probe_time_left_ms(context, TALK_MS) * 1000;
    struct sockaddr_storage storage;
    socklen_t len;

    if (!make_address(address, port, &storage, &len))
        return give_up(PST_SSHD_HANDSHAKE_NOBODY, "no address");
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return give_up(PST_SSHD_HANDSHAKE_NOBODY, g_strerror(errno));
    PstSshdHandshake *handshake = talk(context->sysroot, fd, &storage, len, end_us);
    close(fd);
    return handshake;
}
