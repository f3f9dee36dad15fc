// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/units-wanted.h"

static const char *const folders[] = {"/etc/systemd/system", "/run/systemd/system",
                                      "/usr/lib/systemd/system", "/lib/systemd/system"};

/* A link may dangle or lead anywhere: it is the name that counts. */
static gboolean
is_linked(const PstSysroot *sysroot, const char *folder, const char *from, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/%s/%s", folder, from, name);
    struct stat st;

    return pst_sysroot_lstat(sysroot, path, &st, NULL);
}

gboolean
pst_units_wanted(const PstSysroot *sysroot, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_auto(GStrv) names = pst_sysroot_list(sysroot, folders[i], NULL);

        for (guint j = 0; names != NULL && names[j] != NULL; j++)
            if ((g_str_has_suffix(names[j], ".wants") || g_str_has_suffix(names[j], ".requires")) &&
                is_linked(sysroot, folders[i], names[j], name))
                return TRUE;
    }
    return FALSE;
}
