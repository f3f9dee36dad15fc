// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/vantage.h"

#include <string.h>

#include "host-sidecar/config.h"
#include "host-sidecar/words.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define GROUP "vantage "
#define MAX_KEY_FILE (16 * 1024)

typedef struct {
    char *user, *from;
    gint64 port;
    char *key;
    char **kex, **ciphers, **macs, **hostkey, **command;
    PstTri tty;
} Vantage;

static const PstField rows[] = {
    PST_STRING(Vantage, user, "who"),
    PST_STRING(Vantage, from, "the address that the connection comes from"),
    PST_INT(Vantage, port, "the port that it goes to"),
    PST_STRING(Vantage, key, "the public key that is offered"),
    PST_STRINGS(Vantage, kex, "the key exchanges that the client has"),
    PST_STRINGS(Vantage, ciphers, "its ciphers"),
    PST_STRINGS(Vantage, macs, "its message authentication codes"),
    PST_STRINGS(Vantage, hostkey, "the host key algorithms that it takes"),
    PST_STRINGS(Vantage, command, "what is run through sudo"),
    PST_BOOL(Vantage, tty, "there is a terminal"),
};
static const PstFields fields = PST_FIELDS(Vantage, rows);

void
pst_vantage_words_clear(PstVantageWords *words)
{
    g_free(words->as);
    g_free(words->user);
    g_free(words->from);
    g_free(words->port);
    g_free(words->key);
    g_free(words->command);
}

void
pst_vantage_entries(PstVantageWords *words, GOptionEntry *entries, guint n)
{
    const GOptionEntry all[PST_VANTAGE_N_ENTRIES] = {
        {"as", 0, 0, G_OPTION_ARG_STRING, &words->as,
         "Whom questions about access concern: a vantage of the configuration", "VANTAGE"},
        {"user", 'u', 0, G_OPTION_ARG_STRING, &words->user, "This user", "NAME"},
        {"command", 0, 0, G_OPTION_ARG_STRING, &words->command,
         "To run this as root, with its arguments", "COMMAND"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &words->from, "Coming from this address", "ADDRESS"},
        {"port", 0, 0, G_OPTION_ARG_STRING, &words->port, "To this port of the guest", "PORT"},
        {"key", 0, 0, G_OPTION_ARG_STRING, &words->key,
         "With this public key: its file, its line, or its SHA256 fingerprint", "KEY"},
    };

    memcpy(entries, all, n * sizeof(all[0]));
}

static gboolean
add_user(JsonObject *vantage, const char *user, GError **error)
{
    if (!pst_words_check_user(user, error))
        return FALSE;
    pst_json_set_string(vantage, "user", user);
    return TRUE;
}

static gboolean
add_from(JsonObject *vantage, const char *from, GError **error)
{
    if (!g_hostname_is_ip_address(from)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "'%s' is no address: say it in numbers, no name is looked up", from);
        return FALSE;
    }
    pst_json_set_string(vantage, "from", from);
    return TRUE;
}

/* A file's first line, where KEY names a file; a private key is never read on. */
static gboolean
add_key(JsonObject *vantage, const char *key, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    gsize len = 0;

    if (key[0] != '/' && !g_str_has_suffix(key, ".pub")) {
        pst_json_set_string(vantage, "key", key);
        return TRUE;
    }
    if (!g_file_get_contents(key, &text, &len, &cause)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s", key, cause->message);
        return FALSE;
    }
    if (len > MAX_KEY_FILE || strchr(text, ' ') == NULL || g_str_has_prefix(text, "-----")) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "%s is no public key file: name the one that ends in .pub", key);
        return FALSE;
    }
    text[strcspn(text, "\r\n")] = '\0';
    pst_json_set_string(vantage, "key", text);
    return TRUE;
}

static gboolean
add_port(JsonObject *vantage, const char *text, GError **error)
{
    guint64 port = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &port, NULL)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s' is no port: say 1 to 65535", text);
        return FALSE;
    }
    json_object_set_int_member(vantage, "port", (gint64)port);
    return TRUE;
}

static gboolean
add_command(JsonObject *vantage, const char *text, GError **error)
{
    return pst_words_add_command(vantage, "command", text, error);
}

static gboolean
add_plain(JsonObject *vantage, const char *name, const char *value, GError **error)
{
    g_autofree char *word = g_strdup_printf("%s=%s", name, value);
    const char *const words[] = {word, NULL};
    g_autoptr(JsonObject) one = pst_fields_from_words(&fields, words, error);

    if (one == NULL)
        return FALSE;
    json_object_set_member(vantage, name, json_object_dup_member(one, name));
    return TRUE;
}

static gboolean
add(JsonObject *vantage, const char *name, const char *value, GError **error)
{
    static const struct {
        const char *name;
        gboolean (*add)(JsonObject *vantage, const char *value, GError **error);
    } checked[] = {{"user", add_user},
                   {"from", add_from},
                   {"key", add_key},
                   {"port", add_port},
                   {"command", add_command}};

    if (value == NULL)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(checked); i++)
        if (g_str_equal(checked[i].name, name))
            return checked[i].add(vantage, value, error);
    return add_plain(vantage, name, value, error);
}

static gboolean
add_configured(JsonObject *vantage, const char *as, GError **error)
{
    g_autoptr(GKeyFile) config = pst_config_load(error);
    g_autofree char *group = g_strconcat(GROUP, as, NULL);

    if (config == NULL)
        return FALSE;
    g_auto(GStrv) keys = g_key_file_get_keys(config, group, NULL, NULL);
    if (keys == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "there is no vantage '%s': the configuration has no group [%s]", as, group);
        return FALSE;
    }
    for (char **key = keys; *key != NULL; key++) {
        g_autofree char *value = g_key_file_get_string(config, group, *key, error);
        if (value == NULL || !add(vantage, *key, value, error)) {
            g_prefix_error(error, "[%s]: ", group);
            return FALSE;
        }
    }
    return TRUE;
}

JsonObject *
pst_vantage_read(const PstVantageWords *words, GError **error)
{
    g_autoptr(JsonObject) vantage = json_object_new();

    if (words->as != NULL && !add_configured(vantage, words->as, error))
        return NULL;
    if (!add(vantage, "user", words->user, error) || !add(vantage, "from", words->from, error) ||
        !add(vantage, "port", words->port, error) || !add(vantage, "key", words->key, error) ||
        !add(vantage, "command", words->command, error))
        return NULL;
    return g_steal_pointer(&vantage);
}

void
pst_vantage_apply(JsonObject *vantage, const PstReportKind *kind, JsonObject *args)
{
    for (guint i = 0; i < kind->args->n_rows; i++) {
        const char *name = kind->args->rows[i].name;

        if (json_object_has_member(vantage, name))
            json_object_set_member(args, name, json_object_dup_member(vantage, name));
    }
}

void
pst_vantage_fill(JsonObject *vantage, JsonObject *from)
{
    for (guint i = 0; i < fields.n_rows; i++) {
        const char *name = fields.rows[i].name;

        if (!json_object_has_member(vantage, name) && json_object_has_member(from, name))
            json_object_set_member(vantage, name, json_object_dup_member(from, name));
    }
}

char *
pst_vantage_differs(JsonObject *one, JsonObject *other)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < fields.n_rows; i++) {
        const char *name = fields.rows[i].name;
        JsonNode *a = json_object_get_member(one, name), *b = json_object_get_member(other, name);

        if (g_str_equal(name, "user") || a == b ||
            (a != NULL && b != NULL && json_node_equal(a, b)))
            continue;
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", name);
    }
    return names->len > 0 ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}
