// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/unit-file.h"
#include "protocol/error.h"
#include "tests/unit/world.h"

/* What the files of ssh-main.service say of Key=, with and without one more file. */

#define OWN "/usr/lib/systemd/system/ssh-main.service"
#define DROP_IN "/etc/systemd/system/ssh-main.service.d/10.conf"

static const struct {
    const char *path, *text; /* NULL: a link to /dev/null */
    const char *values;      /* with commas between them */
} rows[] = {
    {DROP_IN, "[Service]\nKey=b\n", "own,b"},
    {DROP_IN, "[Service]\nKey=\nKey=b\n", "b"},
    {DROP_IN, "[Service]\nKey=\n", ""},
    /* Where they may be. */
    {"/etc/systemd/system.control/ssh-main.service.d/a.conf", "[Service]\nKey=b\n", "own,b"},
    {"/run/systemd/system.control/ssh-main.service.d/a.conf", "[Service]\nKey=b\n", "own,b"},
    {"/run/systemd/transient/ssh-main.service.d/a.conf", "[Service]\nKey=b\n", "own,b"},
    {"/run/systemd/system.attached/ssh-main.service.d/a.conf", "[Service]\nKey=b\n", "own,b"},
    {"/etc/systemd/system/service.d/a.conf", "[Service]\nKey=b\n", "own,b"},
    {"/etc/systemd/system/ssh-.service.d/a.conf", "[Service]\nKey=b\n", "own,b"},
    {"/etc/systemd/system/sshd.service.d/a.conf", "[Service]\nKey=b\n", "own,b"},
    {"/etc/systemd/system/ssh.service.d/a.conf", "[Service]\nKey=b\n", "own"},
    {"/etc/systemd/system/socket.d/a.conf", "[Service]\nKey=b\n", "own"},
    {"/etc/systemd/system/ssh-main.service.d/a.txt", "[Service]\nKey=b\n", "own"},
    {"/etc/systemd/system/ssh-main.service", "[Service]\nKey=b\n", "b"},
    {"/etc/systemd/system/ssh-main.service", NULL, ""},
    /* One name once, the unit's own before its type's. */
    {"/etc/systemd/system/service.d/kept.conf", "[Service]\nKey=b\n", "own"},
    {"/run/systemd/system/ssh-main.service.d/own.conf", NULL, "own"},
    /* systemd.syntax(7). */
    {DROP_IN, "[Service]\nKey=b \\\n  c\n", "own,b  c"},
    {DROP_IN, "[Service]\nKey=b \\\n# no\n; \\\n  c\n", "own,b  c"},
    {DROP_IN, "[Service]\nKey=b\\", "own,b"},
    {DROP_IN, "[Service]\nKey=b\\\\\nKey=c\n", "own,b\\\\,c"},
    {DROP_IN, "[Service]\nKey=b\n; \\\nKey=\n", ""},
    {DROP_IN, "[Service]\nKey=b\n[Install]\nKey=\n", "own,b"},
    {DROP_IN, "[Install]\nKey=b\n [Service] \n Key = c \n", "own,c"},
    {DROP_IN, "Key=b\n", "own"},
    {DROP_IN, "[Service]\n#Key=b\n;Key=b\n # Key=b\nNoKey=b\nKey\n", "own"},
};

static void
put_unit(const World *world)
{
    put_text(world, OWN, "[Unit]\n[Service]\nKey=own\n[Install]\nAlias=sshd.service\n");
    put_text(world, "/usr/lib/systemd/system/ssh-main.service.d/kept.conf", "[Service]\n");
    put_symlink(world, "/etc/systemd/system/sshd.service", OWN);
}

static char *
join(const PstUnitFile *file)
{
    g_autoptr(GPtrArray) values = pst_unit_file_values(file, "Key");
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < values->len; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? "," : "",
                               ((const PstUnitFileValue *)values->pdata[i])->value);
    return g_string_free(all, FALSE);
}

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        World world = {0};
        g_autoptr(GError) error = NULL;

        g_test_message("row %u", i);
        set_up(&world, NULL);
        put_unit(&world);
        if (rows[i].text != NULL)
            put_text(&world, rows[i].path, rows[i].text);
        else
            put_symlink(&world, rows[i].path, "/dev/null");
        g_autoptr(PstUnitFile) file = pst_unit_file_load(world.sysroot, "ssh-main.service", &error);
        g_assert_no_error(error);
        g_autofree char *values = join(file);
        g_assert_cmpstr(values, ==, rows[i].values);
        tear_down(&world, NULL);
    }
}

static void
test_place(void)
{
    World world = {0};

    set_up(&world, NULL);
    put_text(&world, DROP_IN, "[Service]\n# no\nKey=a \\\n b\n");
    g_autoptr(PstUnitFile) file = pst_unit_file_load(world.sysroot, "ssh-main.service", NULL);
    g_autoptr(GPtrArray) values = pst_unit_file_values(file, "Key");
    g_assert_cmpuint(values->len, ==, 1);
    const PstUnitFileValue *value = values->pdata[0];
    g_assert_cmpstr(value->path, ==, DROP_IN);
    g_assert_cmpuint(value->line, ==, 3);
    tear_down(&world, NULL);
}

/* Many values are all told of. */
static void
test_many(void)
{
    World world = {0};
    g_autoptr(GString) text = g_string_new("[Service]\n");

    for (guint i = 0; i < 1000; i++)
        g_string_append(text, "Key=a\n");
    set_up(&world, NULL);
    put_text(&world, DROP_IN, text->str);
    g_autoptr(PstUnitFile) file = pst_unit_file_load(world.sysroot, "ssh-main.service", NULL);
    g_autoptr(GPtrArray) values = pst_unit_file_values(file, "Key");
    g_assert_cmpuint(values->len, ==, 1000);
    tear_down(&world, NULL);
}

/* An alias of an alias, in whatever order the links are found. */
static void
test_aliases(void)
{
    static const char *const folders[] = {"/etc/systemd/system", "/usr/lib/systemd/system"};

    for (guint i = 0; i < 2; i++) {
        World world = {0};
        g_autofree char *first = g_strconcat(folders[i], "/sshd.service", NULL);
        g_autofree char *second = g_strconcat(folders[1 - i], "/door.service", NULL);

        set_up(&world, NULL);
        put_text(&world, OWN, "[Service]\nKey=own\n");
        put_symlink(&world, first, OWN);
        put_symlink(&world, second, "sshd.service");
        put_text(&world, "/etc/systemd/system/door.service.d/a.conf", "[Service]\nKey=b\n");
        g_autoptr(PstUnitFile) file = pst_unit_file_load(world.sysroot, "ssh-main.service", NULL);
        g_autofree char *values = join(file);
        g_assert_cmpstr(values, ==, "own,b");
        tear_down(&world, NULL);
    }
}

/* A drop-in that can't be looked at may say anything. */
static void
test_loop(void)
{
    World world = {0};
    g_autoptr(GError) error = NULL;

    set_up(&world, NULL);
    put_unit(&world);
    put_symlink(&world, DROP_IN, "10.conf");
    g_assert_null(pst_unit_file_load(world.sysroot, "ssh-main.service", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    tear_down(&world, NULL);
}

static void
test_unread(void)
{
    World world = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *blanks = g_strnfill(70000, '\n');

    set_up(&world, NULL);
    put_text(&world, DROP_IN, blanks);
    g_assert_null(pst_unit_file_load(world.sysroot, "ssh-main.service", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_TOO_LARGE);
    g_clear_error(&error);
    g_assert_null(pst_unit_file_load(world.sysroot, "../x.service", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    tear_down(&world, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unit-file/table", test_table);
    g_test_add_func("/unit-file/place", test_place);
    g_test_add_func("/unit-file/many", test_many);
    g_test_add_func("/unit-file/aliases", test_aliases);
    g_test_add_func("/unit-file/loop", test_loop);
    g_test_add_func("/unit-file/unread", test_unread);
    return g_test_run();
}
