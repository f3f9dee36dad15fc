// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What only sock_diag(7) tells of a socket of IPv6: whether it takes no IPv4 (IPV6_V6ONLY of
 * ipv6(7)). It takes no right to any process. The kernel is asked for a dump, which changes
 * nothing; but it may load a module for that, and whoever does not want this looks first whether it
 * is there. */

/* Of the sockets of IPv6 of PROTOCOL (IPPROTO_TCP, IPPROTO_UDP) in STATE, as /proc/net/tcp6 has it,
 * into ONLY6: inode (guint64, by g_int64_hash()) → TRUE where it takes no IPv4, else FALSE, by
 * GINT_TO_POINTER(). FALSE with PST_ERROR_UNAVAILABLE where the kernel did not answer; what it told
 * until then holds. */
gboolean pst_socket_diag_read(int protocol, guint state, GHashTable *only6, GError **error);

/* The name of that module for PROTOCOL. */
const char *pst_socket_diag_module(int protocol);

/* An empty table for that. */
GHashTable *pst_socket_diag_table_new(void);

/* The messages of one answer, LEN bytes at BYTES, into ONLY6: a pure function. FALSE once the dump
 * is done, or makes no sense. */
gboolean pst_socket_diag_parse(const guint8 *bytes, gsize len, GHashTable *only6);
