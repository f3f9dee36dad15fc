// SPDX-License-Identifier: LGPL-2.1-or-later
/* Peers that know nothing of the protocol, or act as if. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "peer-port.h"
#include "peer.h"

#define PIECE 32768 /* what the kernel takes from one write to a port */

static void
echo(int fd, char *const *argv)
{
    static char buffer[PIECE];
    ssize_t len;

    (void)argv;
    while ((len = pst_peer_port_read(fd, buffer, sizeof(buffer))) > 0)
        if (pst_peer_port_write(fd, buffer, (size_t)len) != 0)
            return;
}

static void
silent(int fd, char *const *argv)
{
    static char buffer[PIECE];

    (void)argv;
    while (pst_peer_port_read(fd, buffer, sizeof(buffer)) > 0)
        ;
}

static void
deaf(int fd, char *const *argv)
{
    (void)fd;
    (void)argv;
    for (;;)
        pause();
}

/* Sends TOTAL bytes out of BLOCK, over and over, then falls silent. */
static void
flood(int fd, const char *block, size_t size, uint64_t total)
{
    while (total > 0) {
        size_t len = total < size ? (size_t)total : size;
        if (pst_peer_port_write(fd, block, len) != 0)
            return;
        total -= len;
    }
    silent(fd, NULL);
}

static void
garbage(int fd, char *const *argv)
{
    static char block[1024 * 1024];
    uint64_t total = pst_peer_port_number(argv[0], UINT64_MAX);
    uint64_t state = pst_peer_port_number(argv[0] ? argv[1] : NULL, 1) | 1;

    for (size_t i = 0; i < sizeof(block); i++) { /* xorshift64 */
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        block[i] = (char)(state >> 32);
    }
    flood(fd, block, sizeof(block), total);
}

static void
endless(int fd, char *const *argv)
{
    static char block[PIECE];
    uint64_t total = pst_peer_port_number(argv[0], UINT64_MAX);

    memset(block, 'x', sizeof(block));
    if (pst_peer_port_write(fd, "\x1e{\"x\":\"", 7) == 0)
        flood(fd, block, sizeof(block), total);
}

static void
badframes(int fd, char *const *argv)
{
    /* Cut off, not JSON, not UTF-8, no object, twice the same member, a lone surrogate, a text
     * after the text, an interrupted frame, no frame at all. */
    static const char *const frames[] = {
        "\x1e{\"a\":1\n",
        "\x1e{a}\n",
        "\x1e{\"a\":\"\xff\"}\n",
        "\x1e[]\n",
        "\x1e{\"a\":1,\"a\":1}\n",
        "\x1e{\"a\":\"\\ud800\"}\n",
        "\x1e{}{}\n",
        "\x1e{\"a\":\x1e\n",
        "\x1e\n",
    };
    static char block[PIECE];
    uint64_t left = pst_peer_port_number(argv[0], UINT64_MAX);
    size_t used = 0;

    for (uint64_t i = 0; left > 0; i++, left--) {
        const char *frame = frames[i % (sizeof(frames) / sizeof(frames[0]))];
        size_t len = strlen(frame);
        if (used + len > sizeof(block)) {
            if (pst_peer_port_write(fd, block, used) != 0)
                return;
            used = 0;
        }
        memcpy(block + used, frame, len);
        used += len;
    }
    if (pst_peer_port_write(fd, block, used) == 0)
        silent(fd, NULL);
}

const PstPeer pst_peer_raw_table[] = {
    {"echo", "", "sends back each byte", echo},
    {"silent", "", "reads all and never answers", silent},
    {"deaf", "", "opens the port and never reads", deaf},
    {"garbage", "[BYTES [SEED]]", "sends random bytes", garbage},
    {"endless", "[BYTES]", "begins a frame and never ends it", endless},
    {"badframes", "[COUNT]", "sends frames that are all bad", badframes},
    {0},
};
