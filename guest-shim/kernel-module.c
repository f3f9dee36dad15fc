// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/kernel-module.h"

#include <string.h>
#include <sys/utsname.h>

#include "protocol/error.h"

#define MAX_MODULES (1024 * 1024)

static gboolean
is_built_in(const PstSysroot *sysroot, const char *name)
{
    struct utsname kernel;

    if (uname(&kernel) < 0)
        return FALSE;
    g_autofree char *path = g_strdup_printf("/lib/modules/%s/modules.builtin", kernel.release);
    g_autofree char *file = g_strdup_printf("/%s.ko", name);
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_MODULES, NULL, NULL);
    return text != NULL && strstr(text, file) != NULL;
}

PstTri
pst_kernel_module_is_there(const PstSysroot *sysroot, const char *name, GError **error)
{
    g_autofree char *path = g_strdup_printf("/sys/module/%s", name);
    g_autofree char *line = g_strdup_printf("\n%s ", name);
    g_autoptr(GError) cause = NULL;
    g_autofree char *modules = NULL;

    if (pst_sysroot_exists(sysroot, path))
        return PST_TRI_YES;
    modules = pst_sysroot_read(sysroot, "/proc/modules", MAX_MODULES, NULL, &cause);
    if (modules == NULL && cause->code == PST_ERROR_ABSENT)
        return pst_sysroot_is_live(sysroot) ? PST_TRI_YES : PST_TRI_UNKNOWN;
    if (modules == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return PST_TRI_UNKNOWN;
    }
    if (g_str_has_prefix(modules, line + 1) || strstr(modules, line) != NULL)
        return PST_TRI_YES;
    return PST_TRI(pst_sysroot_is_live(sysroot) && is_built_in(sysroot, name));
}
