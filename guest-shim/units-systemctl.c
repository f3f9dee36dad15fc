// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/units-systemctl.h"

#include <stdio.h>
#include <string.h>

#include "guest-shim/program.h"
#include "protocol/error.h"

#define MAX_OUTPUT (4 * 1024 * 1024)
#define STATE_OPTION "--property=Id,Description,LoadState,ActiveState,SubState"

static const char *const candidates[] = {"/usr/bin/systemctl", "/bin/systemctl",
                                         "/run/current-system/sw/bin/systemctl", NULL};

static gpointer
member(gpointer object, const PstField *row)
{
    return (char *)object + row->offset;
}

/* systemctl prints [not set], infinity and the like where there is no number. */
static void
set_int(gint64 *number, const char *value)
{
    gint64 parsed;

    if (g_ascii_string_to_signed(value, 10, G_MININT64 + 1, G_MAXINT64, &parsed, NULL))
        *number = parsed;
}

static void
set_row(const PstField *row, gpointer object, const char *value)
{
    switch (row->type) {
    case PST_FIELD_STRING:
        g_free(*(char **)member(object, row));
        *(char **)member(object, row) = g_strdup(value);
        break;
    case PST_FIELD_INT:
        set_int(member(object, row), value);
        break;
    case PST_FIELD_TRI:
        if (g_str_equal(value, "yes") || g_str_equal(value, "no"))
            *(PstTri *)member(object, row) = PST_TRI(g_str_equal(value, "yes"));
        break;
    case PST_FIELD_STRV:
        g_strfreev(*(char ***)member(object, row));
        *(char ***)member(object, row) =
            *value == '\0' ? g_new0(char *, 1) : g_strsplit(value, " ", -1);
        break;
    case PST_FIELD_ENUM:
    case PST_FIELD_OBJECT:
    case PST_FIELD_LIST:
        break;
    }
}

void
pst_units_systemctl_take_line(const PstFields *fields, gpointer object,
                              const PstUnitsProperty *properties, guint n_properties,
                              const char *line)
{
    const char *equals = strchr(line, '=');

    for (guint i = 0; equals != NULL && i < n_properties; i++) {
        gsize len = strlen(properties[i].property);

        if (len != (gsize)(equals - line) || strncmp(properties[i].property, line, len) != 0)
            continue;
        for (guint j = 0; j < fields->n_rows; j++)
            if (g_str_equal(fields->rows[j].name, properties[i].field))
                set_row(&fields->rows[j], object, equals + 1);
    }
}

GPtrArray *
pst_units_systemctl_parse(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *list = g_ptr_array_new();
    PstUnitDetails *details = NULL;

    for (guint i = 0; lines[i] != NULL; i++) {
        if (*lines[i] == '\0') {
            details = NULL;
            continue;
        }
        if (details == NULL)
            details = pst_fields_append(&pst_units_details_fields, &list);
        pst_units_systemctl_take_line(&pst_units_details_fields, details,
                                      pst_units_details_properties, pst_units_details_properties_n,
                                      lines[i]);
    }
    return list;
}

GPtrArray *
pst_units_systemctl_parse_jobs(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *unit = NULL, *type = NULL, *state = NULL;

        /* 123 name.service start running */
        if (sscanf(lines[i], "%*u %ms %ms %ms", &unit, &type, &state) != 3)
            continue;
        PstUnitsJob *job = pst_fields_append(&pst_units_job_fields, &list);
        job->unit = g_strdup(unit);
        job->type = g_strdup(type);
        job->state = g_strdup(state);
    }
    return list;
}

/* What systemctl printed; free with g_free(). */
static char *
call(const PstUnitsSystemctl *systemctl, const char *const *argv, GError **error)
{
    PstProgram program = {
        .candidates = candidates,
        .argv = argv,
        .timeout_ms = MAX(1, (systemctl->deadline_us - g_get_monotonic_time()) / 1000),
        .max_output = MAX_OUTPUT,
    };
    g_autoptr(PstProgramResult) result = pst_program_run(systemctl->sysroot, &program, error);

    if (result == NULL)
        return NULL;
    if (result->timed_out || result->exit_status != 0 || result->truncated) {
        g_set_error(error, PST_ERROR,
                    result->timed_out ? PST_ERROR_DEADLINE : PST_ERROR_UNAVAILABLE,
                    "systemctl %s: %s", argv[0],
                    result->timed_out   ? "no answer within its time"
                    : result->truncated ? "too long an answer"
                                        : g_strstrip(result->err->str));
        return NULL;
    }
    return g_strdup(result->out->str);
}

static char *
properties_option(const PstUnitsProperty *properties, guint n, gboolean brief)
{
    GString *option = g_string_new("--property=");

    for (guint i = 0; i < n; i++)
        if (!brief || properties[i].brief)
            g_string_append_printf(option, "%s,", properties[i].property);
    g_string_truncate(option, option->len - 1);
    return g_string_free(option, FALSE);
}

PstUnitsManager *
pst_units_systemctl_manager(const PstUnitsSystemctl *systemctl, GError **error)
{
    g_autofree char *option =
        properties_option(pst_units_manager_properties, pst_units_manager_properties_n, FALSE);
    const char *const argv[] = {"show", option, NULL};
    g_autofree char *text = call(systemctl, argv, error);

    if (text == NULL)
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    PstUnitsManager *manager = pst_fields_new(&pst_units_manager_fields);
    for (guint i = 0; lines[i] != NULL; i++)
        pst_units_systemctl_take_line(&pst_units_manager_fields, manager,
                                      pst_units_manager_properties, pst_units_manager_properties_n,
                                      lines[i]);
    return manager;
}

/* `systemctl show OPTION -- NAMES`, parsed. */
static GPtrArray *
show(const PstUnitsSystemctl *systemctl, const char *option, const char *const *names,
     GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    g_ptr_array_add(argv, (gpointer) "show");
    g_ptr_array_add(argv, (gpointer)option);
    g_ptr_array_add(argv, (gpointer) "--");
    for (guint i = 0; names[i] != NULL; i++)
        g_ptr_array_add(argv, (gpointer)names[i]);
    g_ptr_array_add(argv, NULL);

    g_autofree char *text = call(systemctl, (const char *const *)argv->pdata, error);
    return text != NULL ? pst_units_systemctl_parse(text) : NULL;
}

static GPtrArray *
show_each(const PstUnitsSystemctl *systemctl, const char *option, const char *const *names,
          GError **error)
{
    guint wanted = g_strv_length((char **)names);
    /* Without a name systemctl would show the manager. */
    GPtrArray *list = wanted > 0 ? show(systemctl, option, names, error) : g_ptr_array_new();

    if (list == NULL || list->len == wanted)
        return list;
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "systemctl told of %u units, not of %u",
                list->len, wanted);
    pst_units_list_free(&pst_units_details_fields, list);
    return NULL;
}

GPtrArray *
pst_units_systemctl_details(const PstUnitsSystemctl *systemctl, const char *const *names,
                            gboolean brief, GError **error)
{
    g_autofree char *option =
        properties_option(pst_units_details_properties, pst_units_details_properties_n, brief);

    return show_each(systemctl, option, names, error);
}

GPtrArray *
pst_units_systemctl_parse_list(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *id = NULL, *load = NULL, *active = NULL, *sub = NULL;
        int description = 0;

        if (sscanf(lines[i], "%ms %ms %ms %ms %n", &id, &load, &active, &sub, &description) < 4 ||
            !pst_units_is_name(id))
            continue;
        PstUnit *unit = pst_fields_append(&pst_units_unit_fields, &list);
        unit->id = g_steal_pointer(&id);
        unit->load = g_steal_pointer(&load);
        unit->active = g_steal_pointer(&active);
        unit->sub = g_steal_pointer(&sub);
        unit->description = g_strdup(lines[i] + description);
    }
    return list;
}

/* Not `show`, which asks for everything of every unit: 2 s instead of 0.2. */
GPtrArray *
pst_units_systemctl_list(const PstUnitsSystemctl *systemctl, const char *const *states,
                         const char *const *patterns, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *joined = states != NULL ? g_strjoinv(",", (char **)states) : g_strdup("");
    g_autofree char *option = g_strconcat("--state=", joined, NULL);

    g_ptr_array_add(argv, (gpointer) "list-units");
    g_ptr_array_add(argv, (gpointer) "--all");
    g_ptr_array_add(argv, (gpointer) "--full");
    g_ptr_array_add(argv, (gpointer) "--plain");
    g_ptr_array_add(argv, (gpointer) "--no-legend");
    if (states != NULL)
        g_ptr_array_add(argv, option);
    g_ptr_array_add(argv, (gpointer) "--");
    for (guint i = 0; patterns != NULL && patterns[i] != NULL; i++)
        g_ptr_array_add(argv, (gpointer)patterns[i]);
    g_ptr_array_add(argv, NULL);

    g_autofree char *text = call(systemctl, (const char *const *)argv->pdata, error);
    return text != NULL ? pst_units_systemctl_parse_list(text) : NULL;
}

GPtrArray *
pst_units_systemctl_named(const PstUnitsSystemctl *systemctl, const char *const *names,
                          GError **error)
{
    GPtrArray *all = show_each(systemctl, STATE_OPTION, names, error);
    GPtrArray *list = NULL;

    for (guint i = 0; all != NULL && i < all->len; i++) {
        PstUnitDetails *details = all->pdata[i];
        PstUnit *unit = pst_fields_append(&pst_units_unit_fields, &list);

        unit->id = g_steal_pointer(&details->id);
        unit->description = g_steal_pointer(&details->description);
        unit->load = g_steal_pointer(&details->load);
        unit->active = g_steal_pointer(&details->active);
        unit->sub = g_steal_pointer(&details->sub);
    }
    pst_units_list_free(&pst_units_details_fields, all);
    return all != NULL && list == NULL ? g_ptr_array_new() : list;
}

GPtrArray *
pst_units_systemctl_jobs(const PstUnitsSystemctl *systemctl, GError **error)
{
    static const char *const argv[] = {"list-jobs", "--no-legend", "--plain", NULL};
    g_autofree char *text = call(systemctl, argv, error);

    return text != NULL ? pst_units_systemctl_parse_jobs(text) : NULL;
}
