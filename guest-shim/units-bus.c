// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/units-bus.h"

#include <string.h>

#include "protocol/error.h"

#define MANAGER_PATH "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1."
#define UNIT_LIST "(a(ssssssouso))"

static GDBusMessage *
new_call(const char *path, const char *interface, const char *method, GVariant *body)
{
    GDBusMessage *call = g_dbus_message_new_method_call(NULL, path, interface, method);

    if (body != NULL)
        g_dbus_message_set_body(call, body);
    return call;
}

static GDBusMessage *
new_get(const char *path, const char *interface, const char *property)
{
    return new_call(path, "org.freedesktop.DBus.Properties", "Get",
                    g_variant_new("(ss)", interface, property));
}

static gpointer
member(gpointer object, const PstField *row)
{
    return (char *)object + row->offset;
}

static gboolean
to_int(GVariant *value, gint64 *number)
{
    switch (g_variant_classify(value)) {
    case G_VARIANT_CLASS_INT32:
        *number = g_variant_get_int32(value);
        return TRUE;
    case G_VARIANT_CLASS_UINT32:
        *number = g_variant_get_uint32(value);
        return TRUE;
    case G_VARIANT_CLASS_INT64:
        *number = g_variant_get_int64(value);
        return TRUE;
    case G_VARIANT_CLASS_UINT64:
        *number = (gint64)MIN(g_variant_get_uint64(value), G_MAXINT64);
        return TRUE;
    default:
        return FALSE;
    }
}

/* LoadError is a pair: the error's name and its message. */
static const char *
to_string(GVariant *value)
{
    const char *text = NULL;

    if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
        text = g_variant_get_string(value, NULL);
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE("(ss)")))
        g_variant_get_child(value, 1, "&s", &text);
    return text;
}

static void
set_row(const PstField *row, gpointer object, GVariant *value)
{
    switch (row->type) {
    case PST_FIELD_STRING:
        g_free(*(char **)member(object, row));
        *(char **)member(object, row) = g_strdup(to_string(value));
        break;
    case PST_FIELD_INT:
        to_int(value, member(object, row));
        break;
    case PST_FIELD_TRI:
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
            *(PstTri *)member(object, row) = PST_TRI(g_variant_get_boolean(value));
        break;
    case PST_FIELD_STRV:
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING_ARRAY)) {
            g_strfreev(*(char ***)member(object, row));
            *(char ***)member(object, row) = g_variant_dup_strv(value, NULL);
        }
        break;
    case PST_FIELD_ENUM:
    case PST_FIELD_OBJECT:
    case PST_FIELD_LIST:
        break;
    }
}

void
pst_units_bus_set(const PstFields *fields, gpointer object, const char *field, GVariant *value)
{
    for (guint i = 0; i < fields->n_rows; i++)
        if (g_str_equal(fields->rows[i].name, field))
            set_row(&fields->rows[i], object, value);
}

/* The body of a reply, if it is one of SIGNATURE; else NULL with the peer's error. */
static GVariant *
body_of(GDBusMessage *reply, const char *signature, GError **error)
{
    GVariant *body = g_dbus_message_get_body(reply);
    g_autoptr(GError) cause = NULL;

    if (g_dbus_message_to_gerror(reply, &cause)) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "systemd says: %s", cause->message);
        return NULL;
    }
    if (body == NULL || !g_variant_is_of_type(body, G_VARIANT_TYPE(signature))) {
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "systemd gave an answer of another type");
        return NULL;
    }
    return body;
}

/* A property that this version of systemd, or this type of unit, does not have stays unknown. */
static void
take_property(GDBusMessage *reply, const PstFields *fields, gpointer object, const char *field)
{
    GVariant *body = body_of(reply, "(v)", NULL);

    if (body == NULL)
        return;
    g_autoptr(GVariant) boxed = g_variant_get_child_value(body, 0);
    g_autoptr(GVariant) value = g_variant_get_variant(boxed);
    pst_units_bus_set(fields, object, field, value);
}

PstUnitsManager *
pst_units_bus_manager(PstBusPeer *peer, GError **error)
{
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < pst_units_manager_properties_n; i++)
        g_ptr_array_add(calls, new_get(MANAGER_PATH, INTERFACE "Manager",
                                       pst_units_manager_properties[i].property));
    g_autoptr(GPtrArray) replies = pst_bus_peer_call(peer, calls, error);
    if (replies == NULL)
        return NULL;

    PstUnitsManager *manager = pst_fields_new(&pst_units_manager_fields);
    for (guint i = 0; i < replies->len; i++)
        take_property(replies->pdata[i], &pst_units_manager_fields, manager,
                      pst_units_manager_properties[i].field);
    return manager;
}

/* The body of the one reply to a call of the manager's, owned. */
static GVariant *
call_manager(PstBusPeer *peer, const char *method, GVariant *args, const char *signature,
             GError **error)
{
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func(g_object_unref);

    g_ptr_array_add(calls, new_call(MANAGER_PATH, INTERFACE "Manager", method, args));
    g_autoptr(GPtrArray) replies = pst_bus_peer_call(peer, calls, error);
    GVariant *body = replies != NULL ? body_of(replies->pdata[0], signature, error) : NULL;
    return body != NULL ? g_variant_ref(body) : NULL;
}

/* The list of a reply that holds units, as several methods give it. */
static GPtrArray *
list_of(GVariant *body)
{
    g_autoptr(GVariantIter) iter = NULL;
    const char *id, *description, *load, *active, *sub;
    GPtrArray *list = g_ptr_array_new();

    g_variant_get(body, UNIT_LIST, &iter);
    while (g_variant_iter_next(iter, "(&s&s&s&s&s&s&ou&s&o)", &id, &description, &load, &active,
                               &sub, NULL, NULL, NULL, NULL, NULL)) {
        PstUnit *unit = pst_fields_append(&pst_units_unit_fields, &list);

        unit->id = g_strdup(id);
        unit->description = g_strdup(description);
        unit->load = g_strdup(load);
        unit->active = g_strdup(active);
        unit->sub = g_strdup(sub);
    }
    return list;
}

GPtrArray *
pst_units_bus_list(PstBusPeer *peer, const char *const *states, const char *const *patterns,
                   GError **error)
{
    static const char *const all[] = {NULL};
    GVariant *args =
        g_variant_new("(^as^as)", states != NULL ? states : all, patterns != NULL ? patterns : all);
    g_autoptr(GVariant) body = call_manager(peer, "ListUnitsByPatterns", args, UNIT_LIST, error);

    return body != NULL ? list_of(body) : NULL;
}

GPtrArray *
pst_units_bus_named(PstBusPeer *peer, const char *const *names, GError **error)
{
    g_autoptr(GVariant) body =
        call_manager(peer, "ListUnitsByNames", g_variant_new("(^as)", names), UNIT_LIST, error);
    GPtrArray *list = body != NULL ? list_of(body) : NULL;

    if (list == NULL || list->len == g_strv_length((char **)names))
        return list;
    g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL, "systemd told of %u units, not of %u",
                list->len, g_strv_length((char **)names));
    pst_units_list_free(&pst_units_unit_fields, list);
    return NULL;
}

GPtrArray *
pst_units_bus_jobs(PstBusPeer *peer, GError **error)
{
    g_autoptr(GVariant) body = call_manager(peer, "ListJobs", NULL, "(a(usssoo))", error);
    g_autoptr(GVariantIter) iter = NULL;
    const char *unit, *type, *state;
    GPtrArray *list = NULL;

    if (body == NULL)
        return NULL;
    g_variant_get(body, "(a(usssoo))", &iter);
    list = g_ptr_array_new();
    while (g_variant_iter_next(iter, "(u&s&s&s&o&o)", NULL, &unit, &type, &state, NULL, NULL)) {
        PstUnitsJob *job = pst_fields_append(&pst_units_job_fields, &list);

        job->unit = g_strdup(unit);
        job->type = g_strdup(type);
        job->state = g_strdup(state);
    }
    return list;
}

char *
pst_units_bus_path(const char *name)
{
    GString *path = g_string_new(MANAGER_PATH "/unit/");

    for (const char *c = name; *c != '\0'; c++)
        if (g_ascii_isalpha(*c) || (c != name && g_ascii_isdigit(*c)))
            g_string_append_c(path, *c);
        else
            g_string_append_printf(path, "_%02x", (guint)(guchar)*c);
    return g_string_free(path, FALSE);
}

/* The interface of a unit's type, as org.freedesktop.systemd1.Service; NULL for a type that has
 * nothing which is asked for. */
static const char *
interface_of(const char *name)
{
    static const char *const rows[][2] = {
        {".service", INTERFACE "Service"}, {".mount", INTERFACE "Mount"},
        {".socket", INTERFACE "Socket"},   {".timer", INTERFACE "Timer"},
        {".swap", INTERFACE "Swap"},       {".path", INTERFACE "Path"},
        {".scope", INTERFACE "Scope"},     {".automount", INTERFACE "Automount"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_has_suffix(name, rows[i][0]))
            return rows[i][1];
    return NULL;
}

typedef struct {
    GPtrArray *calls;
    GPtrArray *rows;   /* of each call its property; NULL for a GetAll */
    GPtrArray *owners; /* of each call the PstUnitDetails */
} Questions;

static void
add_question(Questions *questions, GDBusMessage *call, const PstUnitsProperty *row, gpointer owner)
{
    g_ptr_array_add(questions->calls, call);
    g_ptr_array_add(questions->rows, (gpointer)row);
    g_ptr_array_add(questions->owners, owner);
}

static void
add_gets(Questions *questions, const char *path, PstUnitDetails *details, gboolean brief)
{
    for (guint i = 0; i < pst_units_details_properties_n; i++) {
        const PstUnitsProperty *row = &pst_units_details_properties[i];
        const char *interface = row->of_type ? interface_of(details->id) : INTERFACE "Unit";

        if (interface != NULL && !row->listed && (!brief || row->brief))
            add_question(questions, new_get(path, interface, row->property), row, details);
    }
}

static void
add_get_all(Questions *questions, const char *path, const char *interface, PstUnitDetails *details)
{
    if (interface != NULL)
        add_question(questions,
                     new_call(path, "org.freedesktop.DBus.Properties", "GetAll",
                              g_variant_new("(s)", interface)),
                     NULL, details);
}

/* A Get for each property that is wanted takes a third of the time of GetAll, which reads some 300
 * of them, cgroup files among them. But systemd forgets an inactive unit after every answer and
 * reads its file again for the next: there GetAll is the faster one. */
static void
add_questions(Questions *questions, PstUnitDetails *details, gboolean brief)
{
    g_autofree char *path = pst_units_bus_path(details->id);

    if (g_str_equal(details->load, "not-found"))
        return;
    if (!g_str_equal(details->active, "inactive")) {
        add_gets(questions, path, details, brief);
    } else if (!brief) {
        add_get_all(questions, path, INTERFACE "Unit", details);
        add_get_all(questions, path, interface_of(details->id), details);
    }
}

static void
take_properties(GDBusMessage *reply, PstUnitDetails *details)
{
    GVariant *body = body_of(reply, "(a{sv})", NULL);

    if (body == NULL)
        return;
    g_autoptr(GVariant) properties = g_variant_get_child_value(body, 0);
    for (guint i = 0; i < pst_units_details_properties_n; i++) {
        const PstUnitsProperty *row = &pst_units_details_properties[i];
        g_autoptr(GVariant) value = g_variant_lookup_value(properties, row->property, NULL);

        if (value != NULL)
            pst_units_bus_set(&pst_units_details_fields, details, row->field, value);
    }
}

static gboolean
ask(PstBusPeer *peer, const Questions *questions, GError **error)
{
    g_autoptr(GPtrArray) replies = NULL;

    if (questions->calls->len == 0)
        return TRUE;
    replies = pst_bus_peer_call(peer, questions->calls, error);
    for (guint i = 0; replies != NULL && i < replies->len; i++) {
        const PstUnitsProperty *row = questions->rows->pdata[i];

        if (row != NULL)
            take_property(replies->pdata[i], &pst_units_details_fields, questions->owners->pdata[i],
                          row->field);
        else
            take_properties(replies->pdata[i], questions->owners->pdata[i]);
    }
    return replies != NULL;
}

GPtrArray *
pst_units_bus_details(PstBusPeer *peer, const char *const *names, gboolean brief, GError **error)
{
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func(g_object_unref);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    g_autoptr(GPtrArray) owners = g_ptr_array_new();
    Questions questions = {calls, rows, owners};
    GPtrArray *named = pst_units_bus_named(peer, names, error);
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; named != NULL && i < named->len; i++) {
        PstUnitDetails *details = pst_fields_append(&pst_units_details_fields, &list);
        PstUnit *unit = named->pdata[i];

        details->id = g_steal_pointer(&unit->id);
        details->description = g_steal_pointer(&unit->description);
        details->load = g_steal_pointer(&unit->load);
        details->active = g_steal_pointer(&unit->active);
        details->sub = g_steal_pointer(&unit->sub);
        add_questions(&questions, details, brief);
    }
    pst_units_list_free(&pst_units_unit_fields, named);
    if (named != NULL && ask(peer, &questions, error))
        return list;
    pst_units_list_free(&pst_units_details_fields, list);
    return NULL;
}
