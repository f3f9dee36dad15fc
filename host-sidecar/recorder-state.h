// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/guest-xml.h"
#include "host-sidecar/volume-records.h"
#include "protocol/hello.h"

/* Whether a guest's recorder writes to its volume, from what its shim says to have written and what
 * is there: pure functions. virtlogd that is restarted, or a file system that was full once, leaves
 * a recorder's port that takes nothing for good and tells nobody. */

typedef enum {
    PST_RECORDER_STATE_UNKNOWN, /* nothing was written yet, or nobody told */
    PST_RECORDER_STATE_WRITES,
    PST_RECORDER_STATE_WASHED,    /* something wrote over it since: the port works */
    PST_RECORDER_STATE_BEHIND,    /* what the shim wrote is not there: under way, or lost */
    PST_RECORDER_STATE_UNUSED,    /* the shim does not hold the recorder's port open */
    PST_RECORDER_STATE_UNREAD,    /* something was written, and the volume can't be read */
    PST_RECORDER_STATE_ELSEWHERE, /* the domain has it write to a file that is not its volume */
    PST_RECORDER_STATE_ASTRAY,    /* it has it write to another folder than the pool's */
    PST_RECORDER_STATE_EMPTIED,   /* all is there until the domain is started again */
} PstRecorderState;

/* NOW_US is the host's real time at which HELLO was answered; RECORDS may be NULL where none could
 * be read: that is no sign of a recorder that fell silent. */
PstRecorderState pst_recorder_state_judge(const PstHello *hello, const PstVolumeRecords *records,
                                          gint64 now_us);

/* The same, by what the domain's XML says of the device; also where nobody was greeted. */
PstRecorderState pst_recorder_state_of_device(PstRecorderState state, const PstGuestXml *xml);

/* Whether what was seen in STATE may be for want of the right folder: nothing of what the shim that
 * said HELLO (NULL: none did) has written is among RECORDS, which may be NULL. */
gboolean pst_recorder_state_may_be_astray(PstRecorderState state, const PstHello *hello,
                                          const PstVolumeRecords *records);

/* Whether the file at PATH is in another folder than the pool over FOLDER; FALSE where either is
 * not known. By their names alone: whether one leads to the other is known to their host only. */
gboolean pst_recorder_state_is_astray(const char *path, const char *folder);

/* What is to be said of it, one line for people with the way out, or NULL where all is well. NAME
 * is the domain's, UNREAD why the volume can't be read, where it can't. Free with g_free(). */
char *pst_recorder_state_explain(PstRecorderState state, const PstHello *hello, const char *name,
                                 const char *unread);
