// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-user.h"

#include "guest-shim/sshd-pattern.h"

typedef PstTri (*Matches)(const PstSshSubject *subject, const char *pattern);

static PstTri
matches_user(const PstSshSubject *subject, const char *pattern)
{
    return pst_sshd_pattern_match_user(subject->asked->user, subject->asked->from, pattern);
}

static PstTri
matches_group(const PstSshSubject *subject, const char *pattern)
{
    return PST_TRI(pst_sshd_pattern_match_group(subject->connection->groups, pattern));
}

/* The four lists in the order in which sshd looks at them. */
static const struct {
    const char *keyword, *name;
    gboolean allows;
    Matches matches;
} lists[] = {
    {"denyusers", "DenyUsers", FALSE, matches_user},
    {"allowusers", "AllowUsers", TRUE, matches_user},
    {"denygroups", "DenyGroups", FALSE, matches_group},
    {"allowgroups", "AllowGroups", TRUE, matches_group},
};

/* Whether an entry of the list is about the user, and the first that is or may be. */
static PstTri
look_up(const PstSshSubject *subject, char **words, Matches matches, const char **word)
{
    PstTri best = PST_TRI_NO;

    for (guint i = 0; words[i] != NULL; i++) {
        PstTri one = matches(subject, words[i]);

        if (one == PST_TRI_YES) {
            *word = words[i];
            return PST_TRI_YES;
        }
        if (one == PST_TRI_UNKNOWN && best == PST_TRI_NO) {
            *word = words[i];
            best = PST_TRI_UNKNOWN;
        }
    }
    return best;
}

static void
blame_denied(const PstSshSubject *subject, guint n, const char *word)
{
    const char *user = subject->asked->user;
    g_autofree char *place = pst_ssh_subject_place(subject, lists[n].keyword, word);
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.user-denied", PST_SEVERITY_CRITICAL, lists[n].keyword, word,
        g_strdup_printf("sshd refuses %s: %s at %s has %s", user, lists[n].name, place, word));

    finding->remedy = g_strdup_printf("take %s out of %s at %s, then systemctl reload %s", word,
                                      lists[n].name, place, subject->unit);
}

static void
blame_not_allowed(const PstSshSubject *subject, guint n)
{
    const char *user = subject->asked->user;
    g_autofree char *place = pst_ssh_subject_place(subject, lists[n].keyword, NULL);
    gboolean group = lists[n].matches == matches_group;
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.user-not-allowed", PST_SEVERITY_CRITICAL, lists[n].keyword, NULL,
        g_strdup_printf("sshd refuses %s: %s at %s does not have %s", user, lists[n].name, place,
                        group ? "any of the user's groups" : "the user"));

    finding->remedy = g_strdup_printf("add %s to %s at %s, then systemctl reload %s",
                                      group ? "one of the user's groups" : user, lists[n].name,
                                      place, subject->unit);
}

/* What depends on an address that nobody named, or on a Match block of which only sshd knows. */
static void
doubt(const PstSshSubject *subject, const char *keyword, const char *word)
{
    PstSeverity severity =
        subject->asked->from != NULL ? PST_SEVERITY_UNKNOWN : PST_SEVERITY_INFORMATION;
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.depends-on-address", severity, keyword, word,
        g_strdup_printf("whether sshd lets %s in depends on where the connection comes from",
                        subject->asked->user));

    finding->remedy = g_strdup("name the address that the connection comes from");
}

/* What list N says: FALSE where it shuts the user out. */
static gboolean
judge_list(const PstSshSubject *subject, guint n, gboolean *certain)
{
    g_auto(GStrv) words = pst_sshd_effective_words(subject->effective, lists[n].keyword);
    gboolean known = pst_sshd_effective_knows(subject->effective, lists[n].keyword);
    const char *word = NULL;
    PstTri found = look_up(subject, words, lists[n].matches, &word);

    if (!known || (found == PST_TRI_UNKNOWN && words[0] != NULL)) {
        *certain = FALSE;
        doubt(subject, lists[n].keyword, word);
        return TRUE;
    }
    if (!lists[n].allows && found == PST_TRI_YES) {
        blame_denied(subject, n, word);
        return FALSE;
    }
    if (lists[n].allows && words[0] != NULL && found == PST_TRI_NO) {
        blame_not_allowed(subject, n);
        return FALSE;
    }
    return TRUE;
}

/* What else decides about a login by key and what it is worth, and may be otherwise for whoever
 * comes from elsewhere. */
static gboolean
judge_rest(const PstSshSubject *subject)
{
    static const char *const keywords[] = {
        "pubkeyauthentication", "authenticationmethods", "authorizedkeysfile", "forcecommand",
        "chrootdirectory",      "maxsessions",           "maxauthtries",       "refuseconnection"};

    for (guint i = 0; i < G_N_ELEMENTS(keywords); i++) {
        if (pst_sshd_effective_knows(subject->effective, keywords[i]))
            continue;
        doubt(subject, keywords[i], NULL);
        return FALSE;
    }
    return TRUE;
}

static gboolean
judge_root(const PstSshSubject *subject)
{
    g_autofree char *place = NULL;
    PstFinding *finding;

    if (subject->account->uid != 0 ||
        !pst_sshd_effective_is(subject->effective, "permitrootlogin", "no"))
        return TRUE;
    place = pst_ssh_subject_place(subject, "permitrootlogin", NULL);
    finding = pst_ssh_subject_blame(
        subject, "ssh.root-refused", PST_SEVERITY_CRITICAL, "permitrootlogin", NULL,
        g_strdup_printf("sshd refuses %s: PermitRootLogin no at %s", subject->asked->user, place));
    finding->remedy = g_strdup("log in as another user, who may become root; or PermitRootLogin "
                               "prohibit-password, which takes keys and no passwords");
    return FALSE;
}

void
pst_ssh_judge_user(const PstSshSubject *subject)
{
    gboolean certain = TRUE;

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (!judge_list(subject, i, &certain)) {
            subject->data->user_allowed = PST_TRI_NO;
            return;
        }
    }
    certain = judge_rest(subject) && certain;
    if (!judge_root(subject))
        subject->data->user_allowed = PST_TRI_NO;
    else
        subject->data->user_allowed = certain ? PST_TRI_YES : PST_TRI_UNKNOWN;
}
