// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/containers-words.h"
#include "guest-shim/private-units.h"
#include "guest-shim/probe-file.h"
#include "protocol/report-containers.h"
#include "protocol/report-file.h"
#include "tests/unit/world.h"

static PstReport *
read_at(World *world, gint64 offset)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC,
                                     "ann"};
    PstFileArgs args = {(char *)"/var/log/syslog", offset, PST_INT_UNKNOWN};
    PstReport *report = pst_report_new(&pst_report_file_kind);

    pst_probe_file_run(&context, &args, report);
    return report;
}

static void
assert_text(World *world, const char *expected)
{
    g_autoptr(PstReport) report = read_at(world, PST_INT_UNKNOWN);

    g_assert_cmpstr(((PstFileData *)report->data)->text, ==, expected);
}

/* What the journal does not tell of private units stands in a syslog daemon's files as well. */
static void
test_lines(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/postern/shim.conf", "[private]\nunits=diary\n");
    put_text(world, "/var/log/syslog",
             "Nov  8 23:00:00 host n8n[12]: what it was about\n"
             "2026-11-28T23:00:00.1+00:00 host diary: what else\n"
             "Nov  8 23:00:01 host systemd[1]: n8n.service: Failed\n"
             "Nov  8 23:00:01 host sshd[12]: n8n[1]: not its own\n"
             "Nov  8 23:00:01 host\nNov  8 23:00:01 n8n\nn8n[12]: no such line\n"
             "Nov  8 23:00:02 host daemon.info n8n[12]: busy\n"
             "Nov  8 23:00:02 n8n[12]: without a host\n\twhich goes on\n"
             "Nov  8 23:00:03 host sshd[12]: once more\n\tand on\n");
    assert_text(world, "Nov  8 23:00:00 host n8n[12]: [redacted:private-unit]\n"
                       "2026-11-28T23:00:00.1+00:00 host diary: [redacted:private-unit]\n"
                       "Nov  8 23:00:01 host systemd[1]: n8n.service: Failed\n"
                       "Nov  8 23:00:01 host sshd[12]: n8n[1]: not its own\n"
                       "Nov  8 23:00:01 host\nNov  8 23:00:01 n8n\nn8n[12]: no such line\n"
                       "Nov  8 23:00:02 host daemon.info n8n[12]: [redacted:private-unit]\n"
                       "Nov  8 23:00:02 n8n[12]: [redacted:private-unit]\n"
                       "[redacted:private-unit]\n"
                       "Nov  8 23:00:03 host sshd[12]: once more\n\tand on\n");

    /* A page that begins within such a line. */
    g_autoptr(PstReport) report = read_at(world, 36);
    g_assert_null(strstr(((PstFileData *)report->data)->text, "about"));
}

/* What a private unit writes is private in a container too, by whichever name it goes there. */
static void
test_containers(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        const char *name, *image, *unit;
        gboolean hidden;
    } rows[] = {
        {"matrix-synapse-1", "m:1", NULL, TRUE},
        {"flows", "docker.n8n.io:5000/n8nio/n8n:1.2@sha256:00", NULL, TRUE},
        {"words", NULL, "diary.service", TRUE},
        {"shop", "registry:5000/shop:1", "shop.service", FALSE},
        {NULL, NULL, NULL, FALSE},
    };
    g_autoptr(PstReport) report = pst_report_new(&pst_report_containers_kind);
    PstContainersData *data = report->data;

    put_text(world, "/etc/postern/shim.conf", "[private]\nunits=diary\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstContainersContainer *container =
            pst_fields_append(&pst_report_containers_container_fields, &data->containers);

        container->runtime = g_strdup("docker");
        container->name = g_strdup(rows[i].name);
        container->image = g_strdup(rows[i].image);
        container->unit = g_strdup(rows[i].unit);
        pst_containers_words_add_lines(&container->lines, "stderr", "what people wrote\nmore");
    }
    pst_private_units_hide_containers(world->sysroot, data->containers);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PstContainersContainer *container = data->containers->pdata[i];

        g_assert_cmpuint(container->lines->len, ==, 2);
        g_assert_cmpstr(((PstContainersLine *)container->lines->pdata[0])->text, ==,
                        rows[i].hidden ? "[private]" : "what people wrote");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/private-units/file", World, NULL, set_up, test_lines, tear_down);
    g_test_add("/private-units/containers", World, NULL, set_up, test_containers, tear_down);
    return g_test_run();
}
