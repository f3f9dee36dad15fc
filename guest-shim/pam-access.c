// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-access.h"

#include <arpa/inet.h>
#include <string.h>

#include "guest-shim/pam-line.h"
#include "protocol/error.h"

#define CONF "/etc/security/access.conf"
#define VENDOR_CONF "/usr/etc/security/access.conf"
#define DROP_INS "/etc/security/access.d"
#define MAX_CONF (1024 * 1024)
#define MAX_LINE 8190 /* pam_access reads into BUFSIZ bytes and passes over what is longer */
#define PAM_ABORT 26

/* All rules so far: the one that decides, and before it those that only might match. */
typedef struct {
    const PstPamAccessOptions *options;
    const PstPamSubject *subject;
    PstPamRuling *ruling;
    gboolean decided, allowed; /* allowed where nothing matches */
    gboolean may_allow, may_deny;
    PstPamRuling unsure; /* the first that might match */
} Scan;

typedef PstTri (*Match)(const Scan *scan, const char *token, PstPamOrigin origin);

/* ---- addresses ---- */

static int
parse_address(const char *text, guint8 bytes[16])
{
    memset(bytes, 0, 16);
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

/* 0 bits, as a mask of 0, means to compare the whole address (number_to_netmask()). */
static gboolean
parse_mask(const char *text, int len, guint8 mask[16])
{
    guint64 bits = 0;

    if (text == NULL ||
        (g_ascii_string_to_unsigned(text, 10, 0, (guint)len * 8, &bits, NULL) && bits == 0)) {
        memset(mask, 0xff, 16);
        return TRUE;
    }
    if (bits == 0)
        return parse_address(text, mask) == len;
    for (int i = 0; i < len; i++) {
        guint here = (guint)CLAMP((gint64)bits - (gint64)i * 8, 0, 8);
        mask[i] = (guint8)(0xff00 >> here);
    }
    return TRUE;
}

static PstTri
match_network(const char *token, const char *address)
{
    g_auto(GStrv) parts = g_strsplit(token, "/", 2);
    guint8 network[16], mask[16], bytes[16];
    int len = parse_address(parts[0], network);
    int own = parse_address(address, bytes);

    if (len == 0)
        return parts[1] != NULL ? PST_TRI_NO : PST_TRI_UNKNOWN; /* newer ones look a name up */
    if (own == 0)
        return PST_TRI_UNKNOWN;
    if (len != own || !parse_mask(parts[1], len, mask))
        return PST_TRI_NO;
    for (int i = 0; i < len; i++)
        if ((network[i] & mask[i]) != (bytes[i] & mask[i]))
            return PST_TRI_NO;
    return PST_TRI_YES;
}

/* "192.0.2." stands for all addresses that begin so. */
static PstTri
match_prefix(const char *token, const char *address)
{
    g_autofree char *dotted = g_strconcat(address, ".", NULL);
    guint8 bytes[16];
    int len = parse_address(address, bytes);

    if (len == 0)
        return PST_TRI_UNKNOWN;
    return PST_TRI(len == 4 && g_str_has_prefix(dotted, token));
}

/* Words that name a terminal or a service, and no host. */
static gboolean
is_local_word(const char *token)
{
    static const char *const prefixes[] = {"tty", "pts", "hvc", "console", "cron", ":"};

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(token, prefixes[i]))
            return TRUE;
    return g_ascii_strcasecmp(token, "LOCAL") == 0 || g_ascii_strcasecmp(token, "NONE") == 0;
}

static PstTri
match_remote(const char *token, const char *address)
{
    guint8 bytes[16];

    if (is_local_word(token))
        return PST_TRI_NO;
    if (address == NULL)
        return PST_TRI_UNKNOWN;
    if (token[0] == '.') {
        gboolean is_address = parse_address(address, bytes) != 0;
        return PST_TRI(!is_address && strlen(address) > strlen(token) &&
                       g_ascii_strcasecmp(address + strlen(address) - strlen(token), token) == 0);
    }
    if (g_str_has_suffix(token, "."))
        return match_prefix(token, address);
    return match_network(token, address);
}

static PstTri
match_origin(const Scan *scan G_GNUC_UNUSED, const char *token, PstPamOrigin origin)
{
    if (token[0] == '@')
        return PST_TRI_UNKNOWN; /* a netgroup */
    if (g_ascii_strcasecmp(token, "ALL") == 0)
        return PST_TRI_YES;
    if (origin.name != NULL && g_ascii_strcasecmp(token, origin.name) == 0)
        return PST_TRI_YES;
    if (origin.remote)
        return match_remote(token, origin.name);
    if (g_ascii_strcasecmp(token, "LOCAL") == 0)
        return PST_TRI_YES;
    return origin.name == NULL ? PST_TRI_UNKNOWN : PST_TRI_NO;
}

/* ---- users ---- */

static PstTri match_user(const Scan *scan, const char *token, PstPamOrigin origin);

/* "user@host": the user on this host. */
static PstTri
match_user_on_host(const Scan *scan, const char *token, const char *at, PstPamOrigin origin)
{
    g_autofree char *user = g_strndup(token, (gsize)(at - token));
    const PstPamOrigin own = {.remote = TRUE, .name = scan->subject->host};

    return pst_pam_subject_and(match_user(scan, user, origin), match_origin(scan, at + 1, own));
}

static PstTri
match_user(const Scan *scan, const char *token, PstPamOrigin origin)
{
    const PstPamSubject *subject = scan->subject;
    gsize len = strlen(token);
    const char *at = strchr(token + strspn(token, "@"), '@');

    if (token[0] == '(' && token[len - 1] == ')') {
        g_autofree char *group = g_strndup(token + 1, len > 2 ? len - 2 : 0);
        return len < 3 ? PST_TRI_NO : pst_pam_subject_is_in(subject, group);
    }
    if (at != NULL)
        return match_user_on_host(scan, token, at, origin);
    if (token[0] == '@')
        return PST_TRI_UNKNOWN;
    if (g_ascii_strcasecmp(token, "ALL") == 0 ||
        g_ascii_strcasecmp(token, subject->user->name) == 0)
        return PST_TRI_YES;
    if (scan->options->no_default_group || pst_accounts_find(subject->accounts, token) != NULL)
        return PST_TRI_NO;
    return pst_pam_subject_is_in(subject, token);
}

/* ---- rules ---- */

static PstTri
match_list(const Scan *scan, char **tokens, Match match)
{
    PstTri found = PST_TRI_NO;
    guint i = 0;

    for (; tokens[i] != NULL && g_ascii_strcasecmp(tokens[i], "EXCEPT") != 0; i++)
        if (tokens[i][0] != '\0')
            found = pst_pam_subject_or(found, match(scan, tokens[i], scan->subject->origin));
    if (found == PST_TRI_NO || tokens[i] == NULL)
        return found;
    return pst_pam_subject_and(found, pst_pam_subject_not(match_list(scan, tokens + i + 1, match)));
}

static PstTri
match_field(const Scan *scan, const char *field, Match match)
{
    g_auto(GStrv) tokens = g_strsplit_set(field, scan->options->list_separators, -1);

    return match_list(scan, tokens, match);
}

/* strtok(3): separators at the beginning are skipped. */
static char *
next_field(char **rest, const char *separators)
{
    char *start = *rest + strspn(*rest, separators);

    if (*start == '\0')
        return NULL;
    char *end = start + strcspn(start, separators);
    *rest = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return start;
}

static void
take_match(Scan *scan, PstTri matched, gboolean allows, const char *path, guint number,
           const char *text)
{
    if (matched == PST_TRI_YES) {
        scan->decided = TRUE;
        scan->allowed = allows;
        pst_pam_ruling_set(scan->ruling, PST_PAM_ANY, path, number, text, NULL);
        return;
    }
    scan->may_allow |= allows;
    scan->may_deny |= !allows;
    if (scan->unsure.path == NULL)
        pst_pam_ruling_set(&scan->unsure, PST_PAM_ANY, path, number, text, NULL);
}

static void
take_line(Scan *scan, const char *path, guint number, char *line)
{
    g_autofree char *text = NULL;
    const char *separators = scan->options->field_separators;
    gboolean allows = line[0] == '+';
    char *rest = line;

    if (line[0] == '#' || strlen(line) > MAX_LINE)
        return;
    g_strchomp(line);
    text = g_strdup(line);
    const char *permission = next_field(&rest, separators);
    const char *users = permission != NULL ? next_field(&rest, separators) : NULL;
    if (users == NULL || rest[0] == '\0' || strchr("+-", permission[0]) == NULL)
        return;
    PstTri matched = match_field(scan, users, match_user);
    if (matched != PST_TRI_NO)
        matched = pst_pam_subject_and(matched, match_field(scan, rest, match_origin));
    if (matched != PST_TRI_NO)
        take_match(scan, matched, allows, path, number, text);
}

/* A last line without its end is passed over, as pam_access does. */
static void
take_text(Scan *scan, const char *path, char *text)
{
    char *rest = text, *line;

    for (guint number = 1; !scan->decided && (line = strsep(&rest, "\n")) != NULL; number++)
        if (rest != NULL)
            take_line(scan, path, number, line);
}

static int
conclude(Scan *scan)
{
    PstPamRuling *ruling = scan->ruling;
    const PstPamOrigin *origin = &scan->subject->origin;
    gboolean allowed = !scan->decided || scan->allowed;

    if ((allowed && scan->may_deny) || (!allowed && scan->may_allow)) {
        pst_pam_ruling_clear(ruling);
        *ruling = scan->unsure;
        ruling->lack = origin->name == NULL;
        ruling->why = g_strdup_printf(
            "whether a rule of pam_access concerns %s %s", scan->subject->user->name,
            ruling->lack ? "depends on where from" : "would need a look-up");
        scan->unsure = (PstPamRuling){0};
        return PST_PAM_ANY;
    }
    pst_pam_ruling_clear(&scan->unsure);
    if (!allowed)
        ruling->why = g_strdup_printf(
            "a rule of pam_access denies %s%s%s", scan->subject->user->name,
            origin->remote ? " from " : "",
            origin->remote ? (origin->name != NULL ? origin->name : "anywhere") : "");
    return ruling->answer = allowed ? PST_PAM_SUCCESS : PST_PAM_PERM_DENIED;
}

int
pst_pam_access_judge(const char *path, char *text, const PstPamAccessOptions *options,
                     const PstPamSubject *subject, PstPamRuling *ruling)
{
    Scan scan = {.options = options, .subject = subject, .ruling = ruling};

    take_text(&scan, path, text);
    return conclude(&scan);
}

/* FALSE where the file could not be looked at. */
static gboolean
take_file(Scan *scan, const char *path, GError **error)
{
    g_autofree char *text = pst_sysroot_read(scan->subject->sysroot, path, MAX_CONF, NULL, error);

    if (text != NULL)
        take_text(scan, path, text);
    return text != NULL;
}

/* Only where nothing before has decided. Returns the one that could not be looked at. */
static char *
take_drop_ins(Scan *scan, GError **error)
{
    g_auto(GStrv) names = pst_sysroot_list(scan->subject->sysroot, DROP_INS, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL && !scan->decided; i++) {
        g_autofree char *path = g_build_filename(DROP_INS, names[i], NULL);
        g_autoptr(GError) cause = NULL;

        /* A link that leads nowhere is no error. */
        if (!g_str_has_suffix(names[i], ".conf") || take_file(scan, path, &cause) ||
            cause->code == PST_ERROR_ABSENT)
            continue;
        g_propagate_error(error, g_steal_pointer(&cause));
        return g_steal_pointer(&path);
    }
    return NULL;
}

/* A file that the arguments name and that is not there ends in PAM_ABORT: nobody gets in. */
static int
refuse_without(const char *path, PstPamRuling *ruling)
{
    pst_pam_ruling_set(ruling, PAM_ABORT, path, 0, NULL,
                       g_strdup_printf("pam_access is told to read %s, which is not there", path));
    ruling->remedy = g_strdup_printf("put %s back, or take accessfile= away", path);
    return ruling->answer;
}

int
pst_pam_access_answer(const PstPamLine *line, const PstPamSubject *subject, PstPamRuling *ruling)
{
    g_auto(GStrv) words = pst_pam_line_arguments(line->args);
    PstPamAccessOptions options = PST_PAM_ACCESS_OPTIONS_DEFAULT;
    Scan scan = {.options = &options, .subject = subject, .ruling = ruling};
    const char *named = pst_pam_line_value(words, "accessfile");
    const char *fields = pst_pam_line_value(words, "fieldsep");
    const char *list = pst_pam_line_value(words, "listsep");
    g_autoptr(GError) cause = NULL;

    options.field_separators = fields != NULL ? fields : options.field_separators;
    options.list_separators = list != NULL ? list : options.list_separators;
    options.no_default_group = g_strv_contains((const char *const *)words, "nodefgroup");
    const char *path = named != NULL                                ? named
                       : pst_sysroot_exists(subject->sysroot, CONF) ? CONF
                                                                    : VENDOR_CONF;
    g_autofree char *unread = take_file(&scan, path, &cause) ? NULL : g_strdup(path);
    if (unread != NULL && cause->code == PST_ERROR_ABSENT && named != NULL)
        return refuse_without(named, ruling);
    if (unread != NULL && cause->code == PST_ERROR_ABSENT) {
        g_clear_pointer(&unread, g_free);
        g_clear_error(&cause);
    }
    if (unread == NULL && named == NULL && !scan.decided)
        unread = take_drop_ins(&scan, &cause);
    if (unread == NULL)
        return conclude(&scan);
    pst_pam_ruling_clear(&scan.unsure);
    return pst_pam_ruling_set_unlooked(ruling, unread, cause);
}
