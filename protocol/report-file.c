// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-file.h"

#include "protocol/limits.h"

static const PstField data_rows[] = {
    PST_STRING(PstFileData, path, "the file's real path"),
    PST_INT(PstFileData, size, "bytes; 0 for files that the kernel makes up"),
    PST_STRING(PstFileData, mode, "permission bits in four octal digits"),
    PST_STRING(PstFileData, owner, "numeric owner and group, as 0:0"),
    PST_INT(PstFileData, mtime_us, "last change, microseconds since 1970 UTC by the guest's clock",
            PST_PASSING),
    PST_INT(PstFileData, offset, "where this page begins, in bytes of the file"),
    PST_INT(PstFileData, next_offset, "where the next page begins, absent on the last one"),
    PST_INT(PstFileData, n_redacted, "how many secrets in this page were replaced"),
    PST_BOOL(PstFileData, binary, "it is no text, and none is given"),
    PST_STRING(PstFileData, text, "the page, with [redacted:RULE] in place of secrets"),
};
static const PstFields data_fields = PST_FIELDS(PstFileData, data_rows);

static const PstField args_rows[] = {
    PST_REQUIRED_STRING(PstFileArgs, path, "absolute"),
    PST_INT(PstFileArgs, offset, "bytes to begin behind; 0 by default"),
    PST_INT(PstFileArgs, max_bytes, "of the file in a page, 1 to 98304; 65536 by default"),
};
static const PstFields args_fields = PST_FIELDS(PstFileArgs, args_rows);

const PstReportKind pst_report_file_kind = {
    .name = "file",
    .question = "what is in this file?",
    .footprint = "a record of the reading in the journal",
    .args = &args_fields,
    .data = &data_fields,
    .max_string = PST_LIMIT_FRAME_FROM_GUEST,
};
