// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/event.h"
#include "protocol/hello.h"
#include "protocol/message.h"

/* The host's end of the protocol, as a pure state machine over bytes: it makes frames to be sent,
 * takes bytes that came, and hands out the answers to its own requests and to nothing else. It does
 * no input or output and is not thread-safe. */

typedef struct PstClient PstClient;

PstClient *pst_client_new(void);

/* For a call without a hello: it has a session from the start. */
PstClient *pst_client_new_one_shot(void);
void pst_client_free(PstClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstClient, pst_client_free)

/* Begins a new session: forgets every request of the one before. DOMAIN is what libvirt calls the
 * guest, or NULL. The frame is appended to OUT; the
 * answer comes like any other under the number that is returned. */
gint64 pst_client_hello(PstClient *client, const char *domain, GByteArray *out);

/* The same for the session that is under way, which goes on: docs/protocol.md, hello. Numbers and
 * errors as those of a request. */
gint64 pst_client_hello_again(PstClient *client, const char *domain, GByteArray *out,
                              GError **error);

/* Appends a request's frame to OUT. Returns its number, or -1: PST_ERROR_BUSY where as much is in
 * flight as a channel can safely hold, PST_ERROR_TOO_LARGE where it is more than a frame. */
gint64 pst_client_request(PstClient *client, const char *method, JsonObject *params,
                          GByteArray *out, GError **error);

/* Appends the notification that the answer to NUMBER is no longer wanted, and forgets it. */
void pst_client_cancel(PstClient *client, gint64 number, GByteArray *out);

/* An event of this session's, valid; borrowed. */
typedef void (*PstClientEvent)(const PstEvent *event, gpointer user_data);

/* Events are handed to LISTENER from within pst_client_feed(); NULL, as at first: to nobody. */
void pst_client_listen(PstClient *client, PstClientEvent listener, gpointer user_data);

/* Takes bytes from the guest. Whatever is not a valid frame, not of this session, or not the first
 * answer to a request in flight is dropped and counted. So are events, where they are more than a
 * shim may tell of in a minute; fewer of them, of another session or unheard, are no rubbish. */
void pst_client_feed(PstClient *client, const guint8 *data, gsize len);

/* The answer to NUMBER, once; NULL while it is not there. Owned by the caller. */
PstMessage *pst_client_take(PstClient *client, gint64 number);

/* FALSE, with PST_ERROR_PROTOCOL, once the guest has sent more rubbish within a minute than can be
 * an accident: then the channel is to be given up. */
gboolean pst_client_check(const PstClient *client, GError **error);

/* Valid frames that answered nothing: late, repeated, of another session. */
guint64 pst_client_strangers(const PstClient *client);
