// SPDX-License-Identifier: LGPL-2.1-or-later
/* peer [--port DEVICE | --port-name NAME] [--after-hello] PEER [ARG …] */
#include "peer.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "peer-port.h"

#define SHIM_PORT "org.postern.shim.0"
#define ARGS_MAX 8

static const PstPeer *const tables[] = {pst_peer_raw_table, pst_peer_protocol_table};

static const PstPeer *
find(const char *name)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const PstPeer *peer = tables[i]; peer->name != NULL; peer++)
            if (strcmp(peer->name, name) == 0)
                return peer;
    return NULL;
}

static void
usage(FILE *out)
{
    fputs("usage: peer [--port DEVICE | --port-name NAME] [--after-hello] PEER [ARG ...]\n\n", out);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        for (const PstPeer *peer = tables[i]; peer->name != NULL; peer++)
            fprintf(out, "  %-14s %-15s %s\n", peer->name, peer->args, peer->summary);
    fputs("\nNumbers may end in k, m or g. Without an option the port is " SHIM_PORT ".\n"
          "With --after-hello the peer first answers hello as it should.\n",
          out);
}

int
main(int argc, char **argv)
{
    const char *port_name = SHIM_PORT;
    char device[256] = "";
    int after_hello = 0;
    int next = 1;

    if (next < argc && strcmp(argv[next], "--help") == 0) {
        usage(stdout);
        return 0;
    }
    if (next + 1 < argc && strcmp(argv[next], "--port-name") == 0) {
        port_name = argv[next + 1];
        next += 2;
    } else if (next + 1 < argc && strcmp(argv[next], "--port") == 0) {
        snprintf(device, sizeof(device), "%s", argv[next + 1]);
        next += 2;
    }
    if (next < argc && strcmp(argv[next], "--after-hello") == 0) {
        after_hello = 1;
        next++;
    }
    const PstPeer *peer = next < argc ? find(argv[next]) : NULL;
    if (peer == NULL || argc - next - 1 > ARGS_MAX) {
        usage(stderr);
        return 64;
    }

    char *args[ARGS_MAX + 1] = {0};
    memcpy(args, argv + next + 1, sizeof(args[0]) * (size_t)(argc - next - 1));
    while (device[0] == '\0' && pst_peer_port_find(port_name, device, sizeof(device)) != 0)
        usleep(10000);
    signal(SIGCHLD, SIG_IGN); /* late answers are processes that nobody waits for */
    int fd = pst_peer_port_open(device);
    if (after_hello)
        pst_peer_protocol_answer_hello(fd);
    peer->serve(fd, args);
    return 0;
}
