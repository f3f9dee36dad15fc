// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-ssh.h"

static const PstField config_error_rows[] = {
    PST_STRING(PstSshConfigError, path, "the configuration file"),
    PST_INT(PstSshConfigError, line, "the line in it, from 1"),
    PST_STRING(PstSshConfigError, text, "what sshd says of it"),
};
const PstFields pst_report_ssh_config_error_fields =
    PST_FIELDS(PstSshConfigError, config_error_rows);

static const PstField host_key_rows[] = {
    PST_STRING(PstSshHostKey, path, "the private key's file"),
    PST_STRING(PstSshHostKey, type, "as the public key beside it says"),
    PST_STRING(PstSshHostKey, mode, "permission bits in four octal digits"),
    PST_STRING(PstSshHostKey, owner, "numeric owner and group, as 0:0"),
};
const PstFields pst_report_ssh_host_key_fields = PST_FIELDS(PstSshHostKey, host_key_rows);

static const PstField data_rows[] = {
    PST_BOOL(PstSshData, installed, "OpenSSH's server is there"),
    PST_BOOL(PstSshData, config_ok, "sshd accepts its configuration files as they are now"),
    PST_OBJECT(PstSshData, config_error, pst_report_ssh_config_error_fields,
               "the first line that it does not accept"),
    PST_BOOL(PstSshData, running, "an sshd runs that takes connections"),
    PST_INT(PstSshData, pid, "its process"),
    PST_INT(PstSshData, started_us, "when it was started, on CLOCK_BOOTTIME in microseconds"),
    PST_BOOL(PstSshData, socket_activated, "systemd listens and starts sshd for each connection"),
    PST_STRINGS(PstSshData, listen, "the addresses and ports that are listened on"),
    PST_LIST(PstSshData, host_keys, pst_report_ssh_host_key_fields,
             "the private host keys that are configured and there"),
};
static const PstFields data_fields = PST_FIELDS(PstSshData, data_rows);
static const PstFields args_fields = {sizeof(PstSshArgs), 0, NULL};

const PstReportKind pst_report_ssh_kind = {
    .name = "ssh",
    .question = "does sshd run, listen, and accept its own configuration and keys?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
};
