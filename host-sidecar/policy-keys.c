// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/policy-keys.h"

#include <string.h>

#include "host-sidecar/options.h"
#include "host-sidecar/policy-text.h"
#include "host-sidecar/words.h"
#include "protocol/error.h"
#include "protocol/nearest.h"

#define DEFAULT_PRIORITY 3
/* Each port is a question of its own. */
#define MAX_PORTS 24
#define SETTINGS "settings"
#define JOURNAL "journal"

static const char *const ways[] = {"ssh-key", "ssh-password", "console", "sudo", NULL};

PstPolicyRule *
pst_policy_keys_add_rule(const PstPolicyReading *reading, PstPolicyKind kind, char *subject)
{
    PstPolicyRule *rule = g_new0(PstPolicyRule, 1);

    rule->kind = kind;
    rule->group = reading->group;
    rule->key = reading->key;
    rule->subject = subject;
    rule->number = PST_INT_UNKNOWN;
    rule->wanted = TRUE;
    rule->unchecked = reading->unchecked;
    g_ptr_array_add(reading->policy->rules, rule);
    return rule;
}

static gboolean
replace_list(char ***list, const char *value, GError **error)
{
    char **words_of = pst_policy_text_list(value, error);

    if (words_of == NULL)
        return FALSE;
    g_strfreev(*list);
    *list = words_of;
    return TRUE;
}

static gboolean
replace_text(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
    return TRUE;
}

/* ---- [policy] ---- */

static gboolean
read_name(PstPolicyReading *reading, const char *value, GError **error G_GNUC_UNUSED)
{
    return replace_text(&reading->policy->name, value);
}

static gboolean
read_description(PstPolicyReading *reading, const char *value, GError **error G_GNUC_UNUSED)
{
    return replace_text(&reading->policy->description, value);
}

/* It is read before the keys beside it. */
static gboolean
read_unchecked(PstPolicyReading *reading G_GNUC_UNUSED, const char *value G_GNUC_UNUSED,
               GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

/* ---- [reachable] ---- */

static gboolean
read_user(PstPolicyReading *reading, const char *value, GError **error)
{
    return pst_words_check_user(value, error) && replace_text(&reading->policy->who.user, value);
}

/* The others are looked at when the vantage is read: a key may be a file. */
static gboolean
read_vantage(PstPolicyReading *reading, const char *value, GError **error G_GNUC_UNUSED)
{
    PstVantageWords *who = &reading->policy->who;
    const struct {
        const char *name;
        char **text;
    } texts[] = {{"as", &who->as},
                 {"from", &who->from},
                 {"port", &who->port},
                 {"key", &who->key},
                 {"command", &who->command}};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_str_equal(texts[i].name, reading->key))
            replace_text(texts[i].text, value);
    return TRUE;
}

static gboolean
read_login(PstPolicyReading *reading, const char *value, GError **error)
{
    return pst_policy_text_bool(
        value, &pst_policy_keys_add_rule(reading, PST_POLICY_LOGIN, NULL)->wanted, error);
}

static gboolean
read_root(PstPolicyReading *reading, const char *value, GError **error)
{
    return pst_policy_text_bool(
        value, &pst_policy_keys_add_rule(reading, PST_POLICY_ROOT, NULL)->wanted, error);
}

static gboolean
read_ways(PstPolicyReading *reading, const char *value, GError **error)
{
    g_auto(GStrv) list = pst_policy_text_list(value, error);

    for (char **word = list; word != NULL && *word != NULL; word++) {
        int place = 0;

        if (!pst_policy_text_word(*word, ways, &place, error))
            return FALSE;
        pst_policy_keys_add_rule(reading, PST_POLICY_WAY, g_strdup(*word));
    }
    return list != NULL;
}

/* ---- [units] ---- */

static gboolean
add_units(const PstPolicyReading *reading, PstPolicyKind kind, const char *value, GError **error)
{
    g_auto(GStrv) list = pst_policy_text_list(value, error);

    for (char **word = list; word != NULL && *word != NULL; word++) {
        char *unit = pst_policy_text_unit(*word, error);

        if (unit == NULL)
            return FALSE;
        pst_policy_keys_add_rule(reading, kind, unit);
    }
    return list != NULL;
}

static gboolean
read_active(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_units(reading, PST_POLICY_UNIT_ACTIVE, value, error);
}

static gboolean
read_inactive(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_units(reading, PST_POLICY_UNIT_INACTIVE, value, error);
}

static gboolean
add_switch(const PstPolicyReading *reading, PstPolicyKind kind, const char *value, GError **error)
{
    gboolean yes = FALSE;

    if (!pst_policy_text_bool(value, &yes, error))
        return FALSE;
    if (yes)
        pst_policy_keys_add_rule(reading, kind, NULL);
    else
        g_ptr_array_add(reading->policy->idle,
                        g_strdup_printf("%s.%s", reading->group, reading->key));
    return TRUE;
}

static gboolean
read_no_failed(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_switch(reading, PST_POLICY_NO_FAILED_UNIT, value, error);
}

static gboolean
read_no_new_failed(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_switch(reading, PST_POLICY_NO_NEW_FAILED_UNIT, value, error);
}

static gboolean
read_failed_except(PstPolicyReading *reading, const char *value, GError **error)
{
    char **list;

    if (!replace_list(&reading->policy->failed_except, value, error))
        return FALSE;
    for (list = reading->policy->failed_except; *list != NULL; list++) {
        char *unit =
            strpbrk(*list, "*?") != NULL ? g_strdup(*list) : pst_policy_text_unit(*list, error);
        if (unit == NULL)
            return FALSE;
        g_free(*list);
        *list = unit;
    }
    return TRUE;
}

/* ---- [journal] ---- */

static gboolean
read_priority(PstPolicyReading *reading, const char *value, GError **error)
{
    if (g_str_equal(value, "none")) {
        reading->priority = PST_INT_UNKNOWN;
        return TRUE;
    }
    return pst_words_parse_priority(value, &reading->priority, error);
}

static gboolean
read_journal_units(PstPolicyReading *reading, const char *value, GError **error)
{
    char **list;

    if (!replace_list(&reading->policy->journal_units, value, error))
        return FALSE;
    for (list = reading->policy->journal_units; *list != NULL; list++) {
        char *unit = pst_policy_text_unit(*list, error);

        if (unit == NULL)
            return FALSE;
        g_free(*list);
        *list = unit;
    }
    return TRUE;
}

static gboolean
read_journal_except(PstPolicyReading *reading, const char *value, GError **error)
{
    return replace_list(&reading->policy->journal_except, value, error);
}

static gboolean
read_since(PstPolicyReading *reading, const char *value, GError **error)
{
    gint64 span_us = 0;

    return pst_options_parse_past(value, &span_us, error) &&
           replace_text(&reading->policy->since, value);
}

/* ---- [ports], [checks], [files], [settings], [findings] ---- */

static gboolean
read_open(PstPolicyReading *reading, const char *value, GError **error)
{
    g_auto(GStrv) list = pst_policy_text_list(value, error);

    if (list != NULL && g_strv_length(list) > MAX_PORTS) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "say at most %d ports", MAX_PORTS);
        return FALSE;
    }
    for (char **word = list; word != NULL && *word != NULL; word++) {
        gint64 number = 0;
        char *port = pst_policy_text_port(*word, &number, error);

        if (port == NULL)
            return FALSE;
        pst_policy_keys_add_rule(reading, PST_POLICY_PORT, port)->number = number;
    }
    return list != NULL;
}

static gboolean
read_no_lost_unit(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_switch(reading, PST_POLICY_NO_LOST_UNIT, value, error);
}

static gboolean
read_no_lost(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_switch(reading, PST_POLICY_NO_LOST_PORT, value, error);
}

static gboolean
read_pass(PstPolicyReading *reading, const char *value, GError **error)
{
    g_auto(GStrv) list = pst_policy_text_list(value, error);

    for (char **word = list; word != NULL && *word != NULL; word++)
        pst_policy_keys_add_rule(reading, PST_POLICY_CHECK, g_strdup(*word));
    return list != NULL;
}

static gboolean
check_paths(char *const *list, GError **error)
{
    for (; *list != NULL; list++)
        if (!pst_policy_text_path(*list, error))
            return FALSE;
    return TRUE;
}

static gboolean
read_below(PstPolicyReading *reading, const char *value, GError **error)
{
    char ***below = &reading->policy->below;

    if (!replace_list(below, value, error) || !check_paths(*below, error))
        return FALSE;
    g_autofree char *subject = g_strjoinv(";", *below);
    pst_policy_keys_add_rule(reading, PST_POLICY_FILES, g_steal_pointer(&subject));
    return TRUE;
}

static gboolean
read_files_except(PstPolicyReading *reading, const char *value, GError **error)
{
    return replace_list(&reading->policy->files_except, value, error) &&
           check_paths(reading->policy->files_except, error);
}

static gboolean
add_severity(const PstPolicyReading *reading, PstPolicyKind kind, const char *value, GError **error)
{
    int severity = 0;

    if (!pst_policy_text_word(value, pst_finding_severity_names, &severity, error))
        return FALSE;
    if (severity != PST_SEVERITY_WARNING && severity != PST_SEVERITY_CRITICAL) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "'%s': say warning or critical; what could not be looked at is what unchecked= "
                    "is about",
                    value);
        return FALSE;
    }
    pst_policy_keys_add_rule(reading, kind, g_strdup(value))->number = severity;
    return TRUE;
}

static gboolean
read_none(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_severity(reading, PST_POLICY_NO_FINDING, value, error);
}

static gboolean
read_no_new(PstPolicyReading *reading, const char *value, GError **error)
{
    return add_severity(reading, PST_POLICY_NO_NEW_FINDING, value, error);
}

/* ---- keys and groups ---- */

typedef gboolean (*ReadKey)(PstPolicyReading *reading, const char *value, GError **error);

#define MAX_KEYS 10

static const struct {
    const char *name;
    struct {
        const char *name;
        ReadKey read;
    } keys[MAX_KEYS];
} groups[] = {
    {"policy",
     {{"name", read_name}, {"description", read_description}, {"unchecked", read_unchecked}}},
    {"reachable",
     {{"as", read_vantage},
      {"user", read_user},
      {"from", read_vantage},
      {"port", read_vantage},
      {"key", read_vantage},
      {"command", read_vantage},
      {"login", read_login},
      {"root", read_root},
      {"ways", read_ways},
      {"unchecked", read_unchecked}}},
    {"units",
     {{"active", read_active},
      {"inactive", read_inactive},
      {"no-failed", read_no_failed},
      {"no-new-failed", read_no_new_failed},
      {"no-lost", read_no_lost_unit},
      {"except", read_failed_except},
      {"unchecked", read_unchecked}}},
    {"journal",
     {{"priority", read_priority},
      {"units", read_journal_units},
      {"except", read_journal_except},
      {"since", read_since},
      {"unchecked", read_unchecked}}},
    {"ports", {{"open", read_open}, {"no-lost", read_no_lost}, {"unchecked", read_unchecked}}},
    {"checks", {{"pass", read_pass}, {"unchecked", read_unchecked}}},
    {"files",
     {{"below", read_below}, {"except", read_files_except}, {"unchecked", read_unchecked}}},
    {"settings", {{"unchecked", read_unchecked}}},
    {"findings", {{"none", read_none}, {"no-new", read_no_new}, {"unchecked", read_unchecked}}},
};

static gboolean
read_setting(PstPolicyReading *reading, const char *value, GError **error)
{
    g_autofree char *name = pst_policy_text_setting(reading->key, error);

    if (name == NULL)
        return FALSE;
    PstPolicyRule *rule = pst_policy_keys_add_rule(reading, PST_POLICY_SETTING, NULL);
    rule->key = SETTINGS;
    rule->subject = g_steal_pointer(&name);
    /* Of an option of sshd's that is not to be set nothing stands there. */
    rule->values = value[0] == '\0' && pst_policy_text_may_be_unset(rule->subject)
                       ? g_new0(char *, 1)
                       : pst_policy_text_list(value, error);
    return rule->values != NULL;
}

static gboolean
read_key(PstPolicyReading *reading, guint group, const char *value, GError **error)
{
    const char *names[MAX_KEYS];
    guint n = 0;

    for (; n < MAX_KEYS && groups[group].keys[n].name != NULL; n++) {
        names[n] = groups[group].keys[n].name;
        if (!g_str_equal(names[n], reading->key))
            continue;
        reading->key = names[n];
        return groups[group].keys[n].read(reading, value, error);
    }
    if (g_str_equal(groups[group].name, SETTINGS))
        return read_setting(reading, value, error);
    g_autofree char *hint = pst_nearest_hint(reading->key, names, n);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "this key is not known%s", hint);
    return FALSE;
}

/* Other readers of key files take that for a semicolon of the text itself. Here it would end a word
 * early, and an exception would let more pass than was said. */
static gboolean
escapes_semicolon(const char *raw)
{
    for (const char *at = strchr(raw, '\\'); at != NULL && at[1] != '\0'; at = strchr(at + 2, '\\'))
        if (at[1] == ';')
            return TRUE;
    return FALSE;
}

/* GKeyFile calls that an error, and where there was one before it in the value it warns of its own
 * doing besides. */
static gboolean
ends_in_escape(const char *raw)
{
    gsize len = strlen(raw), n = 0;

    while (n < len && raw[len - n - 1] == '\\')
        n++;
    return n % 2 == 1;
}

char *
pst_policy_keys_value(GKeyFile *file, const char *group, const char *key, GError **error)
{
    g_autofree char *raw = g_key_file_get_value(file, group, key, NULL);

    if (raw != NULL && escapes_semicolon(raw)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "'\\;': a semicolon stands between two, whatever is before it; in a pattern ? "
                    "is any one letter");
        return NULL;
    }
    char *value =
        raw != NULL && ends_in_escape(raw) ? NULL : g_key_file_get_string(file, group, key, NULL);

    if (value == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "this is no text");
    return value;
}

gboolean
pst_policy_keys_unchecked(GKeyFile *file, const char *group, PstPolicyUnchecked *unchecked,
                          GError **error)
{
    int place = (int)*unchecked;

    if (!g_key_file_has_key(file, group, "unchecked", NULL))
        return TRUE;
    g_autofree char *value = pst_policy_keys_value(file, group, "unchecked", error);
    if (value == NULL || !pst_policy_text_word(value, pst_policy_unchecked_names, &place, error)) {
        g_prefix_error(error, "[%s] unchecked: ", group);
        return FALSE;
    }
    *unchecked = (PstPolicyUnchecked)place;
    return TRUE;
}

static gboolean
read_group(GKeyFile *file, guint group, PstPolicy *policy, PstPolicyUnchecked unchecked,
           GError **error)
{
    const char *title = groups[group].name;
    g_auto(GStrv) keys = g_key_file_get_keys(file, title, NULL, NULL);
    PstPolicyReading reading = {policy, title, NULL, unchecked, DEFAULT_PRIORITY};

    if (!pst_policy_keys_unchecked(file, title, &reading.unchecked, error))
        return FALSE;
    for (char **key = keys; key != NULL && *key != NULL; key++) {
        g_autofree char *value = pst_policy_keys_value(file, title, *key, error);

        reading.key = *key;
        if (value == NULL || !read_key(&reading, group, value, error)) {
            g_prefix_error(error, "[%s] %s: ", title, *key);
            return FALSE;
        }
    }
    reading.key = "priority";
    if (keys != NULL && g_str_equal(title, JOURNAL) && reading.priority != PST_INT_UNKNOWN)
        pst_policy_keys_add_rule(&reading, PST_POLICY_JOURNAL,
                                 g_strdup(pst_words_priorities[reading.priority]))
            ->number = reading.priority;
    return TRUE;
}

gboolean
pst_policy_keys_read(GKeyFile *file, const char *title, PstPolicy *policy,
                     PstPolicyUnchecked unchecked, GError **error)
{
    const char *names[G_N_ELEMENTS(groups) + 1];

    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        names[i] = groups[i].name;
        if (g_str_equal(groups[i].name, title))
            return read_group(file, i, policy, unchecked, error);
    }
    names[G_N_ELEMENTS(groups)] = "finding ID";
    g_autofree char *hint = pst_nearest_hint(title, names, G_N_ELEMENTS(names));
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "[%.64s]: this group is not known%s", title,
                hint);
    return FALSE;
}
