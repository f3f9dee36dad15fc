// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Empties a stream's queue in libvirt's client library before anything is added to it.
 *
 * That queue has no bound, and what asks the program to empty it can starve: for each message that
 * comes in, libvirt arms the stream's timer anew, and both libvirt-glib and libvirt's own event
 * loop do that by destroying the timer that was due. As long as the connection is readable in every
 * turn of the loop, the timer never fires, and the queue grows (libvirt-glib-event.c,
 * gvir_event_timeout_update(); libvirt 9.0, virnetclientstream.c and vireventglib.c). But libvirt
 * reads one message a turn at most (virnetclient.c, virNetClientIOHandleInput()), so that whoever
 * looks in every turn finds one. */

/* Takes what there is; in the thread of libvirt's events. */
typedef void (*PstStreamDrain)(gpointer user_data);

/* Has FUNCTION called in every turn of the loop, without making any turn of its own, until the
 * source that it returns is destroyed and unreffed, by any thread: one call may be under way then,
 * so that FUNCTION must know for itself when to keep its hands off the stream. USER_DATA is freed
 * with FREE_DATA after the last call. */
GSource *pst_stream_drain_attach(PstStreamDrain function, gpointer user_data,
                                 GDestroyNotify free_data);

/* From here on it is called every millisecond, until the source is destroyed but for two seconds at
 * most: for the moments in which the connection is closed. */
void pst_stream_drain_hurry(GSource *source);
