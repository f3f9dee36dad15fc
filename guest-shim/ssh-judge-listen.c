// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-listen.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/ssh-listen.h"

#define DEPENDS "ssh.depends-on-address"
#define MAX_QUOTED 256
/* Of TEST-NET-2 (RFC 5737), to which nothing but a default route leads. */
#define ANYWHERE "198.51.100.1"
#define SOME_PORT 9

/* ---- what says so ---- */

/* The line by which it listens as it does: where it leaves out a version of IP, or names addresses.
 * Borrowed; NULL where none of the files has one. */
static const PstSshdDirective *
find_line(const PstSshSubject *subject, const PstSshdConfig *config, const char *only)
{
    const PstSshdDirective *family =
        config != NULL && only != NULL ? pst_sshd_config_get(config, "addressfamily", 0) : NULL;

    if (config == NULL || subject->data->socket_activated == PST_TRI_YES)
        return NULL;
    if (family != NULL && g_ascii_strcasecmp(family->value, only) == 0)
        return family;
    return pst_sshd_config_get(config, "listenaddress", 0);
}

static void
fill_evidence(const PstSshSubject *subject, const PstSshdDirective *line, PstFinding *finding)
{
    gboolean by_systemd = subject->data->socket_activated == PST_TRI_YES;

    if (line != NULL) {
        finding->evidence->path = g_strdup(line->path);
        finding->evidence->line = line->line;
        finding->evidence->text =
            g_utf8_make_valid(line->text, (gssize)MIN(strlen(line->text), MAX_QUOTED));
    } else {
        finding->evidence->text = g_strjoinv(", ", subject->data->listen);
        finding->evidence->source =
            g_strdup(by_systemd ? "the socket unit's ListenStream" : "/proc/net/tcp6");
    }
    finding->evidence->unit = g_strdup(subject->unit);
}

static char *
way_out(const PstSshSubject *subject, const PstSshdDirective *line)
{
    if (line != NULL)
        return g_strdup_printf("take the line at %s:%u away, then systemctl restart %s", line->path,
                               line->line, subject->unit);
    if (subject->data->socket_activated == PST_TRI_YES)
        return g_strdup("give the socket unit a ListenStream= for it, then systemctl daemon-reload "
                        "and restart that unit");
    return g_strdup_printf("systemctl restart %s: no file of sshd's says so now", subject->unit);
}

/* ---- by the version of IP ---- */

/* Of this machine, as whoever comes from outside knows it. */
static gboolean
has_ipv4(const struct ifaddrs *all)
{
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next)
        if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET &&
            (one->ifa_flags & IFF_LOOPBACK) == 0)
            return TRUE;
    return FALSE;
}

static void
blame_family(const PstSshSubject *subject, const PstSshdConfig *config, gboolean six)
{
    const char *from = subject->asked->from;
    const PstSshdDirective *line = find_line(subject, config, six ? "inet" : "inet6");
    const char *version = six ? "IPv6" : "IPv4";
    g_autofree char *places = g_strjoinv(", ", subject->data->listen);
    g_autofree char *remedy = way_out(subject, line);
    PstFinding *finding;

    if (from != NULL)
        finding = pst_report_add(subject->report, "ssh.family-shut", PST_SEVERITY_CRITICAL,
                                 "sshd takes no connection over %s, which %s comes over: it "
                                 "listens on %s",
                                 version, from, places);
    else
        finding = pst_report_add(subject->report, DEPENDS, PST_SEVERITY_INFORMATION,
                                 "sshd takes no connection over %s: it listens on %s; whoever "
                                 "comes over another version of IP names an address",
                                 version, places);
    fill_evidence(subject, line, finding);
    finding->remedy = g_steal_pointer(&remedy);
}

/* A folder of files has no kernel that could be asked, and that accuses nobody. */
static void
doubt_family(const PstSshSubject *subject)
{
    PstFinding *finding;

    if (subject->asked->from == NULL && !pst_sysroot_is_live(subject->context->sysroot))
        return;
    finding = pst_report_add(subject->report, "ssh.could-not-look", PST_SEVERITY_UNKNOWN,
                             "whether the socket on all of IPv6 takes IPv4 too is not known");

    fill_evidence(subject, NULL, finding);
}

/* FALSE where somebody is shut out, or nobody knows. */
static gboolean
judge_family(const PstSshSubject *subject, const PstSshdConfig *config, gboolean local,
             gboolean six)
{
    gint64 port = subject->asked->port;
    PstTri taken = pst_ssh_listen_any_takes(subject->data, port, local, six);
    PstTri other = pst_ssh_listen_any_takes(subject->data, port, local, !six);

    if (taken == PST_TRI_UNKNOWN)
        doubt_family(subject);
    /* Where nobody at all comes, other findings say so. */
    else if (taken == PST_TRI_NO && other == PST_TRI_YES)
        blame_family(subject, config, six);
    return taken == PST_TRI_YES;
}

/* ---- by the address ---- */

/* The address by which the kernel would answer TO: connect(2) of a datagram's socket sends nothing.
 * FALSE where no route leads there. */
static gboolean
find_source(const char *to, struct sockaddr_storage *source)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(SOME_PORT)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(SOME_PORT)};
    gboolean is_four = inet_pton(AF_INET, to, &four.sin_addr) == 1;
    const struct sockaddr *address =
        is_four ? (const void *)&four : (const struct sockaddr *)(const void *)&six;
    socklen_t len = is_four ? sizeof(four) : sizeof(six), source_len = sizeof(*source);

    if (!is_four && inet_pton(AF_INET6, to, &six.sin6_addr) != 1)
        return FALSE;
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return FALSE;
    gboolean found = connect(fd, address, len) == 0 &&
                     getsockname(fd, (struct sockaddr *)(void *)source, &source_len) == 0;
    close(fd);
    return found;
}

static const void *
bytes_of(const struct sockaddr *address)
{
    return address->sa_family == AF_INET
               ? (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
               : &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

static gboolean
is_ip(const struct sockaddr *address)
{
    return address != NULL && (address->sa_family == AF_INET || address->sa_family == AF_INET6);
}

/* The interface that has that address. Borrowed from ALL; NULL for none. */
static const char *
link_of(const struct ifaddrs *all, const char *address)
{
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        char text[INET6_ADDRSTRLEN];

        if (is_ip(one->ifa_addr) &&
            inet_ntop(one->ifa_addr->sa_family, bytes_of(one->ifa_addr), text, sizeof(text)) !=
                NULL &&
            g_str_equal(text, address))
            return one->ifa_name;
    }
    return NULL;
}

/* The address of a place, without brackets and port. Free with g_free(). */
static char *
address_of(const char *place)
{
    const char *colon = strrchr(place, ':');
    g_autofree char *address = g_strndup(place, (gsize)(colon - place));
    gsize len = strlen(address);

    return address[0] == '[' && len > 1 ? g_strndup(address + 1, len - 2)
                                        : g_steal_pointer(&address);
}

/* The interface of a place that is an address of the guest's, on which that version of IP is taken;
 * NULL where it is no such place. */
static const char *
link_of_place(const PstSshSubject *subject, const struct ifaddrs *all, const char *place,
              gboolean six)
{
    gint64 port = subject->asked->port;

    if (strrchr(place, ':') == NULL || pst_ssh_listen_is_loopback(place) ||
        (port != PST_INT_UNKNOWN && pst_ssh_listen_port(place) != port) ||
        pst_ssh_listen_takes(subject->data, place, six) != PST_TRI_YES)
        return NULL;
    g_autofree char *address = address_of(place);
    return link_of(all, address);
}

static gboolean
is_for_all(const PstSshSubject *subject, const char *place, gboolean six)
{
    gint64 port = subject->asked->port;

    return (g_str_has_prefix(place, "0.0.0.0:") || g_str_has_prefix(place, "[::]:")) &&
           (port == PST_INT_UNKNOWN || pst_ssh_listen_port(place) == port) &&
           pst_ssh_listen_takes(subject->data, place, six) == PST_TRI_YES;
}

static void
blame_link(const PstSshSubject *subject, const PstSshdConfig *config, const char *place,
           const char *link, const char *answers)
{
    const PstSshdDirective *line = find_line(subject, config, NULL);
    const char *from = subject->asked->from;
    PstFinding *finding = pst_report_add(
        subject->report, DEPENDS, PST_SEVERITY_INFORMATION,
        "sshd listens on %s, an address of %s, and %s is answered by %s: whether it comes to that "
        "address is not known",
        place, link, from != NULL ? from : "whoever comes from elsewhere", answers);

    fill_evidence(subject, line, finding);
    finding->remedy = from != NULL ? way_out(subject, line)
                                   : g_strdup("name the address that the connection comes from");
}

/* A packet to any address of the guest's is taken by whichever interface it comes, so that nobody
 * is shut out for certain. But an address of another network than that by which the guest answers
 * is seldom the one that is gone to. */
static void
judge_links(const PstSshSubject *subject, const PstSshdConfig *config, const struct ifaddrs *all,
            gboolean six)
{
    const char *from = subject->asked->from;
    struct sockaddr_storage source;
    char text[INET6_ADDRSTRLEN];
    const char *other = NULL, *other_link = NULL;

    if (!find_source(from != NULL ? from : ANYWHERE, &source) ||
        inet_ntop(source.ss_family, bytes_of((const struct sockaddr *)(const void *)&source), text,
                  sizeof(text)) == NULL)
        return;
    const char *answers = link_of(all, text);
    for (guint i = 0; answers != NULL && subject->data->listen[i] != NULL; i++) {
        const char *place = subject->data->listen[i];
        const char *link = link_of_place(subject, all, place, six);

        if (is_for_all(subject, place, six) || g_strcmp0(link, answers) == 0)
            return;
        if (link != NULL && other == NULL) {
            other = place;
            other_link = link;
        }
    }
    if (other != NULL)
        blame_link(subject, config, other, other_link, answers);
}

void
pst_ssh_judge_listen(const PstSshSubject *subject, const PstSshdConfig *config)
{
    const char *from = subject->asked->from;
    gboolean live = pst_sysroot_is_live(subject->context->sysroot);
    gboolean local = from != NULL && (g_str_has_prefix(from, "127.") || g_str_equal(from, "::1"));
    gboolean six = from != NULL && strchr(from, ':') != NULL;
    struct ifaddrs *all = NULL;

    if (subject->data->listen == NULL || subject->data->listen[0] == NULL ||
        (live && getifaddrs(&all) < 0))
        return;
    /* A guest that has no IPv4 loses nothing by it. */
    if (from == NULL && live && !has_ipv4(all))
        six = TRUE;
    if (judge_family(subject, config, local, six) && live && !local)
        judge_links(subject, config, all, six);
    if (all != NULL)
        freeifaddrs(all);
}
