// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/finding.h"

static const PstField evidence_rows[] = {
    PST_STRING(PstEvidence, path, "the file or folder"),
    PST_INT(PstEvidence, line, "the line in path, from 1"),
    PST_STRING(PstEvidence, text, "what stands there, quoted"),
    PST_STRING(PstEvidence, mode, "permission bits in four octal digits"),
    PST_STRING(PstEvidence, owner, "numeric owner and group, as 0:0"),
    PST_STRING(PstEvidence, expected, "what it should have been"),
    PST_STRING(PstEvidence, user, "the user concerned"),
    PST_STRING(PstEvidence, unit, "the systemd unit concerned"),
    PST_STRING(PstEvidence, name,
               "of what is no file, user or unit: a check, a container, a program"),
    PST_STRING(PstEvidence, command, "the command that was run"),
    PST_INT(PstEvidence, exit_status, "the command's exit status"),
    PST_INT(PstEvidence, signal, "the signal that ended the command"),
    PST_STRING(PstEvidence, error, "the command's standard error, or the system's error text"),
    PST_STRING(PstEvidence, source, "who says so, where it is not the file named"),
    PST_INT(PstEvidence, changed_us,
            "when path was last changed, its mode and owner included; microseconds of the guest's "
            "real time"),
};
const PstFields pst_finding_evidence_fields = PST_FIELDS(PstEvidence, evidence_rows);

static const char *const undo_kinds[] = {"mode", "owner", "file", "unit", "argv", NULL};

static const PstField undo_rows[] = {
    {.name = "kind",
     .doc = "what to do",
     .type = PST_FIELD_ENUM,
     .offset = G_STRUCT_OFFSET(PstUndo, kind),
     .required = TRUE,
     .names = undo_kinds},
    PST_STRING(PstUndo, path, "the file or folder"),
    PST_STRING(PstUndo, mode, "its permission bits in four octal digits"),
    PST_STRING(PstUndo, owner, "its numeric owner and group"),
    PST_STRING(PstUndo, unit, "the systemd unit"),
    PST_STRING(PstUndo, action, "start, stop, restart, enable, disable or unmask"),
    PST_STRINGS(PstUndo, argv, "the command and its arguments"),
};
const PstFields pst_finding_undo_fields = PST_FIELDS(PstUndo, undo_rows);

const char *const pst_finding_severity_names[] = {"information", "warning", "unknown", "critical",
                                                  NULL};

static const PstField finding_rows[] = {
    PST_REQUIRED_STRING(PstFinding, id, "PROBE.what-is-wrong, stable"),
    {.name = "severity",
     .doc = "how urgent it is",
     .type = PST_FIELD_ENUM,
     .offset = G_STRUCT_OFFSET(PstFinding, severity),
     .required = TRUE,
     .names = pst_finding_severity_names},
    PST_REQUIRED_STRING(PstFinding, message, "one line for people"),
    PST_BOOL(PstFinding, passing,
             "of what could not be looked at in time, or was being used: it may be the next time"),
    PST_STRING(PstFinding, caused_by, "the id of the finding that this one follows from"),
    PST_STRING(PstFinding, remedy, "what mends it here"),
    PST_OBJECT(PstFinding, evidence, pst_finding_evidence_fields, "what was seen"),
    PST_OBJECT(PstFinding, undo, pst_finding_undo_fields, "what a program can do to undo it"),
};
const PstFields pst_finding_fields = PST_FIELDS(PstFinding, finding_rows);
