// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/network-resolver.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_FILE (1024 * 1024)
#define HOSTS "/etc/hosts"

/* The words of each line that begins with KEYWORD, without it and without what is in brackets (what
 * nsswitch.conf(5) does on a result); of the last such line where LAST. */
static char **
words_of(const char *text, const char *keyword, gboolean last)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        gsize length = strlen(keyword);
        const char *line = g_strstrip(lines[i]);

        lines[i][strcspn(lines[i], "#")] = '\0';
        if (strncmp(line, keyword, length) != 0)
            continue;
        if (last)
            g_ptr_array_set_size(found, 0);
        g_auto(GStrv) words = g_strsplit_set(line + length, " \t", -1);
        for (guint j = 0; words[j] != NULL; j++)
            if (*words[j] != '\0' && *words[j] != '[')
                g_ptr_array_add(found, g_strdup(words[j]));
    }
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

/* hosts(5): an address, then names. */
static gboolean
has_name(const char *text, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        lines[i][strcspn(lines[i], "#")] = '\0';
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(lines[i]), " \t", -1);

        for (guint j = 1; words[0] != NULL && words[j] != NULL; j++)
            if (g_ascii_strcasecmp(words[j], name) == 0)
                return TRUE;
    }
    return FALSE;
}

static char *
own_name(const PstSysroot *sysroot)
{
    char *name = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/hostname", NULL);

    return name != NULL ? name : pst_sysroot_read_line(sysroot, "/etc/hostname", NULL);
}

static gboolean
has_source(const PstNetworkResolver *resolver, const char *source)
{
    return resolver->hosts != NULL && g_strv_contains((const char *const *)resolver->hosts, source);
}

/* myhostname and resolve know the own name by themselves (nss-myhostname(8), nss-resolve(8)). */
static void
judge_name(const PstNetworkResolver *resolver, PstReport *report)
{
    PstFinding *finding;

    if (resolver->hostname_in_hosts != PST_TRI_NO || has_source(resolver, "myhostname") ||
        has_source(resolver, "resolve"))
        return;
    finding = pst_report_add(report, "network.own-name-not-in-hosts", PST_SEVERITY_INFORMATION,
                             "the guest's own name %s is not in " HOSTS, resolver->hostname);
    finding->evidence->path = g_strdup(HOSTS);
    finding->evidence->expected = g_strdup_printf("127.0.1.1 %s", resolver->hostname);
    finding->remedy = g_strdup_printf("put \"127.0.1.1 %s\" into " HOSTS, resolver->hostname);
}

/* The text of a file of which it does not matter whether it is there. */
static char *
read_text(const PstProbeContext *context, const char *path, PstReport *report)
{
    g_autoptr(GError) cause = NULL;
    char *text = pst_sysroot_read(context->sysroot, path, MAX_FILE, NULL, &cause);

    if (text == NULL && cause->code != PST_ERROR_ABSENT)
        pst_probe_add_unlooked(report, "network.could-not-look", path, cause);
    return text;
}

void
pst_network_resolver_read(const PstProbeContext *context, PstReport *report)
{
    PstNetworkData *data = report->data;
    PstNetworkResolver *resolver = pst_fields_new(&pst_report_network_resolver_fields);
    g_autofree char *hosts = read_text(context, HOSTS, report);
    g_autofree char *nsswitch = read_text(context, "/etc/nsswitch.conf", report);
    g_autofree char *resolv = read_text(context, "/etc/resolv.conf", report);

    data->resolver = resolver;
    resolver->hostname = own_name(context->sysroot);
    if (nsswitch != NULL)
        resolver->hosts = words_of(nsswitch, "hosts:", FALSE);
    if (resolv != NULL) {
        data->nameservers = words_of(resolv, "nameserver", FALSE);
        resolver->search = words_of(resolv, "search", TRUE);
    }
    if (hosts != NULL && resolver->hostname != NULL && *resolver->hostname != '\0')
        resolver->hostname_in_hosts = PST_TRI(has_name(hosts, resolver->hostname));
    judge_name(resolver, report);
}
