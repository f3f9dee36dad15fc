// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/forced.h"
#include "protocol/error.h"

#define KEYS                                                                                       \
    "[key web]\ndomain=web\nverbs=status;forensics; cycle\n"                                       \
    "[key all]\ndomain=db\nverbs=status;diagnose;records;forensics;reset;stop;start;cycle\n"       \
    "[key blank]\ndomain = web \nverbs = status ; cycle \n"                                        \
    "[key dash]\ndomain=-c\nverbs=status\n"                                                        \
    "[key none]\ndomain=web\nverbs=\n"                                                             \
    "[key halt]\ndomain=web\nverbs=status;halt\n"                                                  \
    "[key typo]\ndomain=web\nverb=status\n"                                                        \
    "[key nowhere]\nverbs=status\n"

typedef struct {
    const char *key, *original, *argv;
    int code; /* of the error, where ARGV is NULL */
} Row;

static const Row rows[] = {
    {"web", "status", "power web status", 0},
    {"web", "  status  web  --json ", "power web status --json", 0},
    {"web", "forensics", "forensics web", 0},
    {"web", "cycle", "power web cycle -y", 0},
    {"web", "cycle --graceful", "power web cycle -y --graceful", 0},
    {"blank", "cycle web", "power web cycle -y", 0},
    {"all", "diagnose db", "diagnose db", 0},
    {"all", "records", "records db", 0},
    {"all", "reset", "power db reset -y", 0},
    {"all", "start --json", "power db start -y --json", 0},
    /* Nothing, another verb, another domain, and what would be more than one command in a shell. */
    {"web", NULL, NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "reset", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "Status", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "statu", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status db", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status --graceful", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status;cycle", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status; cycle", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status $(cycle)", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status\ncycle", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status\tweb", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status \377", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "forensics -o /etc/cron.d", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "forensics --output=/x", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "--connect=qemu+ssh://elsewhere status", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "cycle --without-forensics x", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status web web", NULL, PST_ERROR_NOT_ALLOWED},
    {"web", "status --json --json --json --json --json --json --json --json", NULL,
     PST_ERROR_NOT_ALLOWED},
    {"elsewhere", "status", NULL, PST_ERROR_USAGE},
    {"", "status", NULL, PST_ERROR_USAGE},
    {"dash", "status", NULL, PST_ERROR_USAGE},
    {"none", "status", NULL, PST_ERROR_USAGE},
    {"halt", "status", NULL, PST_ERROR_USAGE},
    {"typo", "status", NULL, PST_ERROR_USAGE},
    {"nowhere", "status", NULL, PST_ERROR_USAGE},
};

static void
test_table(void)
{
    g_autoptr(GKeyFile) config = g_key_file_new();

    g_assert_true(g_key_file_load_from_data(config, KEYS, (gsize)-1, G_KEY_FILE_NONE, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *row = &rows[i];
        g_autofree char *domain = NULL, *said = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) argv = pst_forced_argv(config, row->key, row->original, &domain, &error);

        g_test_message("%s: %s", row->key, row->original != NULL ? row->original : "nothing");
        said = argv != NULL ? g_strjoinv(" ", argv) : NULL;
        g_assert_cmpstr(said, ==, row->argv);
        if (row->argv == NULL)
            g_assert_error(error, PST_ERROR, row->code);
        else
            g_assert_no_error(error);
    }
}

/* Longer than any line that is meant well, before it is split. */
static void
test_long(void)
{
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autofree char *spaces = g_strnfill(300, ' ');
    g_autofree char *original = g_strconcat("status", spaces, NULL);
    g_autofree char *domain = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_key_file_load_from_data(config, KEYS, (gsize)-1, G_KEY_FILE_NONE, NULL));
    g_assert_null(pst_forced_argv(config, "web", original, &domain, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpstr(error->message, ==, "this key may say: status, forensics, cycle");
    g_assert_cmpstr(domain, ==, "web");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forced/table", test_table);
    g_test_add_func("/forced/long", test_long);
    return g_test_run();
}
