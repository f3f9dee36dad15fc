// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/hello.h"
#include "protocol/record-event.h"

/* Tells what happens in the guest, to whoever has subscribed to it on the channel, and to the port
 * org.postern.recorder.0: there it writes records (protocol/record.h) of who this is, what the
 * probes say at the boot and whenever that changes, what happens meanwhile, and the end. It reads
 * what the guest's administrator wants in the group [recorder] of the shim's configuration:
 *
 *     interval = 300          seconds between two looks; 0: only at the boot and on events
 *     probes = system; sudo   in place of those that leave no trace in the guest
 *     users = deploy; ops     about whom those that judge a user are asked too
 *
 * A look asks the probes one after the other, each in a worker like any other; what they say is
 * written where it is not what they said before. At rest nothing wakes it but the interval, and
 * without a port and a subscriber not even that: then it listens to nothing. Without a port only
 * those probes are asked whose reports have news that are events. */

#define PST_RECORDER_PORT "org.postern.recorder.0"

typedef struct PstRecorder PstRecorder;

/* Served from the default main loop; looks for the port now, and a few times more in the first
 * seconds, since the ports of a guest appear one after the other. Never NULL. */
PstRecorder *pst_recorder_new(const PstSysroot *sysroot);

/* For one who serves a conversation of his own, beside the shim that has the port. */
PstRecorder *pst_recorder_new_without_port(const PstSysroot *sysroot);
void pst_recorder_free(PstRecorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstRecorder, pst_recorder_free)

/* Looks for the port, where it is not open: a guest without one is not woken up for the sake of it,
 * so whoever hears of devices or of a host says so. */
void pst_recorder_find_port(PstRecorder *recorder);

/* BODY: as of an event record, borrowed. */
typedef void (*PstRecorderListener)(PstEventKind kind, JsonObject *body, gpointer user_data);

/* Events are told to LISTENER too from here on, beginning before this returns; NULL: to nobody. */
void pst_recorder_listen(PstRecorder *recorder, PstRecorderListener listener, gpointer user_data);

/* CLOCK_BOOTTIME of its making. */
gint64 pst_recorder_begun_us(const PstRecorder *recorder);

/* The domain's name, as a host said in its hello: records carry it from then on. */
void pst_recorder_set_domain(PstRecorder *recorder, const char *domain);

/* What a hello tells of it: written_bytes and seq; NULL where there is no port. Free with
 * pst_fields_free(&pst_hello_recorder_fields, …). */
PstHelloRecorder *pst_recorder_state(const PstRecorder *recorder);

/* The shim ends: the last record. */
void pst_recorder_end(PstRecorder *recorder);
