// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-list.h"

static const PstField entry_rows[] = {
    PST_STRING(PstListEntry, name, "the last part of its path", PST_KEY),
    PST_STRING(PstListEntry, type,
               "file, folder, link, fifo, socket, character-device or block-device"),
    PST_STRING(PstListEntry, mode, "permission bits in four octal digits"),
    PST_STRING(PstListEntry, owner, "numeric owner and group, as 0:0"),
    PST_INT(PstListEntry, size, "bytes"),
    PST_INT(PstListEntry, mtime_us, "last change, microseconds since 1970 UTC", PST_PASSING),
    PST_STRING(PstListEntry, target, "where a symbolic link points, as it stands in it"),
    PST_BOOL(PstListEntry, denied, "it may not be read: only its name is told"),
};
const PstFields pst_report_list_entry_fields = PST_FIELDS(PstListEntry, entry_rows);

static const PstField data_rows[] = {
    PST_STRING(PstListData, path, "the folder's real path"),
    PST_STRING(PstListData, mode, "its permission bits in four octal digits"),
    PST_STRING(PstListData, owner, "its numeric owner and group, as 0:0"),
    PST_STRING(PstListData, cursor, "where the next page begins, absent on the last one",
               PST_PASSING),
    PST_LIST(PstListData, entries, pst_report_list_entry_fields,
             "what is in it, in the order of the names' bytes"),
};
static const PstFields data_fields = PST_FIELDS(PstListData, data_rows);

static const PstField args_rows[] = {
    PST_REQUIRED_STRING(PstListArgs, path, "absolute"),
    PST_STRING(PstListArgs, cursor, "an earlier page's cursor: go on behind it"),
    PST_INT(PstListArgs, max_entries, "in a page, 1 to 1000; 500 by default"),
};
static const PstFields args_fields = PST_FIELDS(PstListArgs, args_rows);

const PstReportKind pst_report_list_kind = {
    .name = "list",
    .question = "what is in this folder?",
    .footprint = "a record of the reading in the journal",
    .args = &args_fields,
    .data = &data_fields,
};
