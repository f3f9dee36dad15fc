// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-methods.h"

#include <string.h>

#define KEYTAB "/etc/krb5.keytab"

static gboolean
is_on(const PstSshSubject *subject, const char *keyword)
{
    return pst_sshd_effective_is(subject->effective, keyword, "yes");
}

/* PermitRootLogin takes passwords of root only where it is yes; keyboard-interactive asks PAM, and
 * nobody else. */
static gboolean
asks_for_password(const PstSshSubject *subject, const char *method)
{
    if (subject->account->uid == 0 && !is_on(subject, "permitrootlogin"))
        return FALSE;
    if (g_str_equal(method, "password"))
        return is_on(subject, "passwordauthentication");
    return is_on(subject, "kbdinteractiveauthentication") && is_on(subject, "usepam");
}

gboolean
pst_ssh_judge_methods_password(const PstSshSubject *subject, const PstAccountShadow *shadow)
{
    PstAccountPassword state = shadow != NULL ? shadow->password : PST_ACCOUNT_PASSWORD_UNKNOWN;

    if (!asks_for_password(subject, "password") &&
        !asks_for_password(subject, "keyboard-interactive"))
        return FALSE;
    if (state == PST_ACCOUNT_PASSWORD_EMPTY)
        return is_on(subject, "permitemptypasswords");
    return state == PST_ACCOUNT_PASSWORD_SET || state == PST_ACCOUNT_PASSWORD_UNKNOWN;
}

static gboolean
is_left(const PstSshSubject *subject, const char *method)
{
    if (g_str_equal(method, "publickey"))
        return !pst_sshd_effective_is(subject->effective, "pubkeyauthentication", "no") &&
               subject->data->key_accepted != PST_TRI_NO;
    if (g_str_equal(method, "password") || g_str_equal(method, "keyboard-interactive"))
        return subject->password_left && asks_for_password(subject, method);
    if (g_str_equal(method, "hostbased"))
        return is_on(subject, "hostbasedauthentication");
    /* Red Hat switches it on everywhere; without a keytab it lets nobody in. */
    if (g_str_equal(method, "gssapi-with-mic"))
        return is_on(subject, "gssapiauthentication") &&
               pst_sysroot_exists(subject->context->sysroot, KEYTAB);
    return FALSE;
}

/* Each of a list's methods, which can name its device: "keyboard-interactive:pam". */
static gboolean
are_left(const PstSshSubject *subject, const char *list)
{
    g_auto(GStrv) methods = g_strsplit(list, ",", -1);

    for (guint i = 0; methods[i] != NULL; i++) {
        methods[i][strcspn(methods[i], ":")] = '\0';
        if (!is_left(subject, methods[i]))
            return FALSE;
    }
    return TRUE;
}

/* What to mend first: a key that is not taken, or the switch that is off. */
static void
blame_none(const PstSshSubject *subject, gboolean any)
{
    static const char *const causes[] = {"ssh.strict-modes",      "ssh.keys-unreadable",
                                         "ssh.keys-hidden",       "ssh.key-login-off",
                                         "ssh.key-restricted",    "ssh.key-type-refused",
                                         "ssh.key-revoked",       "ssh.key-not-authorized",
                                         "ssh.no-authorized-key", NULL};
    const char *keyword = !any ? "authenticationmethods" : "passwordauthentication";
    const char *user = subject->asked->user, *value;
    g_autofree char *place = pst_ssh_subject_place(subject, keyword, NULL);
    PstFinding *finding;

    value = pst_sshd_effective_get(subject->effective, keyword);
    finding = pst_ssh_subject_blame(
        subject, "ssh.no-method-left", PST_SEVERITY_CRITICAL, keyword, NULL,
        g_strdup_printf(
            "no way to log in is left for %s: %s, and %s %s (%s)", user,
            subject->data->key_accepted == PST_TRI_NO ? "no key is taken" : "a key is not enough",
            any ? "PasswordAuthentication is" : "AuthenticationMethods is", value, place));
    finding->caused_by = g_strdup(pst_ssh_subject_cause(subject, causes));
    finding->remedy = g_strdup_printf("give %s a key that sshd takes, or allow passwords", user);
}

/* A key that sshd takes, and that is enough in none of its lists. */
static void
judge_several(const PstSshSubject *subject)
{
    char **methods = subject->data->methods;
    const char *first = NULL;
    PstFinding *finding;

    for (guint i = 0; methods[i] != NULL; i++) {
        if (g_str_equal(methods[i], "publickey"))
            return;
        if (first == NULL && strstr(methods[i], "publickey") != NULL)
            first = methods[i];
    }
    if (first == NULL || subject->data->key_accepted != PST_TRI_YES)
        return;
    g_autofree char *place = pst_ssh_subject_place(subject, "authenticationmethods", NULL);
    finding = pst_ssh_subject_blame(
        subject, "ssh.several-methods",
        subject->fingerprint != NULL ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
        "authenticationmethods", NULL,
        g_strdup_printf("a key is not enough for %s: AuthenticationMethods %s at %s",
                        subject->asked->user, first, place));
    finding->remedy = g_strdup_printf("AuthenticationMethods publickey for %s, by a Match block, "
                                      "then systemctl reload %s",
                                      subject->asked->user, subject->unit);
}

void
pst_ssh_judge_methods(const PstSshSubject *subject)
{
    static const char *const all[] = {"publickey", "password",        "keyboard-interactive",
                                      "hostbased", "gssapi-with-mic", NULL};
    gboolean any = pst_sshd_effective_is(subject->effective, "authenticationmethods", "any");
    g_auto(GStrv) asked =
        any ? g_strdupv((char **)all)
            : pst_sshd_effective_words(subject->effective, "authenticationmethods");
    g_autoptr(GStrvBuilder) left = g_strv_builder_new();

    for (guint i = 0; asked[i] != NULL; i++)
        if (are_left(subject, asked[i]))
            g_strv_builder_add(left, asked[i]);
    subject->data->methods = g_strv_builder_end(left);
    if (subject->data->methods[0] == NULL)
        blame_none(subject, any);
    judge_several(subject);
}
