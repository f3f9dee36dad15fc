// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "tests/unit/ssh-world.h"

/* A sound guest with sshd, and a user who has a key in it. */

#define PASSWD                                                                                     \
    "root:x:0:0:root:/root:/bin/bash\n"                                                            \
    "harness:x:1000:1000::/home/harness:/bin/bash\n"                                               \
    "eve:x:1001:1001::/home/eve:/bin/bash\n"
#define GROUP "root:x:0:\nharness:x:1000:\nstaff:x:50:harness\neve:x:1001:\n"
#define KEYS "/home/harness/.ssh/authorized_keys"
#define OWN 1000

/* chown(2) takes root. */
static G_GNUC_UNUSED void
put_owned(const World *world, const char *path, uid_t uid, gid_t gid, mode_t mode)
{
    g_autofree char *whole = place(world, path);

    if (getuid() == 0)
        g_assert_cmpint(chown(whole, uid, gid), ==, 0);
    g_assert_cmpint(chmod(whole, mode), ==, 0);
}

static G_GNUC_UNUSED void
put_keys(const World *world, const char *text)
{
    put_text(world, KEYS, text);
    put_owned(world, "/home", 0, 0, 0755);
    put_owned(world, "/home/harness", OWN, OWN, 0755);
    put_owned(world, "/home/harness/.ssh", OWN, OWN, 0700);
    put_owned(world, KEYS, OWN, OWN, 0600);
}

/* A sound guest with a user who has a key, and no password. */
static G_GNUC_UNUSED void
put_user(const World *world, const char *config)
{
    g_autofree char *whole = g_strconcat(config, "\nUsePAM yes\n", NULL);

    put_sound(world);
    g_assert_cmpint(chmod(world->folder, 0755), ==, 0);
    put_text(world, "/etc/ssh/sshd_config", whole);
    put_text(world, "/etc/debian_version", "12.5\n");
    put_text(world, "/etc/passwd", PASSWD);
    put_text(world, "/etc/group", GROUP);
    put_text(world, "/etc/shadow", "root:*:1::::::\nharness:!:1::::::\neve:$y$x:1::::::\n");
    put_keys(world, "# mine\n" KEY_ED25519 " harness@host\n");
}

#define HARNESS                                                                                    \
    {                                                                                              \
        .user = (char *)"harness", .port = PST_INT_UNKNOWN                                         \
    }

static G_GNUC_UNUSED PstReport *
run_harness(const World *world)
{
    const PstSshArgs args = HARNESS;

    return run_for(world, &args);
}

static G_GNUC_UNUSED gboolean
skip_unless_root(void)
{
    if (getuid() == 0)
        return FALSE;
    g_test_skip("the files have to be the user's, so it takes root");
    return TRUE;
}

static G_GNUC_UNUSED const PstFinding *
find(const PstReport *report, const char *id)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (g_str_equal(finding_at(report, i)->id, id))
            return finding_at(report, i);
    g_test_message("%s is not among them", id);
    g_assert_not_reached();
}
