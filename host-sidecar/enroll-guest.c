// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-guest.h"

#include <string.h>

#include "host-sidecar/enroll-transfer.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define MAX_OS_RELEASE (64 * 1024)
/* Of what a guest says in a word. */
#define MAX_WORD 128

/* ---- what the agent may do ---- */

static const char *const exec_commands[] = {"guest-exec", "guest-exec-status"};
static const char *const file_commands[] = {"guest-file-open", "guest-file-read",
                                            "guest-file-write", "guest-file-flush",
                                            "guest-file-close"};

static gboolean
is_enabled(JsonArray *commands, const char *wanted)
{
    for (guint i = 0; i < json_array_get_length(commands); i++) {
        JsonNode *node = json_array_get_element(commands, i);
        const char *name = NULL;
        gboolean enabled = FALSE;

        if (JSON_NODE_HOLDS_OBJECT(node) &&
            pst_json_get_string(json_node_get_object(node), "name", PST_JSON_REQUIRED, &name,
                                NULL) &&
            g_str_equal(name, wanted))
            return pst_json_get_bool(json_node_get_object(node), "enabled", PST_JSON_REQUIRED,
                                     &enabled, NULL) &&
                   enabled;
    }
    return FALSE;
}

/* The first of N that is not; NULL: all are. To be freed with g_free(). */
static char *
find_blocked(JsonArray *commands, const char *const *names, guint n)
{
    for (guint i = 0; i < n; i++)
        if (!is_enabled(commands, names[i]))
            return g_strdup_printf("its agent does not run %s, which its configuration blocks",
                                   names[i]);
    return NULL;
}

static gboolean
look_at_agent(const PstEnrollAgent *agent, PstEnrollGuest *guest)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) info = pst_enroll_agent_ask(agent, "guest-info", NULL, &error);
    JsonArray *commands = NULL;

    if (info != NULL &&
        !pst_json_get_array(info, "supported_commands", PST_JSON_REQUIRED, &commands, NULL))
        pst_enroll_agent_break_off(&error, "guest-info");
    if (error != NULL) {
        guest->agent_problem = g_strdup(error->message);
        return FALSE;
    }
    guest->exec_problem = find_blocked(commands, exec_commands, G_N_ELEMENTS(exec_commands));
    guest->file_problem = find_blocked(commands, file_commands, G_N_ELEMENTS(file_commands));
    return TRUE;
}

/* ---- its system ---- */

static char *
value_of(char *const *lines, const char *key)
{
    gsize len = strlen(key);

    for (guint i = 0; lines[i] != NULL; i++) {
        if (!g_str_has_prefix(lines[i], key) || lines[i][len] != '=')
            continue;
        char *value = g_strstrip(g_strdup(lines[i] + len + 1));
        gsize n = strlen(value);
        /* os-release(5): quoted or not, and names need no escapes. */
        if (n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0]) {
            value[n - 1] = '\0';
            memmove(value, value + 1, n - 1);
        }
        return value;
    }
    return NULL;
}

static PstEnrollPackageKind
kind_of_words(const char *words)
{
    static const struct {
        const char *word;
        PstEnrollPackageKind kind;
    } rows[] = {
        {"debian", PST_ENROLL_PACKAGE_DEB},
        {"ubuntu", PST_ENROLL_PACKAGE_DEB},
        {"fedora", PST_ENROLL_PACKAGE_RPM},
        {"rhel", PST_ENROLL_PACKAGE_RPM},
        {"centos", PST_ENROLL_PACKAGE_RPM},
        {"suse", PST_ENROLL_PACKAGE_RPM},
        {"opensuse", PST_ENROLL_PACKAGE_RPM},
        /* The agent tells the ID alone, and not what it is like. */
        {"linuxmint", PST_ENROLL_PACKAGE_DEB},
        {"raspbian", PST_ENROLL_PACKAGE_DEB},
        {"rocky", PST_ENROLL_PACKAGE_RPM},
        {"almalinux", PST_ENROLL_PACKAGE_RPM},
        {"ol", PST_ENROLL_PACKAGE_RPM},
        {"amzn", PST_ENROLL_PACKAGE_RPM},
        {"sles", PST_ENROLL_PACKAGE_RPM},
        {"opensuse-leap", PST_ENROLL_PACKAGE_RPM},
        {"opensuse-tumbleweed", PST_ENROLL_PACKAGE_RPM},
    };
    g_auto(GStrv) split = g_strsplit(words, " ", 32);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_strv_contains((const char *const *)split, rows[i].word))
            return rows[i].kind;
    return PST_ENROLL_PACKAGE_UNKNOWN;
}

PstEnrollPackageKind
pst_enroll_guest_kind(const char *text, char **system)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *id = value_of(lines, "ID");
    g_autofree char *like = value_of(lines, "ID_LIKE");
    g_autofree char *both = g_strconcat(id != NULL ? id : "", " ", like != NULL ? like : "", NULL);

    *system = id != NULL ? pst_json_clean_cut(id, MAX_WORD, NULL) : NULL;
    return kind_of_words(both);
}

static char *
read_os_release(const PstEnrollAgent *agent)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/os-release"};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GBytes) bytes = pst_enroll_transfer_get(agent, paths[i], MAX_OS_RELEASE, NULL);
        gsize len = 0;

        if (bytes == NULL)
            continue;
        const char *data = g_bytes_get_data(bytes, &len);
        return g_strndup(data != NULL ? data : "", len);
    }
    return NULL;
}

/* What the agent itself makes of that file, where it gives it to nobody. */
static char *
ask_os_release(const PstEnrollAgent *agent)
{
    g_autoptr(JsonObject) told = pst_enroll_agent_ask(agent, "guest-get-osinfo", NULL, NULL);
    const char *id = NULL;

    return told != NULL && pst_json_get_string(told, "id", PST_JSON_REQUIRED, &id, NULL)
               ? g_strdup_printf("ID=%s\n", id)
               : NULL;
}

static void
look_at_system(const PstEnrollAgent *agent, PstEnrollGuest *guest)
{
    char *text = guest->file_problem == NULL ? read_os_release(agent) : NULL;

    if (text == NULL)
        text = ask_os_release(agent);
    if (text != NULL)
        guest->kind = (int)pst_enroll_guest_kind(text, &guest->system);
    g_free(text);
}

/* ---- its package ---- */

/* The first line of what it printed, where it is a word; NULL, with *PROBLEM where it could not be
 * run at all. */
static char *
ask_word(const PstEnrollAgent *agent, const char *const *argv, char **problem)
{
    g_auto(PstEnrollRan) ran = {0, NULL, NULL};
    g_autoptr(GError) error = NULL;

    if (!pst_enroll_agent_run(agent, argv, &ran, &error)) {
        if (problem != NULL)
            *problem = g_strdup(error->message);
        return NULL;
    }
    char *end = strchr(ran.out, '\n');
    if (end != NULL)
        *end = '\0';
    return ran.status == 0 && *ran.out != '\0' && strlen(ran.out) <= MAX_WORD ? g_strdup(ran.out)
                                                                              : NULL;
}

static void
look_at_deb(const PstEnrollAgent *agent, PstEnrollGuest *guest)
{
    static const char *const query[] = {"dpkg-query", "-W", "-f=${db:Status-Status} ${Version}\\n",
                                        PST_ENROLL_PACKAGE_NAME, NULL};
    static const char *const architecture[] = {"dpkg", "--print-architecture", NULL};
    static const char installed[] = "installed ";
    g_autofree char *said = ask_word(agent, query, &guest->exec_problem);

    if (said != NULL && g_str_has_prefix(said, installed))
        guest->version = g_strdup(said + strlen(installed));
    else
        guest->partly = said != NULL && !g_str_has_prefix(said, "not-installed") &&
                        !g_str_has_prefix(said, "config-files");
    if (guest->exec_problem == NULL)
        guest->architecture = ask_word(agent, architecture, NULL);
}

static void
look_at_rpm(const PstEnrollAgent *agent, PstEnrollGuest *guest)
{
    static const char *const query[] = {
        "rpm", "-q", "--qf", "%{VERSION}-%{RELEASE}\\n", PST_ENROLL_PACKAGE_NAME, NULL};

    guest->version = ask_word(agent, query, &guest->exec_problem);
}

/* ---- its unit ---- */

gboolean
pst_enroll_guest_look_unit(const PstEnrollAgent *agent, PstEnrollGuest *guest, GError **error)
{
    static const char *const show[] = {"systemctl",
                                       "show",
                                       "-p",
                                       "LoadState",
                                       "-p",
                                       "ActiveState",
                                       "-p",
                                       "UnitFileState",
                                       "postern-shim.service",
                                       NULL};
    g_autofree char *said = pst_enroll_agent_output(agent, show, error);

    if (said == NULL)
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    g_autofree char *load = value_of(lines, "LoadState");
    g_free(guest->active);
    g_free(guest->enabled);
    guest->active = value_of(lines, "ActiveState");
    guest->enabled = value_of(lines, "UnitFileState");
    guest->loaded = g_strcmp0(load, "loaded") == 0;
    return TRUE;
}

static void
look_at_configuration(const PstEnrollAgent *agent, PstEnrollGuest *guest)
{
    static const char *const digest[] = {"sha256sum", "--", "/etc/postern/shim.conf", NULL};
    g_autofree char *said = ask_word(agent, digest, NULL);
    char *end = said != NULL ? strchr(said, ' ') : NULL;

    if (end == NULL)
        return;
    *end = '\0';
    guest->configuration = g_strdup(said);
}

void
pst_enroll_guest_look(const PstEnrollAgent *agent, gboolean configuration, PstEnrollGuest *guest)
{
    if (!look_at_agent(agent, guest))
        return;
    look_at_system(agent, guest);
    if (guest->exec_problem != NULL)
        return;
    if (guest->kind == PST_ENROLL_PACKAGE_DEB)
        look_at_deb(agent, guest);
    else if (guest->kind == PST_ENROLL_PACKAGE_RPM)
        look_at_rpm(agent, guest);
    if (guest->exec_problem != NULL)
        return;
    /* Where that is not known it is enabled and started. */
    pst_enroll_guest_look_unit(agent, guest, NULL);
    if (configuration)
        look_at_configuration(agent, guest);
}
