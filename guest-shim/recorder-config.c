// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-config.h"

#include <string.h>

#include "guest-shim/config.h"
#include "guest-shim/probe.h"
#include "protocol/limits.h"

#define GROUP "recorder"
#define INTERVAL_S 300
#define MIN_INTERVAL_S 30
#define MAX_INTERVAL_S 86400
/* As postern lets a user be named. */
#define MAX_USER 255

static gint64
read_interval(const PstConfig *config)
{
    const char *value = pst_config_value(config, GROUP, "interval");
    gint64 number = 0;

    if (value == NULL || !g_ascii_string_to_signed(value, 10, 0, MAX_INTERVAL_S, &number, NULL))
        return INTERVAL_S;
    return number == 0 ? 0 : MAX(number, MIN_INTERVAL_S);
}

/* Names that are no probes are left out. */
static char **
read_probes(const PstConfig *config)
{
    g_auto(GStrv) names = pst_config_list(config, GROUP, "probes", NULL);
    g_autoptr(GStrvBuilder) known = g_strv_builder_new();

    if (pst_config_value(config, GROUP, "probes") == NULL)
        return NULL;
    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        if (pst_probe_require(names[i], NULL) != NULL)
            g_strv_builder_add(known, names[i]);
    return g_strv_builder_end(known);
}

static gboolean
is_user_name(const char *text)
{
    return *text != '\0' && strlen(text) <= MAX_USER && strpbrk(text, ":/") == NULL &&
           g_utf8_validate(text, -1, NULL);
}

/* Each once; what can't be a name is left out. */
static char **
read_users(const PstConfig *config)
{
    g_auto(GStrv) names = pst_config_list(config, GROUP, "users", NULL);
    g_autoptr(GPtrArray) users = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        if (is_user_name(names[i]) && users->len < PST_LIMIT_RECORD_USERS &&
            !g_ptr_array_find_with_equal_func(users, names[i], g_str_equal, NULL))
            g_ptr_array_add(users, g_strdup(names[i]));
    g_ptr_array_add(users, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&users), FALSE);
}

PstRecorderConfig *
pst_recorder_config_read(const PstSysroot *sysroot)
{
    g_autoptr(PstConfig) config = pst_config_read(sysroot);
    PstRecorderConfig *found = g_new0(PstRecorderConfig, 1);

    pst_config_check_keys(config, GROUP);
    found->interval_s = read_interval(config);
    found->probes = read_probes(config);
    found->users = read_users(config);
    return found;
}

void
pst_recorder_config_free(PstRecorderConfig *config)
{
    g_strfreev(config->probes);
    g_strfreev(config->users);
    g_free(config);
}
