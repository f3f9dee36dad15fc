// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-authorized.h"

#include <string.h>

#include "guest-shim/ssh-judge-confined.h"
#include "guest-shim/ssh-judge-key.h"
#include "guest-shim/sshd-path.h"
#include "protocol/error.h"
#include "protocol/shell-word.h"

#define COULD_NOT_LOOK "ssh.could-not-look"
#define MAX_FILE (1024 * 1024)

/* What was seen in all of the files. */
typedef struct {
    const PstSshSubject *subject;
    PstTri accepted;
    gboolean unlooked;
    guint n_keys;
    const char *id; /* why the first key that counts is refused: finding, words, place */
    char *why, *path;
    guint line;
    GStrvBuilder *looked_in;
    gboolean free; /* a key is taken that a command of its own does not bind */
    char *forced_path;
    guint forced_line;
} Search;

/* %h, %u, %U and %% (sshd_config(5), TOKENS); what is no absolute path is below the home folder. */
static char *
expand(const PstAccount *user, const char *pattern)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p != '%' || p[1] == '\0') {
            g_string_append_c(path, *p);
            continue;
        }
        switch (*++p) {
        case 'h':
            g_string_append(path, user->home);
            break;
        case 'u':
            g_string_append(path, user->name);
            break;
        case 'U':
            g_string_append_printf(path, "%" G_GINT64_FORMAT, user->uid);
            break;
        default:
            g_string_append_c(path, *p);
            break;
        }
    }
    return path->str[0] == '/' ? g_strdup(path->str)
                               : g_build_filename(user->home, path->str, NULL);
}

static char *
say_fault(const PstSshdPath *fault, const char *user)
{
    switch (fault->verdict) {
    case PST_SSHD_PATH_UNREADABLE:
        return g_strdup_printf("%s does not let %s through, mode %04o", fault->path, user,
                               fault->mode);
    case PST_SSHD_PATH_OWNER:
        return g_strdup_printf("%s belongs to %" G_GINT64_FORMAT ", which is neither %s nor root",
                               fault->path, fault->uid, user);
    case PST_SSHD_PATH_MODE:
        return g_strdup_printf("others than %s can write to %s, mode %04o", user, fault->path,
                               fault->mode);
    case PST_SSHD_PATH_NO_FILE:
    case PST_SSHD_PATH_FINE:
        break;
    }
    return g_strdup_printf("%s is no regular file", fault->path);
}

static void
add_undo(PstFinding *finding, const PstSshdPath *fault, const char *user)
{
    PstUndo *undo;
    guint mode = fault->mode & ~(guint)(S_IWGRP | S_IWOTH);
    g_autofree char *word = pst_shell_word(fault->path);

    if (fault->verdict == PST_SSHD_PATH_OWNER)
        finding->remedy = g_strdup_printf("chown %s %s", user, word);
    if (fault->verdict == PST_SSHD_PATH_UNREADABLE)
        finding->remedy = g_strdup_printf("let %s through: see ls -ld %s", user, word);
    if (fault->verdict != PST_SSHD_PATH_MODE)
        return;
    finding->remedy = g_strdup_printf("chmod %04o %s", mode, word);
    finding->evidence->expected = g_strdup_printf("%04o", mode);
    undo = pst_report_undo(finding, PST_UNDO_MODE);
    undo->path = g_strdup(fault->path);
    undo->mode = g_strdup_printf("%04o", mode);
}

/* sshd passes the file over, and tells the user nothing. */
static void
blame_path(const PstSshSubject *subject, const PstSshdPath *fault, PstSshKeyFile *file)
{
    const char *user = subject->asked->user;
    const char *id =
        fault->verdict == PST_SSHD_PATH_UNREADABLE ? "ssh.keys-unreadable" : "ssh.strict-modes";
    g_autofree char *why = say_fault(fault, user);
    PstFinding *finding = pst_report_add(subject->report, id, PST_SEVERITY_CRITICAL,
                                         "sshd passes over %s: %s", file->path, why);

    finding->evidence->path = g_strdup(fault->path);
    finding->evidence->mode = g_strdup_printf("%04o", fault->mode);
    finding->evidence->owner =
        g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, fault->uid, fault->gid);
    finding->evidence->user = g_strdup(user);
    add_undo(finding, fault, user);
    file->refused = g_steal_pointer(&why);
}

static void
take_key(Search *search, PstSshKeyFile *file, const PstSshdAuthorizedKey *key)
{
    const char *wanted = search->subject->fingerprint;
    g_auto(PstSshJudgedKey) judged = {PST_TRI_UNKNOWN, NULL, NULL};

    if (wanted != NULL && !g_str_equal(key->key->fingerprint, wanted))
        return;
    judged = pst_ssh_judge_key(search->subject, key);
    if (wanted != NULL && file->has_key != PST_TRI_YES) {
        file->has_key = judged.usable;
        file->key_line = key->line;
    }
    if (judged.usable == PST_TRI_YES || search->accepted == PST_TRI_NO)
        search->accepted = judged.usable;
    if (judged.usable == PST_TRI_YES && !key->forced)
        search->free = TRUE;
    if (judged.usable == PST_TRI_YES && key->forced && search->forced_path == NULL) {
        search->forced_path = g_strdup(file->path);
        search->forced_line = key->line;
    }
    if (judged.usable == PST_TRI_NO && search->why == NULL) {
        search->id = judged.id;
        search->why = g_steal_pointer(&judged.why);
        search->path = g_strdup(file->path);
        search->line = key->line;
    }
}

static void
read_keys(Search *search, PstSshKeyFile *file)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text =
        pst_sysroot_read(search->subject->context->sysroot, file->path, MAX_FILE, NULL, &cause);
    guint n_bad;

    if (text == NULL) {
        pst_probe_add_unlooked(search->subject->report, COULD_NOT_LOOK, file->path, cause);
        search->unlooked = TRUE;
        return;
    }
    g_autoptr(GPtrArray) keys = pst_sshd_authorized_parse(text, &n_bad);
    file->keys = keys->len;
    search->n_keys += keys->len;
    if (search->subject->fingerprint != NULL)
        file->has_key = PST_TRI_NO;
    for (guint i = 0; i < keys->len; i++)
        take_key(search, file, keys->pdata[i]);
}

static void
read_file(Search *search, const char *pattern)
{
    const PstSshSubject *subject = search->subject;
    PstSshKeyFile *file =
        pst_fields_append(&pst_report_ssh_key_file_fields, &subject->data->key_files);
    gboolean strict = !pst_sshd_effective_is(subject->effective, "strictmodes", "no");
    g_auto(PstSshdPath) fault = {PST_SSHD_PATH_FINE, NULL, 0, 0, 0};
    g_autoptr(GError) cause = NULL;

    file->path = expand(subject->account, pattern);
    g_strv_builder_add(search->looked_in, file->path);
    if (!pst_sshd_path_check(subject->context->sysroot, subject->accounts, subject->account,
                             file->path, strict, &fault, &cause)) {
        if (cause->code == PST_ERROR_ABSENT) {
            file->present = PST_TRI_NO;
            return;
        }
        pst_probe_add_unlooked(subject->report, COULD_NOT_LOOK, file->path, cause);
        search->unlooked = TRUE;
        return;
    }
    file->present = PST_TRI_YES;
    gboolean hidden =
        fault.verdict == PST_SSHD_PATH_FINE && pst_ssh_judge_confined_hides(subject, file->path);
    file->accepted = PST_TRI(fault.verdict == PST_SSHD_PATH_FINE && !hidden);
    if (hidden)
        file->refused = g_strdup("the sshd that runs does not see it");
    else if (fault.verdict == PST_SSHD_PATH_FINE)
        read_keys(search, file);
    else
        blame_path(subject, &fault, file);
}

/* A program or a certificate may let in a key that no file has. */
static const char *
other_source(const PstSshSubject *subject)
{
    static const char *const keywords[] = {"authorizedkeyscommand", "trustedusercakeys"};

    for (guint i = 0; i < G_N_ELEMENTS(keywords); i++)
        if (!pst_sshd_effective_is(subject->effective, keywords[i], "none"))
            return keywords[i];
    return NULL;
}

static void
add_evidence(const Search *search, PstFinding *finding)
{
    g_auto(GStrv) looked_in = g_strv_builder_end(search->looked_in);

    finding->evidence->user = g_strdup(search->subject->asked->user);
    finding->evidence->path = g_strdup(search->path != NULL ? search->path : looked_in[0]);
    if (search->path != NULL)
        finding->evidence->line = search->line;
    finding->evidence->expected = g_strdup(search->subject->fingerprint);
}

/* Why no key is taken, where that is sure: of the files the first that was passed over is the
 * cause. */
static void
blame_keys(const Search *search)
{
    static const char *const causes[] = {"ssh.strict-modes", "ssh.keys-unreadable",
                                         "ssh.keys-hidden", NULL};
    const PstSshSubject *subject = search->subject;
    const char *user = subject->asked->user, *cause = pst_ssh_subject_cause(subject, causes);
    const char *wanted = subject->fingerprint;
    /* Who can log in by a password, and named no key, may never have had one. */
    PstSeverity severity = wanted != NULL || !subject->password_left ? PST_SEVERITY_CRITICAL
                                                                     : PST_SEVERITY_INFORMATION;
    PstFinding *finding;

    if (search->why != NULL) {
        finding = pst_report_add(subject->report, search->id, severity,
                                 "sshd refuses the key of %s at %s:%u: %s", user, search->path,
                                 search->line, search->why);
        finding->remedy = g_strdup_printf("correct line %u of %s, or use another key", search->line,
                                          search->path);
    } else if (search->n_keys > 0) {
        finding = pst_report_add(subject->report, "ssh.key-not-authorized", severity,
                                 "no authorized_keys file of %s has the key %s", user, wanted);
        finding->remedy = g_strdup("append the public key to the file, as the user");
    } else if (cause == NULL) {
        finding = pst_report_add(subject->report, "ssh.no-authorized-key", severity,
                                 "%s has no authorized key", user);
        finding->remedy = g_strdup("append the user's public key to the file, as the user");
    } else {
        return; /* which has been said */
    }
    finding->caused_by = g_strdup(cause);
    add_evidence(search, finding);
}

static void
doubt(const Search *search, const char *keyword)
{
    const PstSshSubject *subject = search->subject;
    PstSeverity severity =
        subject->fingerprint != NULL ? PST_SEVERITY_UNKNOWN : PST_SEVERITY_INFORMATION;
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.keys-elsewhere", severity, keyword, NULL,
        g_strdup_printf("no file has a key that sshd takes for %s, but it also asks elsewhere",
                        subject->asked->user));

    finding->remedy = g_strdup("try a login, or run the command by hand");
}

/* Each key that is taken is only good for a command of its own line's. */
static void
blame_forced(const Search *search)
{
    const char *user = search->subject->asked->user;
    PstFinding *finding =
        pst_report_add(search->subject->report, "ssh.forced-command", PST_SEVERITY_WARNING,
                       "whatever %s asks for by that key, sshd runs the command that stands at "
                       "%s:%u",
                       user, search->forced_path, search->forced_line);

    finding->evidence->user = g_strdup(user);
    finding->evidence->path = g_strdup(search->forced_path);
    finding->evidence->line = search->forced_line;
    finding->remedy = g_strdup_printf("take command= out of line %u of %s, or use another key",
                                      search->forced_line, search->forced_path);
}

static void
blame_off(const PstSshSubject *subject)
{
    g_autofree char *place = pst_ssh_subject_place(subject, "pubkeyauthentication", NULL);
    PstSeverity severity = subject->fingerprint != NULL || !subject->password_left
                               ? PST_SEVERITY_CRITICAL
                               : PST_SEVERITY_INFORMATION;
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.key-login-off", severity, "pubkeyauthentication", NULL,
        g_strdup_printf("sshd takes no keys: PubkeyAuthentication no at %s", place));

    finding->remedy = g_strdup_printf("PubkeyAuthentication yes at %s, then systemctl reload %s",
                                      place, subject->unit);
}

void
pst_ssh_judge_authorized(const PstSshSubject *subject)
{
    g_auto(GStrv) patterns = pst_sshd_effective_words(subject->effective, "authorizedkeysfile");
    g_autoptr(GStrvBuilder) looked_in = g_strv_builder_new();
    Search search = {subject, PST_TRI_NO, FALSE, 0, NULL, NULL, NULL, 0, looked_in};
    const char *elsewhere = other_source(subject);

    if (pst_sshd_effective_is(subject->effective, "pubkeyauthentication", "no")) {
        subject->data->key_accepted = PST_TRI_NO;
        blame_off(subject);
        return;
    }
    for (guint i = 0; patterns[i] != NULL; i++)
        if (g_ascii_strcasecmp(patterns[i], "none") != 0)
            read_file(&search, patterns[i]);
    subject->data->key_accepted = search.accepted;
    if (search.forced_path != NULL && !search.free)
        blame_forced(&search);
    g_clear_pointer(&search.forced_path, g_free);
    if (search.accepted == PST_TRI_NO && search.unlooked)
        subject->data->key_accepted = PST_TRI_UNKNOWN;
    else if (search.accepted == PST_TRI_NO && elsewhere != NULL && search.why == NULL) {
        subject->data->key_accepted = PST_TRI_UNKNOWN;
        doubt(&search, elsewhere);
    } else if (search.accepted == PST_TRI_NO) {
        blame_keys(&search);
    }
    g_free(search.why);
    g_free(search.path);
}
