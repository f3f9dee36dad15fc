// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-ssh.h"

const char *const pst_report_ssh_setting_names[] = {
    "AllowGroups",
    "AllowTcpForwarding",
    "AllowUsers",
    "AuthenticationMethods",
    "AuthorizedKeysFile",
    "Banner",
    "Ciphers",
    "ClientAliveCountMax",
    "ClientAliveInterval",
    "Compression",
    "DenyGroups",
    "DenyUsers",
    "GSSAPIAuthentication",
    "HostbasedAuthentication",
    "IgnoreRhosts",
    "IgnoreUserKnownHosts",
    "KbdInteractiveAuthentication",
    "KerberosAuthentication",
    "KexAlgorithms",
    "LogLevel",
    "LoginGraceTime",
    "MACs",
    "MaxAuthTries",
    "MaxSessions",
    "MaxStartups",
    "PasswordAuthentication",
    "PermitEmptyPasswords",
    "PermitRootLogin",
    "PermitUserEnvironment",
    "PrintLastLog",
    "PubkeyAuthentication",
    "StrictModes",
    "UsePAM",
    "X11Forwarding",
    "X11UseLocalhost",
    NULL,
};

static const PstField setting_rows[] = {
    PST_REQUIRED_STRING(PstSshSetting, name, "as sshd_config(5) has it", PST_KEY),
    PST_STRING(PstSshSetting, value, "its words, empty where it is not set"),
    PST_STRING(PstSshSetting, path, "the file that says so, absent for a default"),
    PST_INT(PstSshSetting, line, "the line in it, from 1", PST_PASSING),
};
const PstFields pst_report_ssh_setting_fields = PST_FIELDS(PstSshSetting, setting_rows);

static const PstField config_error_rows[] = {
    PST_STRING(PstSshConfigError, path, "the configuration file"),
    PST_INT(PstSshConfigError, line, "the line in it, from 1", PST_PASSING),
    PST_STRING(PstSshConfigError, text, "what sshd says of it"),
};
const PstFields pst_report_ssh_config_error_fields =
    PST_FIELDS(PstSshConfigError, config_error_rows);

static const PstField host_key_rows[] = {
    PST_STRING(PstSshHostKey, path, "the private key's file", PST_KEY),
    PST_STRING(PstSshHostKey, type, "as ssh-ed25519"),
    PST_STRING(PstSshHostKey, mode, "permission bits in four octal digits"),
    PST_STRING(PstSshHostKey, owner, "numeric owner and group, as 0:0"),
    PST_STRING(PstSshHostKey, fingerprint, "of the public key, as SHA256:…"),
    PST_STRING(PstSshHostKey, key, "the public key in base64, as it stands in known_hosts"),
};
const PstFields pst_report_ssh_host_key_fields = PST_FIELDS(PstSshHostKey, host_key_rows);

static const PstField key_file_rows[] = {
    PST_STRING(PstSshKeyFile, path, "where sshd looks for the user's keys", PST_KEY),
    PST_BOOL(PstSshKeyFile, present, "it is there"),
    PST_BOOL(PstSshKeyFile, accepted, "the user can read it, and StrictModes is content with it"),
    PST_INT(PstSshKeyFile, keys, "the keys in it"),
    PST_BOOL(PstSshKeyFile, has_key, "the key asked about is in it, and may be used"),
    PST_INT(PstSshKeyFile, key_line, "the line of that key, from 1", PST_PASSING),
    PST_STRING(PstSshKeyFile, refused, "why sshd passes the file over"),
};
const PstFields pst_report_ssh_key_file_fields = PST_FIELDS(PstSshKeyFile, key_file_rows);

static const PstField algorithms_rows[] = {
    PST_STRING(PstSshAlgorithms, category, "kex, ciphers, macs or hostkey", PST_KEY),
    PST_STRINGS(PstSshAlgorithms, offered, "what sshd offers, the first it likes best",
                PST_ORDERED),
    PST_STRINGS(PstSshAlgorithms, client, "what the client has", PST_ORDERED),
    PST_STRINGS(PstSshAlgorithms, common, "what both have", PST_ORDERED),
};
const PstFields pst_report_ssh_algorithms_fields = PST_FIELDS(PstSshAlgorithms, algorithms_rows);

static const PstField data_rows[] = {
    PST_BOOL(PstSshData, installed, "OpenSSH's server is there"),
    PST_STRING(PstSshData, version, "how sshd greets"),
    PST_BOOL(PstSshData, config_ok, "sshd accepts its configuration files as they are now"),
    PST_OBJECT(PstSshData, config_error, pst_report_ssh_config_error_fields,
               "the first line that it does not accept"),
    PST_BOOL(PstSshData, running, "an sshd runs that takes connections"),
    PST_INT(PstSshData, pid, "its process", PST_PASSING),
    PST_INT(PstSshData, started_us, "when it was started, on CLOCK_BOOTTIME in microseconds",
            PST_PASSING),
    PST_BOOL(PstSshData, socket_activated, "systemd listens and starts sshd for each connection"),
    PST_STRINGS(PstSshData, listen, "the addresses and ports that are listened on"),
    PST_STRINGS(PstSshData, listen_ipv6_only,
                "those of them on [::] that take no IPv4, where that is known"),
    PST_BOOL(PstSshData, port_open, "the port asked about is among them"),
    PST_INT(PstSshData, startups, "connections that have not logged in yet", PST_PASSING),
    PST_INT(PstSshData, startups_full, "with so many of them every further one is refused"),
    PST_LIST(PstSshData, host_keys, pst_report_ssh_host_key_fields,
             "the private host keys that are configured and there"),
    PST_STRING(PstSshData, user, "whom the rest is about"),
    PST_STRING(PstSshData, settings_from, "sshd where it said itself what holds, or files",
               PST_PASSING),
    PST_LIST(PstSshData, settings, pst_report_ssh_setting_fields,
             "settings that hold for such a connection, as far as that is certain"),
    PST_BOOL(PstSshData, user_allowed,
             "sshd's lists of users and groups, and PermitRootLogin, let the user in"),
    PST_LIST(PstSshData, key_files, pst_report_ssh_key_file_fields,
             "the files that sshd looks for the user's keys in"),
    PST_BOOL(PstSshData, key_accepted,
             "sshd takes the key asked about, or any key of the user's where none was"),
    PST_STRINGS(PstSshData, methods,
                "the ways to log in that are left; one with commas takes all that it names"),
    PST_LIST(PstSshData, algorithms, pst_report_ssh_algorithms_fields,
             "the algorithms that sshd offers"),
    PST_BOOL(PstSshData, algorithms_common,
             "sshd and the client have one in common of each category"),
    PST_BOOL(PstSshData, restart_pending, "the sshd that runs does not do what the files say now"),
};
static const PstFields data_fields = PST_FIELDS(PstSshData, data_rows);

static const PstField args_rows[] = {
    PST_STRING(PstSshArgs, user, "whom to let in; without it, only sshd itself is judged"),
    PST_STRING(PstSshArgs, from, "the address that the connection comes from, in numbers"),
    PST_INT(PstSshArgs, port, "the port that it goes to"),
    PST_STRING(PstSshArgs, key, "the public key that is offered: its line, or SHA256:…"),
    PST_STRINGS(PstSshArgs, kex, "the key exchanges that the client has"),
    PST_STRINGS(PstSshArgs, ciphers, "its ciphers"),
    PST_STRINGS(PstSshArgs, macs, "its message authentication codes"),
    PST_STRINGS(PstSshArgs, hostkey, "the host key algorithms that it takes"),
    PST_BOOL(PstSshArgs, passive, "leave out the handshake with the sshd that runs"),
    PST_BOOL(PstSshArgs, host_keys_only, "tell only the host keys and where sshd listens"),
};
static const PstFields args_fields = PST_FIELDS(PstSshArgs, args_rows);

const PstReportKind pst_report_ssh_kind = {
    .name = "ssh",
    .question = "would sshd let this user in, and from where?",
    .footprint = "a line of sshd's in the journal, \"Connection closed by 127.0.0.1\", and one of "
                 "the shim's of the port that it came from, at debug; where sshd counts such "
                 "attempts (OpenSSH 9.8 and later), one for that address",
    .args = &args_fields,
    .data = &data_fields,
    .slow = TRUE,
    .steady = TRUE,
};
