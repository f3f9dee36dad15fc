// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* Every bound that both sides of the wire keep, in one place; docs/protocol.md says why each is
 * what it is. Sizes are in bytes, times in the unit that the name says. */

#define PST_LIMIT_FRAME_FROM_GUEST (256 * 1024)
#define PST_LIMIT_FRAME_FROM_HOST (64 * 1024)
#define PST_LIMIT_RECORD (64 * 1024)
/* Of a record's boot and machine ids, which have 36 and 32 bytes, and of its names. */
#define PST_LIMIT_RECORD_ID 64
#define PST_LIMIT_RECORD_NAME 1024
/* About whom the recorder asks, and of how many a host keeps the newest of each probe. */
#define PST_LIMIT_RECORD_USERS 8

/* On a host's API socket: a question with the longest arguments and what stands around them, and
 * the largest report with what the host says of it. */
#define PST_LIMIT_FRAME_TO_API (128 * 1024)
#define PST_LIMIT_FRAME_FROM_API (512 * 1024)
#define PST_LIMIT_API_QUESTIONS 64

#define PST_LIMIT_DEPTH 32
#define PST_LIMIT_TOKENS 20000
#define PST_LIMIT_MEMBERS 256
#define PST_LIMIT_NUMBER_LENGTH 128

/* Integers that every JSON peer can carry: within plus and minus (2^53 - 1), RFC 8259 section 6. */
#define PST_LIMIT_INTEGER 9007199254740991

#define PST_LIMIT_BAD_FRAMES_A_MINUTE 64

/* Events: the text of one, how much of them waits for a host that does not read, and what one that
 * reads takes of a guest before it counts the rest as rubbish. */
#define PST_LIMIT_EVENT (64 * 1024)
#define PST_LIMIT_EVENTS_WAITING 32
#define PST_LIMIT_EVENTS_WAITING_BYTES (64 * 1024)
#define PST_LIMIT_EVENTS_A_MINUTE 512

#define PST_LIMIT_IN_FLIGHT 8
#define PST_LIMIT_IN_FLIGHT_BYTES (64 * 1024)

#define PST_LIMIT_WORKERS 4
#define PST_LIMIT_STUCK_WORKERS 4

#define PST_LIMIT_DEADLINE_DEFAULT_MS 10000
#define PST_LIMIT_DEADLINE_MAX_MS 60000

/* A command that is run in a guest: its words and its environment, a piece of its input, and one
 * of its output for both streams together. All of it fits into a frame in base64. */
#define PST_LIMIT_EXEC_WORDS 1024
#define PST_LIMIT_EXEC_WORDS_BYTES (24 * 1024)
#define PST_LIMIT_EXEC_INPUT (16 * 1024)
#define PST_LIMIT_EXEC_PAGE (128 * 1024)
#define PST_LIMIT_EXEC_WAIT_MS 5000
#define PST_LIMIT_EXEC_TIMEOUT_MS (7 * 24 * 3600 * 1000)
/* Commands that run in one guest at a time. */
#define PST_LIMIT_EXEC_RUNNING 128

/* What one call of the QEMU guest agent may be asked to return: an answer above 4 MiB is lost in
 * libvirt's RPC, and one of 8 MiB leaves the agent unusable until the domain is destroyed. */
#define PST_LIMIT_AGENT_ANSWER (1024 * 1024)
