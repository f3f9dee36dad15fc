// SPDX-License-Identifier: LGPL-2.1-or-later
/* A verdict on its way over the daemon's socket. */
#include <string.h>

#include "health-world.h"
#include "host-sidecar/render-health.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

static PstHealth *
make_health(guint n_problems, const char *message)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    PstHealthSight *sick = make_answering("sick");
    GPtrArray *sights = sights_of(sick);

    for (guint i = 0; i < n_problems; i++) {
        PstProblem *problem =
            pst_health_sight_add(sick, "ssh.x", PST_SEVERITY_CRITICAL, "%u %s", i, message);
        problem->subject = g_strdup(message);
    }
    g_ptr_array_add(sights, make_silent("silent"));
    g_ptr_array_add(sights, make_answering("well"));
    PstHealth *health = sweep_at(memory, "", 0, sights);
    health->uri = g_strdup("test:///default");
    health->took_ms = 1234;
    return health;
}

/* Through text, as the socket does it. */
static PstHealth *
carry(const PstHealth *health, GError **error)
{
    g_autoptr(JsonArray) rows = NULL;
    g_autoptr(JsonArray) received = json_array_new();
    g_autoptr(JsonObject) json = pst_health_to_parts(health, &rows);

    for (guint i = 0; i < json_array_get_length(rows); i++) {
        gsize len = 0;
        g_autofree char *text = pst_json_to_text(json_array_get_object_element(rows, i), &len);
        JsonObject *row = pst_json_parse(text, len, &pst_validate_from_api, error);

        g_assert_cmpuint(len, <, PST_LIMIT_FRAME_FROM_API - 512);
        g_assert_nonnull(row);
        json_array_add_object_element(received, row);
    }
    g_assert_false(json_object_has_member(json, "domains"));
    return pst_health_from_parts(json, received, error);
}

static void
test_same(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHealth) health = make_health(3, "no way in");
    g_autoptr(PstHealth) there = carry(health, &error);

    g_assert_no_error(error);
    g_autofree char *sent = pst_render_health_json(health, FALSE);
    g_autofree char *received = pst_render_health_json(there, FALSE);
    g_assert_cmpstr(sent, ==, received);
}

/* Many domains with much to tell fit into what a caller may have unread. */
static void
test_many(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    GPtrArray *sights = sights_of(make_answering("first"));
    g_autofree char *message = g_strnfill(400, '\x01');
    gsize total = 0;

    for (guint i = 0; i < 200; i++) {
        g_autofree char *name = g_strdup_printf("domain-%u", i);
        PstHealthSight *sick = make_answering(name);

        for (guint j = 0; j < 100; j++)
            pst_health_sight_add(sick, "ssh.x", PST_SEVERITY_CRITICAL, "%u %s", j, message);
        g_ptr_array_add(sights, sick);
    }
    g_autoptr(PstHealth) health = sweep_at(memory, "", 0, sights);
    g_autoptr(JsonArray) rows = NULL;
    g_autoptr(JsonObject) json = pst_health_to_parts(health, &rows);
    g_assert_cmpuint(json_array_get_length(rows), ==, 201);
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        gsize len = 0;
        g_autofree char *text = pst_json_to_text(json_array_get_object_element(rows, i), &len);
        total += len;
    }
    g_assert_cmpuint(total, <, 7 * 1024 * 1024);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHealth) there = pst_health_from_parts(json, rows, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(there->domains->len, ==, 201);
}

/* A domain is never left out for the size of what it says. */
static void
test_large(void)
{
    g_autofree char *message = g_strnfill(6000, '\x01');
    g_autoptr(GError) error = NULL;
    g_autoptr(PstHealth) health = make_health(1500, message);
    g_autoptr(PstHealth) there = carry(health, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(there->domains->len, ==, 3);
    g_assert_cmpstr(row_at(there, 0)->name, ==, "sick");
    g_assert_cmpint(row_at(there, 0)->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpuint(row_at(there, 0)->problems->len, >, 0);
}

/* What is left out is not taken for well, nor what is said of the whole for more than its worst. */
static void
test_lies(void)
{
    static const struct {
        const char *whole, *row;
        gint status; /* -1: refused */
    } cases[] = {
        {"{\"status\":\"ok\"}",
         "{\"name\":\"a\",\"status\":\"ok\",\"condition\":\"answers\",\"summary\":\"x\"}",
         PST_STATUS_OK},
        {"{\"status\":\"ok\"}",
         "{\"name\":\"a\",\"status\":\"critical\",\"condition\":\"answers\",\"summary\":\"x\"}",
         -1},
        {"{\"status\":\"critical\"}",
         "{\"name\":\"a\",\"status\":\"critical\",\"condition\":\"answers\",\"summary\":\"x\"}",
         PST_STATUS_CRITICAL},
        {"{\"status\":\"critical\"}", NULL, -1},
        {"{\"status\":\"ok\"}", NULL, PST_STATUS_OK},
        {"{\"status\":\"ok\"}",
         "{\"name\":\"a\",\"status\":\"ok\",\"condition\":\"silent\","
         "\"summary\":\"x\",\"why\":\"y\","
         "\"problems\":[{\"id\":\"host.no-answer\"}]}",
         -1},
        {"{}", "{\"name\":\"a\",\"status\":\"ok\",\"condition\":\"answers\",\"summary\":\"x\"}",
         -1},
        {"{\"status\":\"ok\"}", "{\"name\":\"a\",\"condition\":\"answers\",\"summary\":\"x\"}", -1},
        {"{\"status\":\"ok\"}", "{\"name\":\"a\",\"status\":\"ok\",\"summary\":\"x\"}", -1},
        {"{\"status\":\"ok\"}", "{\"name\":\"a\",\"status\":\"ok\",\"condition\":\"off\"}", -1},
        {"{\"status\":\"ok\"}", "{\"status\":\"ok\",\"condition\":\"answers\",\"summary\":\"x\"}",
         -1},
        {"{\"status\":\"fine\"}",
         "{\"name\":\"a\",\"status\":\"ok\",\"condition\":\"answers\",\"summary\":\"x\"}", -1},
        {"{\"status\":\"ok\",\"notes\":7}",
         "{\"name\":\"a\",\"status\":\"ok\",\"condition\":\"answers\",\"summary\":\"x\"}", -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonArray) rows = json_array_new();
        g_autoptr(JsonObject) whole =
            pst_json_parse(cases[i].whole, strlen(cases[i].whole), &pst_validate_from_api, NULL);

        if (cases[i].row != NULL)
            json_array_add_object_element(rows, pst_json_parse(cases[i].row, strlen(cases[i].row),
                                                               &pst_validate_from_api, NULL));
        PstHealth *health = pst_health_from_parts(whole, rows, &error);
        g_assert_cmpint(health != NULL ? health->status : -1, ==, cases[i].status);
        if (health == NULL) {
            g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
            continue;
        }
        g_autofree char *text = pst_render_health(health, TRUE);
        g_autofree char *line = pst_render_health_plugin(health);
        g_assert_nonnull(strstr(text, "; 0.0 s"));
        g_assert_nonnull(strstr(line, " time=0.000s"));
        pst_health_free(health);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/health-parts/same", test_same);
    g_test_add_func("/health-parts/large", test_large);
    g_test_add_func("/health-parts/many", test_many);
    g_test_add_func("/health-parts/lies", test_lies);
    return g_test_run();
}
