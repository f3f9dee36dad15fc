// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/kernel-module.h"
#include "guest-shim/socket-diag.h"
#include "protocol/error.h"

#define MAX_CMDLINE (64 * 1024)
#define MAX_TABLE (16 * 1024 * 1024)
#define MAX_SOCKETS 2000

/* A listener is called "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups" since OpenSSH 8.2,
 * and by its command line before; a session is "sshd: USER …". */
static gboolean
is_listener(const PstSysroot *sysroot, const char *pid)
{
    g_autofree char *comm_path = g_strdup_printf("/proc/%s/comm", pid);
    g_autofree char *comm = pst_sysroot_read_line(sysroot, comm_path, NULL);

    if (comm == NULL || !g_str_equal(comm, "sshd"))
        return FALSE;

    g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", pid);
    gsize len = 0;
    g_autofree char *cmdline = pst_sysroot_read(sysroot, path, MAX_CMDLINE, &len, NULL);
    if (cmdline == NULL || len == 0)
        return FALSE;
    for (gsize i = 0; i + 1 < len; i++)
        if (cmdline[i] == '\0')
            cmdline[i] = ' ';
    /* "-i" serves one connection, "-t" and "-T" check, and none of them listens. */
    if (strstr(cmdline, " -i") != NULL || strstr(cmdline, " -t") != NULL ||
        strstr(cmdline, " -T") != NULL)
        return FALSE;
    return strstr(cmdline, "[listener]") != NULL || cmdline[0] == '/';
}

/* In clock ticks since boot, field 22 of /proc/PID/stat (proc(5)); the name in parentheses may hold
 * anything, so counting begins behind the last one, with field 3. */
static gint64
read_start_us(const PstSysroot *sysroot, const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *stat = pst_sysroot_read_line(sysroot, path, NULL);
    const char *end = stat != NULL ? strrchr(stat, ')') : NULL;

    if (end == NULL || end[1] != ' ')
        return G_MININT64;
    g_auto(GStrv) fields = g_strsplit(end + 2, " ", -1);
    if (g_strv_length(fields) < 20)
        return G_MININT64;
    guint64 ticks = g_ascii_strtoull(fields[22 - 3], NULL, 10);
    return (gint64)(ticks * (G_USEC_PER_SEC / (guint64)sysconf(_SC_CLK_TCK)));
}

/* A container's sshd is in namespaces of its own, and nobody reaches the guest by it. A namespace
 * that can't be read (namespaces(7): it takes the right to trace the process) says nothing. */
static gboolean
is_elsewhere(const PstSysroot *sysroot, const char *pid)
{
    static const char *const spaces[] = {"net", "pid"};

    for (guint i = 0; i < G_N_ELEMENTS(spaces); i++) {
        g_autofree char *ours_path = g_strdup_printf("/proc/1/ns/%s", spaces[i]);
        g_autofree char *ours = pst_sysroot_read_link(sysroot, ours_path, NULL);
        g_autofree char *path = g_strdup_printf("/proc/%s/ns/%s", pid, spaces[i]);
        g_autofree char *theirs = pst_sysroot_read_link(sysroot, path, NULL);

        if (ours != NULL && theirs != NULL && !g_str_equal(ours, theirs))
            return TRUE;
    }
    return FALSE;
}

static void
free_socket(gpointer data)
{
    PstSshdSocket *socket = data;

    g_free(socket->address);
    g_free(socket);
}

/* The kernel prints an address as words in host byte order. */
static gboolean
parse_address(const char *hex, char *text, gsize size)
{
    guint32 words[4];
    gsize n = strlen(hex) / 8;

    if (strlen(hex) != 8 && strlen(hex) != 32)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        char word[9] = {0};
        memcpy(word, hex + 8 * i, 8);
        words[i] = (guint32)g_ascii_strtoull(word, NULL, 16);
    }
    return inet_ntop(n == 1 ? AF_INET : AF_INET6, words, text, (socklen_t)size) != NULL;
}

static void
add_socket(GPtrArray *sockets, const char *line, guint wanted)
{
    char hex[33], text[INET6_ADDRSTRLEN];
    unsigned int port, state;
    unsigned long long inode;

    if (sscanf(line, " %*[^:]: %32[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %llu", hex, &port,
               &state, &inode) != 4 ||
        state != wanted || sockets->len >= MAX_SOCKETS || !parse_address(hex, text, sizeof(text)))
        return;

    PstSshdSocket *socket = g_new0(PstSshdSocket, 1);
    socket->address = g_strdup(text);
    socket->port = port;
    socket->inode = inode;
    g_ptr_array_add(sockets, socket);
}

gboolean
pst_sshd_process_table(const PstSysroot *sysroot, const char *path, guint state, GPtrArray *sockets,
                       GError **error)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_TABLE, NULL, error);

    if (text == NULL)
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        add_socket(sockets, lines[i], state);
    return TRUE;
}

GPtrArray *
pst_sshd_process_sockets_new(void)
{
    return g_ptr_array_new_with_free_func(free_socket);
}

static gboolean
has_socket(const GPtrArray *sockets, const char *address, guint port)
{
    for (guint i = 0; i < sockets->len; i++) {
        const PstSshdSocket *socket = sockets->pdata[i];

        if (socket->port == port && g_str_equal(socket->address, address))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_in_doubt(const GPtrArray *sockets)
{
    for (guint i = 0; i < sockets->len; i++) {
        const PstSshdSocket *socket = sockets->pdata[i];

        if (g_str_equal(socket->address, "::") && !has_socket(sockets, "0.0.0.0", socket->port))
            return TRUE;
    }
    return FALSE;
}

void
pst_sshd_process_ask(const PstSysroot *sysroot, int protocol, guint state, GPtrArray *sockets)
{
    g_autoptr(GHashTable) only6 = pst_socket_diag_table_new();

    if (!pst_sysroot_is_live(sysroot) || !is_in_doubt(sockets) ||
        pst_kernel_module_is_there(sysroot, pst_socket_diag_module(protocol), NULL) != PST_TRI_YES)
        return;
    /* Of a kernel that does not tell nothing is known, whatever the reason. */
    (void)pst_socket_diag_read(protocol, state, only6, NULL);
    for (guint i = 0; i < sockets->len; i++) {
        PstSshdSocket *socket = sockets->pdata[i];
        gpointer only;

        if (g_hash_table_lookup_extended(only6, &socket->inode, NULL, &only))
            socket->only6 = PST_TRI(GPOINTER_TO_INT(only));
    }
}

GPtrArray *
pst_sshd_process_sockets(const PstSysroot *sysroot, GError **error)
{
    g_autoptr(GPtrArray) sockets = pst_sshd_process_sockets_new();
    g_autoptr(GError) cause = NULL;

    if (!pst_sshd_process_table(sysroot, "/proc/net/tcp", PST_SSHD_LISTENS, sockets, error))
        return NULL;
    /* Where IPv6 is off, its table is absent. */
    if (!pst_sshd_process_table(sysroot, "/proc/net/tcp6", PST_SSHD_LISTENS, sockets, &cause) &&
        cause->code != PST_ERROR_ABSENT) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    pst_sshd_process_ask(sysroot, IPPROTO_TCP, PST_SSHD_LISTENS, sockets);
    return g_steal_pointer(&sockets);
}

/* FALSE where the link NAME in FOLDER does not lead to a socket. */
static gboolean
read_inode(int folder, const char *name, guint64 *inode)
{
    static const char beginning[] = "socket:[";
    char target[64];
    gssize n = readlinkat(folder, name, target, sizeof(target) - 1);

    target[MAX(n, 0)] = '\0';
    if (!g_str_has_prefix(target, beginning) || !g_ascii_isdigit(target[strlen(beginning)]))
        return FALSE;
    *inode = g_ascii_strtoull(target + strlen(beginning), NULL, 10);
    return TRUE;
}

/* A process may have thousands of descriptors: the folder is opened once for all of them. */
GHashTable *
pst_sshd_process_inodes(const PstSysroot *sysroot, gint64 pid, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/fd", pid);
    const struct dirent *entry;

    int fd = pst_sysroot_open(sysroot, path, O_DIRECTORY, error);
    if (fd < 0)
        return NULL;
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
        close(fd);
        return NULL;
    }

    GHashTable *inodes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    while ((entry = readdir(folder)) != NULL) {
        guint64 inode;

        if (read_inode(fd, entry->d_name, &inode))
            g_hash_table_insert(inodes, g_memdup2(&inode, sizeof(inode)),
                                GINT_TO_POINTER((int)g_ascii_strtoll(entry->d_name, NULL, 10)));
    }
    closedir(folder);
    return inodes;
}

static gboolean
is_listening(const PstSysroot *sysroot, const char *pid, const GPtrArray *sockets)
{
    g_autoptr(GHashTable) inodes =
        pst_sshd_process_inodes(sysroot, g_ascii_strtoll(pid, NULL, 10), NULL);

    for (guint i = 0; inodes != NULL && i < sockets->len; i++)
        if (g_hash_table_contains(inodes, &((const PstSshdSocket *)sockets->pdata[i])->inode))
            return TRUE;
    return FALSE;
}

/* Of several the first that listens: the others are left over, or were started by hand and failed
 * to bind. */
static const char *
choose(const PstSysroot *sysroot, const GPtrArray *pids)
{
    g_autoptr(GPtrArray) sockets = NULL;

    if (pids->len > 1)
        sockets = pst_sshd_process_sockets(sysroot, NULL);
    for (guint i = 0; sockets != NULL && i < pids->len; i++)
        if (is_listening(sysroot, pids->pdata[i], sockets))
            return pids->pdata[i];
    return pids->len > 0 ? pids->pdata[0] : NULL;
}

gboolean
pst_sshd_process_find(const PstSysroot *sysroot, PstSshdProcess *process, gboolean *found,
                      GError **error)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, "/proc", error);
    g_autoptr(GPtrArray) pids = g_ptr_array_new();

    *found = FALSE;
    if (names == NULL)
        return FALSE;
    for (guint i = 0; names[i] != NULL; i++)
        if (g_ascii_isdigit(names[i][0]) && is_listener(sysroot, names[i]) &&
            !is_elsewhere(sysroot, names[i]))
            g_ptr_array_add(pids, names[i]);

    const char *pid = choose(sysroot, pids);
    if (pid != NULL) {
        process->pid = g_ascii_strtoll(pid, NULL, 10);
        process->started_us = read_start_us(sysroot, pid);
        *found = TRUE;
    }
    return TRUE;
}
