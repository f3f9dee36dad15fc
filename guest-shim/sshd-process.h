// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* The sshd that takes connections, and the TCP sockets that are listened on, as /proc says. */

typedef struct {
    gint64 pid;
    gint64 started_us; /* CLOCK_BOOTTIME */
} PstSshdProcess;

/* Sets *found, and fills in PROCESS where there is one: in the namespaces of PID 1, and of several
 * one that listens. FALSE where /proc can't be looked at. */
gboolean pst_sshd_process_find(const PstSysroot *sysroot, PstSshdProcess *process, gboolean *found,
                               GError **error);

typedef struct {
    char *address; /* without brackets */
    guint port;
    guint64 inode;
    PstTri only6; /* one of IPv6 that takes no IPv4; unknown where the kernel was not asked */
} PstSshdSocket;

/* Every listening TCP socket of the guest: of PstSshdSocket, owned by the caller, with what
 * pst_sshd_process_ask() adds. NULL where /proc/net/tcp can't be looked at. */
GPtrArray *pst_sshd_process_sockets(const PstSysroot *sysroot, GError **error);

/* The states of /proc/net/tcp and of /proc/net/udp for a socket that waits for whoever comes
 * (TCP_LISTEN and TCP_CLOSE of linux/net/tcp_states.h). */
#define PST_SSHD_LISTENS 0x0A
#define PST_SSHD_UNCONNECTED 0x07

/* An empty list for the next, and one such table with its sockets of one state into it: at most
 * 2,000 in all. */
GPtrArray *pst_sshd_process_sockets_new(void);
gboolean pst_sshd_process_table(const PstSysroot *sysroot, const char *path, guint state,
                                GPtrArray *sockets, GError **error);

/* Asks the kernel which of SOCKETS, all of those of PROTOCOL (IPPROTO_TCP, IPPROTO_UDP) in STATE,
 * take no IPv4: where one is on "::", and none on "0.0.0.0" with its port that would take it. Of a
 * folder of files, and where the kernel does not tell, or would load a module to do so, it stays
 * unknown. */
void pst_sshd_process_ask(const PstSysroot *sysroot, int protocol, guint state, GPtrArray *sockets);

/* The inodes of the sockets that the process holds, by g_int64_hash() of guint64, each with a
 * descriptor of it, by GINT_TO_POINTER(). NULL where its descriptors can't be looked at. */
GHashTable *pst_sshd_process_inodes(const PstSysroot *sysroot, gint64 pid, GError **error);
