// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/policy-text.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/finding-catalogue.h"
#include "protocol/nearest.h"
#include "protocol/report-security.h"
#include "protocol/report-ssh.h"

#define SSHD "sshd."
#define SYSCTL "sysctl."
#define SERVICE ".service"
#define MAX_UNIT 255
/* Shorter words are near to one of the types by chance. */
#define LEAST_TYPE 5

/* Those that are not one of a report's list. gate-settings.c knows where each is told. */
const char *const pst_policy_text_settings[] = {
    "apparmor",    "audit",   "crypto-policy",      "fapolicyd",  "fips",  "lockdown",
    "secure-boot", "selinux", "selinux-configured", "tmp-noexec", "umask", NULL,
};

static gboolean
refuse(GError **error, const char *value, const char *hint)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%.64s': %s", value, hint);
    return FALSE;
}

char **
pst_policy_text_list(const char *value, GError **error)
{
    g_auto(GStrv) words = g_strsplit(value, ";", -1);
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
    guint n = 0;

    for (char **word = words; *word != NULL; word++) {
        if (*g_strstrip(*word) == '\0')
            continue;
        g_strv_builder_add(kept, *word);
        n++;
    }
    if (n > 0)
        return g_strv_builder_end(kept);
    refuse(error, value, "say one at least; a semicolon stands between two");
    return NULL;
}

gboolean
pst_policy_text_bool(const char *value, gboolean *yes, GError **error)
{
    *yes = g_str_equal(value, "yes") || g_str_equal(value, "true");
    return *yes || g_str_equal(value, "no") || g_str_equal(value, "false") ||
           refuse(error, value, "say yes or no");
}

gboolean
pst_policy_text_word(const char *value, const char *const *names, int *place, GError **error)
{
    guint n = g_strv_length((char **)names);

    for (guint i = 0; i < n; i++) {
        if (!g_str_equal(names[i], value))
            continue;
        *place = (int)i;
        return TRUE;
    }
    g_autofree char *hint = pst_nearest_hint(value, names, n);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%.64s' is not known%s", value, hint);
    return FALSE;
}

gboolean
pst_policy_text_date(const char *value, GDate *date, GError **error)
{
    static const int starts[] = {0, 5, 8}, lengths[] = {4, 2, 2};
    int numbers[3] = {0};
    gboolean fine = strlen(value) == 10 && value[4] == '-' && value[7] == '-';

    for (guint i = 0; fine && i < G_N_ELEMENTS(starts); i++)
        for (int j = 0; fine && j < lengths[i]; j++) {
            fine = g_ascii_isdigit(value[starts[i] + j]);
            numbers[i] = numbers[i] * 10 + g_ascii_digit_value(value[starts[i] + j]);
        }
    if (!fine ||
        !g_date_valid_dmy((GDateDay)numbers[2], (GDateMonth)numbers[1], (GDateYear)numbers[0]))
        return refuse(error, value, "say a day, as 2026-12-31, or never");
    g_date_set_dmy(date, (GDateDay)numbers[2], (GDateMonth)numbers[1], (GDateYear)numbers[0]);
    return TRUE;
}

/* systemd.unit(5) */
static const char *const unit_types[] = {"automount", "device",  "mount", "path",
                                         "scope",     "service", "slice", "socket",
                                         "swap",      "target",  "timer", NULL};

static gboolean
has_type(const char *unit)
{
    const char *dot = strrchr(unit, '.');

    return dot != NULL && g_strv_contains(unit_types, dot + 1);
}

/* A dot alone is no type: php8.2-fpm is a service. */
char *
pst_policy_text_unit(const char *value, GError **error)
{
    gboolean fine = strlen(value) <= MAX_UNIT;

    for (const char *c = value; *c != '\0'; c++)
        fine &= g_ascii_isalnum(*c) || strchr("@:-_.\\", *c) != NULL;
    if (fine && value[0] != '\0')
        return has_type(value) ? g_strdup(value) : g_strconcat(value, SERVICE, NULL);
    refuse(error, value, "this is no unit; a semicolon stands between two");
    return NULL;
}

char *
pst_policy_text_why_odd_unit(const char *unit)
{
    const char *end = g_strrstr(unit, SERVICE);
    g_autofree char *name = end != NULL ? g_strndup(unit, (gsize)(end - unit)) : NULL;
    const char *dot = name != NULL ? strrchr(name, '.') : NULL;

    if (dot == NULL || has_type(name) || strlen(dot + 1) < LEAST_TYPE)
        return NULL;
    g_autofree char *hint =
        pst_nearest_hint(dot + 1, unit_types, g_strv_length((char **)unit_types));
    return strstr(hint, "did you mean") != NULL ? g_steal_pointer(&hint) : NULL;
}

char *
pst_policy_text_port(const char *value, gint64 *port, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, "/", 2);
    const char *protocol = parts[0] != NULL && parts[1] != NULL ? parts[1] : "tcp";
    guint64 number = 0;

    if (parts[0] != NULL &&
        g_ascii_string_to_unsigned(parts[0], 10, 1, G_MAXUINT16, &number, NULL) &&
        (g_str_equal(protocol, "tcp") || g_str_equal(protocol, "udp"))) {
        *port = (gint64)number;
        return g_strdup_printf("%u/%s", (guint)number, protocol);
    }
    refuse(error, value, "this is no port: say 22, or 53/udp; a semicolon stands between two");
    return NULL;
}

gboolean
pst_policy_text_path(const char *value, GError **error)
{
    if (value[0] == '/' && strstr(value, "//") == NULL && strstr(value, "/../") == NULL &&
        strstr(value, "/./") == NULL && !g_str_has_suffix(value, "/..") &&
        !g_str_has_suffix(value, "/.") && g_utf8_validate(value, -1, NULL))
        return TRUE;
    return refuse(error, value, "this is no absolute path, or one with //, /./ or /../ in it");
}

/* ---- findings ---- */

static gboolean
is_pattern(const char *id)
{
    return strpbrk(id, "*?") != NULL;
}

static gboolean
is_known(const char *id)
{
    if (!is_pattern(id))
        return pst_finding_catalogue_find(id) != NULL;
    for (guint i = 0; i < pst_finding_catalogue_n; i++)
        if (g_pattern_match_simple(id, pst_finding_catalogue[i].id))
            return TRUE;
    return FALSE;
}

/* All of the catalogue would be a page: where none is near, those of the probe are told. */
static char *
hint_of(const char *id)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new(), own = g_ptr_array_new();
    const char *dot = strchr(id, '.');
    g_autofree char *prefix = dot != NULL ? g_strndup(id, (gsize)(dot - id) + 1) : NULL;

    for (guint i = 0; i < pst_finding_catalogue_n; i++) {
        g_ptr_array_add(names, (gpointer)pst_finding_catalogue[i].id);
        if (prefix != NULL && g_str_has_prefix(pst_finding_catalogue[i].id, prefix))
            g_ptr_array_add(own, (gpointer)pst_finding_catalogue[i].id);
    }
    char *hint = pst_nearest_hint(id, (const char *const *)names->pdata, names->len);
    if (strstr(hint, "did you mean") != NULL)
        return hint;
    g_free(hint);
    if (own->len > 0)
        return pst_nearest_hint(id, (const char *const *)own->pdata, own->len);
    return g_strdup("; postern describe PROBE tells the findings of a probe");
}

gboolean
pst_policy_text_finding(const char *value, PstPolicyException *exception, GError **error)
{
    const char *at = strchr(value, '@');
    g_autofree char *id = at != NULL ? g_strndup(value, (gsize)(at - value)) : g_strdup(value);

    if (at != NULL && at[1] == '\0')
        return refuse(error, value, "say FINDING, or FINDING@WHAT");
    if (!is_known(id)) {
        g_autofree char *hint = hint_of(id);
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "there is no finding '%.64s'%s", id, hint);
        return FALSE;
    }
    exception->pattern = g_strdup(value);
    exception->id = g_steal_pointer(&id);
    exception->what = at != NULL ? g_strdup(at + 1) : NULL;
    return TRUE;
}

/* ---- settings ---- */

static char *
find_in(const char *name, const char *prefix, const char *const *known, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (; *known != NULL; known++) {
        char *whole = g_strconcat(prefix, *known, NULL);

        g_ptr_array_add(names, whole);
        if (g_ascii_strcasecmp(whole, name) == 0)
            return g_strdup(whole);
    }
    g_autofree char *hint = pst_nearest_hint(name, (const char *const *)names->pdata, names->len);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "this setting is not known%s", hint);
    return NULL;
}

static char *
find_plain(const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const char *const *known = pst_policy_text_settings; *known != NULL; known++)
        g_ptr_array_add(names, (gpointer)*known);
    g_ptr_array_add(names, (gpointer) "sshd.OPTION");
    g_ptr_array_add(names, (gpointer) "sysctl.NAME");
    for (guint i = 0; i < names->len - 2; i++)
        if (g_str_equal(names->pdata[i], name))
            return g_strdup(name);
    g_autofree char *hint = pst_nearest_hint(name, (const char *const *)names->pdata, names->len);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "this setting is not known%s", hint);
    return NULL;
}

char *
pst_policy_text_setting(const char *name, GError **error)
{
    if (g_str_has_prefix(name, SSHD))
        return find_in(name, SSHD, pst_report_ssh_setting_names, error);
    if (g_str_has_prefix(name, SYSCTL))
        return find_in(name, SYSCTL, pst_report_security_sysctl_names, error);
    return find_plain(name, error);
}

#define YES_NO "yes no"

/* Of the others any value may be told. What sshd prints is of its servconf.c. */
static const struct {
    const char *name, *values;
} told[] = {
    {"apparmor", "enabled disabled"},
    {"audit", "running stuck stopped absent"},
    {"fapolicyd", "running stuck stopped absent"},
    {"fips", YES_NO},
    {"lockdown", "none integrity confidentiality"},
    {"secure-boot", YES_NO},
    {"selinux", "enforcing permissive disabled"},
    {"selinux-configured", "enforcing permissive disabled"},
    {SSHD "AllowTcpForwarding", "yes no local remote"},
    {SSHD "Compression", "yes no delayed"},
    {SSHD "GSSAPIAuthentication", YES_NO},
    {SSHD "HostbasedAuthentication", YES_NO},
    {SSHD "IgnoreRhosts", "yes no shosts-only"},
    {SSHD "IgnoreUserKnownHosts", YES_NO},
    {SSHD "KbdInteractiveAuthentication", YES_NO},
    {SSHD "KerberosAuthentication", YES_NO},
    {SSHD "PasswordAuthentication", YES_NO},
    {SSHD "PermitEmptyPasswords", YES_NO},
    {SSHD "PermitRootLogin", "yes no prohibit-password forced-commands-only"},
    {SSHD "PrintLastLog", YES_NO},
    {SSHD "PubkeyAuthentication", YES_NO},
    {SSHD "StrictModes", YES_NO},
    {SSHD "UsePAM", YES_NO},
    {SSHD "X11Forwarding", YES_NO},
    {SSHD "X11UseLocalhost", YES_NO},
    {"tmp-noexec", YES_NO},
};

/* What it may be told to be, in a list; NULL for anything. */
static char **
told_of(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(told); i++)
        if (g_str_equal(told[i].name, name))
            return g_strsplit(told[i].values, " ", -1);
    return NULL;
}

gboolean
pst_policy_text_may_be_unset(const char *name)
{
    return g_str_has_prefix(name, SSHD);
}

static gboolean
is_mask(const char *value)
{
    gsize len = strlen(value);

    return len >= 1 && len <= 4 && strspn(value, "01234567") == len;
}

/* In lower case; sshd has two words for one of its values. */
static char *
fold_value(const char *value)
{
    char *lower = g_ascii_strdown(value, -1);

    if (!g_str_equal(lower, "without-password"))
        return lower;
    g_free(lower);
    return g_strdup("prohibit-password");
}

char *
pst_policy_text_why_never(const char *name, const char *value)
{
    g_auto(GStrv) values = told_of(name);
    g_autofree char *folded = fold_value(value);

    if (g_str_equal(name, "umask"))
        return is_mask(value) ? NULL : g_strdup("; say octal digits, as 027");
    if (values == NULL || g_strv_contains((const char *const *)values, folded))
        return NULL;
    return pst_nearest_hint(folded, (const char *const *)values, g_strv_length(values));
}

gboolean
pst_policy_text_has_all(const char *name, char *const *values)
{
    g_auto(GStrv) all = told_of(name);
    g_autoptr(GHashTable) said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (; *values != NULL; values++)
        g_hash_table_add(said, fold_value(*values));
    for (char **one = all; one != NULL && *one != NULL; one++)
        if (!g_hash_table_contains(said, *one))
            return FALSE;
    return all != NULL;
}
