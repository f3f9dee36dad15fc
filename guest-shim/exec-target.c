// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-shim/accounts.h"
#include "protocol/error.h"

#define PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define ANY_EXECUTE (S_IXUSR | S_IXGRP | S_IXOTH)

enum { FAILED = 125, NOT_EXECUTABLE = 126, NO_PROGRAM = 127 };

/* Where a program without a slash is looked for, in this order; NixOS keeps its own elsewhere. */
static const char *const folders[] = {
    "/usr/local/sbin",           "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    "/run/current-system/sw/bin"};

void
pst_exec_target_free(PstExecTarget *target)
{
    g_free(target->path);
    g_free(target->user);
    g_clear_pointer(&target->groups, g_array_unref);
    g_free(target->cwd);
    g_strfreev(target->env);
    g_free(target);
}

static gboolean G_GNUC_PRINTF(3, 4)
    fail(PstExecFailure *failure, int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    failure->status = status;
    failure->why = g_strdup_vprintf(format, args);
    va_end(args);
    return FALSE;
}

/* ---- the program ---- */

static char *
look_at(const char *path, PstExecFailure *failure)
{
    char real[PATH_MAX];

    if (realpath(path, real) != NULL)
        return g_strdup(real);
    if (errno == ENOENT || errno == ENOTDIR)
        fail(failure, NO_PROGRAM, "%s: no such program", path);
    else
        fail(failure, NOT_EXECUTABLE, "%s: %s", path, g_strerror(errno));
    return NULL;
}

static gboolean
is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & ANY_EXECUTE) != 0;
}

/* As a shell does it, what is called so and can't be executed is passed over; where there is no
 * other, that is what is told of. */
static char *
search(const char *name, PstExecFailure *failure)
{
    g_autofree char *first = NULL, *why = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        PstExecFailure own = {NO_PROGRAM, NULL};
        g_autofree char *path = g_strconcat(folders[i], "/", name, NULL);
        g_autofree char *found = look_at(path, &own);

        if (found != NULL && is_program(found))
            return g_steal_pointer(&found);
        if (found != NULL && first == NULL)
            first = g_steal_pointer(&found);
        if (own.status == NOT_EXECUTABLE && why == NULL)
            why = g_steal_pointer(&own.why);
        g_free(own.why);
    }
    if (first == NULL && why != NULL)
        fail(failure, NOT_EXECUTABLE, "%s", why);
    else if (first == NULL)
        fail(failure, NO_PROGRAM, "%s: no such program", name);
    return g_steal_pointer(&first);
}

static char *
find_program(const char *name, PstExecFailure *failure)
{
    if (strchr(name, '/') == NULL)
        return search(name, failure);
    if (name[0] == '/')
        return look_at(name, failure);
    fail(failure, NO_PROGRAM, "%s: a program is named by its absolute path or by its name", name);
    return NULL;
}

/* Of a program that is limited by its name or folder: whoever could write there could have put
 * another one in its place. */
static gboolean
is_only_roots(const char *path, GError **error)
{
    g_autofree char *at = g_strdup(path);
    struct stat st;

    for (;;) {
        if (stat(at, &st) == 0 && st.st_uid == 0 && (st.st_mode & OTHERS_WRITE) == 0) {
            if (g_str_equal(at, "/"))
                return TRUE;
            char *above = g_path_get_dirname(at);
            g_free(at);
            at = above;
            continue;
        }
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                    "%s is not run: others than root can change %s", path, at);
        return FALSE;
    }
}

static gboolean
set_program(PstExecTarget *target, const PstExecPolicy *policy, const char *name,
            PstExecFailure *failure, GError **error)
{
    struct stat st;

    target->path = find_program(name, failure);
    if (target->path == NULL)
        return FALSE;
    if (!pst_exec_policy_check_program(policy, target->path, error) ||
        (pst_exec_policy_limits_programs(policy) && !is_only_roots(target->path, error)))
        return FALSE;
    if (stat(target->path, &st) == 0 && !S_ISREG(st.st_mode))
        return fail(failure, NOT_EXECUTABLE, "%s: not a regular file", target->path);
    return TRUE;
}

/* ---- the user ---- */

static const PstAccount *
find_account(const PstAccounts *accounts, const char *name)
{
    const PstAccount *account = pst_accounts_find(accounts, name);
    guint64 number = 0;

    if (account != NULL || !g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32 - 1, &number, NULL))
        return account;
    return pst_accounts_find_uid(accounts, (gint64)number);
}

static gboolean
is_number(const char *name)
{
    return strspn(name, "0123456789") == strlen(name);
}

/* Root can always be: also where passwd is gone. */
static void
set_root(PstExecTarget *target)
{
    gid_t gid = 0;

    target->user = g_strdup("root");
    target->groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    g_array_append_val(target->groups, gid);
    target->cwd = g_strdup("/root");
}

static gboolean
set_user(PstExecTarget *target, const PstSysroot *sysroot, const char *name, char **shell,
         PstExecFailure *failure)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstAccounts) accounts = is_number(name)
                                          ? pst_accounts_load(sysroot, &cause)
                                          : pst_accounts_load_one(sysroot, name, &cause);
    const PstAccount *account = accounts != NULL ? find_account(accounts, name) : NULL;

    if (account == NULL && (g_str_equal(name, "root") || g_str_equal(name, "0"))) {
        set_root(target);
        return TRUE;
    }
    if (accounts == NULL)
        return fail(failure, FAILED, "the user %s: %s", name, cause->message);
    if (account == NULL)
        return fail(failure, FAILED, "no user %s in /etc/passwd: no other source is asked", name);
    if (account->uid < 0 || account->uid >= G_MAXUINT32 || account->gid < 0 ||
        account->gid >= G_MAXUINT32)
        return fail(failure, FAILED, "the user %s has no number that can be used", name);
    target->user = g_strdup(account->name);
    target->uid = (uid_t)account->uid;
    target->gid = (gid_t)account->gid;
    target->groups = pst_accounts_groups(accounts, account);
    target->cwd = g_strdup(account->home != NULL && account->home[0] == '/' ? account->home : "/");
    *shell = account->shell != NULL && *account->shell != '\0' ? g_strdup(account->shell) : NULL;
    return TRUE;
}

/* ---- its environment ---- */

/* As sshd gives it, and what the caller wants beside or instead. */
static char **
make_env(const PstExecTarget *target, const char *home, const char *shell, char *const *wanted)
{
    g_auto(GStrv) env = g_new0(char *, 1);
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    const char *const defaults[][2] = {{"PATH", PATH},
                                       {"HOME", home},
                                       {"USER", target->user},
                                       {"LOGNAME", target->user},
                                       {"SHELL", shell}};

    for (guint i = 0; i < G_N_ELEMENTS(defaults) && defaults[i][1] != NULL; i++)
        env = g_environ_setenv(env, defaults[i][0], defaults[i][1], TRUE);
    for (guint i = 0; wanted != NULL && wanted[i] != NULL; i++) {
        g_autofree char *key = g_strndup(wanted[i], strcspn(wanted[i], "="));
        env = g_environ_setenv(env, key, wanted[i] + strlen(key) + 1, TRUE);
    }
    g_strv_builder_addv(all, (const char **)env);
    return g_strv_builder_end(all);
}

PstExecTarget *
pst_exec_target_find(const PstSysroot *sysroot, const PstExecPolicy *policy,
                     const PstExecStart *start, PstExecFailure *failure, GError **error)
{
    g_autoptr(PstExecTarget) target = g_new0(PstExecTarget, 1);
    g_autofree char *shell = NULL;

    if (!set_user(target, sysroot, start->user != NULL ? start->user : "root", &shell, failure) ||
        !pst_exec_policy_check_user(policy, target->user, error) ||
        !pst_exec_policy_check_environment(policy, start->env, error) ||
        !set_program(target, policy, start->argv[0], failure, error))
        return NULL;
    target->env = make_env(target, target->cwd, shell, start->env);
    target->cwd_is_home = start->cwd == NULL;
    if (start->cwd != NULL) {
        g_free(target->cwd);
        target->cwd = g_strdup(start->cwd);
    }
    return g_steal_pointer(&target);
}
