// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudo-words.h"

#include <string.h>

/* In the order of their strength: what ends every refusal comes last. Texts of sudo 1.9 and of
 * sudo-rs; tests/data/sudo/transcripts.ini holds where each was seen or read. */
static const struct {
    const char *text;
    const char *word;
} rows[] = {
    {"no new privileges", "no-new-privileges"},
    {"must be owned by uid 0 and have the setuid bit set", "not-setuid"},
    {"effective uid is not 0", "nosuid"},
    {"error in /etc/sudo.conf", "plugin"},
    {"fatal error, unable to load plugins", "plugin"},
    {"you do not exist in the passwd database", "unknown-user"},
    {"unknown user", "unknown-user"},
    {"unknown uid", "unknown-user"},
    {"no valid sudoers sources found", "no-sudoers"},
    {"invalid configuration:", "no-sudoers"},
    {"unable to initialize PAM", "pam-aborts"},
    {"Account expired or PAM config lacks", "account-expired"},
    {"User account has expired", "account-expired"},
    {"ccount validation failure", "account-refused"},
    {"PAM account management error", "account-refused"},
    {"Password expired, contact", "password-expired"},
    {"Account or password is expired", "password-expired"},
    {"PAM authentication error", "pam-auth"},
    {"pam_open_session", "session-refused"},
    {"policy plugin failed session initialization", "session-refused"},
    {"PAM error:", "pam-error"},
    {"you must have a tty", "tty-required"},
    {"is not in the sudoers file", "no-rule"},
    {"is not allowed to run sudo", "no-rule"},
    {"may not run sudo", "no-rule"},
    {"I'm afraid I can't do that", "no-rule"},
    {"is not allowed to execute", "denied"},
    {"may not run", "denied"},
    {"a terminal is required", "password-required"},
    {"A terminal is required", "password-required"},
    {"a password is required", "password-required"},
    {"nteractive authentication is required", "password-required"},
    {"Interaction is required", "password-required"},
    {"unable to allocate pty", "no-pty"},
    {"command not found", "command-not-found"},
    {"syntax error", "syntax-error"},
    {"is world writable", "unsafe-file"},
    {"is owned by uid", "unsafe-file"},
    {"is owned by gid", "unsafe-file"},
    {"unable to resolve host", "resolver"},
};

static const struct {
    const char *word;
    const char *meaning;
} meanings[] = {
    {"no-new-privileges", "it was started where the kernel forbids new privileges"},
    {"not-setuid", "its program has lost the setuid bit or its owner"},
    {"nosuid", "its file system is mounted nosuid"},
    {"plugin", "a plugin of it can't be loaded"},
    {"unknown-user", "a user is not in the passwd database"},
    {"no-sudoers", "it has no policy that it can read"},
    {"pam-aborts", "PAM can't read its configuration"},
    {"account-expired", "the account has expired"},
    {"account-refused", "PAM's account phase refuses the user"},
    {"password-expired", "the password has expired"},
    {"pam-auth", "PAM's authentication is broken"},
    {"session-refused", "PAM can't open a session"},
    {"pam-error", "PAM fails"},
    {"tty-required", "it wants a terminal"},
    {"no-rule", "no rule names the user"},
    {"denied", "the rules do not allow the command"},
    {"password-required", "a password is required"},
    {"no-pty", "it gets no pseudo terminal"},
    {"command-not-found", "there is no such command"},
    {"syntax-error", "the policy has a syntax error"},
    {"unsafe-file", "it passes over a file that others can change"},
    {"resolver", "the host's own name can't be resolved"},
};

const char *
pst_sudo_words_recognise(const char *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strstr(text, rows[i].text) != NULL)
            return rows[i].word;
    return NULL;
}

const char *
pst_sudo_words_explain(const char *word)
{
    for (guint i = 0; word != NULL && i < G_N_ELEMENTS(meanings); i++)
        if (g_str_equal(meanings[i].word, word))
            return meanings[i].meaning;
    return "it gives no reason that is known";
}
