// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudoers-match.h"

#include <fnmatch.h>
#include <string.h>

#include "guest-shim/sudoers-command.h"

#define MAX_ALIAS_DEPTH 64

typedef struct {
    const PstSudoers *sudoers;
    const PstSudoersQuestion *question;
    gboolean other_target; /* who is not said is not the question's */
    guint depth;           /* of aliases within aliases; sudo refuses loops */
} Matcher;

/* What one member says, its negation left aside: NO_MATCH, ALLOWED (it matches), DENIED (an alias
 * in it denies) or UNSURE. */
typedef PstSudoersMatch (*MatchMember)(Matcher *matcher, const PstSudoersMember *member);

static gboolean
counts(const Matcher *matcher, const PstSudoersFile *file)
{
    return file->counts || matcher->question->all_files;
}

static PstSudoersMatch
negate(PstSudoersMatch match, gboolean negated)
{
    if (!negated || match == PST_SUDOERS_NO_MATCH || match == PST_SUDOERS_UNSURE)
        return match;
    return match == PST_SUDOERS_ALLOWED ? PST_SUDOERS_DENIED : PST_SUDOERS_ALLOWED;
}

static PstSudoersMatch
match_list(Matcher *matcher, const GPtrArray *members, MatchMember match_member)
{
    for (guint i = members->len; i > 0; i--) {
        const PstSudoersMember *member = members->pdata[i - 1];
        PstSudoersMatch match = negate(match_member(matcher, member), member->negated);
        if (match != PST_SUDOERS_NO_MATCH)
            return match;
    }
    return PST_SUDOERS_NO_MATCH;
}

/* TRUE where there is such an alias; it then says *match. The first definition holds. */
static gboolean
match_alias(Matcher *matcher, PstSudoersAliasKind kind, const char *name, MatchMember match_member,
            PstSudoersMatch *match)
{
    for (guint i = 0; i < matcher->sudoers->aliases->len; i++) {
        const PstSudoersAlias *alias = matcher->sudoers->aliases->pdata[i];

        if (alias->kind != kind || !g_str_equal(alias->name, name) || !counts(matcher, alias->file))
            continue;
        *match = PST_SUDOERS_NO_MATCH;
        if (matcher->depth < MAX_ALIAS_DEPTH) {
            matcher->depth++;
            *match = match_list(matcher, alias->members, match_member);
            matcher->depth--;
        }
        return TRUE;
    }
    return FALSE;
}

static PstSudoersMatch
of(gboolean matches)
{
    return matches ? PST_SUDOERS_ALLOWED : PST_SUDOERS_NO_MATCH;
}

static gboolean
is_account(const char *word, const PstAccount *account)
{
    guint64 uid;

    if (word[0] == '#' && g_ascii_string_to_unsigned(word + 1, 10, 0, G_MAXUINT32, &uid, NULL))
        return account->uid == (gint64)uid;
    /* case_insensitive_user is on by default. */
    return g_ascii_strcasecmp(word, account->name) == 0;
}

static PstSudoersMatch
match_group(const Matcher *matcher, const char *text)
{
    const PstSudoersQuestion *question = matcher->question;
    const char *name = text + 1;
    guint64 number;
    gint64 gid = -1;

    if (name[0] == ':') /* of a group plugin */
        return PST_SUDOERS_UNSURE;
    if (name[0] == '#' && g_ascii_string_to_unsigned(name + 1, 10, 0, G_MAXUINT32, &number, NULL))
        gid = (gint64)number;
    for (guint i = 0; i < question->groups->len; i++) {
        gid_t one = g_array_index(question->groups, gid_t, i);
        const char *own = pst_accounts_group_name(question->accounts, one);

        if (gid == one || (own != NULL && g_ascii_strcasecmp(own, name) == 0))
            return PST_SUDOERS_ALLOWED;
    }
    return pst_accounts_elsewhere(question->accounts, "group") != NULL ? PST_SUDOERS_UNSURE
                                                                       : PST_SUDOERS_NO_MATCH;
}

/* A user or a target user, by ACCOUNT. */
static PstSudoersMatch
match_account(Matcher *matcher, const PstSudoersMember *member, const PstAccount *account,
              PstSudoersAliasKind kind, MatchMember again)
{
    PstSudoersMatch match;

    switch (member->kind) {
    case PST_SUDOERS_MEMBER_ALL:
        return PST_SUDOERS_ALLOWED;
    case PST_SUDOERS_MEMBER_ALIAS:
        if (match_alias(matcher, kind, member->name, again, &match))
            return match;
        return of(is_account(member->name, account));
    case PST_SUDOERS_MEMBER_WORD:
        return of(is_account(member->name, account));
    case PST_SUDOERS_MEMBER_GROUP:
        /* Of a target user only root is asked for here, whose own group is its only one. */
        return account == matcher->question->user ? match_group(matcher, member->name)
                                                  : PST_SUDOERS_UNSURE;
    case PST_SUDOERS_MEMBER_MYSELF:
        return of(matcher->question->user->uid == account->uid);
    case PST_SUDOERS_MEMBER_NETGROUP:
    case PST_SUDOERS_MEMBER_ADDRESS:
    case PST_SUDOERS_MEMBER_COMMAND:
        break;
    }
    return PST_SUDOERS_UNSURE;
}

static PstSudoersMatch
match_user(Matcher *matcher, const PstSudoersMember *member)
{
    return match_account(matcher, member, matcher->question->user, PST_SUDOERS_USER_ALIAS,
                         match_user);
}

static PstSudoersMatch
match_runas(Matcher *matcher, const PstSudoersMember *member)
{
    return match_account(matcher, member, matcher->question->runas, PST_SUDOERS_RUNAS_ALIAS,
                         match_runas);
}

/* A pattern with a dot is held against the full name, one without against its first part. */
static gboolean
is_host(const char *pattern, const char *host)
{
    g_autofree char *name =
        strchr(pattern, '.') != NULL ? g_strdup(host) : g_strndup(host, strcspn(host, "."));

    return fnmatch(pattern, name, FNM_CASEFOLD) == 0;
}

static PstSudoersMatch
match_host(Matcher *matcher, const PstSudoersMember *member)
{
    PstSudoersMatch match;

    if (member->kind == PST_SUDOERS_MEMBER_ALL)
        return PST_SUDOERS_ALLOWED;
    if (member->kind == PST_SUDOERS_MEMBER_ALIAS &&
        match_alias(matcher, PST_SUDOERS_HOST_ALIAS, member->name, match_host, &match))
        return match;
    if (member->kind == PST_SUDOERS_MEMBER_WORD || member->kind == PST_SUDOERS_MEMBER_ALIAS)
        return of(is_host(member->name, matcher->question->host));
    return PST_SUDOERS_UNSURE;
}

static PstSudoersMatch
match_command(Matcher *matcher, const PstSudoersMember *member)
{
    PstSudoersMatch match = PST_SUDOERS_NO_MATCH;

    if (member->kind == PST_SUDOERS_MEMBER_ALL)
        match = PST_SUDOERS_ALLOWED;
    else if (member->kind == PST_SUDOERS_MEMBER_ALIAS)
        match_alias(matcher, PST_SUDOERS_COMMAND_ALIAS, member->name, match_command, &match);
    else if (pst_sudoers_command_matches(matcher->question->sysroot, member,
                                         matcher->question->command, matcher->question->args))
        match = PST_SUDOERS_ALLOWED;
    return match != PST_SUDOERS_NO_MATCH && member->digest ? PST_SUDOERS_UNSURE : match;
}

static PstSudoersMatch
match_target(Matcher *matcher, const PstSudoersCommand *command)
{
    /* Only groups said means the user itself. */
    if (command->runas_users == NULL)
        return of(command->runas_groups == NULL && !matcher->other_target);
    return match_list(matcher, command->runas_users, match_runas);
}

/* What one command of a rule says. *unsure is set where it only may say so: MATCH is then what it
 * would say. */
static PstSudoersMatch
match_one(Matcher *matcher, const PstSudoersCommand *command, gboolean *named, gboolean *unsure)
{
    PstSudoersMatch target = match_target(matcher, command);

    if (target != PST_SUDOERS_ALLOWED && target != PST_SUDOERS_UNSURE)
        return PST_SUDOERS_NO_MATCH;
    *named = TRUE;
    PstSudoersMatch match = match_command(matcher, command->command);
    *unsure |= target == PST_SUDOERS_UNSURE || command->conditional || match == PST_SUDOERS_UNSURE;
    if (match == PST_SUDOERS_UNSURE)
        match = PST_SUDOERS_ALLOWED;
    return negate(match, command->command->negated);
}

/* Notes what a command says; TRUE where nothing before it can change the answer any more. */
static gboolean
note(PstSudoersAnswer *answer, const PstSudoersRule *rule, PstSudoersMatch match,
     PstSudoersTag nopasswd, gboolean unsure)
{
    gboolean first = answer->rule == NULL;
    gboolean agrees = first || (answer->would == match && answer->nopasswd == nopasswd);

    if (first) {
        answer->rule = rule;
        answer->would = match;
        answer->nopasswd = nopasswd;
        answer->match = unsure ? PST_SUDOERS_UNSURE : match;
        return !unsure;
    }
    /* An earlier rule that surely says the same settles what a later one only may say. */
    if (!unsure && agrees) {
        answer->match = match;
        answer->rule = rule;
    }
    return !unsure || !agrees;
}

/* Goes through one rule from its end; TRUE where the answer is settled. */
static gboolean
match_rule(Matcher *matcher, const PstSudoersRule *rule, PstSudoersAnswer *answer)
{
    PstSudoersMatch user = match_list(matcher, rule->users, match_user);

    if (user != PST_SUDOERS_ALLOWED && user != PST_SUDOERS_UNSURE)
        return FALSE;
    for (guint i = rule->privileges->len; i > 0; i--) {
        const PstSudoersPrivilege *privilege = rule->privileges->pdata[i - 1];
        PstSudoersMatch host = match_list(matcher, privilege->hosts, match_host);

        if (host != PST_SUDOERS_ALLOWED && host != PST_SUDOERS_UNSURE)
            continue;
        for (guint j = privilege->commands->len; j > 0; j--) {
            const PstSudoersCommand *command = privilege->commands->pdata[j - 1];
            gboolean unsure = user == PST_SUDOERS_UNSURE || host == PST_SUDOERS_UNSURE;
            gboolean sure_rule = !unsure, named = FALSE;
            PstSudoersMatch match = match_one(matcher, command, &named, &unsure);

            if (named && sure_rule && answer->other == NULL)
                answer->other = rule;
            if (match != PST_SUDOERS_NO_MATCH &&
                note(answer, rule, match, command->nopasswd, unsure))
                return TRUE;
        }
    }
    return FALSE;
}

PstSudoersAnswer
pst_sudoers_match(const PstSudoers *sudoers, const PstSudoersQuestion *question)
{
    Matcher matcher = {
        .sudoers = sudoers,
        .question = question,
        .other_target = pst_sudoers_match_other_target(sudoers, question) != NULL,
    };
    PstSudoersAnswer answer = {.match = PST_SUDOERS_NO_MATCH};

    for (guint i = sudoers->rules->len; i > 0; i--) {
        const PstSudoersRule *rule = sudoers->rules->pdata[i - 1];
        if (counts(&matcher, rule->file) && match_rule(&matcher, rule, &answer))
            break;
    }
    return answer;
}

PstSudoersMatch
pst_sudoers_match_users(const PstSudoers *sudoers, const PstSudoersQuestion *question,
                        const GPtrArray *members)
{
    Matcher matcher = {.sudoers = sudoers, .question = question};

    return match_list(&matcher, members, match_user);
}

static gboolean
applies(Matcher *matcher, const PstSudoersDefault *one)
{
    static const MatchMember matchers[] = {
        [PST_SUDOERS_SCOPE_USER] = match_user,
        [PST_SUDOERS_SCOPE_RUNAS] = match_runas,
        [PST_SUDOERS_SCOPE_HOST] = match_host,
        [PST_SUDOERS_SCOPE_COMMAND] = match_command,
    };

    return one->scope == PST_SUDOERS_SCOPE_ALL ||
           match_list(matcher, one->members, matchers[one->scope]) == PST_SUDOERS_ALLOWED;
}

/* sudo applies them in three passes: those of everybody, of users and of hosts in the order of the
 * files, then those of target users, then those of commands. */
static guint
pass_of(PstSudoersScope scope)
{
    if (scope == PST_SUDOERS_SCOPE_RUNAS)
        return 1;
    return scope == PST_SUDOERS_SCOPE_COMMAND ? 2 : 0;
}

const PstSudoersDefault *
pst_sudoers_match_default(const PstSudoers *sudoers, const PstSudoersQuestion *question,
                          const char *name)
{
    Matcher matcher = {.sudoers = sudoers, .question = question};
    const PstSudoersDefault *found = NULL;

    for (guint i = 0; i < sudoers->defaults->len; i++) {
        const PstSudoersDefault *one = sudoers->defaults->pdata[i];

        if (!g_str_equal(one->name, name) || !counts(&matcher, one->file) ||
            (found != NULL && pass_of(one->scope) < pass_of(found->scope)))
            continue;
        if (applies(&matcher, one))
            found = one;
    }
    return found;
}

const PstSudoersDefault *
pst_sudoers_match_other_target(const PstSudoers *sudoers, const PstSudoersQuestion *question)
{
    const PstSudoersDefault *one = pst_sudoers_match_default(sudoers, question, "runas_default");

    return one != NULL && !question->always_root && one->sign != '!' && one->value != NULL &&
                   !is_account(one->value, question->runas)
               ? one
               : NULL;
}

gboolean
pst_sudoers_match_flag(const PstSudoers *sudoers, const PstSudoersQuestion *question,
                       const char *name, gboolean if_not_said)
{
    const PstSudoersDefault *one = pst_sudoers_match_default(sudoers, question, name);

    return one != NULL ? one->sign != '!' : if_not_said;
}
