// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-changes.h"

static const PstField file_rows[] = {
    PST_STRING(PstChangesFile, path, "the file, folder or link", PST_KEY),
    PST_STRING(PstChangesFile, kind,
               "what the latest change was: created (or replaced by another file), written, "
               "status (its mode, owner or links), folder (something in it was added, removed or "
               "renamed)",
               PST_PASSING),
    PST_STRING(PstChangesFile, type, "file, folder, link or other"),
    PST_STRING(PstChangesFile, target, "where a link leads"),
    PST_STRING(PstChangesFile, mode, "permission bits in four octal digits"),
    PST_STRING(PstChangesFile, owner, "numeric owner and group, as 0:0"),
    PST_INT(PstChangesFile, size, "of a file, bytes", .unless = "digest"),
    PST_STRING(PstChangesFile, digest,
               "SHA-256 of a file that is not too large and can't be a secret"),
    PST_INT(PstChangesFile, changed_us,
            "last change of content, mode, owner or links (ctime), microseconds of real time",
            .unless = "digest"),
    PST_INT(PstChangesFile, modified_us,
            "last change of content (mtime), which programs can set, microseconds of real time",
            PST_PASSING),
    PST_INT(PstChangesFile, created_us,
            "when this file was made, where the file system records it, microseconds of real time",
            PST_PASSING),
    PST_BOOL(PstChangesFile, control_plane, "it decides about who gets in and becomes root"),
    PST_BOOL(PstChangesFile, packaged,
             "a package has it; absent where no package record could be read"),
    PST_STRING(PstChangesFile, package, "the package's name"),
    PST_STRING(PstChangesFile, version, "the package's version"),
    PST_BOOL(PstChangesFile, config, "the package expects it to be changed"),
    PST_BOOL(PstChangesFile, as_packaged, "its content is what the package's record has"),
    PST_STRING(PstChangesFile, former_digest,
               "by the package's record, as sha256:DIGITS, where the content is another"),
    PST_STRING(PstChangesFile, former_mode,
               "by the package's record, four octal digits, where it is another"),
    PST_STRING(PstChangesFile, former_owner,
               "by the package's record, user:group as it stands there, where it is another"),
    PST_STRING(PstChangesFile, former_source, "whose record that is: dpkg, rpm or apk"),
};
const PstFields pst_report_changes_file_fields = PST_FIELDS(PstChangesFile, file_rows);

static const PstField transaction_rows[] = {
    PST_INT(PstChangesTransaction, when_us, "microseconds of real time", PST_PASSING),
    PST_STRING(PstChangesTransaction, action, "install, upgrade, remove or purge", PST_KEY),
    PST_STRING(PstChangesTransaction, package, "the package's name", PST_KEY),
    PST_STRING(PstChangesTransaction, version, "that there is since then", PST_KEY),
    PST_STRING(PstChangesTransaction, former_version, "that there was before"),
    PST_STRING(PstChangesTransaction, source, "the log or database that says so", PST_PASSING),
};
const PstFields pst_report_changes_transaction_fields =
    PST_FIELDS(PstChangesTransaction, transaction_rows);

static const PstField unit_rows[] = {
    PST_STRING(PstChangesUnit, unit, "the unit, or the folder where something went away", PST_KEY),
    PST_STRING(PstChangesUnit, change,
               "masked, enabled, linked, defined, extended (a drop-in), or folder-changed: "
               "something in it was taken away or renamed, such as the link of an enabled unit",
               PST_KEY),
    PST_STRING(PstChangesUnit, path, "the link, file or folder", PST_KEY),
    PST_INT(PstChangesUnit, changed_us, "microseconds of real time", PST_PASSING),
};
const PstFields pst_report_changes_unit_fields = PST_FIELDS(PstChangesUnit, unit_rows);

static const PstField data_rows[] = {
    PST_INT(PstChangesData, since_us, "what is older is not told; microseconds of real time",
            PST_PASSING),
    PST_STRING(PstChangesData, since, "where that comes from: boot, a day ago, or asked",
               PST_PASSING),
    PST_STRINGS(PstChangesData, looked_at, "the folders and files that were gone through"),
    PST_INT(PstChangesData, entries, "files, folders and links that were looked at", PST_PASSING),
    PST_INT(PstChangesData, unpacked,
            "changed files that came with a package and were not touched since: not listed",
            PST_PASSING),
    PST_INT(PstChangesData, left_out, "changed files that are not listed, for there were too many",
            PST_PASSING),
    PST_BOOL(PstChangesData, complete,
             "all of looked_at was gone through, in time and to its end, but for what "
             "changes.mount-not-entered tells"),
    PST_STRING(PstChangesData, incomplete, "why it was not: one line", PST_PASSING),
    PST_STRINGS(PstChangesData, package_databases, "the package databases that were read"),
    PST_LIST(PstChangesData, files, pst_report_changes_file_fields,
             "what changed since, the latest first", PST_RECENT),
    PST_LIST(PstChangesData, units, pst_report_changes_unit_fields,
             "systemd units that changed since, the latest first", PST_RECENT),
    PST_LIST(PstChangesData, transactions, pst_report_changes_transaction_fields,
             "packages that were installed, upgraded or removed since, the latest first",
             PST_RECENT),
};
static const PstFields data_fields = PST_FIELDS(PstChangesData, data_rows);

static const PstField args_rows[] = {
    PST_INT(PstChangesArgs, since_us,
            "the moment, microseconds of the guest's real time; without it and since_s, the boot "
            "or a day ago, whichever is longer ago",
            PST_PASSING),
    PST_INT(PstChangesArgs, since_s, "so many seconds before now", PST_PASSING),
    PST_STRINGS(PstChangesArgs, paths,
                "absolute paths to look at, in place of /etc and the control plane outside it"),
    PST_STRING(PstChangesArgs, user, "whose SSH folder is looked at in any case"),
};
static const PstFields args_fields = PST_FIELDS(PstChangesArgs, args_rows);

const PstReportKind pst_report_changes_kind = {
    .name = "changes",
    .question = "what was changed?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
    .slow = TRUE,
};
