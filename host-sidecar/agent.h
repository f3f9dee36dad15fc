// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/guest.h"

/* The QEMU guest agent, through libvirt (virDomainQemuAgentCommand). One command at a time, on a
 * connection of its own, because libvirt runs agent commands one after the other and a stopped
 * agent holds up everything else on the connection. Blocks: only inside of tasks.
 * https://www.qemu.org/docs/master/interop/qemu-ga-ref.html tells the commands. */

typedef struct PstAgent PstAgent;

/* Takes the agent's turn, and one of the hypervisor's few places for agent calls; MODEST as with
 * pst_agent_places_take(). PST_ERROR_BUSY where there was none before DEADLINE_US. */
PstAgent *pst_agent_open(const PstGuest *guest, gboolean modest, gint64 deadline_us,
                         GError **error);
void pst_agent_free(PstAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstAgent, pst_agent_free)

/* HEARD is called with each answer of the agent's, by whoever asks it. */
void pst_agent_listen(PstAgent *agent, void (*heard)(gpointer user_data), gpointer user_data);

/* Runs COMMAND with ARGUMENTS (may be NULL). Returns the answer's root object, whose member
 * `return` has any type; owned by the caller. PST_ERROR_PATH_SHUT with the agent's or libvirt's
 * reason. */
JsonObject *pst_agent_command(PstAgent *agent, const char *command, JsonObject *arguments,
                              gint64 deadline_us, GError **error);

/* The guest's CLOCK_REALTIME in microseconds: also the cheapest proof that the agent is alive. */
gboolean pst_agent_time(PstAgent *agent, gint64 deadline_us, gint64 *realtime_us, GError **error);

/* guest-ping: whether the agent is alive at all. */
gboolean pst_agent_ping(PstAgent *agent, gint64 deadline_us, GError **error);

/* guest-exec of the first program of PATHS (NULL-terminated) that can be started, with ARGV
 * (NULL-terminated, without argv[0]) and INPUT, until it has ended. Returns its standard output,
 * decoded; at most PST_LIMIT_AGENT_ANSWER must be expected of it. An exit status other than 0 is an
 * error that quotes its standard error. */
GByteArray *pst_agent_run(PstAgent *agent, const char *const *paths, const char *const *argv,
                          const GByteArray *input, gint64 deadline_us, GError **error);
