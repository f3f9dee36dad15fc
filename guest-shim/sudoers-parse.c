// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudoers-parse.h"

#include <string.h>

#include "guest-shim/sudoers-members.h"
#include "guest-shim/sudoers-scan.h"

typedef struct {
    PstSudoers *sudoers;
    const PstSudoersFile *file;
    guint line;
    const char *text;
    const char *rest;
    const char *fault;
} Parser;

static void
command_free(gpointer data)
{
    PstSudoersCommand *command = data;

    g_clear_pointer(&command->runas_users, g_ptr_array_unref);
    g_clear_pointer(&command->runas_groups, g_ptr_array_unref);
    g_clear_pointer(&command->command, pst_sudoers_members_free);
    g_free(command);
}

static void
privilege_free(gpointer data)
{
    PstSudoersPrivilege *privilege = data;

    g_clear_pointer(&privilege->hosts, g_ptr_array_unref);
    g_clear_pointer(&privilege->commands, g_ptr_array_unref);
    g_free(privilege);
}

void
pst_sudoers_parse_rule_free(gpointer data)
{
    PstSudoersRule *rule = data;

    g_clear_pointer(&rule->users, g_ptr_array_unref);
    g_clear_pointer(&rule->privileges, g_ptr_array_unref);
    g_free(rule->text);
    g_free(rule);
}

void
pst_sudoers_parse_alias_free(gpointer data)
{
    PstSudoersAlias *alias = data;

    g_clear_pointer(&alias->members, g_ptr_array_unref);
    g_free(alias->name);
    g_free(alias);
}

void
pst_sudoers_parse_default_free(gpointer data)
{
    PstSudoersDefault *one = data;

    g_clear_pointer(&one->members, g_ptr_array_unref);
    g_free(one->name);
    g_free(one->value);
    g_free(one);
}

/* `(users:groups)`; every part may be missing. */
static gboolean
parse_runas(Parser *parser, PstSudoersCommand *command)
{
    if (!pst_sudoers_scan_sign(&parser->rest, '('))
        return TRUE;
    if (pst_sudoers_scan_sign(&parser->rest, ')')) {
        command->runas_users = pst_sudoers_members_myself();
        return TRUE;
    }
    if (*parser->rest != ':') {
        command->runas_users = pst_sudoers_members_users(&parser->rest, &parser->fault);
        if (command->runas_users == NULL)
            return FALSE;
    }
    if (pst_sudoers_scan_sign(&parser->rest, ':')) {
        if (command->runas_users == NULL && pst_sudoers_scan_sign(&parser->rest, ')')) {
            command->runas_users = pst_sudoers_members_myself();
            return TRUE;
        }
        command->runas_groups = pst_sudoers_members_users(&parser->rest, &parser->fault);
        if (command->runas_groups == NULL)
            return FALSE;
    }
    if (!pst_sudoers_scan_sign(&parser->rest, ')')) {
        parser->fault = "the list of target users is not closed";
        return FALSE;
    }
    return TRUE;
}

static const char *const tags[] = {
    "NOPASSWD", "PASSWD",   "NOEXEC",     "EXEC",         "INTERCEPT", "NOINTERCEPT",
    "SETENV",   "NOSETENV", "LOG_OUTPUT", "NOLOG_OUTPUT", "LOG_INPUT", "NOLOG_INPUT",
    "MAIL",     "NOMAIL",   "FOLLOW",     "NOFOLLOW",     NULL};
static const char *const options[] = {"ROLE",     "TYPE",       "TIMEOUT", "NOTBEFORE",
                                      "NOTAFTER", "CWD",        "CHROOT",  "APPARMOR_PROFILE",
                                      "PRIVS",    "LIMITPRIVS", NULL};

/* An option's value says nothing to us; that there is one may make the rule conditional. */
static gboolean
skip_value(Parser *parser)
{
    gboolean plain;
    g_autofree char *value = *parser->rest == '"' ? pst_sudoers_scan_string(&parser->rest)
                                                  : pst_sudoers_scan_word(&parser->rest, &plain);

    if (value == NULL)
        parser->fault = "an option has no value";
    return value != NULL;
}

/* Tags and options before a command, in any order: sudo wants options first. */
static gboolean
parse_tags(Parser *parser, PstSudoersCommand *command)
{
    for (;;) {
        const char *before = parser->rest;
        g_autofree char *word = pst_sudoers_scan_capitals(&parser->rest);

        if (word != NULL && g_strv_contains(tags, word) &&
            pst_sudoers_scan_sign(&parser->rest, ':')) {
            if (g_str_equal(word, "NOPASSWD"))
                command->nopasswd = PST_SUDOERS_YES;
            if (g_str_equal(word, "PASSWD"))
                command->nopasswd = PST_SUDOERS_NO;
        } else if (word != NULL && g_strv_contains(options, word) &&
                   pst_sudoers_scan_sign(&parser->rest, '=')) {
            command->conditional |= g_str_has_prefix(word, "NOT") || g_str_equal(word, "CHROOT");
            if (!skip_value(parser))
                return FALSE;
        } else {
            parser->rest = before;
            return TRUE;
        }
        pst_sudoers_scan_blanks(&parser->rest);
    }
}

/* What a command does not say for itself, it takes from the one before it. */
static void
inherit(PstSudoersCommand *command, const PstSudoersCommand *before)
{
    if (command->nopasswd == PST_SUDOERS_NOT_SAID)
        command->nopasswd = before->nopasswd;
    command->conditional |= before->conditional;
    if (command->runas_users != NULL || command->runas_groups != NULL)
        return;
    if (before->runas_users != NULL)
        command->runas_users = g_ptr_array_ref(before->runas_users);
    if (before->runas_groups != NULL)
        command->runas_groups = g_ptr_array_ref(before->runas_groups);
}

static gboolean
parse_commands(Parser *parser, GPtrArray *commands)
{
    do {
        PstSudoersCommand *command = g_new0(PstSudoersCommand, 1);

        g_ptr_array_add(commands, command);
        if (!parse_runas(parser, command) || !parse_tags(parser, command))
            return FALSE;
        command->command = pst_sudoers_members_command(&parser->rest, &parser->fault);
        if (command->command == NULL)
            return FALSE;
        if (commands->len > 1)
            inherit(command, commands->pdata[commands->len - 2]);
    } while (pst_sudoers_scan_sign(&parser->rest, ','));
    return TRUE;
}

static gboolean
parse_privileges(Parser *parser, GPtrArray *privileges)
{
    do {
        PstSudoersPrivilege *privilege = g_new0(PstSudoersPrivilege, 1);

        g_ptr_array_add(privileges, privilege);
        privilege->commands = g_ptr_array_new_with_free_func(command_free);
        privilege->hosts = pst_sudoers_members_hosts(&parser->rest, &parser->fault);
        if (privilege->hosts == NULL)
            return FALSE;
        if (!pst_sudoers_scan_sign(&parser->rest, '=')) {
            parser->fault = "there is no '=' after the hosts";
            return FALSE;
        }
        if (!parse_commands(parser, privilege->commands))
            return FALSE;
    } while (pst_sudoers_scan_sign(&parser->rest, ':'));
    return TRUE;
}

static gboolean
parse_end(Parser *parser)
{
    if (pst_sudoers_scan_at_end(parser->rest))
        return TRUE;
    parser->fault = "something follows that does not belong there";
    return FALSE;
}

static gboolean
parse_rule(Parser *parser)
{
    PstSudoersRule *rule = g_new0(PstSudoersRule, 1);

    rule->file = parser->file;
    rule->line = parser->line;
    rule->text = g_strdup(parser->text);
    rule->privileges = g_ptr_array_new_with_free_func(privilege_free);
    rule->users = pst_sudoers_members_users(&parser->rest, &parser->fault);
    if (rule->users == NULL || !parse_privileges(parser, rule->privileges) || !parse_end(parser)) {
        pst_sudoers_parse_rule_free(rule);
        return FALSE;
    }
    g_ptr_array_add(parser->sudoers->rules, rule);
    return TRUE;
}

static const struct {
    const char *word;
    PstSudoersAliasKind kind;
    GPtrArray *(*members)(const char **rest, const char **fault);
} alias_words[] = {
    {"User_Alias", PST_SUDOERS_USER_ALIAS, pst_sudoers_members_users},
    {"Runas_Alias", PST_SUDOERS_RUNAS_ALIAS, pst_sudoers_members_users},
    {"Host_Alias", PST_SUDOERS_HOST_ALIAS, pst_sudoers_members_hosts},
    {"Cmnd_Alias", PST_SUDOERS_COMMAND_ALIAS, pst_sudoers_members_commands},
    {"Cmd_Alias", PST_SUDOERS_COMMAND_ALIAS, pst_sudoers_members_commands},
};

static gboolean
parse_aliases(Parser *parser, guint row)
{
    do {
        g_autofree char *name = pst_sudoers_scan_capitals(&parser->rest);

        if (name == NULL || !pst_sudoers_scan_sign(&parser->rest, '=')) {
            parser->fault = "an alias needs a name in capitals and an '='";
            return FALSE;
        }
        GPtrArray *members = alias_words[row].members(&parser->rest, &parser->fault);
        if (members == NULL)
            return FALSE;

        PstSudoersAlias *alias = g_new0(PstSudoersAlias, 1);
        alias->kind = alias_words[row].kind;
        alias->name = g_steal_pointer(&name);
        alias->members = members;
        alias->file = parser->file;
        alias->line = parser->line;
        g_ptr_array_add(parser->sudoers->aliases, alias);
    } while (pst_sudoers_scan_sign(&parser->rest, ':'));
    return parse_end(parser);
}

static gboolean
parse_value(Parser *parser, PstSudoersDefault *one)
{
    static const char *const signs[] = {"=", "+=", "-="};

    pst_sudoers_scan_blanks(&parser->rest);
    for (guint i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (!g_str_has_prefix(parser->rest, signs[i]))
            continue;
        parser->rest += strlen(signs[i]);
        pst_sudoers_scan_blanks(&parser->rest);
        one->sign = signs[i][0];
        one->value = *parser->rest == '"' ? pst_sudoers_scan_string(&parser->rest)
                                          : pst_sudoers_scan_value(&parser->rest);
        if (one->value == NULL)
            parser->fault = "a Defaults parameter has no value after its '='";
        return one->value != NULL;
    }
    return TRUE;
}

static gboolean
parse_parameters(Parser *parser, PstSudoersScope scope, GPtrArray *members)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(pst_sudoers_parse_default_free);

    do {
        PstSudoersDefault *one = g_new0(PstSudoersDefault, 1);

        g_ptr_array_add(found, one);
        one->scope = scope;
        one->members = members != NULL ? g_ptr_array_ref(members) : NULL;
        one->file = parser->file;
        one->line = parser->line;
        one->sign = pst_sudoers_scan_negation(&parser->rest) ? '!' : '\0';
        one->name = pst_sudoers_scan_parameter(&parser->rest);
        if (one->name == NULL) {
            parser->fault = "a Defaults line needs the name of a parameter";
            return FALSE;
        }
        if (!parse_value(parser, one))
            return FALSE;
    } while (pst_sudoers_scan_sign(&parser->rest, ','));
    if (!parse_end(parser))
        return FALSE;
    g_ptr_array_extend_and_steal(parser->sudoers->defaults, g_steal_pointer(&found));
    return TRUE;
}

static gboolean
parse_defaults(Parser *parser)
{
    PstSudoersScope scope = PST_SUDOERS_SCOPE_ALL;
    g_autoptr(GPtrArray) members = NULL;
    char mark = *parser->rest;

    if (mark != ' ' && mark != '\t') {
        parser->rest++;
        pst_sudoers_scan_blanks(&parser->rest);
    }
    if (mark == ':' || mark == '>') {
        scope = mark == ':' ? PST_SUDOERS_SCOPE_USER : PST_SUDOERS_SCOPE_RUNAS;
        members = pst_sudoers_members_users(&parser->rest, &parser->fault);
    } else if (mark == '@') {
        scope = PST_SUDOERS_SCOPE_HOST;
        members = pst_sudoers_members_hosts(&parser->rest, &parser->fault);
    } else if (mark == '!') {
        scope = PST_SUDOERS_SCOPE_COMMAND;
        members = pst_sudoers_members_plain_commands(&parser->rest, &parser->fault);
    }
    if (scope != PST_SUDOERS_SCOPE_ALL && members == NULL)
        return FALSE;
    pst_sudoers_scan_blanks(&parser->rest);
    return parse_parameters(parser, scope, members);
}

/* The directive's word is followed by a blank, or a quoted path. */
static gboolean
take_directive(Parser *parser, const char *word)
{
    gsize len = strlen(word);

    if (strncmp(parser->rest, word, len) != 0 || strchr(" \t\"", parser->rest[len]) == NULL ||
        parser->rest[len] == '\0')
        return FALSE;
    parser->rest += len;
    pst_sudoers_scan_blanks(&parser->rest);
    return TRUE;
}

static PstSudoersParsed
parse_include(Parser *parser, PstSudoersParsed kind, char **target)
{
    g_autofree char *path = pst_sudoers_scan_include(&parser->rest);

    if (path == NULL) {
        parser->fault = "an include has no path";
        return PST_SUDOERS_FAULTY;
    }
    if (!parse_end(parser))
        return PST_SUDOERS_FAULTY;
    *target = g_steal_pointer(&path);
    return kind;
}

static PstSudoersParsed
parse(Parser *parser, char **target)
{
    /* The old form of the directives begins at the very start of the line. */
    if (take_directive(parser, "#includedir"))
        return parse_include(parser, PST_SUDOERS_INCLUDE_DIR, target);
    if (take_directive(parser, "#include"))
        return parse_include(parser, PST_SUDOERS_INCLUDE, target);
    pst_sudoers_scan_blanks(&parser->rest);
    if (pst_sudoers_scan_at_end(parser->rest))
        return PST_SUDOERS_PARSED;
    if (take_directive(parser, "@includedir"))
        return parse_include(parser, PST_SUDOERS_INCLUDE_DIR, target);
    if (take_directive(parser, "@include"))
        return parse_include(parser, PST_SUDOERS_INCLUDE, target);
    if (g_str_has_prefix(parser->rest, "Defaults") && parser->rest[8] != '\0' &&
        strchr(" \t:@>!", parser->rest[8]) != NULL) {
        parser->rest += 8;
        return parse_defaults(parser) ? PST_SUDOERS_PARSED : PST_SUDOERS_FAULTY;
    }
    for (guint i = 0; i < G_N_ELEMENTS(alias_words); i++)
        if (take_directive(parser, alias_words[i].word))
            return parse_aliases(parser, i) ? PST_SUDOERS_PARSED : PST_SUDOERS_FAULTY;
    return parse_rule(parser) ? PST_SUDOERS_PARSED : PST_SUDOERS_FAULTY;
}

PstSudoersParsed
pst_sudoers_parse_line(PstSudoers *sudoers, const PstSudoersFile *file, guint line,
                       const char *text, char **target, const char **fault)
{
    Parser parser = {sudoers, file, line, text, text, NULL};
    PstSudoersParsed parsed = parse(&parser, target);

    *fault = parsed == PST_SUDOERS_FAULTY && parser.fault == NULL ? "not understood" : parser.fault;
    return parsed;
}
