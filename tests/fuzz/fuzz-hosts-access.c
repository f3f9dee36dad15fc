// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any lists of clients, of daemons, and any options of hosts.allow: what is known of one who comes
 * by IPv4 is one of three answers, and options leave one at least. */
#include <string.h>

#include "guest-shim/hosts-options.h"
#include "guest-shim/hosts-pattern.h"
#include "tests/fuzz/fuzz.h"

static void
ask(char *line, const char *address)
{
    PstPeer peers[PST_PEER_MAX];
    guint n_peers = pst_peer_list(address, peers);
    char *clients = pst_hosts_pattern_split(line, ':');
    char *options = clients != NULL ? pst_hosts_pattern_split(clients, ':') : NULL;

    (void)pst_hosts_pattern_daemons(line, "sshd");
    for (guint i = 0; clients != NULL && i < n_peers; i++)
        (void)pst_hosts_pattern_clients(clients, &peers[i]);
    g_assert_cmpuint(pst_hosts_options_judge(options, TRUE), !=, 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    static const char *const addresses[] = {"192.0.2.9", "2001:db8::9", NULL};

    /* A line is no longer in a file either. */
    for (guint i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_autofree char *line = g_strndup(len > 0 ? (const char *)data : "", MIN(len, 2047));

        ask(line, addresses[i]);
    }
    return 0;
}
