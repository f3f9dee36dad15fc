// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/accounts.h"

#include <string.h>

#include "protocol/error.h"

#define MAX_FILE (16 * 1024 * 1024)
#define ALTERNATIVE "altfiles"
#define MAX_ID 4294967294 /* (uid_t)-1 means "no user" to the kernel */

typedef struct {
    char *name;
    gint64 gid;
    char **members;
} Group;

typedef struct {
    char *database;
    char **sources;
    char **actions; /* what stands in brackets behind each of them, "" for nothing */
    guint line;
} Source;

struct PstAccounts {
    GPtrArray *users;   /* of PstAccount */
    GPtrArray *groups;  /* of Group */
    GPtrArray *sources; /* of Source */
};

/* Takes one line of a file. */
typedef void (*Add)(PstAccounts *accounts, const char *path, guint line, const char *text);

static void
account_free(gpointer data)
{
    PstAccount *account = data;

    g_free(account->name);
    g_free(account->home);
    g_free(account->shell);
    g_free(account->path);
    g_free(account);
}

static void
group_free(gpointer data)
{
    Group *group = data;

    g_free(group->name);
    g_strfreev(group->members);
    g_free(group);
}

static void
source_free(gpointer data)
{
    Source *source = data;

    g_free(source->database);
    g_strfreev(source->sources);
    g_strfreev(source->actions);
    g_free(source);
}

static gboolean
parse_id(const char *text, gint64 *id)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, MAX_ID, &value, NULL))
        return FALSE;
    *id = (gint64)value;
    return TRUE;
}

/* Comments and the `+name` and `-name` lines of the compat source are no entries. */
static gboolean
is_entry(const char *line)
{
    return line[0] != '\0' && strchr("#+-", line[0]) == NULL;
}

static void
add_user(PstAccounts *accounts, const char *path, guint line, const char *text)
{
    g_auto(GStrv) fields = g_strsplit(text, ":", 8);
    gint64 uid, gid;

    if (!is_entry(text) || g_strv_length(fields) < 7 || fields[0][0] == '\0' ||
        !parse_id(fields[2], &uid) || !parse_id(fields[3], &gid))
        return;

    PstAccount *account = g_new0(PstAccount, 1);
    account->name = g_strdup(fields[0]);
    account->uid = uid;
    account->gid = gid;
    account->home = g_strdup(fields[5]);
    account->shell = g_strdup(fields[6]);
    account->shadowed = g_str_equal(fields[1], "x") || g_str_has_prefix(fields[1], "##");
    account->path = g_strdup(path);
    account->line = line;
    g_ptr_array_add(accounts->users, account);
}

static void
add_group(PstAccounts *accounts, const char *path G_GNUC_UNUSED, guint line G_GNUC_UNUSED,
          const char *text)
{
    g_auto(GStrv) fields = g_strsplit(text, ":", 5);
    gint64 gid;

    if (!is_entry(text) || g_strv_length(fields) < 4 || fields[0][0] == '\0' ||
        !parse_id(fields[2], &gid))
        return;

    Group *group = g_new0(Group, 1);
    group->name = g_strdup(fields[0]);
    group->gid = gid;
    group->members = g_strsplit(fields[3], ",", -1);
    for (guint i = 0; group->members[i] != NULL; i++)
        g_strstrip(group->members[i]);
    g_ptr_array_add(accounts->groups, group);
}

/* Takes LIST apart: `files [NOTFOUND=return] sss`. A bracket that nothing closes is the last. */
static void
take_sources(Source *source, const char *list)
{
    g_autoptr(GStrvBuilder) sources = g_strv_builder_new();
    g_autoptr(GStrvBuilder) actions = g_strv_builder_new();
    g_autoptr(GString) action = g_string_new(NULL);
    gboolean any = FALSE;

    while (*(list += strspn(list, " \t\r")) != '\0') {
        gsize len = strcspn(list, list[0] == '[' ? "]" : " \t\r[");

        if (list[0] == '[') {
            g_string_append_len(action, list + 1, (gssize)len - 1);
            g_string_append_c(action, ' ');
            if (list[len] != ']')
                g_string_append_c(action, '['); /* it has no end */
            list += list[len] == ']' ? len + 1 : len;
            continue;
        }
        if (any)
            g_strv_builder_add(actions, action->str);
        g_string_truncate(action, 0);
        g_autofree char *name = g_strndup(list, len);
        g_strv_builder_add(sources, name);
        any = TRUE;
        list += len;
    }
    if (any)
        g_strv_builder_add(actions, action->str);
    source->sources = g_strv_builder_end(sources);
    source->actions = g_strv_builder_end(actions);
}

static void
add_source(PstAccounts *accounts, const char *path G_GNUC_UNUSED, guint line, const char *text)
{
    text += strspn(text, " \t");
    const char *colon = strchr(text, ':');

    if (text[0] == '#' || colon == NULL)
        return;

    g_autofree char *list = g_strndup(colon + 1, strcspn(colon + 1, "#"));
    Source *source = g_new0(Source, 1);
    source->database = g_strstrip(g_strndup(text, (gsize)(colon - text)));
    source->line = line;
    take_sources(source, list);
    g_ptr_array_add(accounts->sources, source);
}

/* Of the lines those that WORD is somewhere in; NULL: all. TEXT is written to. */
static void
take_text(PstAccounts *accounts, const char *path, char *text, const char *word, Add add)
{
    guint line = 0;

    for (char *next = text; next != NULL;) {
        const char *one = strsep(&next, "\n");

        line++;
        one += strspn(one, " \t"); /* as the C library does */
        if (word == NULL || strstr(one, word) != NULL)
            add(accounts, path, line, one);
    }
}

static gboolean
read_file(PstAccounts *accounts, const PstSysroot *sysroot, const char *path, const char *word,
          Add add, GError **error)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_FILE, NULL, error);

    if (text != NULL)
        take_text(accounts, path, text, word, add);
    return text != NULL;
}

static gboolean
names_source(const PstAccounts *accounts, const char *database, const char *source)
{
    g_auto(GStrv) sources = pst_accounts_sources(accounts, database);

    return g_strv_contains((const char *const *)sources, source);
}

static PstAccounts *
accounts_new(void)
{
    PstAccounts *accounts = g_new0(PstAccounts, 1);

    accounts->users = g_ptr_array_new_with_free_func(account_free);
    accounts->groups = g_ptr_array_new_with_free_func(group_free);
    accounts->sources = g_ptr_array_new_with_free_func(source_free);
    return accounts;
}

PstAccounts *
pst_accounts_parse(const char *passwd, const char *group, const char *nsswitch)
{
    PstAccounts *accounts = accounts_new();
    g_autofree char *sources = g_strdup(nsswitch != NULL ? nsswitch : "");
    g_autofree char *users = g_strdup(passwd != NULL ? passwd : "");
    g_autofree char *groups = g_strdup(group != NULL ? group : "");

    take_text(accounts, "/etc/nsswitch.conf", sources, NULL, add_source);
    take_text(accounts, "/etc/passwd", users, NULL, add_user);
    take_text(accounts, "/etc/group", groups, NULL, add_group);
    return accounts;
}

/* nss-altfiles, of image-based systems, has the users that a file of /etc doesn't. */
static gboolean
read_users(PstAccounts *accounts, const PstSysroot *sysroot, const char *word, GError **error)
{
    if (!read_file(accounts, sysroot, "/etc/passwd", word, add_user, error))
        return FALSE;
    if (names_source(accounts, "passwd", ALTERNATIVE))
        read_file(accounts, sysroot, "/usr/lib/passwd", word, add_user, NULL);
    return TRUE;
}

static void
read_groups(PstAccounts *accounts, const PstSysroot *sysroot, const char *word)
{
    read_file(accounts, sysroot, "/etc/group", word, add_group, NULL);
    if (names_source(accounts, "group", ALTERNATIVE))
        read_file(accounts, sysroot, "/usr/lib/group", word, add_group, NULL);
}

PstAccounts *
pst_accounts_load(const PstSysroot *sysroot, GError **error)
{
    g_autoptr(PstAccounts) accounts = accounts_new();

    read_file(accounts, sysroot, "/etc/nsswitch.conf", NULL, add_source, NULL);
    if (!read_users(accounts, sysroot, NULL, error))
        return NULL;
    read_groups(accounts, sysroot, NULL);
    return g_steal_pointer(&accounts);
}

PstAccounts *
pst_accounts_load_one(const PstSysroot *sysroot, const char *name, GError **error)
{
    g_autoptr(PstAccounts) accounts = accounts_new();

    read_file(accounts, sysroot, "/etc/nsswitch.conf", NULL, add_source, NULL);
    if (!read_users(accounts, sysroot, name, error))
        return NULL;
    read_groups(accounts, sysroot, name);
    return g_steal_pointer(&accounts);
}

void
pst_accounts_free(PstAccounts *accounts)
{
    g_ptr_array_unref(accounts->users);
    g_ptr_array_unref(accounts->groups);
    g_ptr_array_unref(accounts->sources);
    g_free(accounts);
}

const PstAccount *
pst_accounts_add(PstAccounts *accounts, const char *line)
{
    guint before = accounts->users->len;

    add_user(accounts, NULL, 0, line);
    return accounts->users->len > before ? accounts->users->pdata[before] : NULL;
}

const GPtrArray *
pst_accounts_all(const PstAccounts *accounts)
{
    return accounts->users;
}

const PstAccount *
pst_accounts_find(const PstAccounts *accounts, const char *name)
{
    for (guint i = 0; i < accounts->users->len; i++) {
        const PstAccount *account = accounts->users->pdata[i];
        if (g_str_equal(account->name, name))
            return account;
    }
    return NULL;
}

const PstAccount *
pst_accounts_find_uid(const PstAccounts *accounts, gint64 uid)
{
    for (guint i = 0; i < accounts->users->len; i++) {
        const PstAccount *account = accounts->users->pdata[i];
        if (account->uid == uid)
            return account;
    }
    return NULL;
}

gint64
pst_accounts_gid(const PstAccounts *accounts, const char *group)
{
    for (guint i = 0; i < accounts->groups->len; i++) {
        const Group *one = accounts->groups->pdata[i];
        if (g_str_equal(one->name, group))
            return one->gid;
    }
    return -1;
}

const char *
pst_accounts_group_name(const PstAccounts *accounts, gint64 gid)
{
    for (guint i = 0; i < accounts->groups->len; i++) {
        const Group *one = accounts->groups->pdata[i];
        if (one->gid == gid)
            return one->name;
    }
    return NULL;
}

static void
add_gid(GArray *gids, gint64 number)
{
    gid_t gid = (gid_t)number;

    for (guint i = 0; i < gids->len; i++)
        if (g_array_index(gids, gid_t, i) == gid)
            return;
    g_array_append_val(gids, gid);
}

GArray *
pst_accounts_groups(const PstAccounts *accounts, const PstAccount *account)
{
    GArray *gids = g_array_new(FALSE, FALSE, sizeof(gid_t));

    add_gid(gids, account->gid);
    for (guint i = 0; i < accounts->groups->len; i++) {
        const Group *group = accounts->groups->pdata[i];
        if (g_strv_contains((const char *const *)group->members, account->name))
            add_gid(gids, group->gid);
    }
    return gids;
}

gboolean
pst_accounts_is_shared(const PstAccounts *accounts, gint64 gid, gint64 uid)
{
    gboolean found = FALSE;

    for (guint i = 0; i < accounts->users->len; i++) {
        const PstAccount *account = accounts->users->pdata[i];
        if (account->gid == gid && account->uid != uid)
            return TRUE;
        found |= account->gid == gid;
    }
    for (guint i = 0; i < accounts->groups->len; i++) {
        const Group *group = accounts->groups->pdata[i];
        for (guint j = 0; group->gid == gid && group->members[j] != NULL; j++) {
            const PstAccount *member = pst_accounts_find(accounts, group->members[j]);
            if (group->members[j][0] != '\0' && (member == NULL || member->uid != uid))
                return TRUE;
            found |= member != NULL;
        }
    }
    return !found;
}

/* The first line about it holds. */
static const Source *
find_source(const PstAccounts *accounts, const char *database)
{
    for (guint i = 0; i < accounts->sources->len; i++) {
        const Source *source = accounts->sources->pdata[i];
        if (g_str_equal(source->database, database))
            return source;
    }
    return NULL;
}

char **
pst_accounts_sources(const PstAccounts *accounts, const char *database)
{
    static const char *const files[] = {"files", NULL};
    const Source *source = find_source(accounts, database);

    return g_strdupv(source != NULL ? source->sources : (char **)files);
}

char **
pst_accounts_actions(const PstAccounts *accounts, const char *database)
{
    static const char *const none[] = {"", NULL};
    const Source *source = find_source(accounts, database);

    return g_strdupv(source != NULL ? source->actions : (char **)none);
}

guint
pst_accounts_line(const PstAccounts *accounts, const char *database)
{
    const Source *source = find_source(accounts, database);

    return source != NULL ? source->line : 0;
}

const char *
pst_accounts_elsewhere(const PstAccounts *accounts, const char *database)
{
    /* nss-systemd adds root, nobody and units' dynamic users: nobody who logs in. */
    static const char *const read_here[] = {"files", "altfiles", "compat", "systemd", NULL};

    for (guint i = 0; i < accounts->sources->len; i++) {
        const Source *source = accounts->sources->pdata[i];
        if (!g_str_equal(source->database, database))
            continue;
        for (guint j = 0; source->sources[j] != NULL; j++)
            if (!g_strv_contains(read_here, source->sources[j]))
                return source->sources[j];
        return NULL;
    }
    return NULL;
}

gboolean
pst_accounts_asks_files(const PstAccounts *accounts, const char *database)
{
    static const char *const of_files[] = {"files", "altfiles", "compat", "db", NULL};
    g_auto(GStrv) sources = pst_accounts_sources(accounts, database);

    for (guint i = 0; sources[i] != NULL; i++)
        if (g_strv_contains(of_files, sources[i]))
            return TRUE;
    return FALSE;
}

static PstAccountPassword
password_state(const char *hash)
{
    if (hash[0] == '\0')
        return PST_ACCOUNT_PASSWORD_EMPTY;
    if (hash[0] == '!' && strspn(hash, "!") < strlen(hash) &&
        strchr("*x", hash[strspn(hash, "!")]) == NULL)
        return PST_ACCOUNT_PASSWORD_LOCKED;
    if (strchr("!*", hash[0]) != NULL || strlen(hash) < 3)
        return PST_ACCOUNT_PASSWORD_NONE;
    return PST_ACCOUNT_PASSWORD_SET;
}

static gboolean
parse_day(const char *text, gint64 *day)
{
    *day = -1;
    return text[0] == '\0' || g_ascii_string_to_signed(text, 10, -1, G_MAXINT32, day, NULL);
}

/* fields[1] is a secret: only its shape leaves this function. */
static PstAccountShadow *
parse_shadow(char **fields)
{
    PstAccountShadow found = {0};
    gint64 warn;

    if (g_strv_length(fields) < 8 || !parse_day(fields[2], &found.last_change) ||
        !parse_day(fields[3], &found.minimum) || !parse_day(fields[4], &found.maximum) ||
        !parse_day(fields[5], &warn) || !parse_day(fields[6], &found.inactive) ||
        !parse_day(fields[7], &found.expire))
        return NULL;
    found.password = password_state(fields[1]);
    return g_memdup2(&found, sizeof(found));
}

PstAccountShadow *
pst_accounts_parse_shadow(char *text, const char *name)
{
    gsize len = strlen(name);
    char *rest = text, *line;

    for (guint number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
        line += strspn(line, " \t");
        if (strncmp(line, name, len) != 0 || line[len] != ':')
            continue;
        g_auto(GStrv) fields = g_strsplit(line, ":", 9);
        PstAccountShadow *shadow = parse_shadow(fields);
        if (fields[1] != NULL)
            explicit_bzero(fields[1], strlen(fields[1]));
        if (shadow == NULL)
            return NULL;
        shadow->line = number;
        return shadow;
    }
    return NULL;
}

PstAccountShadow *
pst_accounts_shadow(const PstSysroot *sysroot, const PstAccount *account, GError **error)
{
    gsize len;
    char *text = pst_sysroot_read(sysroot, "/etc/shadow", MAX_FILE, &len, error);

    if (text == NULL)
        return NULL;
    PstAccountShadow *shadow = pst_accounts_parse_shadow(text, account->name);
    explicit_bzero(text, len);
    g_free(text);
    if (shadow == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_ABSENT,
                    "/etc/shadow has no entry for %s that can be read", account->name);
    return shadow;
}

PstAccountValidity
pst_accounts_validity(const PstAccount *account, const PstAccountShadow *shadow, gint64 day)
{
    if (!account->shadowed)
        return PST_ACCOUNT_VALID;
    if (shadow == NULL)
        return PST_ACCOUNT_NO_SHADOW;
    if (shadow->expire != -1 && day >= shadow->expire)
        return PST_ACCOUNT_EXPIRED;
    if (shadow->last_change == 0)
        return PST_ACCOUNT_CHANGE_PASSWORD;
    if (shadow->last_change < 0 || day < shadow->last_change)
        return PST_ACCOUNT_VALID;

    gint64 age = day - shadow->last_change;
    if (shadow->maximum == -1 || age <= shadow->maximum)
        return PST_ACCOUNT_VALID;
    if (shadow->inactive != -1 && age > shadow->inactive &&
        age > shadow->maximum + shadow->inactive)
        return PST_ACCOUNT_PASSWORD_EXPIRED;
    return PST_ACCOUNT_CHANGE_PASSWORD;
}
