// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-config.h"

#include "guest-shim/config.h"
#include "guest-shim/probe.h"

#define GROUP "recorder"
#define INTERVAL_S 300
#define MIN_INTERVAL_S 30
#define MAX_INTERVAL_S 86400

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

PstRecorderConfig *
pst_recorder_config_read(const PstSysroot *sysroot)
{
    static const char *const keys[] = {"interval", "probes", NULL};
    g_autoptr(PstConfig) config = pst_config_read(sysroot);
    PstRecorderConfig *found = g_new0(PstRecorderConfig, 1);

    pst_config_check_keys(config, GROUP, keys);
    found->interval_s = read_interval(config);
    found->probes = read_probes(config);
    return found;
}

void
pst_recorder_config_free(PstRecorderConfig *config)
{
    g_strfreev(config->probes);
    g_free(config);
}
