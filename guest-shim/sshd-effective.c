// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/sshd-effective.h"

#include <string.h>

#include "guest-shim/program.h"
#include "protocol/error.h"

#define TIMEOUT_MS 20000
#define MAX_OUTPUT (256 * 1024)
#define MAX_SETTINGS 20000
#define NO_ADDRESS "0.0.0.0"
#define DEFAULT_PORT 22

typedef struct {
    char *keyword, *value;
} Setting;

struct PstSshdEffective {
    GPtrArray *settings; /* of Setting; NULL: only the files were read */
    const PstSshdConnection *connection;
    const PstSshdConfig *config; /* may be NULL */
};

/* sshd_config(5), OpenSSH 9; only what is asked for here. */
static const Setting defaults[] = {
    {(char *)"authenticationmethods", (char *)"any"},
    {(char *)"authorizedkeyscommand", (char *)"none"},
    {(char *)"authorizedkeysfile", (char *)".ssh/authorized_keys .ssh/authorized_keys2"},
    {(char *)"gssapiauthentication", (char *)"no"},
    {(char *)"hostbasedauthentication", (char *)"no"},
    {(char *)"kbdinteractiveauthentication", (char *)"yes"},
    {(char *)"logingracetime", (char *)"120"},
    {(char *)"maxauthtries", (char *)"6"},
    {(char *)"maxsessions", (char *)"10"},
    {(char *)"passwordauthentication", (char *)"yes"},
    {(char *)"permitemptypasswords", (char *)"no"},
    {(char *)"permitrootlogin", (char *)"prohibit-password"},
    {(char *)"pubkeyauthentication", (char *)"yes"},
    {(char *)"revokedkeys", (char *)"none"},
    {(char *)"strictmodes", (char *)"yes"},
    {(char *)"trustedusercakeys", (char *)"none"},
    {(char *)"usepam", (char *)"no"},
};

/* The old names, which sshd still takes and no longer prints. */
static const char *
old_name(const char *keyword)
{
    return g_str_equal(keyword, "kbdinteractiveauthentication") ? "challengeresponseauthentication"
                                                                : NULL;
}

static void
free_setting(gpointer data)
{
    Setting *setting = data;

    g_free(setting->keyword);
    g_free(setting->value);
    g_free(setting);
}

void
pst_sshd_effective_free(PstSshdEffective *effective)
{
    g_clear_pointer(&effective->settings, g_ptr_array_unref);
    g_free(effective);
}

PstSshdEffective *
pst_sshd_effective_read(const PstSshdConnection *connection, const PstSshdConfig *config)
{
    PstSshdEffective *effective = g_new0(PstSshdEffective, 1);

    effective->connection = connection;
    effective->config = config;
    return effective;
}

static void
add_line(GPtrArray *settings, char *line)
{
    gsize len;

    g_strstrip(line);
    len = strcspn(line, " \t");
    if (len == 0 || settings->len >= MAX_SETTINGS)
        return;
    Setting *setting = g_new0(Setting, 1);
    setting->keyword = g_ascii_strdown(line, (gssize)len);
    setting->value = g_strchug(g_strdup(line + len));
    g_ptr_array_add(settings, setting);
}

PstSshdEffective *
pst_sshd_effective_parse(const char *text, const PstSshdConnection *connection,
                         const PstSshdConfig *config)
{
    PstSshdEffective *effective = pst_sshd_effective_read(connection, config);
    g_auto(GStrv) lines = g_strsplit(text, "\n", MAX_SETTINGS);

    effective->settings = g_ptr_array_new_with_free_func(free_setting);
    for (guint i = 0; lines[i] != NULL; i++)
        add_line(effective->settings, lines[i]);
    return effective;
}

/* A comma would begin another criterion of -C. */
static gboolean
is_plain(const char *word)
{
    return word[0] != '\0' && strpbrk(word, ",= \t\r\n") == NULL;
}

/* All criteria, or sshd ends with an error at the first Match block that names one that is not
 * there. Only numbers for addresses: no name is looked up. */
static char *
make_criteria(const PstSshdConnection *connection)
{
    const char *address = connection->address != NULL ? connection->address : NO_ADDRESS;

    return g_strdup_printf(
        "user=%s,host=%s,addr=%s,laddr=" NO_ADDRESS ",lport=%u,rdomain=", connection->user, address,
        address, connection->port != 0 ? connection->port : DEFAULT_PORT);
}

static char **
make_argv(const PstSshdConnection *connection, const char *const *options)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; options != NULL && options[i] != NULL; i++)
        g_strv_builder_add(builder, options[i]);
    g_strv_builder_add(builder, "-T");
    if (connection->user != NULL) {
        g_autofree char *criteria = make_criteria(connection);
        g_strv_builder_add(builder, "-C");
        g_strv_builder_add(builder, criteria);
    }
    return g_strv_builder_end(builder);
}

PstSshdEffective *
pst_sshd_effective_ask(const PstProbeContext *context, const PstSshdConnection *connection,
                       const char *const *options, const PstSshdConfig *config,
                       PstSshdCheck **refused, GError **error)
{
    g_auto(GStrv) argv = make_argv(connection, options);
    const PstProgram program = {
        .candidates = pst_sshd_check_programs,
        .argv = (const char *const *)argv,
        /* Where it hangs, some time has to be left for asking in another way. */
        .timeout_ms = MAX(1, pst_probe_time_left_ms(context, TIMEOUT_MS) * 2 / 3),
        .max_output = MAX_OUTPUT,
    };

    *refused = NULL;
    if (connection->user != NULL && !is_plain(connection->user)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "sshd -T can't be asked about '%.64s'",
                    connection->user);
        return NULL;
    }
    g_autoptr(PstProgramResult) result = pst_program_run(context->sysroot, &program, error);
    if (result == NULL)
        return NULL;
    if (result->timed_out || result->truncated || result->signal != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "sshd -T: %s",
                    result->timed_out   ? "did not end in time"
                    : result->truncated ? "says too much"
                                        : g_strsignal(result->signal));
        return NULL;
    }
    if (result->exit_status == 0)
        return pst_sshd_effective_parse(result->out->str, connection, config);
    *refused = pst_sshd_check_parse(result->exit_status, result->err->str);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "sshd -T: %s", (*refused)->text);
    return NULL;
}

gboolean
pst_sshd_effective_is_said(const PstSshdEffective *effective)
{
    return effective->settings != NULL;
}

/* The lines of the files that hold; never NULL. */
static GPtrArray *
lines_of(const PstSshdEffective *effective, const char *keyword, gboolean *certain)
{
    GPtrArray *lines;

    *certain = FALSE;
    if (effective->config == NULL)
        return g_ptr_array_new();
    lines = pst_sshd_config_for(effective->config, effective->connection, keyword, certain);
    if (lines->len > 0 || old_name(keyword) == NULL)
        return lines;
    g_ptr_array_unref(lines);
    return pst_sshd_config_for(effective->config, effective->connection, old_name(keyword),
                               certain);
}

gboolean
pst_sshd_effective_knows(const PstSshdEffective *effective, const char *keyword)
{
    gboolean certain = TRUE;

    /* Who named no address was answered for one that nobody comes from, and nobody for a name, or
     * for the address that the connection comes to. */
    if (effective->settings != NULL && effective->connection->user != NULL &&
        effective->config != NULL &&
        pst_sshd_config_is_local(effective->config, effective->connection, keyword))
        return FALSE;
    if (effective->settings != NULL &&
        (effective->connection->user == NULL || effective->config == NULL ||
         (effective->connection->address != NULL && !effective->connection->by_name)))
        return TRUE;
    g_ptr_array_unref(lines_of(effective, keyword, &certain));
    return certain;
}

/* The N-th value that was said or stands in the files. */
static const char *
value_at(const PstSshdEffective *effective, const char *keyword, guint n)
{
    gboolean certain;

    for (guint i = 0; effective->settings != NULL && i < effective->settings->len; i++) {
        const Setting *setting = effective->settings->pdata[i];
        if (g_str_equal(setting->keyword, keyword) && n-- == 0)
            return setting->value;
    }
    if (effective->settings != NULL)
        return NULL;
    g_autoptr(GPtrArray) lines = lines_of(effective, keyword, &certain);
    return n < lines->len ? ((const PstSshdDirective *)lines->pdata[n])->value : NULL;
}

const char *
pst_sshd_effective_get(const PstSshdEffective *effective, const char *keyword)
{
    const char *value = value_at(effective, keyword, 0);

    for (guint i = 0; value == NULL && i < G_N_ELEMENTS(defaults); i++)
        if (g_str_equal(defaults[i].keyword, keyword))
            value = defaults[i].value;
    return value;
}

gboolean
pst_sshd_effective_is(const PstSshdEffective *effective, const char *keyword, const char *value)
{
    const char *found = pst_sshd_effective_get(effective, keyword);

    return found != NULL && g_ascii_strcasecmp(found, value) == 0;
}

gint64
pst_sshd_effective_number(const PstSshdEffective *effective, const char *keyword)
{
    const char *value = pst_sshd_effective_get(effective, keyword);
    gint64 number = PST_INT_UNKNOWN;

    if (value == NULL || !g_ascii_string_to_signed(value, 10, 0, G_MAXINT32, &number, NULL))
        return PST_INT_UNKNOWN;
    return number;
}

static gboolean
adds_up(const char *keyword)
{
    return g_str_has_prefix(keyword, "allow") || g_str_has_prefix(keyword, "deny");
}

static void
add_words(GStrvBuilder *builder, const char *value)
{
    g_auto(GStrv) words = g_strsplit_set(value, " \t", -1);

    for (guint i = 0; words[i] != NULL; i++)
        if (words[i][0] != '\0')
            g_strv_builder_add(builder, words[i]);
}

char **
pst_sshd_effective_words(const PstSshdEffective *effective, const char *keyword)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const char *value = pst_sshd_effective_get(effective, keyword);

    if (value != NULL)
        add_words(builder, value);
    for (guint n = 1; adds_up(keyword) && (value = value_at(effective, keyword, n)) != NULL; n++)
        add_words(builder, value);
    return g_strv_builder_end(builder);
}

static gboolean
has_word(const PstSshdDirective *directive, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(directive->value, " \t", -1);

    return word == NULL || g_strv_contains((const char *const *)words, word);
}

const PstSshdDirective *
pst_sshd_effective_where(const PstSshdEffective *effective, const char *keyword, const char *word)
{
    gboolean certain;
    g_autoptr(GPtrArray) lines = lines_of(effective, keyword, &certain);
    const GPtrArray *all =
        certain || effective->config == NULL ? NULL : pst_sshd_config_all(effective->config);

    for (guint i = 0; i < lines->len; i++)
        if (has_word(lines->pdata[i], word))
            return lines->pdata[i];
    /* In a block of which only sshd knows whether it is about the connection. */
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const PstSshdDirective *directive = all->pdata[i];
        if (g_str_equal(directive->keyword, keyword) && has_word(directive, word))
            return directive;
    }
    return NULL;
}
