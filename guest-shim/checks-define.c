// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/checks-define.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "protocol/error.h"
#include "protocol/limits.h"

#define DEFAULT_USER "nobody"
#define DEFAULT_TIMEOUT_S 10
#define MAX_TIMEOUT_S (PST_LIMIT_DEADLINE_MAX_MS / 1000)
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

static void
free_definition(gpointer data)
{
    PstChecksDefinition *definition = data;

    g_free(definition->name);
    g_free(definition->description);
    g_strfreev(definition->argv);
    g_free(definition->user);
    g_free(definition->problem);
    g_free(definition);
}

/* g_shell_parse_argv() knows a shell's quotes, and expands nothing. */
static void
set_argv(PstChecksDefinition *definition, const char *command)
{
    g_autoptr(GError) cause = NULL;

    if (command == NULL || *command == '\0') {
        definition->problem = g_strdup("it has no command");
    } else if (!g_shell_parse_argv(command, NULL, &definition->argv, &cause)) {
        definition->problem = g_strdup_printf("its command makes no sense: %s", cause->message);
    } else if (definition->argv[0][0] != '/' || strstr(definition->argv[0], "/../") != NULL) {
        definition->problem = g_strdup("its command does not begin with an absolute path");
        g_clear_pointer(&definition->argv, g_strfreev);
    }
}

static void
set_timeout(PstConfig *config, const char *group, PstChecksDefinition *definition)
{
    const char *value = pst_config_value(config, group, "timeout");
    guint64 seconds = DEFAULT_TIMEOUT_S;

    if (value != NULL && !g_ascii_string_to_unsigned(value, 10, 1, MAX_TIMEOUT_S, &seconds, NULL)) {
        pst_config_complain(config, group, "timeout", "not a number of seconds from 1 to 60");
        seconds = DEFAULT_TIMEOUT_S;
    }
    definition->timeout_s = (gint64)seconds;
}

static PstChecksDefinition *
define(PstConfig *config, const char *name)
{
    g_autofree char *group = g_strdup_printf("check %s", name);
    PstChecksDefinition *definition = g_new0(PstChecksDefinition, 1);
    const char *user = pst_config_value(config, group, "user");

    pst_config_check_keys(config, group);
    definition->name = g_strdup(name);
    definition->description = g_strdup(pst_config_value(config, group, "description"));
    definition->user = g_strdup(user != NULL && *user != '\0' ? user : DEFAULT_USER);
    set_timeout(config, group, definition);
    set_argv(definition, pst_config_value(config, group, "command"));
    return definition;
}

GPtrArray *
pst_checks_define_all(PstConfig *config)
{
    GPtrArray *definitions = g_ptr_array_new_with_free_func(free_definition);
    g_auto(GStrv) names = pst_config_names(config, "check");

    for (guint i = 0; names[i] != NULL; i++)
        g_ptr_array_add(definitions, define(config, names[i]));
    return definitions;
}

static gboolean
refuse(const char *path, const struct stat *st, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                "%s: not run, because others than root can change it (mode %04o, owner %u:%u)",
                path, (guint)st->st_mode & 07777, st->st_uid, st->st_gid);
    return FALSE;
}

/* PATH and every folder above it. */
static gboolean
is_roots_own(const PstSysroot *sysroot, const char *path, GError **error)
{
    g_autofree char *at = g_strdup(path);
    struct stat st;

    for (;;) {
        if (!pst_sysroot_stat(sysroot, at, &st, error))
            return FALSE;
        if (st.st_uid != 0 || (st.st_mode & OTHERS_WRITE) != 0)
            return refuse(at, &st, error);
        if (g_str_equal(at, "/"))
            return TRUE;
        char *parent = g_path_get_dirname(at);
        g_free(at);
        at = parent;
    }
}

/* Where links lead to, the way there counts too. A folder of a test is no root of its own, and has
 * no such name. */
static char *
real_path(const PstSysroot *sysroot, const char *path)
{
    char target[PATH_MAX];
    int fd = pst_sysroot_is_live(sysroot) ? pst_sysroot_open(sysroot, path, O_PATH, NULL) : -1;

    if (fd < 0)
        return NULL;
    g_autofree char *own = g_strdup_printf("/proc/self/fd/%d", fd);
    gssize n = readlink(own, target, sizeof(target));
    close(fd);
    return n > 0 && n < (gssize)sizeof(target) ? g_strndup(target, (gsize)n) : NULL;
}

gboolean
pst_checks_define_is_safe(const PstSysroot *sysroot, const char *argv0, GError **error)
{
    g_autofree char *real = real_path(sysroot, argv0);

    return is_roots_own(sysroot, argv0, error) &&
           (real == NULL || g_str_equal(real, argv0) || is_roots_own(sysroot, real, error));
}
