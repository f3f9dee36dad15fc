// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/expect.h"

#include <string.h>

#include "host-sidecar/hours.h"
#include "host-sidecar/options.h"
#include "protocol/error.h"
#include "protocol/nearest.h"

/* The conditions that a domain may be said to be in. */
#define MAY_BE_FIRST PST_CONDITION_PAUSED
#define MAY_BE_LAST PST_CONDITION_OFF

/* A finding, or several by a pattern, of whatever or of one thing. */
typedef struct {
    char *text;         /* as it was given */
    char *id, *subject; /* patterns; subject NULL: whatever it is about */
} Pattern;

typedef struct {
    Pattern pattern;
    GDate until; /* that day included */
    char *why;   /* NULL where nobody says */
} Acknowledgement;

/* A group of the configuration. */
typedef struct {
    char *name;
    char **guests; /* patterns */
    gboolean may_be[PST_CONDITION_N];
    PstHours *at;  /* NULL: always */
    GArray *allow; /* of Pattern */
    GArray *downgrade;
    GArray *acknowledge;                       /* of Acknowledgement */
    gint64 silent_us, job_us, storage_percent; /* PST_INT_UNKNOWN: not said */
} Group;

struct PstExpect {
    GPtrArray *groups; /* of Group */
};

struct PstExpectation {
    GPtrArray *groups; /* of Group, borrowed */
    GDate today;
    int weekday, minute;
};

/* ---- reading ---- */

static void
clear_pattern(gpointer data)
{
    Pattern *pattern = data;

    g_free(pattern->text);
    g_free(pattern->id);
    g_free(pattern->subject);
}

static void
clear_acknowledgement(gpointer data)
{
    Acknowledgement *acknowledgement = data;

    clear_pattern(&acknowledgement->pattern);
    g_free(acknowledgement->why);
}

static Group *
group_new(const char *name)
{
    Group *group = g_new0(Group, 1);

    group->name = g_strdup(name);
    group->allow = g_array_new(FALSE, TRUE, sizeof(Pattern));
    group->downgrade = g_array_new(FALSE, TRUE, sizeof(Pattern));
    group->acknowledge = g_array_new(FALSE, TRUE, sizeof(Acknowledgement));
    g_array_set_clear_func(group->allow, clear_pattern);
    g_array_set_clear_func(group->downgrade, clear_pattern);
    g_array_set_clear_func(group->acknowledge, clear_acknowledgement);
    group->silent_us = group->job_us = group->storage_percent = PST_INT_UNKNOWN;
    return group;
}

static void
group_free(gpointer data)
{
    Group *group = data;

    g_free(group->name);
    g_strfreev(group->guests);
    g_free(group->at);
    g_array_unref(group->allow);
    g_array_unref(group->downgrade);
    g_array_unref(group->acknowledge);
    g_free(group);
}

static gboolean
refuse(GError **error, const char *what, const char *hint)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s': %s", what, hint);
    return FALSE;
}

/* Of the words between commas those that are not empty. */
static char **
split(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    GStrvBuilder *kept = g_strv_builder_new();

    for (char **word = words; *word != NULL; word++)
        if (*g_strstrip(*word) != '\0')
            g_strv_builder_add(kept, *word);
    char **list = g_strv_builder_end(kept);
    g_strv_builder_unref(kept);
    return list;
}

/* PROBE.what-is-wrong, or a pattern of it, and @WHAT behind it. */
static gboolean
read_pattern(const char *word, Pattern *pattern, GError **error)
{
    const char *at = strchr(word, '@');
    gsize len = at != NULL ? (gsize)(at - word) : strlen(word);

    for (gsize i = 0; i < len; i++)
        if (!g_ascii_islower(word[i]) && !g_ascii_isdigit(word[i]) &&
            strchr(".-*?", word[i]) == NULL)
            return refuse(error, word, "this is no finding: say an id, as ssh.not-running");
    if (len == 0 || (at != NULL && at[1] == '\0'))
        return refuse(error, word, "say FINDING, or FINDING@WHAT");
    pattern->text = g_strdup(word);
    pattern->id = g_strndup(word, len);
    pattern->subject = at != NULL ? g_strdup(at + 1) : NULL;
    return TRUE;
}

static gboolean
read_patterns(const char *value, GArray *patterns, GError **error)
{
    g_auto(GStrv) words = split(value);

    for (char **word = words; *word != NULL; word++) {
        Pattern pattern = {0};

        if (!read_pattern(*word, &pattern, error))
            return FALSE;
        g_array_append_val(patterns, pattern);
    }
    return TRUE;
}

static gboolean
read_allow(Group *group, const char *value, GError **error)
{
    return read_patterns(value, group->allow, error);
}

static gboolean
read_downgrade(Group *group, const char *value, GError **error)
{
    return read_patterns(value, group->downgrade, error);
}

static gboolean
read_guests(Group *group, const char *value, GError **error)
{
    group->guests = split(value);
    return group->guests[0] != NULL || refuse(error, value, "say names, or patterns of names");
}

static gboolean
read_may_be(Group *group, const char *value, GError **error)
{
    g_auto(GStrv) words = split(value);

    for (char **word = words; *word != NULL; word++) {
        int condition = MAY_BE_FIRST;

        while (condition <= MAY_BE_LAST && !g_str_equal(pst_condition_names[condition], *word))
            condition++;
        if (condition > MAY_BE_LAST)
            return refuse(error, *word, "say paused, migrating, held, saved or off");
        group->may_be[condition] = TRUE;
    }
    return TRUE;
}

static gboolean
read_at(Group *group, const char *value, GError **error)
{
    group->at = pst_hours_parse(value, error);
    return group->at != NULL;
}

/* YYYY-MM-DD. */
static gboolean
read_date(const char *text, GDate *date)
{
    int numbers[3] = {0};
    static const int starts[] = {0, 5, 8}, lengths[] = {4, 2, 2};

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(starts); i++)
        for (int j = 0; j < lengths[i]; j++) {
            if (!g_ascii_isdigit(text[starts[i] + j]))
                return FALSE;
            numbers[i] = numbers[i] * 10 + g_ascii_digit_value(text[starts[i] + j]);
        }
    if (!g_date_valid_dmy((GDateDay)numbers[2], (GDateMonth)numbers[1], (GDateYear)numbers[0]))
        return FALSE;
    g_date_set_dmy(date, (GDateDay)numbers[2], (GDateMonth)numbers[1], (GDateYear)numbers[0]);
    return TRUE;
}

static gboolean
read_acknowledgement(char *text, GArray *list, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", 4);
    Acknowledgement one = {0};

    g_date_clear(&one.until, 1);
    if (g_strv_length(words) < 3 || !g_str_equal(words[1], "until") ||
        !read_date(words[2], &one.until))
        return refuse(error, text, "say FINDING until YYYY-MM-DD, and why behind it");
    if (!read_pattern(words[0], &one.pattern, error))
        return FALSE;
    if (words[3] != NULL && *g_strstrip(words[3]) != '\0')
        one.why = g_strdup(words[3]);
    g_array_append_val(list, one);
    return TRUE;
}

static gboolean
read_acknowledge(Group *group, const char *value, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(value, ";", -1);

    for (char **part = parts; *part != NULL; part++)
        if (*g_strstrip(*part) != '\0' && !read_acknowledgement(*part, group->acknowledge, error))
            return FALSE;
    return TRUE;
}

static gboolean
read_silent(Group *group, const char *value, GError **error)
{
    return pst_options_parse_span(value, &group->silent_us, error);
}

static gboolean
read_job(Group *group, const char *value, GError **error)
{
    return pst_options_parse_span(value, &group->job_us, error);
}

static gboolean
read_storage(Group *group, const char *value, GError **error)
{
    char *end = NULL;
    guint64 percent = g_ascii_strtoull(value, &end, 10);

    if (!g_ascii_isdigit(value[0]) || !g_str_equal(end, "%") || percent < 1 || percent > 100)
        return refuse(error, value, "say 1% to 100%");
    group->storage_percent = (gint64)percent;
    return TRUE;
}

static const struct {
    const char *name;
    gboolean (*read)(Group *group, const char *value, GError **error);
} keys[] = {
    {"guests", read_guests},
    {"may_be", read_may_be},
    {"at", read_at},
    {"allow", read_allow},
    {"downgrade", read_downgrade},
    {"acknowledge", read_acknowledge},
    {"silent", read_silent},
    {"job", read_job},
    {"storage", read_storage},
};

static gboolean
read_key(Group *group, const char *key, const char *value, GError **error)
{
    const char *names[G_N_ELEMENTS(keys)];

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        names[i] = keys[i].name;
        if (g_str_equal(keys[i].name, key))
            return keys[i].read(group, value, error);
    }
    g_autofree char *hint = pst_nearest_hint(key, names, G_N_ELEMENTS(names));
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "this key is not known%s", hint);
    return FALSE;
}

static gboolean
read_group(GKeyFile *config, const char *title, Group *group, GError **error)
{
    g_auto(GStrv) found = g_key_file_get_keys(config, title, NULL, NULL);

    for (char **key = found; key != NULL && *key != NULL; key++) {
        g_autofree char *value = g_key_file_get_string(config, title, *key, NULL);

        if (value == NULL) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                        "configuration: [%s] %s: this is no text", title, *key);
            return FALSE;
        }
        if (!read_key(group, *key, value, error)) {
            g_prefix_error(error, "configuration: [%s] %s: ", title, *key);
            return FALSE;
        }
    }
    if (group->guests == NULL) {
        group->guests = g_new0(char *, 2);
        group->guests[0] = g_strdup(group->name);
    }
    return TRUE;
}

PstExpect *
pst_expect_read(GKeyFile *config, GError **error)
{
    g_auto(GStrv) titles = g_key_file_get_groups(config, NULL);
    g_autoptr(PstExpect) expect = g_new0(PstExpect, 1);

    expect->groups = g_ptr_array_new_with_free_func(group_free);
    for (char **title = titles; *title != NULL; title++) {
        if (!g_str_has_prefix(*title, PST_EXPECT_GROUP))
            continue;
        Group *group = group_new(*title + strlen(PST_EXPECT_GROUP));
        g_ptr_array_add(expect->groups, group);
        if (!read_group(config, *title, group, error))
            return NULL;
    }
    return g_steal_pointer(&expect);
}

void
pst_expect_free(PstExpect *expect)
{
    g_ptr_array_unref(expect->groups);
    g_free(expect);
}

/* ---- of a domain ---- */

static gboolean
is_meant(const Group *group, const char *name, const char *uuid)
{
    for (char **pattern = group->guests; *pattern != NULL; pattern++)
        if (g_pattern_match_simple(*pattern, name) ||
            (uuid != NULL && g_ascii_strcasecmp(*pattern, uuid) == 0))
            return TRUE;
    return FALSE;
}

PstExpectation *
pst_expect_find(const PstExpect *expect, const char *name, const char *uuid, GDateTime *now)
{
    PstExpectation *expectation = g_new0(PstExpectation, 1);

    expectation->groups = g_ptr_array_new();
    for (guint i = 0; i < expect->groups->len; i++)
        if (is_meant(expect->groups->pdata[i], name, uuid))
            g_ptr_array_add(expectation->groups, expect->groups->pdata[i]);
    g_date_clear(&expectation->today, 1);
    g_date_set_dmy(&expectation->today, (GDateDay)g_date_time_get_day_of_month(now),
                   (GDateMonth)g_date_time_get_month(now), (GDateYear)g_date_time_get_year(now));
    expectation->weekday = g_date_time_get_day_of_week(now);
    expectation->minute = g_date_time_get_hour(now) * 60 + g_date_time_get_minute(now);
    return expectation;
}

void
pst_expect_release(PstExpectation *expectation)
{
    g_ptr_array_unref(expectation->groups);
    g_free(expectation);
}

PstExpectationLeave
pst_expect_may_be(const PstExpectation *expectation, PstCondition condition)
{
    PstExpectationLeave leave = PST_EXPECTATION_NO;

    for (guint i = 0; i < expectation->groups->len; i++) {
        const Group *group = expectation->groups->pdata[i];

        if (!group->may_be[condition])
            continue;
        if (group->at == NULL ||
            pst_hours_hold(group->at, expectation->weekday, expectation->minute))
            return PST_EXPECTATION_YES;
        leave = PST_EXPECTATION_NOT_NOW;
    }
    return leave;
}

/* What is let go takes with it what follows from it. */
static gboolean
matches(const Pattern *pattern, const PstProblem *problem)
{
    if (pattern->subject == NULL && problem->cause != NULL &&
        g_pattern_match_simple(pattern->id, problem->cause))
        return TRUE;
    return g_pattern_match_simple(pattern->id, problem->id) &&
           (pattern->subject == NULL ||
            (problem->subject != NULL &&
             g_pattern_match_simple(pattern->subject, problem->subject)));
}

static gboolean
any_matches(const GArray *patterns, const PstProblem *problem)
{
    for (guint i = 0; i < patterns->len; i++)
        if (matches(&g_array_index(patterns, Pattern, i), problem))
            return TRUE;
    return FALSE;
}

static char *
date_text(const GDate *date)
{
    return g_strdup_printf("%04u-%02u-%02u", (guint)g_date_get_year(date),
                           (guint)g_date_get_month(date), (guint)g_date_get_day(date));
}

static gboolean
has_expired(const PstExpectation *expectation, const Acknowledgement *one)
{
    return g_date_compare(&expectation->today, &one->until) > 0;
}

/* Takes EXCUSE. What excuses most stands. */
static void
excuse(PstProblem *problem, int counted, char *words)
{
    if (counted >= problem->counted) {
        g_free(words);
        return;
    }
    problem->counted = counted;
    g_free(problem->excuse);
    problem->excuse = words;
}

static void
weigh_acknowledged(const PstExpectation *expectation, const Group *group, PstProblem *problem)
{
    for (guint i = 0; i < group->acknowledge->len; i++) {
        const Acknowledgement *one = &g_array_index(group->acknowledge, Acknowledgement, i);

        if (has_expired(expectation, one) || !matches(&one->pattern, problem))
            continue;
        g_autofree char *until = date_text(&one->until);
        excuse(problem, PST_SEVERITY_INFORMATION,
               g_strdup_printf("acknowledged until %s%s%s", until, one->why != NULL ? ": " : "",
                               one->why != NULL ? one->why : ""));
    }
}

/* The last number that is said; PST_INT_UNKNOWN for none. */
static gint64
last_of(const PstExpectation *expectation, gsize offset)
{
    gint64 number = PST_INT_UNKNOWN;

    for (guint i = 0; i < expectation->groups->len; i++) {
        gint64 said = G_STRUCT_MEMBER(gint64, expectation->groups->pdata[i], offset);
        if (said != PST_INT_UNKNOWN)
            number = said;
    }
    return number;
}

static void
weigh_numbers(const PstExpectation *expectation, PstProblem *problem, gint64 job_ms)
{
    gint64 job_us = last_of(expectation, G_STRUCT_OFFSET(Group, job_us));
    gint64 percent = last_of(expectation, G_STRUCT_OFFSET(Group, storage_percent));

    if (job_us != PST_INT_UNKNOWN && job_ms != PST_INT_UNKNOWN &&
        g_str_equal(problem->id, "host.job") && job_ms < job_us / 1000)
        excuse(problem, PST_SEVERITY_INFORMATION, g_strdup("libvirt may be at it for longer"));
    if (percent != PST_INT_UNKNOWN && problem->used_percent != PST_INT_UNKNOWN &&
        problem->used_percent < percent)
        excuse(problem, PST_SEVERITY_INFORMATION,
               g_strdup_printf("%" G_GINT64_FORMAT "%% used, and %" G_GINT64_FORMAT "%% may be",
                               problem->used_percent, percent));
}

void
pst_expect_weigh(const PstExpectation *expectation, PstProblem *problem, gint64 job_ms)
{
    problem->counted = problem->severity;
    g_clear_pointer(&problem->excuse, g_free);
    for (guint i = 0; i < expectation->groups->len; i++) {
        const Group *group = expectation->groups->pdata[i];

        if (any_matches(group->allow, problem))
            excuse(problem, PST_SEVERITY_INFORMATION,
                   g_strdup_printf("allowed by [expect %s]", group->name));
        weigh_acknowledged(expectation, group, problem);
        if (any_matches(group->downgrade, problem))
            excuse(problem, PST_SEVERITY_WARNING,
                   g_strdup_printf("a warning by [expect %s]", group->name));
    }
    weigh_numbers(expectation, problem, job_ms);
}

gint64
pst_expect_silent_us(const PstExpectation *expectation)
{
    return last_of(expectation, G_STRUCT_OFFSET(Group, silent_us));
}

char **
pst_expect_expired(const PstExpectation *expectation)
{
    GStrvBuilder *said = g_strv_builder_new();

    for (guint i = 0; i < expectation->groups->len; i++) {
        const Group *group = expectation->groups->pdata[i];

        for (guint j = 0; j < group->acknowledge->len; j++) {
            const Acknowledgement *one = &g_array_index(group->acknowledge, Acknowledgement, j);
            if (!has_expired(expectation, one))
                continue;
            g_autofree char *until = date_text(&one->until);
            g_autofree char *text =
                g_strdup_printf("the acknowledgement of %s expired after %s ([expect %s])",
                                one->pattern.text, until, group->name);
            g_strv_builder_add(said, text);
        }
    }
    char **list = g_strv_builder_end(said);
    g_strv_builder_unref(said);
    return list;
}
