// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* The caller's end of a host's API socket. Blocks, never beyond the deadline that it is given (on
 * the monotonic clock). */

typedef struct PstApiClient PstApiClient;

/* A part of an answer, as METHOD (`answer`, `domain`) tells it; PARAMS is lent. */
typedef void (*PstApiClientPart)(const char *method, JsonObject *params, gpointer user_data);

/* Connects to the socket at PATH and says hello. NULL with PST_ERROR_UNAVAILABLE where nobody
 * listens, PST_ERROR_NO_PERMISSION where the caller may not, PST_ERROR_DEADLINE or
 * PST_ERROR_PROTOCOL where no daemon answers as it should, or with what it answers. */
PstApiClient *pst_api_client_open(const char *path, gint64 deadline_us, GError **error);

/* The same over the stream socket FD, which is taken over. RELEASE is called with DATA when it is
 * closed, also where it fails. */
PstApiClient *pst_api_client_open_fd(int fd, gint64 deadline_us, GDestroyNotify release,
                                     gpointer data, GError **error);

/* A connection to the socket at PATH, which does not block; -1 with PST_ERROR_UNAVAILABLE or
 * PST_ERROR_NO_PERMISSION. */
int pst_api_client_reach(const char *path, GError **error);

void pst_api_client_free(PstApiClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstApiClient, pst_api_client_free)

/* The hypervisor that the daemon asks. */
const char *pst_api_client_uri(const PstApiClient *client);

/* How many bytes an answer may have with all its parts; 64 MiB where that is not said. Beyond, the
 * call is lost with PST_ERROR_PROTOCOL. */
void pst_api_client_set_max_answer(PstApiClient *client, gsize bytes);

/* From within a part of an answer: the call is lost, and the connection of no more use. */
void pst_api_client_hang_up(PstApiClient *client);

/* One request; its parts are told as they come. The result is the caller's. NULL with the daemon's
 * own error, or with *LOST set where the conversation broke or nothing came in time. */
JsonObject *pst_api_client_call(PstApiClient *client, const char *method, JsonObject *params,
                                gint64 deadline_us, PstApiClientPart part, gpointer user_data,
                                gboolean *lost, GError **error);
