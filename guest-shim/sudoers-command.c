// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sudoers-command.h"

#include <fnmatch.h>
#include <regex.h>
#include <string.h>

#define MAX_REGEX 1024 /* sudo's own bound */

/* A pattern that does not compile matches nothing, as with sudo. */
static gboolean
regex_matches(const char *pattern, const char *text)
{
    regex_t compiled;
    gboolean fold = g_str_has_prefix(pattern, "^(?i)");
    g_autofree char *plain = fold ? g_strconcat("^", pattern + 5, NULL) : g_strdup(pattern);

    if (strlen(plain) > MAX_REGEX ||
        regcomp(&compiled, plain, REG_EXTENDED | REG_NOSUB | (fold ? REG_ICASE : 0)) != 0)
        return FALSE;
    gboolean matches = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return matches;
}

static gboolean
args_match(const PstSudoersMember *member, const char *args)
{
    const char *pattern = member->args;

    if (pattern == NULL)
        return TRUE;
    if (g_str_equal(pattern, "\"\""))
        return args == NULL;
    if (pattern[0] == '^' && g_str_has_suffix(pattern, "$"))
        return regex_matches(pattern, args != NULL ? args : "");
    return fnmatch(pattern, args != NULL ? args : "", 0) == 0;
}

/* The same file under another name, as /bin/true and /usr/bin/true are. */
static gboolean
is_same_file(const PstSysroot *sysroot, const char *a, const char *b)
{
    struct stat st_a, st_b;

    return pst_sysroot_stat(sysroot, a, &st_a, NULL) && pst_sysroot_stat(sysroot, b, &st_b, NULL) &&
           st_a.st_dev == st_b.st_dev && st_a.st_ino == st_b.st_ino;
}

static const char *
base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static gboolean
path_matches(const PstSysroot *sysroot, const char *pattern, const char *command)
{
    if (g_str_equal(pattern, command))
        return TRUE;
    if (pattern[0] == '^')
        return regex_matches(pattern, command);
    if (strpbrk(pattern, "\\?*[]") != NULL)
        return fnmatch(pattern, command, FNM_PATHNAME) == 0;
    if (g_str_has_suffix(pattern, "/")) {
        g_autofree char *inside = g_strconcat(pattern, base_of(command), NULL);
        return is_same_file(sysroot, inside, command);
    }
    return g_str_equal(base_of(pattern), base_of(command)) &&
           is_same_file(sysroot, pattern, command);
}

gboolean
pst_sudoers_command_matches(const PstSysroot *sysroot, const PstSudoersMember *member,
                            const char *command, const char *args)
{
    if (member->kind != PST_SUDOERS_MEMBER_COMMAND || member->name[0] == '\0')
        return FALSE;
    /* sudoedit and list are commands of sudo's own, which nobody asks for by a path. */
    if (member->name[0] != '/' && member->name[0] != '^')
        return FALSE;
    return path_matches(sysroot, member->name, command) && args_match(member, args);
}
