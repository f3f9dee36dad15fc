// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/network-listening.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "guest-shim/socket-borrow.h"
#include "guest-shim/sshd-process.h"
#include "protocol/error.h"

#define MAX_CGROUP (64 * 1024)
#define MAX_PROCESSES 5000
#define PORT_RANGE "/proc/sys/net/ipv4/ip_local_port_range"

static const struct {
    const char *protocol, *four, *six;
    int number;
    guint state;
    gboolean must_be;
} protocols[] = {
    {"tcp", "/proc/net/tcp", "/proc/net/tcp6", IPPROTO_TCP, PST_SSHD_LISTENS, TRUE},
    {"udp", "/proc/net/udp", "/proc/net/udp6", IPPROTO_UDP, PST_SSHD_UNCONNECTED, FALSE},
};

/* Control groups are named alike in both versions: "0::/system.slice/ssh.service" and
 * "1:name=systemd:/system.slice/ssh.service" (cgroups(7)). */
char *
pst_network_listening_unit(const char *cgroup)
{
    g_auto(GStrv) lines = g_strsplit(cgroup, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) columns = g_strsplit(lines[i], ":", 3);

        if (g_strv_length(columns) != 3 ||
            (*columns[1] != '\0' && !g_str_equal(columns[1], "name=systemd")))
            continue;
        g_auto(GStrv) parts = g_strsplit(columns[2], "/", -1);
        for (guint j = 0; parts[j] != NULL; j++)
            if (g_str_has_suffix(parts[j], ".service") || g_str_has_suffix(parts[j], ".scope"))
                return g_strdup(parts[j]);
    }
    return NULL;
}

static void
add_sockets(const GPtrArray *sockets, const char *protocol, PstNetworkData *data, GHashTable *by)
{
    for (guint i = 0; i < sockets->len; i++) {
        const PstSshdSocket *socket = sockets->pdata[i];
        PstNetworkListening *row =
            pst_fields_append(&pst_report_network_listening_fields, &data->listening);

        row->protocol = g_strdup(protocol);
        row->address = g_strdup(socket->address);
        row->port = socket->port;
        row->ipv6_only = socket->only6;
        g_hash_table_insert(by, g_memdup2(&socket->inode, sizeof(socket->inode)), row);
    }
}

/* Where a version of IP is off, its table is absent. */
static gboolean
read_table(const PstSysroot *sysroot, const char *path, guint state, gboolean must_be,
           GPtrArray *sockets, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (pst_sshd_process_table(sysroot, path, state, sockets, &cause) ||
        (!must_be && cause->code == PST_ERROR_ABSENT))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

static gboolean
read_tables(const PstSysroot *sysroot, PstNetworkData *data, GHashTable *by, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(protocols); i++) {
        g_autoptr(GPtrArray) sockets = pst_sshd_process_sockets_new();
        guint state = protocols[i].state;

        if (!read_table(sysroot, protocols[i].four, state, protocols[i].must_be, sockets, error) ||
            !read_table(sysroot, protocols[i].six, state, FALSE, sockets, error))
            return FALSE;
        pst_sshd_process_ask(sysroot, protocols[i].number, state, sockets);
        add_sockets(sockets, protocols[i].protocol, data, by);
    }
    return TRUE;
}

static char *
read_of(const PstSysroot *sysroot, const char *pid, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/%s", pid, file);

    return pst_sysroot_read(sysroot, path, MAX_CGROUP, NULL, NULL);
}

/* PID 1 holds the sockets of services beside them: whoever else has one is the better answer. */
static gboolean
has_owner(const PstNetworkListening *row)
{
    return row->pid != PST_INT_UNKNOWN && row->pid != 1;
}

/* Whether it takes IPv4 matters where nothing else on its port does. */
static gboolean
is_in_doubt(const PstNetworkListening *row, const PstNetworkData *data)
{
    if (row->ipv6_only != PST_TRI_UNKNOWN || !g_str_equal(row->address, "::"))
        return FALSE;
    for (guint i = 0; i < data->listening->len; i++) {
        const PstNetworkListening *other = data->listening->pdata[i];

        if (other->port == row->port && g_str_equal(other->protocol, row->protocol) &&
            g_str_equal(other->address, "0.0.0.0"))
            return FALSE;
    }
    return TRUE;
}

/* Of the superuser's alone: whoever else holds one could put something in its place meanwhile that
 * nobody should have in hand. */
static void
borrow(const PstSysroot *sysroot, const char *pid, int fd, guint64 inode, PstNetworkListening *row)
{
    g_autofree char *path = g_strdup_printf("/proc/%s", pid);
    struct stat st;

    if (pst_sysroot_is_live(sysroot) && pst_sysroot_stat(sysroot, path, &st, NULL) &&
        st.st_uid == 0)
        row->ipv6_only = pst_socket_borrow_only6(g_ascii_strtoll(pid, NULL, 10), fd, inode);
}

static void
set_owner(const PstSysroot *sysroot, const char *pid, PstNetworkListening *row)
{
    g_autofree char *comm = read_of(sysroot, pid, "comm");
    g_autofree char *cgroup = read_of(sysroot, pid, "cgroup");

    g_free(row->process);
    g_free(row->unit);
    row->pid = g_ascii_strtoll(pid, NULL, 10);
    row->process = comm != NULL ? g_strdup(g_strstrip(comm)) : NULL;
    row->unit = cgroup != NULL ? pst_network_listening_unit(cgroup) : NULL;
}

/* Returns how many sockets have found their owner by that. */
static guint
claim(const PstSysroot *sysroot, const char *pid, GHashTable *inodes, GHashTable *by,
      const PstNetworkData *data)
{
    GHashTableIter iter;
    gpointer inode, fd;
    guint n = 0;

    g_hash_table_iter_init(&iter, inodes);
    while (g_hash_table_iter_next(&iter, &inode, &fd)) {
        PstNetworkListening *row = g_hash_table_lookup(by, inode);

        if (row == NULL)
            continue;
        if (is_in_doubt(row, data))
            borrow(sysroot, pid, GPOINTER_TO_INT(fd), *(const guint64 *)inode, row);
        if (has_owner(row))
            continue;
        set_owner(sysroot, pid, row);
        n += has_owner(row);
    }
    return n;
}

static int
compare(gconstpointer a, gconstpointer b)
{
    const PstNetworkListening *one = *(const PstNetworkListening *const *)a;
    const PstNetworkListening *other = *(const PstNetworkListening *const *)b;
    int by_protocol = strcmp(one->protocol, other->protocol);

    if (by_protocol != 0 || one->port == other->port)
        return by_protocol != 0 ? by_protocol : strcmp(one->address, other->address);
    return one->port < other->port ? -1 : 1;
}

/* For IPv6 too (ip(7)). */
static void
read_range(const PstSysroot *sysroot, PstNetworkData *data)
{
    g_autofree char *text = pst_sysroot_read_line(sysroot, PORT_RANGE, NULL);
    guint from, to;

    if (text == NULL || sscanf(text, "%u %u", &from, &to) != 2)
        return;
    data->ports_from = from;
    data->ports_to = to;
}

gboolean
pst_network_listening_read(const PstSysroot *sysroot, PstNetworkData *data, GError **error)
{
    g_autoptr(GHashTable) by = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_auto(GStrv) names = NULL;
    guint seen = 0, owned = 0;

    read_range(sysroot, data);
    if (!read_tables(sysroot, data, by, error))
        return FALSE;
    names = pst_sysroot_list(sysroot, "/proc", error);
    if (names == NULL)
        return FALSE;
    for (guint i = 0; names[i] != NULL && seen < MAX_PROCESSES && owned < g_hash_table_size(by);
         i++) {
        if (!g_ascii_isdigit(names[i][0]))
            continue;
        g_autoptr(GHashTable) inodes =
            pst_sshd_process_inodes(sysroot, g_ascii_strtoll(names[i], NULL, 10), NULL);

        seen++;
        if (inodes != NULL)
            owned += claim(sysroot, names[i], inodes, by, data);
    }
    if (data->listening != NULL)
        g_ptr_array_sort(data->listening, compare);
    return TRUE;
}
