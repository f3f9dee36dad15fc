// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-unit.h"

#include <string.h>

#include "guest-shim/unit-file.h"

#define MAX_FILE (64 * 1024)
#define MAX_PORT 65535
#define KEY "ListenStream"
#define BIND_KEY "BindIPv6Only"
#define BIND_SYSCTL "/proc/sys/net/ipv6/bindv6only"

/* Debian's unit is called ssh, everybody else's sshd. */
static const char *const units[] = {"ssh.socket", "sshd.socket"};

/* The port of PORT, IPV4:PORT or [IPV6]:PORT; 0 for the path of a socket and the like. */
static guint64
parse_port(const char *value)
{
    const char *colon = strrchr(value, ':');
    guint64 port = 0;

    if (g_str_has_prefix(value, "vsock:") ||
        !g_ascii_string_to_unsigned(colon != NULL ? colon + 1 : value, 10, 1, MAX_PORT, &port,
                                    NULL))
        return 0;
    return port;
}

static void
read_file(const PstSysroot *sysroot, const char *path, GHashTable *ports)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_FILE, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        char *equals = strchr(lines[i], '=');

        if (equals == NULL)
            continue;
        *equals = '\0';
        guint64 port =
            g_str_equal(g_strstrip(lines[i]), KEY) ? parse_port(g_strstrip(equals + 1)) : 0;
        if (port != 0)
            g_hash_table_add(ports, g_memdup2(&port, sizeof(port)));
    }
}

static void
read_unit(const PstSysroot *sysroot, const char *folder, const char *unit, GHashTable *ports)
{
    g_autofree char *path = g_build_filename(folder, unit, NULL);
    g_autofree char *drop_ins = g_strconcat(path, ".d", NULL);
    g_auto(GStrv) names = pst_sysroot_list(sysroot, drop_ins, NULL);

    read_file(sysroot, path, ports);
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *drop_in = g_build_filename(drop_ins, names[i], NULL);

        if (g_str_has_suffix(names[i], ".conf"))
            read_file(sysroot, drop_in, ports);
    }
}

/* By what the kernel has for all sockets that say nothing themselves. */
static PstTri
by_sysctl(const PstSysroot *sysroot)
{
    g_autofree char *value = pst_sysroot_read_line(sysroot, BIND_SYSCTL, NULL);

    return value == NULL ? PST_TRI_UNKNOWN : PST_TRI(!g_str_equal(value, "0"));
}

static gboolean
has_value(const PstUnitFile *file, const char *key)
{
    g_autoptr(GPtrArray) values = pst_unit_file_values(file, key);

    return values->len > 0;
}

static PstTri
by_file(const PstSysroot *sysroot, const PstUnitFile *file)
{
    g_autoptr(GPtrArray) values = pst_unit_file_values(file, BIND_KEY);
    const PstUnitFileValue *last = values->len > 0 ? values->pdata[values->len - 1] : NULL;

    if (last != NULL && g_str_equal(last->value, "both"))
        return PST_TRI_NO;
    if (last != NULL && g_str_equal(last->value, "ipv6-only"))
        return PST_TRI_YES;
    return by_sysctl(sysroot);
}

PstTri
pst_sshd_unit_only6(const PstSysroot *sysroot)
{
    PstTri told[G_N_ELEMENTS(units)];
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(PstUnitFile) file = pst_unit_file_load(sysroot, units[i], NULL);

        if (file == NULL)
            return PST_TRI_UNKNOWN;
        if (has_value(file, KEY))
            told[n++] = by_file(sysroot, file);
        if (n > 1 && told[n - 1] != told[0])
            return PST_TRI_UNKNOWN;
    }
    return n > 0 ? told[0] : PST_TRI_UNKNOWN;
}

GHashTable *
pst_sshd_unit_ports(const PstSysroot *sysroot)
{
    GHashTable *ports = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (guint i = 0; pst_unit_file_folders[i] != NULL; i++)
        for (guint j = 0; j < G_N_ELEMENTS(units); j++)
            read_unit(sysroot, pst_unit_file_folders[i], units[j], ports);
    return ports;
}
