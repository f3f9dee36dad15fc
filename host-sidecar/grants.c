// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/grants.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/nearest.h"
#include "protocol/report-file.h"
#include "protocol/report-list.h"

#define PREFIX "grant"
#define UUID_DIGITS 32

static const char *const methods[] = {"list",  "ask",  "read",     "heal",
                                      "power", "exec", "snapshot", "revert"};
static const char *const keys[] = {"users", "groups", "domains", "methods"};

/* One group of the configuration. */
typedef struct {
    GArray *users, *groups; /* of guint */
    char **domains;         /* patterns */
    guint rights;
} Grant;

struct PstGrants {
    GPtrArray *grants;  /* of Grant */
    guint rights;       /* of all of them */
    GPtrArray *unknown; /* of what is said, NULL-terminated */
};

static void
free_grant(gpointer data)
{
    Grant *grant = data;

    g_array_unref(grant->users);
    g_array_unref(grant->groups);
    g_strfreev(grant->domains);
    g_free(grant);
}

void
pst_grants_free(PstGrants *grants)
{
    g_ptr_array_unref(grants->grants);
    g_ptr_array_unref(grants->unknown);
    g_free(grants);
}

const char *const *
pst_grants_unknown(const PstGrants *grants)
{
    return (const char *const *)grants->unknown->pdata;
}

/* ---- the configuration */

static gboolean
refuse(GError **error, const char *group, const char *key, const char *what)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "configuration: [%s] %s: %s", group, key, what);
    return FALSE;
}

static void
note_unknown(PstGrants *grants, const char *group, const char *key, const char *name)
{
    g_ptr_array_insert(
        grants->unknown, (int)grants->unknown->len - 1,
        g_strdup_printf("configuration: [%s] %s: nobody is called '%s'", group, key, name));
}

static gboolean
read_callers(PstGrants *grants, GKeyFile *config, const char *group, const char *key,
             PstGrantsNumber number, GArray *numbers, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_string_list(config, group, key, NULL, NULL);

    if (names == NULL)
        return !g_key_file_has_key(config, group, key, NULL) ||
               refuse(error, group, key, "no list of names");
    for (char **name = names; *name != NULL; name++) {
        guint64 read = 0;
        guint found = 0;

        g_strstrip(*name);
        if (g_ascii_string_to_unsigned(*name, 10, 0, G_MAXUINT32 - 1, &read, NULL))
            found = (guint)read;
        else if (!number(*name, g_str_equal(key, "groups"), &found)) {
            note_unknown(grants, group, key, *name);
            continue;
        }
        g_array_append_val(numbers, found);
    }
    return TRUE;
}

static gboolean
read_domains(Grant *grant, GKeyFile *config, const char *group, GError **error)
{
    grant->domains = g_key_file_get_string_list(config, group, "domains", NULL, NULL);
    if (grant->domains == NULL || grant->domains[0] == NULL)
        return refuse(error, group, "domains", "say which, or *");
    for (char **pattern = grant->domains; *pattern != NULL; pattern++)
        g_strstrip(*pattern);
    return TRUE;
}

static gboolean
read_methods(PstGrants *grants, Grant *grant, GKeyFile *config, const char *group, GError **error)
{
    g_auto(GStrv) words = g_key_file_get_string_list(config, group, "methods", NULL, NULL);

    for (char **word = words; word != NULL && *word != NULL; word++) {
        guint i = 0;

        g_strstrip(*word);
        while (i < G_N_ELEMENTS(methods) && !g_str_equal(*word, methods[i]))
            i++;
        if (i == G_N_ELEMENTS(methods)) {
            g_autofree char *hint = pst_nearest_hint(*word, methods, G_N_ELEMENTS(methods));
            g_autofree char *what = g_strdup_printf("unknown method '%s'%s", *word, hint);
            return refuse(error, group, "methods", what);
        }
        grant->rights |= 1U << i;
    }
    grants->rights |= grant->rights;
    return grant->rights != 0 ||
           refuse(error, group, "methods",
                  "say which: list, ask, read, heal, power, exec, snapshot, revert");
}

static gboolean
check_keys(GKeyFile *config, const char *group, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_keys(config, group, NULL, NULL);

    for (char **name = names; name != NULL && *name != NULL; name++) {
        gboolean known = FALSE;

        for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
            known |= g_str_equal(*name, keys[i]);
        if (known)
            continue;
        g_autofree char *hint = pst_nearest_hint(*name, keys, G_N_ELEMENTS(keys));
        g_autofree char *what = g_strdup_printf("unknown key%s", hint);
        return refuse(error, group, *name, what);
    }
    return TRUE;
}

static gboolean
read_grant(PstGrants *grants, GKeyFile *config, const char *group, PstGrantsNumber number,
           GError **error)
{
    Grant *grant = g_new0(Grant, 1);

    grant->users = g_array_new(FALSE, FALSE, sizeof(guint));
    grant->groups = g_array_new(FALSE, FALSE, sizeof(guint));
    g_ptr_array_add(grants->grants, grant);
    if (!check_keys(config, group, error) || !read_domains(grant, config, group, error) ||
        !read_methods(grants, grant, config, group, error))
        return FALSE;
    if (!g_key_file_has_key(config, group, "users", NULL) &&
        !g_key_file_has_key(config, group, "groups", NULL))
        return refuse(error, group, "users", "say whom, by users= or groups=");
    return read_callers(grants, config, group, "users", number, grant->users, error) &&
           read_callers(grants, config, group, "groups", number, grant->groups, error);
}

/* A grant that is misspelt must not be taken for none at all, which would grant everything: so what
 * is no other group of the configuration's is meant to be one. */
static gboolean
is_meant(const char *group)
{
    static const char *const others[] = {"daemon", "store", "power", "exec", NULL};

    return !g_strv_contains(others, group) && !g_str_has_prefix(group, "daemon ") &&
           !g_str_has_prefix(group, "expect ") && !g_str_has_prefix(group, "key ") &&
           !g_str_has_prefix(group, "vantage ");
}

PstGrants *
pst_grants_read(GKeyFile *config, PstGrantsNumber number, GError **error)
{
    g_autoptr(PstGrants) grants = g_new0(PstGrants, 1);
    g_auto(GStrv) groups = g_key_file_get_groups(config, NULL);

    grants->grants = g_ptr_array_new_with_free_func(free_grant);
    grants->unknown = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(grants->unknown, NULL);
    for (char **group = groups; *group != NULL; group++) {
        if (!is_meant(*group))
            continue;
        if (!g_str_has_prefix(*group, PREFIX " ") || (*group)[strlen(PREFIX " ")] == '\0') {
            refuse(error, *group, "its name",
                   "there is no such group; of grants say [" PREFIX " NAME]");
            return NULL;
        }
        if (!read_grant(grants, config, *group, number, error))
            return NULL;
    }
    return g_steal_pointer(&grants);
}

/* ---- the rights */

PstGrant
pst_grants_needed(const char *probe)
{
    gboolean reads = g_str_equal(probe, pst_report_file_kind.name) ||
                     g_str_equal(probe, pst_report_list_kind.name);

    return reads ? PST_GRANT_READ : PST_GRANT_ASK;
}

/* Whether nobody was told who may, and all may. */
static gboolean
is_open(const PstGrants *grants, guint rights)
{
    return ((grants->rights & ~PST_GRANTS_CHANGING) | (rights & PST_GRANTS_CHANGING)) == 0;
}

static gboolean
holds(const GArray *numbers, guint number)
{
    for (guint i = 0; i < numbers->len; i++)
        if (g_array_index(numbers, guint, i) == number)
            return TRUE;
    return FALSE;
}

static gboolean
is_for(const Grant *grant, const PstGrantsCaller *caller, PstGrant right)
{
    if ((grant->rights & right) == 0)
        return FALSE;
    if (holds(grant->users, caller->uid))
        return TRUE;
    for (guint i = 0; i < caller->n_groups; i++)
        if (holds(grant->groups, caller->groups[i]))
            return TRUE;
    return FALSE;
}

static gboolean
has_all(const Grant *grant)
{
    for (char **pattern = grant->domains; *pattern != NULL; pattern++)
        if (g_str_equal(*pattern, "*"))
            return TRUE;
    return FALSE;
}

static gboolean
has_literally(const Grant *grant, const char *domain)
{
    return g_strv_contains((const char *const *)grant->domains, domain);
}

static gboolean
has(const Grant *grant, const char *domain)
{
    for (char **pattern = grant->domains; *pattern != NULL; pattern++)
        if (g_pattern_match_simple(*pattern, domain))
            return TRUE;
    return FALSE;
}

/* What virUUIDParse() takes for one, and a little more. */
static gboolean
is_like_uuid(const char *text)
{
    guint digits = 0;

    for (; *text != '\0'; text++) {
        if (g_ascii_isxdigit(*text))
            digits++;
        else if (*text != '-' && !g_ascii_isspace(*text))
            return FALSE;
    }
    return digits == UUID_DIGITS;
}

static gboolean
is_number(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

gboolean
pst_grants_allow(const PstGrants *grants, const PstGrantsCaller *caller, const char *domain,
                 PstGrant right)
{
    gboolean number = is_number(domain), uuid = is_like_uuid(domain);

    for (guint i = 0; i < grants->grants->len; i++) {
        const Grant *grant = grants->grants->pdata[i];

        if (!is_for(grant, caller, right))
            continue;
        if (has_all(grant) || (uuid && has_literally(grant, domain)) ||
            (!uuid && !number && has(grant, domain)))
            return TRUE;
    }
    return is_open(grants, right);
}

gboolean
pst_grants_allow_found(const PstGrants *grants, const PstGrantsCaller *caller, const char *name,
                       const char *uuid, PstGrant right)
{
    for (guint i = 0; i < grants->grants->len; i++) {
        const Grant *grant = grants->grants->pdata[i];

        if (is_for(grant, caller, right) &&
            (has(grant, name) || (uuid != NULL && has_literally(grant, uuid))))
            return TRUE;
    }
    return is_open(grants, right);
}

gboolean
pst_grants_allow_any(const PstGrants *grants, const PstGrantsCaller *caller, PstGrant right)
{
    for (guint i = 0; i < grants->grants->len; i++)
        if (is_for(grants->grants->pdata[i], caller, right))
            return TRUE;
    return is_open(grants, right);
}

gboolean
pst_grants_allow_all(const PstGrants *grants, const PstGrantsCaller *caller, guint rights)
{
    guint missing = is_open(grants, rights) ? 0 : rights;

    for (guint right = 1; right <= missing; right <<= 1)
        for (guint i = 0; i < grants->grants->len; i++)
            if (has_all(grants->grants->pdata[i]) &&
                is_for(grants->grants->pdata[i], caller, (PstGrant)right))
                missing &= ~right;
    return missing == 0;
}
