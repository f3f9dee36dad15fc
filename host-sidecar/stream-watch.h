// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* The news that ends a conversation with a guest, and that its stream itself never tells: libvirt
 * closed the connection (a stream on it waits for good), the guest was reset (the stream goes on,
 * into another boot), or was reverted, stopped, crashed. */

typedef struct PstStreamWatch PstStreamWatch;

/* Called in the thread of libvirt's events, more than once perhaps. */
typedef void (*PstStreamWatchEnded)(const char *reason, gpointer user_data);

/* Watches the domain and the connection that it belongs to. USER_DATA must live until
 * pst_stream_watch_stop() has returned and the connection is closed; RELEASE (as often as RETAIN
 * was called) tells when. NULL with the error where libvirt refuses. Blocks. */
PstStreamWatch *pst_stream_watch_start(virDomainPtr domain, PstStreamWatchEnded ended,
                                       gpointer user_data, gpointer (*retain)(gpointer user_data),
                                       GDestroyNotify release, GError **error);
void pst_stream_watch_stop(PstStreamWatch *watch);
