// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/known-hosts.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/report-ssh.h"
#include "protocol/ssh-key.h"

#define DEFAULT_PORT 22
#define MAX_NAME 255
#define MAX_KEYS 64

static gboolean
is_port(const char *text, guint *port)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT16, &number, NULL))
        return FALSE;
    *port = (guint)number;
    return TRUE;
}

/* Letters, digits and what addresses have: nothing that has a meaning of its own in the line. */
static gboolean
is_host(const char *text, gsize len)
{
    for (gsize i = 0; i < len; i++)
        if (!g_ascii_isalnum(text[i]) && strchr("._-:%", text[i]) == NULL)
            return FALSE;
    return len > 0 && len <= MAX_NAME && text[0] != '-';
}

gboolean
pst_known_hosts_check_name(const char *name, GError **error)
{
    const char *end = name[0] == '[' ? strstr(name, "]:") : NULL;
    gboolean fine;
    guint port;

    if (end != NULL)
        fine = is_host(name + 1, (gsize)(end - name) - 1) && is_port(end + 2, &port);
    else
        fine = is_host(name, strlen(name));
    if (!fine)
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "'%s' can be no name in known_hosts: say a host's name or address, or "
                    "[NAME]:PORT",
                    name);
    return fine;
}

/* The keys that are what they say: of PstSshKey. */
static GPtrArray *
take_keys(const PstSshData *data)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func((GDestroyNotify)pst_ssh_key_free);

    for (guint i = 0; data->host_keys != NULL && i < data->host_keys->len && keys->len < MAX_KEYS;
         i++) {
        const PstSshHostKey *row = data->host_keys->pdata[i];
        g_autofree char *line = g_strdup_printf("%s %s", row->type, row->key);
        PstSshKey *key =
            row->type != NULL && row->key != NULL ? pst_ssh_key_parse(line, NULL) : NULL;

        if (key != NULL)
            g_ptr_array_add(keys, key);
    }
    return keys;
}

static gboolean
has_port(const GArray *ports, guint port)
{
    for (guint i = 0; i < ports->len; i++)
        if (g_array_index(ports, guint, i) == port)
            return TRUE;
    return FALSE;
}

/* The usual one where the guest does not say. */
static GArray *
take_ports(const PstSshData *data, guint port)
{
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; port == 0 && data->listen != NULL && data->listen[i] != NULL; i++) {
        const char *colon = strrchr(data->listen[i], ':');
        guint one;

        if (ports->len < PST_KNOWN_HOSTS_MAX_PORTS && colon != NULL && is_port(colon + 1, &one) &&
            !has_port(ports, one))
            g_array_append_val(ports, one);
    }
    if (ports->len == 0) {
        guint one = port != 0 ? port : DEFAULT_PORT;
        g_array_append_val(ports, one);
    }
    return ports;
}

static void
add_lines(GStrvBuilder *lines, const char *name, const GPtrArray *keys)
{
    for (guint i = 0; i < keys->len; i++) {
        const PstSshKey *key = keys->pdata[i];
        g_autofree char *line = g_strdup_printf("%s %s %s", name, key->type, key->base64);

        g_strv_builder_add(lines, line);
    }
}

/* ssh looks for "[NAME]:22" by its NAME alone. */
static char *
as_ssh_asks(const char *name)
{
    const char *end = strstr(name, "]:");
    guint port;

    if (is_port(end + 2, &port) && port == DEFAULT_PORT)
        return g_strndup(name + 1, (gsize)(end - name) - 1);
    return g_strdup(name);
}

char **
pst_known_hosts_lines(const PstReport *report, const char *const *names, guint port, GError **error)
{
    const PstSshData *data = report->data;
    g_autoptr(GPtrArray) keys = take_keys(data);
    g_autoptr(GArray) ports = take_ports(data, port);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

    if (keys->len == 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "the guest has no SSH host key: %s",
                    report->summary);
        return NULL;
    }
    for (guint i = 0; names[i] != NULL; i++) {
        for (guint j = 0; names[i][0] != '[' && j < ports->len; j++) {
            guint one = g_array_index(ports, guint, j);
            g_autofree char *name = one == DEFAULT_PORT ? g_strdup(names[i])
                                                        : g_strdup_printf("[%s]:%u", names[i], one);
            add_lines(lines, name, keys);
        }
        if (names[i][0] == '[') {
            g_autofree char *name = as_ssh_asks(names[i]);
            add_lines(lines, name, keys);
        }
    }
    return g_strv_builder_end(lines);
}
