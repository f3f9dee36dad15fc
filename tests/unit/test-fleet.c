// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/fleet.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health-world.h"
#include "host-sidecar/render-fleet.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* ---- who they are ---- */

static char **
read_text(const char *text, gssize len, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("fleet-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, text, len, NULL));
    char **hosts = pst_fleet_read_hosts(path, error);
    g_unlink(path);
    return hosts;
}

static void
test_hosts(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) hosts = read_text(
        "# all of them\n\nhv1\n  root@hv2.example  # the old one\n\thv3\r\n#hv4", -1, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(hosts), ==, 3);
    g_assert_cmpstr(hosts[0], ==, "hv1");
    g_assert_cmpstr(hosts[1], ==, "root@hv2.example");
    g_assert_cmpstr(hosts[2], ==, "hv3");
}

static void
test_no_hosts(void)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "names no host"},
        {"# none\n", "names no host"},
        {"hv1\nhv2 hv3\n", "line 2: 'hv2 hv3': say a host"},
        {"-oProxyCommand=x", "line 1"},
        {"hv1\n$(x)\n", "line 2"},
        {"hv1\n\nhv1\n", "line 3: 'hv1': this host is named twice"},
    };
    g_autoptr(GString) many = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(read_text(cases[i].text, -1, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, cases[i].why));
    }
    for (guint i = 0; i <= PST_FLEET_MAX_HOSTS; i++)
        g_string_append_printf(many, "hv%u\n", i);
    g_autoptr(GError) error = NULL;
    g_assert_null(read_text(many->str, -1, &error));
    g_assert_nonnull(strstr(error->message, "more than 256 hosts"));
    g_clear_error(&error);
    for (guint i = 0; i < 17; i++)
        g_string_append_printf(many, "# %4096s\n", "");
    g_assert_null(read_text(many->str, -1, &error));
    g_assert_nonnull(strstr(error->message, "larger than 64 KiB"));
    g_clear_error(&error);
    g_assert_null(pst_fleet_read_hosts("/nonexistent/hosts", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_null(pst_fleet_read_hosts("/", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_null(read_text("hv1\n\0hv2\n", 9, &error));
    g_assert_nonnull(strstr(error->message, "it is no text"));
    g_clear_error(&error);

    /* Nobody writes to it: whoever opened it to read would wait. */
    g_autofree char *folder = g_dir_make_tmp("fleet-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_null(pst_fleet_read_hosts(fifo, &error));
    g_assert_nonnull(strstr(error->message, "no regular file"));
    g_unlink(fifo);
    g_rmdir(folder);
}

/* ---- the sweep ---- */

#define SILENT_US (30 * G_USEC_PER_SEC)

static PstHealth *
ask(const char *host, gint64 deadline_us G_GNUC_UNUSED, GError **error)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();

    if (g_str_equal(host, "refuses")) {
        g_set_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR, "refuses: Permission denied\n|x=1");
        return NULL;
    }
    if (g_str_equal(host, "silent"))
        g_usleep(SILENT_US);
    if (g_str_equal(host, "empty"))
        return sweep_at(memory, "", 0,
                        g_ptr_array_new_with_free_func((GDestroyNotify)pst_health_sight_free));
    PstHealthSight *sight = make_answering("db\x1b[2J");
    if (g_str_equal(host, "sick"))
        pst_health_sight_add(sight, "ssh.x", PST_SEVERITY_CRITICAL, "no way | in");
    return sweep_at(memory, "", 0, sights_of(sight));
}

/* A host that hangs or refuses is told as unknown, and takes nobody's time but its own. */
static void
test_sweep(void)
{
    static const char *const names[] = {"well", "silent", "sick", "refuses", "empty", NULL};
    static const char *const order[] = {"sick", "refuses", "silent", "empty", "well"};
    gint64 begun_us = g_get_monotonic_time();
    g_autoptr(PstFleet) fleet =
        pst_fleet_sweep((char *const *)names, ask, begun_us + G_USEC_PER_SEC / 2);

    g_assert_cmpint(g_get_monotonic_time() - begun_us, <, SILENT_US / 2);
    g_assert_cmpuint(fleet->hosts->len, ==, G_N_ELEMENTS(order));
    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        g_assert_cmpstr(((PstFleetHost *)fleet->hosts->pdata[i])->host, ==, order[i]);
    g_assert_cmpint(fleet->status, ==, PST_STATUS_CRITICAL);
    g_assert_cmpuint(pst_fleet_count_unseen(fleet), ==, 2);
    g_assert_cmpuint(pst_fleet_count_hosts(fleet, PST_STATUS_UNKNOWN), ==, 2);
    g_assert_cmpuint(pst_fleet_count_domains(fleet, PST_STATUS_OK), ==, 1);
    g_assert_true(pst_fleet_has_news(fleet));

    g_autofree char *text = pst_render_fleet(fleet, FALSE);
    g_assert_true(g_str_has_prefix(text, "5 hosts: 1 critical, 2 unknown, 2 ok; "
                                         "2 domains: 1 critical, 1 ok; "));
    g_assert_nonnull(strstr(text, "UNKNOWN   silent: no answer in time\n"));
    g_assert_nonnull(strstr(text, "\nsick: 1 domain: 1 critical; "));
    g_assert_null(strchr(text, '\x1b'));

    g_autofree char *line = pst_render_fleet_plugin(fleet);
    g_assert_true(g_str_has_prefix(line, "POSTERN CRITICAL - 5 hosts: "));
    g_assert_cmpuint(strcspn(line, "\n"), ==, strlen(line) - 1);
    g_assert_nonnull(strstr(line, " | hosts=5;;;0 unseen_hosts=2;;;0;5 domains=2;;;0 ok=1;;;0;2"));
    g_assert_true(strchr(line, '|') == strrchr(line, '|'));

    g_autofree char *json_text = pst_render_fleet_json(fleet, FALSE);
    g_autoptr(JsonObject) json =
        pst_json_parse(json_text, strlen(json_text), &pst_validate_from_api, NULL);
    JsonArray *hosts = json_object_get_array_member(json, "hosts");
    JsonObject *sick = json_array_get_object_element(hosts, 0);
    JsonObject *refuses = json_array_get_object_element(hosts, 1);
    g_assert_cmpstr(json_object_get_string_member(json, "status"), ==, "critical");
    g_assert_true(json_object_has_member(sick, "health"));
    g_assert_cmpstr(json_object_get_string_member(refuses, "status"), ==, "unknown");
    g_assert_cmpstr(
        json_object_get_string_member(json_object_get_object_member(refuses, "error"), "reason"),
        ==, "no-hypervisor");
}

static void
test_well(void)
{
    static const char *const names[] = {"well", NULL};
    g_autoptr(PstFleet) fleet =
        pst_fleet_sweep((char *const *)names, ask, g_get_monotonic_time() + 10 * G_USEC_PER_SEC);
    g_autofree char *line = pst_render_fleet_plugin(fleet);

    g_assert_cmpint(fleet->status, ==, PST_STATUS_OK);
    g_assert_true(g_str_has_prefix(line, "POSTERN OK - 1 host: 1 ok; 1 domain: 1 ok |"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet/hosts", test_hosts);
    g_test_add_func("/fleet/no-hosts", test_no_hosts);
    g_test_add_func("/fleet/sweep", test_sweep);
    g_test_add_func("/fleet/well", test_well);
    return g_test_run();
}
