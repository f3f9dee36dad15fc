// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/nss-order.h"

#include <string.h>

/* sssd's NSS responder listens here; without it `sss` knows nobody. */
#define SSS_SOCKET "/var/lib/sss/pipes/nss"

/* What a source answers for somebody whom it does not know. */
typedef enum { NOTFOUND, UNAVAIL, TRYAGAIN, N_STATUSES } Status;

static const char *const names[] = {"NOTFOUND", "UNAVAIL", "TRYAGAIN"};

static gboolean
has_library(const PstSysroot *sysroot, const char *source)
{
    static const char *const folders[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
    g_autofree char *file = g_strdup_printf("libnss_%s.so.2", source);

    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], file, NULL);
        g_auto(GStrv) below = NULL;

        if (pst_sysroot_exists(sysroot, path))
            return TRUE;
        if (!g_str_has_suffix(folders[i], "lib"))
            continue;
        below = pst_sysroot_list_folders(sysroot, folders[i], NULL); /* Debian's /lib/ARCH */
        for (guint j = 0; below != NULL && below[j] != NULL; j++) {
            g_autofree char *deeper = g_build_filename(folders[i], below[j], file, NULL);
            if (strstr(below[j], "-linux-") != NULL && pst_sysroot_exists(sysroot, deeper))
                return TRUE;
        }
    }
    return FALSE;
}

/* A set of what it may answer: a bit for each status. */
static guint
answers_of(const PstSysroot *sysroot, const char *source)
{
    if (!has_library(sysroot, source))
        return 1u << UNAVAIL;
    if (g_str_equal(source, "systemd"))
        return 1u << NOTFOUND;
    if (g_str_equal(source, "sss") && !pst_sysroot_exists(sysroot, SSS_SOCKET))
        return 1u << UNAVAIL;
    return (1u << NOTFOUND) | (1u << UNAVAIL) | (1u << TRYAGAIN);
}

/* The pairs of ACTION, the text between brackets: blanks may stand around the sign. Free with
 * g_strfreev(). */
static char **
pairs_of(const char *action)
{
    g_auto(GStrv) words = g_strsplit_set(action, " \t\r", -1);
    g_autoptr(GString) joined = g_string_new(NULL);

    for (guint i = 0; words[i] != NULL; i++) {
        gboolean glued = words[i][0] == '=' || g_str_has_suffix(joined->str, "=");
        if (words[i][0] != '\0')
            g_string_append_printf(joined, "%s%s", glued || joined->len == 0 ? "" : " ", words[i]);
    }
    return g_strsplit(joined->str, " ", -1);
}

/* The set of answers that ACTION ends the look-up by; the last word about a status holds.
 * `!STATUS=…` is about all others. */
static guint
ends_of(const char *action)
{
    g_auto(GStrv) pairs = pairs_of(action);
    guint ends = 0;

    for (guint i = 0; pairs[i] != NULL; i++) {
        const char *sign = strchr(pairs[i], '=');
        gboolean others = pairs[i][0] == '!';

        if (sign == NULL)
            continue;
        g_autofree char *status = g_strndup(pairs[i] + others, (gsize)(sign - pairs[i]) - others);
        gboolean returns = g_ascii_strcasecmp(sign + 1, "return") == 0;
        for (guint j = 0; j < N_STATUSES; j++)
            if ((g_ascii_strcasecmp(status, names[j]) == 0) != others)
                ends = returns ? ends | (1u << j) : ends & ~(1u << j);
    }
    return ends;
}

static gboolean
is_one_of(const char *word, const char *const *words)
{
    for (guint i = 0; words[i] != NULL; i++)
        if (g_ascii_strcasecmp(word, words[i]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
is_understood(const char *action)
{
    static const char *const statuses[] = {"SUCCESS", "NOTFOUND", "UNAVAIL", "TRYAGAIN", NULL};
    static const char *const deeds[] = {"return", "continue", "merge", NULL};
    g_auto(GStrv) pairs = pairs_of(action);

    if (action[0] == '\0')
        return TRUE;
    for (guint i = 0; pairs[i] != NULL; i++) {
        const char *sign = strchr(pairs[i], '=');
        gboolean others = pairs[i][0] == '!';

        if (sign == NULL)
            return FALSE;
        g_autofree char *status = g_strndup(pairs[i] + others, (gsize)(sign - pairs[i]) - others);
        if (!is_one_of(status, statuses) || !is_one_of(sign + 1, deeds))
            return FALSE;
    }
    return pairs[0] != NULL;
}

guint
pst_nss_order_fault(const PstAccounts *accounts)
{
    /* Lines about others are passed over. */
    static const char *const databases[] = {
        "aliases", "ethers",    "group",     "gshadow", "hosts",    "netgroup", "networks",
        "passwd",  "protocols", "publickey", "rpc",     "services", "shadow",   "initgroups"};
    guint first = 0;

    for (guint i = 0; i < G_N_ELEMENTS(databases); i++) {
        g_auto(GStrv) actions = pst_accounts_actions(accounts, databases[i]);
        guint line = pst_accounts_line(accounts, databases[i]);

        for (guint j = 0; actions[j] != NULL; j++)
            if (!is_understood(actions[j]) && (first == 0 || line < first))
                first = line;
    }
    return first;
}

void
pst_nss_order_judge(const PstSysroot *sysroot, const PstAccounts *accounts, const char *database,
                    PstNssOrder *order)
{
    static const char *const of_files[] = {"files", "altfiles", "compat", "db", NULL};
    g_auto(GStrv) sources = pst_accounts_sources(accounts, database);
    g_auto(GStrv) actions = pst_accounts_actions(accounts, database);

    *order = (PstNssOrder){PST_TRI_YES, NULL, NULL, pst_accounts_line(accounts, database)};
    for (guint i = 0; sources[i] != NULL && !g_strv_contains(of_files, sources[i]); i++) {
        guint ends = ends_of(actions[i]);
        guint answers = ends != 0 ? answers_of(sysroot, sources[i]) : 0;

        if ((answers & ends) == 0)
            continue;
        if (order->source == NULL) {
            order->source = g_strdup(sources[i]);
            order->action = g_strstrip(g_strdup(actions[i]));
        }
        order->reached = PST_TRI_UNKNOWN;
        if ((answers & ~ends) != 0)
            continue;
        order->reached = PST_TRI_NO;
        return;
    }
}

void
pst_nss_order_clear(PstNssOrder *order)
{
    g_clear_pointer(&order->source, g_free);
    g_clear_pointer(&order->action, g_free);
}
