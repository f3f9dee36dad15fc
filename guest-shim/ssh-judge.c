// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/program-loader.h"
#include "guest-shim/program.h"
#include "guest-shim/sshd-host-key.h"
#include "protocol/error.h"
#include "protocol/shell-word.h"

#define MAX_CONFIG (256 * 1024)
#define MAX_QUOTED 256
#define OTHERS_MAY (S_IRWXG | S_IRWXO)

static const char *const default_keys[] = {
    "/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"};

/* The N-th key that sshd is told to load, or NULL behind the last. */
static const char *
key_path(const PstSshdConfig *config, guint n, const PstSshdDirective **directive)
{
    gboolean named = config != NULL && pst_sshd_config_get(config, "hostkey", 0) != NULL;

    *directive = named ? pst_sshd_config_get(config, "hostkey", n) : NULL;
    if (named)
        return *directive != NULL ? (*directive)->value : NULL;
    return n < G_N_ELEMENTS(default_keys) ? default_keys[n] : NULL;
}

/* Red Hat's sshd lets the group ssh_keys read a host key. */
static gboolean
is_ssh_keys_group(const PstSysroot *sysroot, gid_t gid)
{
    g_autofree char *text = pst_sysroot_read(sysroot, "/etc/group", MAX_CONFIG, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", 4);
        if (g_strv_length(fields) == 4 && g_str_equal(fields[0], "ssh_keys"))
            return g_ascii_strtoull(fields[2], NULL, 10) == gid;
    }
    return FALSE;
}

/* sshd looks at the mode of its own keys only: those of root (sshkey_perm_ok() of OpenSSH's
 * authfile.c). */
static gboolean
is_refused(const PstSysroot *sysroot, const struct stat *st)
{
    if (st->st_uid != 0 || (st->st_mode & OTHERS_MAY) == 0)
        return FALSE;
    return (st->st_mode & OTHERS_MAY) != S_IRGRP || !is_ssh_keys_group(sysroot, st->st_gid);
}

static void
add_key(const PstSysroot *sysroot, const char *path, const struct stat *st, PstSshData *data)
{
    PstSshHostKey *key = pst_fields_append(&pst_report_ssh_host_key_fields, &data->host_keys);
    g_autoptr(PstSshKey) half = pst_sshd_host_key_read(sysroot, path);

    key->path = g_strdup(path);
    key->type = half != NULL ? g_strdup(half->type) : NULL;
    key->fingerprint = half != NULL ? g_strdup(half->fingerprint) : NULL;
    key->key = half != NULL ? g_strdup(half->base64) : NULL;
    key->mode = g_strdup_printf("%04o", st->st_mode & 07777);
    key->owner = g_strdup_printf("%u:%u", st->st_uid, st->st_gid);
}

static void
blame_mode(const PstSshHostKey *key, PstSeverity severity, PstReport *report)
{
    PstFinding *finding = pst_report_add(
        report, "ssh.host-key-mode", severity,
        "sshd refuses the host key %s: mode %s lets others read it", key->path, key->mode);
    PstUndo *undo = pst_report_undo(finding, PST_UNDO_MODE);

    g_autofree char *word = pst_shell_word(key->path);
    finding->remedy = g_strdup_printf("chmod 0600 %s", word);
    finding->evidence->path = g_strdup(key->path);
    finding->evidence->mode = g_strdup(key->mode);
    finding->evidence->owner = g_strdup(key->owner);
    finding->evidence->expected = g_strdup("0600");
    undo->path = g_strdup(key->path);
    undo->mode = g_strdup("0600");
}

static void
blame_no_key(const char *error, PstReport *report)
{
    PstFinding *finding = pst_report_add(report, "ssh.no-host-key", PST_SEVERITY_CRITICAL,
                                         "sshd has no host key that it can use");

    finding->remedy =
        g_strdup("take away those that are damaged; ssh-keygen -A makes those that are missing");
    finding->evidence->path = g_strdup("/etc/ssh");
    finding->evidence->error = g_strdup(error);
}

static void
blame_absent(const PstSshdDirective *directive, PstReport *report)
{
    PstFinding *finding =
        pst_report_add(report, "ssh.no-host-key", PST_SEVERITY_WARNING,
                       "the host key %s is configured and not there", directive->value);

    finding->remedy = g_strdup("make it with ssh-keygen, or take the line away");
    finding->evidence->path = g_strdup(directive->path);
    finding->evidence->line = directive->line;
    finding->evidence->text = g_strdup_printf("HostKey %s", directive->value);
}

void
pst_ssh_judge_keys(const PstProbeContext *context, const PstSshdConfig *config, PstReport *report)
{
    g_autoptr(GPtrArray) absent = g_ptr_array_new(), refused = g_ptr_array_new();
    gboolean by_agent = config != NULL && pst_sshd_config_get(config, "hostkeyagent", 0) != NULL;
    PstSshData *data = report->data;
    const PstSshdDirective *directive;
    const char *path;
    guint usable = 0;

    for (guint n = 0; (path = key_path(config, n, &directive)) != NULL; n++) {
        g_autoptr(GError) cause = NULL;
        struct stat st;

        if (pst_sysroot_stat(context->sysroot, path, &st, &cause)) {
            add_key(context->sysroot, path, &st, data);
            if (is_refused(context->sysroot, &st))
                g_ptr_array_add(refused, data->host_keys->pdata[data->host_keys->len - 1]);
            else
                usable++;
        } else if (cause->code != PST_ERROR_ABSENT) {
            pst_probe_add_unlooked(report, "ssh.could-not-look", "a host key", cause);
            usable++;
        } else if (directive != NULL) {
            g_ptr_array_add(absent, (gpointer)directive);
        }
    }
    if (by_agent) /* the private keys are in the agent; only their public halves need to be here */
        return;
    for (guint i = 0; i < refused->len; i++)
        blame_mode(refused->pdata[i], usable > 0 ? PST_SEVERITY_WARNING : PST_SEVERITY_CRITICAL,
                   report);
    for (guint i = 0; i < absent->len; i++)
        blame_absent(absent->pdata[i], report);
    if (usable + refused->len == 0)
        blame_no_key(NULL, report);
}

static char *
quote_line(const PstSysroot *sysroot, const char *path, guint line)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_CONFIG, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    if (line == 0 || line > g_strv_length(lines))
        return NULL;
    return g_strndup(g_strstrip(lines[line - 1]), MAX_QUOTED);
}

/* What it means now that sshd does not accept what would be read at its next start. */
static const char *
consequence(const PstSshData *data)
{
    if (data->socket_activated == PST_TRI_YES)
        return "every connection starts an sshd, and none can be started";
    if (data->running == PST_TRI_YES)
        return "the running sshd goes on until it is restarted or reloaded";
    return "sshd can't be started";
}

static void
blame_line(const PstSysroot *sysroot, const PstSshdCheck *check, PstReport *report)
{
    PstSshData *data = report->data;
    PstFinding *finding =
        pst_report_add(report, "ssh.config-error", PST_SEVERITY_CRITICAL, "%s line %u: %s; %s",
                       check->path, check->line, check->text, consequence(data));

    finding->remedy = g_strdup_printf("correct or take away line %u of %s, then %s", check->line,
                                      check->path, PST_SSHD_CHECK_COMMAND);
    finding->evidence->path = g_strdup(check->path);
    finding->evidence->line = check->line;
    finding->evidence->text = quote_line(sysroot, check->path, check->line);
    finding->evidence->command = g_strdup(PST_SSHD_CHECK_COMMAND);
    finding->evidence->exit_status = check->exit_status;
    finding->evidence->error = g_strdup(check->error);

    data->config_error = pst_fields_new(&pst_report_ssh_config_error_fields);
    data->config_error->path = g_strdup(check->path);
    data->config_error->line = check->line;
    data->config_error->text = g_strdup(check->text);
}

static void
blame_other(const PstSysroot *sysroot, const char *id, const char *what, const PstSshdCheck *check,
            PstReport *report)
{
    const char *program = pst_program_find(sysroot, pst_sshd_check_programs, NULL);
    PstFinding *finding =
        pst_report_add(report, id, PST_SEVERITY_CRITICAL, "%s: %s", what, check->text);

    finding->evidence->command = g_strdup(PST_SSHD_CHECK_COMMAND);
    finding->evidence->exit_status = check->exit_status;
    finding->evidence->error = g_strdup(check->error);
    if (program == NULL || check->error == NULL)
        return;
    finding->evidence->expected = pst_program_loader_library(sysroot, program, check->error);
    if (finding->evidence->expected != NULL)
        finding->remedy = g_strdup_printf("bring %s back, or reinstall the package that has it",
                                          finding->evidence->expected);
}

static void
doubt(const PstSshdCheck *check, PstReport *report)
{
    PstFinding *finding =
        pst_report_add(report, "ssh.could-not-look", PST_SEVERITY_UNKNOWN,
                       "could not look at sshd's own check: %s",
                       *check->text != '\0' ? check->text : "it failed without a word");

    finding->evidence->command = g_strdup(PST_SSHD_CHECK_COMMAND);
    finding->evidence->exit_status = check->exit_status;
    finding->evidence->error = g_strdup(check->error);
}

static gboolean
has_critical(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (((PstFinding *)report->findings->pdata[i])->severity == PST_SEVERITY_CRITICAL)
            return TRUE;
    return FALSE;
}

/* sshd does not say why it could not load a key. Where this program is not let in to one either it
 * is confined, and with it the sshd that it ran. Nothing is read. */
static gboolean
is_let_in(const PstSysroot *sysroot, const PstSshData *data, GError **error)
{
    for (guint i = 0; data->host_keys != NULL && i < data->host_keys->len; i++) {
        const PstSshHostKey *key = data->host_keys->pdata[i];
        int fd = pst_sysroot_open(sysroot, key->path, 0, error);

        if (fd < 0)
            return FALSE;
        close(fd);
    }
    return TRUE;
}

static void
judge_no_keys(const PstProbeContext *context, const PstSshdCheck *check, PstReport *report)
{
    g_autoptr(GError) cause = NULL;

    /* The keys' own findings, which come first, say it better where there are any. */
    if (has_critical(report))
        return;
    if (is_let_in(context->sysroot, report->data, &cause))
        blame_no_key(check->error, report);
    else
        pst_probe_add_unlooked(report, "ssh.could-not-look", "a host key", cause);
}

void
pst_ssh_judge_check(const PstProbeContext *context, const PstSshdCheck *check, PstReport *report)
{
    PstSshData *data = report->data;

    if (check->verdict == PST_SSHD_CHECK_BLIND) {
        doubt(check, report);
        return;
    }
    data->config_ok =
        PST_TRI(check->verdict != PST_SSHD_CHECK_LINE && check->verdict != PST_SSHD_CHECK_OTHER);
    switch (check->verdict) {
    case PST_SSHD_CHECK_OK:
    case PST_SSHD_CHECK_BLIND:
        return;
    case PST_SSHD_CHECK_LINE:
        blame_line(context->sysroot, check, report);
        return;
    case PST_SSHD_CHECK_NO_FOLDER:
        /* systemd makes it when it starts sshd, so where none runs it says nothing. */
        if (data->running == PST_TRI_YES)
            blame_other(context->sysroot, "ssh.no-runtime-folder",
                        "sshd's runtime folder is gone, and it shuts every "
                        "connection",
                        check, report);
        return;
    case PST_SSHD_CHECK_NO_KEYS:
        judge_no_keys(context, check, report);
        return;
    case PST_SSHD_CHECK_OTHER:
        blame_other(context->sysroot, "ssh.check-failed", "sshd refuses its configuration", check,
                    report);
        return;
    }
}

/* The address of a ListenAddress (ADDRESS, IPV4:PORT, [ADDRESS], [ADDRESS]:PORT) in its usual form;
 * NULL for a host name, and for an address of another routing domain. */
static char *
listen_address(const char *value)
{
    g_autofree char *host = g_strndup(value, strcspn(value, " \t"));
    guint8 bytes[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    char *colon = strchr(host, ':');

    if (strstr(value, "rdomain") != NULL)
        return NULL;
    if (host[0] == '[' && strchr(host, ']') != NULL) {
        *strchr(host, ']') = '\0';
        memmove(host, host + 1, strlen(host));
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        *colon = '\0';
    }
    int family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(family, host, bytes) != 1)
        return NULL;
    return g_strdup(inet_ntop(family, bytes, text, sizeof(text)));
}

static gboolean
is_here(const char *address, const char *const *addresses)
{
    return g_str_equal(address, "0.0.0.0") || g_str_equal(address, "::") ||
           g_str_has_prefix(address, "127.") || g_strv_contains(addresses, address);
}

/* Whether sshd holds a socket with that address all the same (ip_nonlocal_bind, or it was bound
 * before the address went away). */
static gboolean
is_listened_on(const char *address, const PstSshData *data)
{
    g_autofree char *plain = g_strconcat(address, ":", NULL);
    g_autofree char *bracketed = g_strconcat("[", address, "]:", NULL);

    for (guint i = 0; data->listen != NULL && data->listen[i] != NULL; i++)
        if (g_str_has_prefix(data->listen[i], plain) ||
            g_str_has_prefix(data->listen[i], bracketed))
            return TRUE;
    return FALSE;
}

static void
blame_address(const PstSshdDirective *directive, const char *address, PstSeverity severity,
              PstReport *report)
{
    PstFinding *finding =
        pst_report_add(report, "ssh.listen-address-gone", severity,
                       "sshd is told to listen on %s, which is no address of this guest", address);

    finding->remedy = g_strdup_printf("give the guest that address, or correct line %u of %s",
                                      directive->line, directive->path);
    finding->evidence->path = g_strdup(directive->path);
    finding->evidence->line = directive->line;
    finding->evidence->text = g_strdup_printf("ListenAddress %s", directive->value);
}

void
pst_ssh_judge_addresses(const PstSshdConfig *config, const char *const *addresses,
                        PstReport *report)
{
    const PstSshdDirective *directive;
    gboolean another = FALSE;

    for (guint n = 0; (directive = pst_sshd_config_get(config, "listenaddress", n)) != NULL; n++) {
        g_autofree char *address = listen_address(directive->value);
        another |= address == NULL || is_here(address, addresses);
    }
    for (guint n = 0; (directive = pst_sshd_config_get(config, "listenaddress", n)) != NULL; n++) {
        g_autofree char *address = listen_address(directive->value);

        if (address == NULL || is_here(address, addresses))
            continue;
        PstSeverity severity = !another                                ? PST_SEVERITY_CRITICAL
                               : is_listened_on(address, report->data) ? PST_SEVERITY_INFORMATION
                                                                       : PST_SEVERITY_WARNING;
        blame_address(directive, address, severity, report);
    }
}
