// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/hosts-options.h"

#include <string.h>

#define BLANKS " \t\r\n"
#define MAX_UMASK 0777

/* What a value has to be. */
typedef enum {
    NOTHING,
    MAY_BE_NUMBER,
    MAY_BE_POSITIVE,
    TEXT,
    NATURAL,
    MASK,
    SEVERITY,
} Value;

typedef enum {
    GOES_ON,
    ALLOWS,
    DENIES,
    DEPENDS,
} Effect;

static const struct {
    const char *name;
    Value value;
    gboolean last; /* nothing may follow */
    Effect effect;
} known[] = {
    {"allow", NOTHING, TRUE, ALLOWS},
    {"deny", NOTHING, TRUE, DENIES},
    /* The client speaks with another program than sshd. */
    {"twist", TEXT, TRUE, DENIES},
    {"aclexec", TEXT, FALSE, DEPENDS},
    /* Denies where there is none of that name, and sshd is no longer root where there is. */
    {"user", TEXT, FALSE, DEPENDS},
    {"group", TEXT, FALSE, DEPENDS},
    {"banners", TEXT, FALSE, GOES_ON},
    {"keepalive", NOTHING, FALSE, GOES_ON},
    {"linger", NATURAL, FALSE, GOES_ON},
    {"nice", MAY_BE_NUMBER, FALSE, GOES_ON},
    {"rfc931", MAY_BE_POSITIVE, FALSE, GOES_ON},
    {"setenv", TEXT, FALSE, GOES_ON},
    {"severity", SEVERITY, FALSE, GOES_ON},
    {"spawn", TEXT, FALSE, GOES_ON},
    {"umask", MASK, FALSE, GOES_ON},
};

/* The library's own lists, which are shorter than syslog's. */
static const char *const levels[] = {"emerg",   "alert",  "crit", "err",
                                     "warning", "notice", "info", "debug"};
static const char *const facilities[] = {"kern",   "user",   "mail",   "daemon", "auth",   "lpr",
                                         "news",   "uucp",   "cron",   "local0", "local1", "local2",
                                         "local3", "local4", "local5", "local6", "local7"};

static gboolean
is_one_of(const char *word, const char *const *words, gsize n_words)
{
    for (gsize i = 0; i < n_words; i++)
        if (g_ascii_strcasecmp(word, words[i]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
is_severity(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ".", 2);

    /* Nothing is parted into nothing. */
    if (parts[0] == NULL)
        return FALSE;
    if (parts[1] == NULL)
        return is_one_of(value, levels, G_N_ELEMENTS(levels));
    return is_one_of(parts[0], facilities, G_N_ELEMENTS(facilities)) &&
           is_one_of(parts[1], levels, G_N_ELEMENTS(levels));
}

static gboolean
is_number(const char *value, guint base, gint64 least, gint64 most)
{
    char *end = NULL;
    gint64 number = g_ascii_strtoll(value, &end, base);

    return end != value && *end == '\0' && number >= least && number <= most;
}

static gboolean
is_sound(Value wanted, const char *value)
{
    gboolean empty = *value == '\0';

    switch (wanted) {
    case NOTHING:
        return empty;
    case MAY_BE_NUMBER:
        return empty || is_number(value, 10, G_MININT, G_MAXINT);
    case MAY_BE_POSITIVE:
        return empty || is_number(value, 10, 1, G_MAXINT);
    case TEXT:
        return !empty;
    case NATURAL:
        return is_number(value, 10, 0, G_MAXINT);
    case MASK:
        return is_number(value, 8, 0, MAX_UMASK);
    case SEVERITY:
        return is_severity(value);
    }
    return FALSE;
}

/* The next option, up to a colon without a backslash in front; NULL behind the last. */
static char *
take_option(char **rest)
{
    char *begin = *rest, *to = begin, *at = begin;

    if (begin == NULL || *begin == '\0')
        return NULL;
    while (*at != '\0' && *at != ':') {
        if (at[0] == '\\' && at[1] == ':')
            at++;
        *to++ = *at++;
    }
    *rest = *at == ':' ? at + 1 : at;
    *to = '\0';
    return begin;
}

/* The value of an option, cut off from its name: by blanks, and one = at most. */
static char *
cut_value(char *option)
{
    char *value = option + strcspn(option, "=" BLANKS);

    if (*value != '\0' && *value != '=') {
        *value++ = '\0';
        value += strspn(value, BLANKS);
    }
    if (*value == '=') {
        *value++ = '\0';
        value += strspn(value, BLANKS);
    }
    return value;
}

static Effect
judge_option(char *option, gboolean last)
{
    const char *value = cut_value(option);

    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_ascii_strcasecmp(option, known[i].name) == 0)
            return (known[i].last && !last) || !is_sound(known[i].value, value) ? DENIES
                                                                                : known[i].effect;
    return DENIES;
}

guint
pst_hosts_options_judge(char *options, gboolean file_allows)
{
    char *rest = options;
    guint may = 0;

    for (char *option = take_option(&rest); option != NULL; option = take_option(&rest)) {
        Effect effect = judge_option(g_strstrip(option), *rest == '\0');

        if (effect == ALLOWS)
            return may | PST_HOSTS_MAY_ALLOW;
        if (effect == DENIES)
            return may | PST_HOSTS_MAY_DENY;
        if (effect == DEPENDS)
            may |= PST_HOSTS_MAY_DENY;
    }
    return may | (file_allows ? PST_HOSTS_MAY_ALLOW : PST_HOSTS_MAY_DENY);
}
