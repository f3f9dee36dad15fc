// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudoers-members.h"

#include <string.h>

#include "guest-shim/sudoers-scan.h"

typedef PstSudoersMember *(*TakeMember)(const char **rest, const char **fault);

static PstSudoersMember *
member_new(PstSudoersMemberKind kind, char *name)
{
    PstSudoersMember *member = g_new0(PstSudoersMember, 1);

    member->kind = kind;
    member->name = name;
    return member;
}

void
pst_sudoers_members_free(gpointer data)
{
    PstSudoersMember *member = data;

    g_free(member->name);
    g_free(member->args);
    g_free(member);
}

GPtrArray *
pst_sudoers_members_myself(void)
{
    GPtrArray *members = g_ptr_array_new_with_free_func(pst_sudoers_members_free);

    g_ptr_array_add(members, member_new(PST_SUDOERS_MEMBER_MYSELF, NULL));
    return members;
}

static gboolean
is_capitals(const char *word)
{
    const char *rest = word;
    g_autofree char *capitals = pst_sudoers_scan_capitals(&rest);

    return capitals != NULL && *rest == '\0';
}

static PstSudoersMember *
member_of_word(char *word, gboolean plain)
{
    if (plain && g_str_equal(word, "ALL")) {
        g_free(word);
        return member_new(PST_SUDOERS_MEMBER_ALL, NULL);
    }
    if (plain && is_capitals(word))
        return member_new(PST_SUDOERS_MEMBER_ALIAS, word);
    return member_new(PST_SUDOERS_MEMBER_WORD, word);
}

static PstSudoersMember *
take_quoted(const char **rest, const char **fault)
{
    char *text = pst_sudoers_scan_string(rest);

    if (text == NULL) {
        *fault = "a string in quotes is empty or does not end";
        return NULL;
    }
    if (text[0] == '%' && text[1] != '\0')
        return member_new(PST_SUDOERS_MEMBER_GROUP, text);
    if (text[0] == '+' && text[1] != '\0')
        return member_new(PST_SUDOERS_MEMBER_NETGROUP, text);
    return member_new(PST_SUDOERS_MEMBER_WORD, text);
}

/* What follows a `%`, `%:` or `+`. */
static PstSudoersMember *
take_marked(const char **rest, PstSudoersMemberKind kind, const char **fault)
{
    const char *start = *rest;
    gboolean plain;

    *rest += g_str_has_prefix(start, "%:") ? 2 : 1;
    g_autofree char *mark = g_strndup(start, (gsize)(*rest - start));
    g_autofree char *name = pst_sudoers_scan_id(rest);
    if (name == NULL)
        name = pst_sudoers_scan_word(rest, &plain);
    if (name == NULL) {
        *fault = "a group has no name";
        return NULL;
    }
    return member_new(kind, g_strconcat(mark, name, NULL));
}

static PstSudoersMember *
take_user(const char **rest, const char **fault)
{
    gboolean plain;

    if (**rest == '"')
        return take_quoted(rest, fault);
    if (**rest == '%')
        return take_marked(rest, PST_SUDOERS_MEMBER_GROUP, fault);
    if (**rest == '+')
        return take_marked(rest, PST_SUDOERS_MEMBER_NETGROUP, fault);

    char *id = pst_sudoers_scan_id(rest);
    if (id != NULL)
        return member_new(PST_SUDOERS_MEMBER_WORD, id);
    char *word = pst_sudoers_scan_word(rest, &plain);
    if (word != NULL)
        return member_of_word(word, plain);
    *fault = "a user is missing";
    return NULL;
}

static PstSudoersMember *
take_host(const char **rest, const char **fault)
{
    gboolean plain;

    if (**rest == '"')
        return take_quoted(rest, fault);
    if (**rest == '+')
        return take_marked(rest, PST_SUDOERS_MEMBER_NETGROUP, fault);

    char *address = pst_sudoers_scan_address(rest);
    if (address != NULL)
        return member_new(PST_SUDOERS_MEMBER_ADDRESS, address);
    char *word = pst_sudoers_scan_word(rest, &plain);
    if (word != NULL)
        return member_of_word(word, plain);
    *fault = "a host is missing";
    return NULL;
}

/* `sha256:…`, once or several times, before a command. */
static gboolean
take_digests(const char **rest, gboolean *digest, const char **fault)
{
    static const char *const kinds[] = {"sha224", "sha256", "sha384", "sha512"};

    for (guint i = 0; i < G_N_ELEMENTS(kinds);) {
        const char *at = *rest + strlen(kinds[i]);

        if (!g_str_has_prefix(*rest, kinds[i]) || !pst_sudoers_scan_sign(&at, ':')) {
            i++;
            continue;
        }
        gsize len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
        if (len < 32) {
            *fault = "a digest has the wrong length";
            return FALSE;
        }
        *digest = TRUE;
        *rest = at + len;
        pst_sudoers_scan_sign(rest, ',');
        pst_sudoers_scan_blanks(rest);
        i = 0;
    }
    return TRUE;
}

/* The built-in names that stand where a path does (sudoers(5): sudoedit; list since 1.9.14). */
static char *
take_builtin(const char **rest)
{
    static const char *const names[] = {"sudoedit", "list"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        gsize len = strlen(names[i]);
        if (g_str_has_prefix(*rest, names[i]) && strchr(" \t,:=#", (*rest)[len]) != NULL) {
            *rest += len;
            return g_strdup(names[i]);
        }
    }
    return NULL;
}

static PstSudoersMember *
take_path(const char **rest, gboolean with_args)
{
    char *path = take_builtin(rest);

    if (path == NULL)
        path = pst_sudoers_scan_path(rest);
    if (path == NULL)
        return NULL;

    PstSudoersMember *member = member_new(PST_SUDOERS_MEMBER_COMMAND, path);
    /* Folders have no arguments. */
    if (with_args && !g_str_has_suffix(path, "/"))
        member->args = pst_sudoers_scan_args(rest);
    return member;
}

static PstSudoersMember *
take_any_command(const char **rest, gboolean with_args, const char **fault)
{
    PstSudoersMember *member = take_path(rest, with_args);

    if (member != NULL)
        return member;
    char *capitals = pst_sudoers_scan_capitals(rest);
    if (capitals != NULL)
        return member_of_word(capitals, TRUE);
    *fault = "a command is missing, or is neither an absolute path nor an alias";
    return NULL;
}

PstSudoersMember *
pst_sudoers_members_command(const char **rest, const char **fault)
{
    gboolean digest = FALSE;

    pst_sudoers_scan_blanks(rest);
    if (!take_digests(rest, &digest, fault))
        return NULL;
    gboolean negated = pst_sudoers_scan_negation(rest);
    PstSudoersMember *member = take_any_command(rest, TRUE, fault);
    if (member != NULL) {
        member->negated = negated;
        member->digest = digest;
    }
    return member;
}

static PstSudoersMember *
take_plain_command(const char **rest, const char **fault)
{
    return take_any_command(rest, FALSE, fault);
}

static GPtrArray *
take_list(const char **rest, TakeMember take, const char **fault)
{
    g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(pst_sudoers_members_free);

    pst_sudoers_scan_blanks(rest);
    do {
        gboolean negated = pst_sudoers_scan_negation(rest);
        PstSudoersMember *member = take(rest, fault);

        if (member == NULL)
            return NULL;
        member->negated ^= negated;
        g_ptr_array_add(members, member);
    } while (pst_sudoers_scan_sign(rest, ','));
    return g_steal_pointer(&members);
}

GPtrArray *
pst_sudoers_members_users(const char **rest, const char **fault)
{
    return take_list(rest, take_user, fault);
}

GPtrArray *
pst_sudoers_members_hosts(const char **rest, const char **fault)
{
    return take_list(rest, take_host, fault);
}

GPtrArray *
pst_sudoers_members_commands(const char **rest, const char **fault)
{
    return take_list(rest, pst_sudoers_members_command, fault);
}

GPtrArray *
pst_sudoers_members_plain_commands(const char **rest, const char **fault)
{
    return take_list(rest, take_plain_command, fault);
}
