// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

/* A D-Bus conversation with one peer over its own Unix socket: no bus daemon, no thread, no main
 * loop, and one deadline for all of it. GIO's GDBusMessage is the codec. The wire and the handshake
 * are those of https://dbus.freedesktop.org/doc/dbus-specification.html. */

typedef struct PstBusPeer PstBusPeer;

/* Connects and authenticates as the caller's user. TIMEOUT_MS (1 … 60,000) is for the whole life of
 * the conversation. Errors: PST_ERROR_ABSENT where there is no such socket, PST_ERROR_UNAVAILABLE
 * where the peer refuses or hangs up, PST_ERROR_PROTOCOL where somebody answers something else,
 * PST_ERROR_DEADLINE also where its queue is full. What says nothing of the peer is
 * PST_ERROR_NOT_ALLOWED (the kernel refuses this program) or PST_ERROR_INTERNAL (no descriptor, no
 * memory). */
PstBusPeer *pst_bus_peer_open(const char *socket_path, gint64 timeout_ms, GError **error);
void pst_bus_peer_free(PstBusPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstBusPeer, pst_bus_peer_free)

/* Whether the peer at a socket is there at all, asked as nobody: which ways in it knows. Nobody
 * logs in, and a daemon looks up no user for it. FALSE with an error as above. TIMEOUT_MS as above.
 */
gboolean pst_bus_peer_is_awake(const char *socket_path, gint64 timeout_ms, GError **error);

/* Sends all of CALLS (method calls, of which this sets the serials) at once and waits for every
 * reply. Returns the replies (GDBusMessage) in the order of the calls; an error message of the
 * peer's is a reply. NULL with an error as above, after which the conversation is over. */
GPtrArray *pst_bus_peer_call(PstBusPeer *peer, GPtrArray *calls, GError **error);
