// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/exec-list.h"

static const PstField row_rows[] = {
    PST_REQUIRED_STRING(PstExecRow, id, "32 hexadecimal digits"),
    PST_REQUIRED_STRING(PstExecRow, command, "its words, quoted as a shell would need it"),
    PST_STRING(PstExecRow, user, "as whom it runs"),
    PST_STRING(PstExecRow, caller, "who asked for it, as the host names them"),
    PST_BOOL(PstExecRow, detached, "it goes on without anybody who asks"),
    PST_INT(PstExecRow, begun_us, "when it began, in microseconds of CLOCK_REALTIME"),
    PST_ENUM(PstExecRow, state, pst_exec_state_names, "how it is", .required = TRUE),
    PST_INT(PstExecRow, status, "that it exited with"),
    PST_INT(PstExecRow, signal, "that ended it"),
    PST_STRING(PstExecRow, why, "why, where there is something to be said"),
    PST_INT(PstExecRow, took_ms, "how long it took, in milliseconds"),
};
const PstFields pst_exec_row_fields = PST_FIELDS(PstExecRow, row_rows);

static const PstField list_rows[] = {
    PST_LIST(PstExecList, commands, pst_exec_row_fields,
             "those of which no end is known before the others, of both the newest first",
             .required = TRUE),
    PST_BOOL(PstExecList, truncated, "there are more"),
};
const PstFields pst_exec_list_fields = PST_FIELDS(PstExecList, list_rows);
