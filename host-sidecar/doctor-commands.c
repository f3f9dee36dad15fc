// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-commands.h"

#include <string.h>

/* A file of the guest's own says how many there are. */
#define MAX_LISTS 16

const PstDoctorCommandsRow pst_doctor_commands[] = {
    {"guest-exec", PST_DOCTOR_COMMANDS_EXEC},
    {"guest-exec-status", PST_DOCTOR_COMMANDS_EXEC},
    {"guest-file-open", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-file-close", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-file-read", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-file-write", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-get-fsinfo", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-get-host-name", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-get-osinfo", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-get-time", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-get-users", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-network-get-interfaces", PST_DOCTOR_COMMANDS_OTHER},
    {"guest-ping", PST_DOCTOR_COMMANDS_OTHER},
};
const guint pst_doctor_commands_n = G_N_ELEMENTS(pst_doctor_commands);

/* RHEL and its kin, the agent's own configuration, Debian's. */
const char *const pst_doctor_commands_files[] = {"/etc/sysconfig/qemu-ga", "/etc/qemu/qemu-ga.conf",
                                                 "/etc/default/qemu-guest-agent", NULL};

/* How a line begins, or what an option among its words is called. */
static const struct {
    const char *word;
    gboolean allows; /* what it names, and nothing else */
    gboolean option;
} forms[] = {
    /* https://www.qemu.org/docs/master/interop/qemu-ga.html; before QEMU 8.1 it was a blacklist. */
    {"block-rpcs", FALSE, FALSE},   {"blacklist", FALSE, FALSE},     {"allow-rpcs", TRUE, FALSE},
    {"BLOCK_RPCS", FALSE, FALSE},   {"BLACKLIST_RPC", FALSE, FALSE}, {"ALLOW_RPCS", TRUE, FALSE},
    {"--block-rpcs=", FALSE, TRUE}, {"--blacklist=", FALSE, TRUE},   {"--allow-rpcs=", TRUE, TRUE},
};

/* What stands behind the equal sign of a line `WORD = LIST`; NULL for another line. */
static const char *
value_of(const char *line, const char *word)
{
    if (!g_str_has_prefix(line, word))
        return NULL;
    const char *rest = line + strlen(word);
    rest += strspn(rest, " \t");
    return *rest == '=' ? rest + 1 : NULL;
}

static gboolean
has_name(const char *list, const char *name)
{
    g_auto(GStrv) names = g_strsplit_set(list, ",; \t\"'", -1);

    return g_strv_contains((const char *const *)names, name);
}

/* The list up to the end of its word. */
static char *
option_list(const char *line, const char *option)
{
    const char *found = strstr(line, option);

    if (found == NULL)
        return NULL;
    found += strlen(option);
    return g_strndup(found, strcspn(found, " \t\"'"));
}

static char **
find_blocked(const char *list, gboolean allows)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < pst_doctor_commands_n; i++)
        if (has_name(list, pst_doctor_commands[i].name) != allows)
            g_strv_builder_add(builder, pst_doctor_commands[i].name);
    return g_strv_builder_end(builder);
}

/* One that names nothing blocks nothing; nor does one of what is allowed allow nothing then. */
static char **
read_line(const char *line)
{
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *list = forms[i].option ? option_list(line, forms[i].word)
                                                : g_strdup(value_of(line, forms[i].word));

        if (list != NULL && list[strspn(list, " \t\"'")] != '\0')
            return find_blocked(list, forms[i].allows);
    }
    return NULL;
}

void
pst_doctor_commands_read(const char *path, const char *text, GPtrArray **lists)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);
        g_auto(GStrv) blocked = *line != '#' && *line != ';' ? read_line(line) : NULL;

        if (blocked == NULL || *blocked == NULL)
            continue;
        if (*lists != NULL && (*lists)->len >= MAX_LISTS)
            return;
        PstDoctorAgentList *list = pst_fields_append(&pst_report_doctor_agent_list_fields, lists);
        list->path = g_strdup(path);
        list->line = i + 1;
        list->text = g_strdup(line);
        list->blocked = g_steal_pointer(&blocked);
    }
}

char **
pst_doctor_commands_blocked(const PstDoctorAgent *agent, PstDoctorCommandsUse use)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; agent->commands != NULL && i < agent->commands->len; i++) {
        const PstDoctorCommand *command = agent->commands->pdata[i];

        for (guint j = 0; j < pst_doctor_commands_n; j++)
            if (command->enabled == PST_TRI_NO && pst_doctor_commands[j].use == use &&
                g_strcmp0(pst_doctor_commands[j].name, command->name) == 0)
                g_strv_builder_add(builder, command->name);
    }
    return g_strv_builder_end(builder);
}
