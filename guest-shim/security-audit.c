// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/security-audit.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "guest-shim/daemon-state.h"
#include "guest-shim/key-value.h"
#include "protocol/error.h"

#define COULD_NOT_LOOK "security.could-not-look"
#define DEFAULT_LOG "/var/log/audit/audit.log"
#define MAX_CONFIG (64 * 1024)
#define MEBI (G_GINT64_CONSTANT(1024) * 1024)
#define KERNEL_MS 500

static const char *const units[] = {"auditd.service", NULL};
static const char *const programs[] = {"/usr/sbin/auditd", "/sbin/auditd", NULL};
static const PstDaemon auditd = {units, programs, NULL};

gint64
pst_security_audit_amount(const char *value, gint64 size)
{
    char *end = NULL;
    gint64 number = value != NULL ? g_ascii_strtoll(value, &end, 10) : 0;

    if (value == NULL || end == value || number < 0 || number > G_MAXINT32)
        return PST_INT_UNKNOWN;
    if (*end == '%')
        return size != PST_INT_UNKNOWN && number <= 100 ? size / 100 * number : PST_INT_UNKNOWN;
    return *end == '\0' ? number * MEBI : PST_INT_UNKNOWN;
}

/* What auditd counts as left is what others than root have left (check_space_left() of its
 * auditd-event.c). */
static void
read_room(const PstSysroot *sysroot, PstSecurityAudit *audit)
{
    struct statvfs room;
    int fd = pst_sysroot_is_live(sysroot)
                 ? pst_sysroot_open(sysroot, audit->log_folder, O_PATH | O_DIRECTORY, NULL)
                 : -1;

    if (fd < 0)
        return;
    if (fstatvfs(fd, &room) == 0) {
        audit->free_bytes = (gint64)(room.f_bavail * room.f_frsize);
        audit->size_bytes = (gint64)(room.f_blocks * room.f_frsize);
    }
    close(fd);
}

static char *
action_of(const char *config, const char *key)
{
    char *action = pst_key_value_get(config, key, NULL);

    for (char *at = action; at != NULL && *at != '\0' && *at != ' '; at++)
        *at = g_ascii_tolower(*at);
    return action;
}

static char *
read_config(const PstSysroot *sysroot, const char *config, PstSecurityAudit *audit)
{
    g_autofree char *space = pst_key_value_get(config, "space_left", NULL);
    g_autofree char *admin_space = pst_key_value_get(config, "admin_space_left", NULL);
    char *log = pst_key_value_get(config, "log_file", NULL);

    if (log == NULL || log[0] != '/') {
        g_free(log);
        log = g_strdup(DEFAULT_LOG);
    }
    audit->log_folder = g_path_get_dirname(log);
    read_room(sysroot, audit);
    audit->space_left_bytes = pst_security_audit_amount(space, audit->size_bytes);
    audit->admin_space_left_bytes = pst_security_audit_amount(admin_space, audit->size_bytes);
    audit->space_left_action = action_of(config, "space_left_action");
    audit->admin_space_left_action = action_of(config, "admin_space_left_action");
    audit->disk_full_action = action_of(config, "disk_full_action");
    audit->disk_error_action = action_of(config, "disk_error_action");
    audit->max_log_file_action = action_of(config, "max_log_file_action");
    return log;
}

static gboolean
ask(int fd)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    const struct nlmsghdr question = {
        .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = AUDIT_GET, .nlmsg_flags = NLM_F_REQUEST};

    return sendto(fd, &question, question.nlmsg_len, 0, (const struct sockaddr *)&kernel,
                  sizeof(kernel)) == (gssize)question.nlmsg_len;
}

/* Older kernels say less than this machine's header knows: what they left out stays 0. */
static gboolean
receive(int fd, struct audit_status *status)
{
    char buffer[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct pollfd ready = {fd, POLLIN, 0};

    memset(status, 0, sizeof(*status));
    if (poll(&ready, 1, KERNEL_MS) != 1)
        return FALSE;
    gssize n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    const struct nlmsghdr *answer = (const struct nlmsghdr *)buffer;
    if (n < (gssize)NLMSG_HDRLEN || answer->nlmsg_type != AUDIT_GET ||
        answer->nlmsg_len > (gsize)n || answer->nlmsg_len < NLMSG_HDRLEN)
        return FALSE;
    memcpy(status, buffer + NLMSG_HDRLEN, MIN(answer->nlmsg_len - NLMSG_HDRLEN, sizeof(*status)));
    return TRUE;
}

static void
ask_kernel(PstSecurityAudit *audit)
{
    struct audit_status status;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);

    if (fd < 0)
        return;
    if (ask(fd) && receive(fd, &status)) {
        audit->enabled = status.enabled;
        audit->failure = status.failure;
        audit->backlog = status.backlog;
        audit->backlog_limit = status.backlog_limit;
        audit->lost = status.lost;
    }
    close(fd);
}

char *
pst_security_audit_read(const PstProbeContext *context, PstReport *report)
{
    const PstSysroot *sysroot = context->sysroot;
    PstSecurityData *data = report->data;
    PstSecurityAudit *audit = pst_fields_new(&pst_report_security_audit_fields);
    g_autoptr(GError) cause = NULL;
    g_autofree char *config =
        pst_sysroot_read(sysroot, PST_SECURITY_AUDIT_CONFIG, MAX_CONFIG, NULL, &cause);

    data->audit = audit;
    audit->daemon = g_strdup(pst_daemon_state_name(pst_daemon_state_read(sysroot, &auditd)));
    if (pst_sysroot_is_live(sysroot))
        ask_kernel(audit);
    if (config != NULL)
        return read_config(sysroot, config, audit);
    if (cause->code != PST_ERROR_ABSENT)
        pst_probe_add_unlooked(report, COULD_NOT_LOOK, "auditd's configuration", cause);
    return g_strdup(DEFAULT_LOG);
}
