// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-title.h"

#include <stdio.h>
#include <string.h>

#define MAX_TITLE (64 * 1024)

char *
pst_sshd_title_read(const PstSysroot *sysroot, gint64 pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%" G_GINT64_FORMAT, pid);
    g_autofree char *path = g_strconcat(folder, "/cmdline", NULL);
    struct stat st;
    gsize len = 0;

    if (!pst_sysroot_stat(sysroot, folder, &st, NULL) || st.st_uid != 0)
        return NULL;
    char *title = pst_sysroot_read(sysroot, path, MAX_TITLE, &len, NULL);
    for (gsize i = 0; title != NULL && i < len; i++)
        if (title[i] == '\0')
            title[i] = ' ';
    return title != NULL ? g_strchomp(title) : NULL;
}

/* Only these: whatever else a title claims must not steer a program that root runs. */
static gboolean
is_about_algorithms(const char *setting)
{
    static const char *const keywords[] = {"Ciphers",
                                           "MACs",
                                           "KexAlgorithms",
                                           "GSSAPIKexAlgorithms",
                                           "HostKeyAlgorithms",
                                           "PubkeyAcceptedKeyTypes",
                                           "CASignatureAlgorithms",
                                           "PubkeyAcceptedAlgorithms"};
    gsize len = strcspn(setting, "=");

    if (setting[len] == '\0' || strspn(setting + len, "=+-^,.@_*?!"
                                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                      "abcdefghijklmnopqrstuvwxyz"
                                                      "0123456789") != strlen(setting + len))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(keywords); i++)
        if (strlen(keywords[i]) == len && g_ascii_strncasecmp(keywords[i], setting, len) == 0)
            return TRUE;
    return FALSE;
}

char **
pst_sshd_title_options(const char *title)
{
    g_auto(GStrv) words = g_strsplit(title, " ", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; words[i] != NULL; i++) {
        const char *setting = g_str_has_prefix(words[i], "-o") ? words[i] + 2 : NULL;

        if (setting != NULL && *setting == '\0' && words[i + 1] != NULL)
            setting = words[++i];
        if (setting == NULL || !is_about_algorithms(setting))
            continue;
        g_autofree char *option = g_strconcat("-o", setting, NULL);
        g_strv_builder_add(builder, option);
    }
    return g_strv_builder_end(builder);
}

/* What shuts nobody out who is let in by the files: where sshd listens is seen otherwise. */
static gboolean
is_harmless(const char *setting)
{
    static const char *const keywords[] = {"AddressFamily",
                                           "AuthorizedKeysCommand",
                                           "AuthorizedKeysCommandUser",
                                           "Banner",
                                           "HostKey",
                                           "ListenAddress",
                                           "LogLevel",
                                           "PidFile",
                                           "Port",
                                           "PrintMotd",
                                           "SyslogFacility",
                                           "VersionAddendum"};
    gsize len = strcspn(setting, "=");

    for (guint i = 0; i < G_N_ELEMENTS(keywords); i++)
        if (strlen(keywords[i]) == len && g_ascii_strncasecmp(keywords[i], setting, len) == 0)
            return TRUE;
    return is_about_algorithms(setting);
}

char *
pst_sshd_title_other(const char *title)
{
    g_auto(GStrv) words = g_strsplit(title, " ", -1);

    for (guint i = 0; words[i] != NULL && !g_str_equal(words[i], "[listener]"); i++) {
        gboolean file = g_str_has_prefix(words[i], "-f");

        if (!file && !g_str_has_prefix(words[i], "-o"))
            continue;
        gboolean apart = words[i][2] == '\0' && words[i + 1] != NULL;
        const char *value = apart ? words[i + 1] : words[i] + 2;
        if (file ? !g_str_equal(value, "/etc/ssh/sshd_config") : !is_harmless(value))
            return g_strdup_printf("%s %.200s", file ? "-f" : "-o", value);
        i += apart;
    }
    return NULL;
}

gboolean
pst_sshd_title_startups(const char *title, gint64 *now, gint64 *some, gint64 *full)
{
    const char *begin = strstr(title, "[listener] ");

    return begin != NULL && sscanf(begin,
                                   "[listener] %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                                   "-%" G_GINT64_FORMAT " startups",
                                   now, some, full) == 3;
}
