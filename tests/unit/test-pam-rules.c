// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/pam-access.h"
#include "guest-shim/pam-condition.h"
#include "guest-shim/pam-limits.h"
#include "guest-shim/pam-line.h"
#include "guest-shim/pam-list.h"
#include "guest-shim/pam-time.h"
#include "tests/unit/world.h"

#define YES PST_PAM_SUCCESS
#define DENIED PST_PAM_PERM_DENIED
#define NO PST_PAM_AUTH_ERR
#define ANY PST_PAM_ANY

/* harness, in adm, asked for by sshd from an address. */
static PstPamSubject
subject_in(const World *world, PstAccounts **accounts)
{
    put_text(world, "/etc/passwd",
             "root:x:0:0::/root:/bin/bash\nharness:x:1000:1000::/home/harness:/bin/bash\n");
    put_text(world, "/etc/group", "root:x:0:\nadm:x:4:harness\nwheel:x:10:\nharness:x:1000:\n");
    *accounts = pst_accounts_load(world->sysroot, NULL);
    const PstAccount *user = pst_accounts_find(*accounts, "harness");

    return (PstPamSubject){
        .sysroot = world->sysroot,
        .accounts = *accounts,
        .user = user,
        .asking = user,
        .groups = pst_accounts_groups(*accounts, user),
        .asking_groups = pst_accounts_groups(*accounts, user),
        .service = "sshd",
        .host = "guest",
        .origin = {TRUE, "192.0.2.10", "ssh"},
    };
}

static void
subject_clear(PstPamSubject *subject, PstAccounts *accounts)
{
    g_array_unref(subject->groups);
    g_array_unref(subject->asking_groups);
    pst_accounts_free(accounts);
}

/* ---- access.conf ---- */

static const PstPamOrigin from_afar = {TRUE, "192.0.2.10", "ssh"},
                          from_nowhere = {TRUE, NULL, "ssh"},
                          from_v6 = {TRUE, "2001:db8::1", "ssh"}, on_tty1 = {FALSE, "tty1", "tty1"},
                          on_a_tty = {FALSE, NULL, NULL};

static const struct {
    const char *rules;
    const PstPamOrigin *origin;
    int answer;
    guint line;
} accesses[] = {
    {"", &from_afar, YES, 0},
    {"# - : ALL : ALL\n", &from_afar, YES, 0},
    {"- : ALL : ALL\n", &from_afar, DENIED, 1},
    {"-:ALL:ALL", &from_afar, YES, 0}, /* no end of line */
    {"+ : harness : ALL\n- : ALL : ALL\n", &from_afar, YES, 0},
    {"+:root:ALL\n-:ALL:ALL\n", &from_afar, DENIED, 2},
    {"+:HARNESS:ALL\n-:ALL:ALL\n", &from_afar, YES, 0},
    {"-:ALL EXCEPT root:ALL\n", &from_afar, DENIED, 1},
    {"-:ALL EXCEPT root harness:ALL\n", &from_afar, YES, 0},
    {"-:ALL EXCEPT adm:ALL\n", &from_afar, YES, 0},
    {"-:ALL EXCEPT ALL EXCEPT harness:ALL\n", &from_afar, DENIED, 1},
    {"-:(adm):ALL\n", &from_afar, DENIED, 1},
    {"-:(wheel):ALL\n", &from_afar, YES, 0},
    {"-:wheel harness:ALL\n", &from_afar, DENIED, 1},
    {"-:harness:192.0.2.10\n", &from_afar, DENIED, 1},
    {"-:harness:192.0.2.\n", &from_afar, DENIED, 1},
    {"-:harness:192.0.20.\n", &from_afar, YES, 0},
    {"-:harness:192.0.2.0/24\n", &from_afar, DENIED, 1},
    {"-:harness:192.0.2.0/28\n", &from_afar, DENIED, 1},
    {"-:harness:192.0.2.0/29\n", &from_afar, YES, 0},
    {"-:harness:192.0.2.0/255.255.255.0\n", &from_afar, DENIED, 1},
    {"-:harness:2001:db8::/32\n", &from_v6, DENIED, 1},
    {"-:harness:2001:db9::/32\n", &from_v6, YES, 0},
    {"-:harness:192.0.2.0/24\n", &from_v6, YES, 0},
    {"+:harness:192.0.2.0/24\n-:ALL:ALL\n", &from_nowhere, ANY, 1},
    {"-:ALL:LOCAL\n", &from_afar, YES, 0},
    {"-:ALL:LOCAL\n", &on_tty1, DENIED, 1},
    {"-:ALL EXCEPT root:tty1\n", &on_tty1, DENIED, 1},
    {"-:harness:tty2\n", &on_tty1, YES, 0},
    {"-:harness:tty2\n", &on_a_tty, ANY, 1},
    {"-:harness:192.0.2.0/24\n", &on_tty1, YES, 0},
    {"-:ALL:ALL EXCEPT LOCAL\n", &from_afar, DENIED, 1},
    {"-:ALL:ALL EXCEPT LOCAL\n", &on_tty1, YES, 0},
    {"-:@admins:ALL\n", &from_afar, ANY, 1},
    {"+:@admins:ALL\n+:ALL:ALL\n", &from_afar, YES, 0},
    {"+:harness:gate.example.org\n-:ALL:ALL\n", &from_afar, ANY, 1},
    {"+:harness:.example.org\n-:ALL:ALL\n", &from_afar, DENIED, 2},
    {"-:harness@guest:ALL\n", &from_afar, DENIED, 1},
    {"-:harness@other:ALL\n", &from_afar, ANY, 1},
    {"nonsense\n- ALL ALL\n?:ALL:ALL\n-:harness:ALL\n", &from_afar, DENIED, 4},
    {" -:ALL:ALL\n", &from_afar, YES, 0},
};

static void
test_access(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);

    for (guint i = 0; i < G_N_ELEMENTS(accesses); i++) {
        g_autofree char *rules = g_strdup(accesses[i].rules);
        g_auto(PstPamRuling) ruling = {0};

        g_test_message("%s", accesses[i].rules);
        subject.origin = *accesses[i].origin;
        g_assert_cmpint(pst_pam_access_judge("/access.conf", rules, &PST_PAM_ACCESS_OPTIONS_DEFAULT,
                                             &subject, &ruling),
                        ==, accesses[i].answer);
        if (accesses[i].line > 0)
            g_assert_cmpuint(ruling.line, ==, accesses[i].line);
        if (accesses[i].answer == DENIED)
            g_assert_nonnull(ruling.why);
        g_assert_cmpint(ruling.lack, ==, ruling.answer == ANY && subject.origin.name == NULL);
    }
    subject_clear(&subject, accounts);
}

/* Names where the group may be known to another source. */
static void
test_groups_elsewhere(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char rule[] = "-:(wheel):ALL\n";
    PstAccounts *accounts;
    g_auto(PstPamRuling) unsure = {0}, sure = {0};
    g_autofree char *first = g_strdup(rule), *second = g_strdup(rule);

    put_text(world, "/etc/nsswitch.conf", "group: sss files\n");
    PstPamSubject subject = subject_in(world, &accounts);
    /* sssd is not there: it adds nobody. */
    pst_pam_access_judge("/a", first, &PST_PAM_ACCESS_OPTIONS_DEFAULT, &subject, &sure);
    g_assert_cmpint(sure.answer, ==, YES);
    put_text(world, "/var/lib/sss/pipes/nss", "");
    pst_pam_access_judge("/a", second, &PST_PAM_ACCESS_OPTIONS_DEFAULT, &subject, &unsure);
    g_assert_cmpint(unsure.answer, ==, ANY);
    subject_clear(&subject, accounts);
}

static int
answer_of(int (*answer)(const PstPamLine *, const PstPamSubject *, PstPamRuling *),
          const char *args, const PstPamSubject *subject, PstPamRuling *ruling)
{
    const PstPamLine line = {.file = (char *)"/etc/pam.d/x",
                             .line = 7,
                             .text = (char *)"the line",
                             .args = (char *)args};

    return answer(&line, subject, ruling);
}

/* The file, then the drop-ins; arguments name another file and other separators. */
static void
test_access_files(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);
    g_auto(PstPamRuling) ruling = {0};

    g_assert_cmpint(answer_of(pst_pam_access_answer, "", &subject, &ruling), ==, YES);
    put_text(world, "/etc/security/access.d/90-all.conf", "-:ALL:ALL\n");
    put_text(world, "/etc/security/access.d/10-old.txt", "+:ALL:ALL\n");
    g_assert_cmpint(answer_of(pst_pam_access_answer, "", &subject, &ruling), ==, DENIED);
    g_assert_cmpstr(ruling.path, ==, "/etc/security/access.d/90-all.conf");
    put_text(world, "/etc/security/access.conf", "+:harness:ALL\n");
    g_assert_cmpint(answer_of(pst_pam_access_answer, "", &subject, &ruling), ==, YES);
    put_text(world, "/acc", "-|harness|ALL\n");
    g_assert_cmpint(
        answer_of(pst_pam_access_answer, "accessfile=/acc fieldsep=|", &subject, &ruling), ==,
        DENIED);
    g_assert_cmpstr(ruling.text, ==, "-|harness|ALL");
    put_text(world, "/acc", "-:Domain Users,harness:ALL\n");
    g_assert_cmpint(
        answer_of(pst_pam_access_answer, "accessfile=/acc listsep=,", &subject, &ruling), ==,
        DENIED);
    put_text(world, "/acc", "-:adm:ALL\n");
    g_assert_cmpint(
        answer_of(pst_pam_access_answer, "accessfile=/acc nodefgroup", &subject, &ruling), ==, YES);
    g_assert_cmpint(answer_of(pst_pam_access_answer, "accessfile=/none", &subject, &ruling), ==,
                    26);
    subject_clear(&subject, accounts);
}

/* ---- time.conf ---- */

static const struct {
    const char *rules;
    int answer; /* on Thursday at 10:30 */
} times[] = {
    {"", YES},
    {"*;*;harness;Al0000-2400\n", YES},
    {"*;*;harness;!Al0000-2400\n", DENIED},
    {"sshd;*;harness;Wk0800-1000\n", DENIED},
    {"sshd;*;harness;Wk0800-1031\n", YES},
    {"login;*;harness;Wk0800-1000\n", YES},
    {"!login;*;harness;Wk0800-1000\n", DENIED},
    {"login|sshd;*;*;Wd0000-2400\n", DENIED},
    {"login&sshd;*;*;Wd0000-2400\n", YES},
    {"s*;*;h*s;Wd0000-2400\n", DENIED},
    {"*;ssh;harness;Wd0000-2400\n", DENIED},
    {"*;tty*;harness;Wd0000-2400\n", YES},
    {"*;*;root|admin;Wd0000-2400\n", YES},
    {"*;*;!root;Wd0000-2400\n", DENIED},
    {"*;*;harness;Th2200-0600\n", DENIED},
    {"*;*;harness;We2200-1100\n", YES},      /* over midnight */
    {"*;*;harness;AlTh0000-2400\n", DENIED}, /* all days but Thursday */
    {"*;*;@net;Wd0000-2400\n", ANY},
    {"*;*;harness;Wk08\n", YES},
    {"*;*;harness;Xx0800-1000\n", DENIED},
    {"# *;*;harness;Wd0000-2400\n", YES},
    {"*;*;\\\nharness;Wd0000-2400\n", DENIED},
    {"*;*;harness\n*;;;;;;\n;;;\n", YES},
};

static void
test_time(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) thursday = g_date_time_new(utc, 2026, 11, 26, 10, 30, 0);

    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *rules = g_strdup(times[i].rules);
        g_auto(PstPamRuling) ruling = {0};

        g_test_message("%s", times[i].rules);
        subject.now = thursday;
        g_assert_cmpint(pst_pam_time_judge("/time.conf", rules, &subject, &ruling), ==,
                        times[i].answer);
        if (times[i].answer == DENIED)
            g_assert_nonnull(strstr(ruling.why, "Thu 10:30"));
    }
    subject_clear(&subject, accounts);
}

/* ---- limits.conf ---- */

static const struct {
    const char *rules;
    int answer;
    const char *says; /* of a limit that shuts; NULL for none */
} limits[] = {
    {"", ANY, NULL},
    {"harness - maxlogins 0\n", DENIED, "every session is refused"},
    {"harness hard maxlogins 10\n", ANY, NULL},
    {"harness - maxlogins -1\n", ANY, NULL},
    {"* hard maxlogins 0\n", DENIED, "every session is refused"},
    {"@adm - maxlogins 0\n", DENIED, "every session is refused"},
    {"@wheel - maxlogins 0\n", ANY, NULL},
    {"* hard maxlogins 0\nharness hard maxlogins 4\n", ANY, NULL},
    {"harness hard maxlogins 4\n* hard maxlogins 0\n", ANY, NULL}, /* the nearer rule stands */
    {"* hard maxsyslogins 0\n", DENIED, "every session is refused"},
    {"% hard maxlogins 0\n", DENIED, "every session is refused"},
    {"%adm hard maxlogins 0\n", DENIED, "every session is refused"},
    {"%wheel hard maxlogins 0\n", ANY, NULL},
    {"@adm hard maxlogins 4\n%adm hard maxlogins 0\n", ANY, NULL},
    {"% hard nproc 0\n", ANY, NULL}, /* of logins alone */
    {"harness hard nproc 0\n", ANY, "no shell can begin"},
    {"harness soft nofile 1\n", ANY, "no shell can begin"},
    {"harness hard nofile 14\n", ANY, "may not be enough"},
    {"harness hard nofile 14\nharness hard nproc 1\n", ANY, "no shell can begin"},
    {"harness soft nofile 1024\n* hard nproc 4096\n", ANY, NULL},
    {"harness - nonewprivs 1\n", ANY, "gain no privileges"},
    {"harness - nonewprivs 0\n* - nonewprivs 1\n", ANY, NULL},
    {"1000 hard nproc 0\n", ANY, NULL},
    {"1000:2000 hard nproc 0\n", ANY, "no shell can begin"},
    {":1000 hard nproc 0\n", ANY, "no shell can begin"},
    {":1001 hard nproc 0\n", ANY, NULL},
    {"@1000: hard nproc 0\n", ANY, "no shell can begin"},
    {"harness -\n* hard maxlogins 0\n", ANY, NULL},
    {"# * hard maxlogins 0\n* hard maxlogins\n* hard maxlogins zero\n", ANY, NULL},
    {"* hard core 0\n* soft fsize 0\n", ANY, NULL},
};

static void
test_limits(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);

    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *rules = g_strdup(limits[i].rules);
        g_autoptr(PstPamLimits) read = pst_pam_limits_new(&subject);
        g_auto(PstPamRuling) ruling = {0};

        g_test_message("%s", limits[i].rules);
        pst_pam_limits_take(read, "/limits.conf", rules);
        g_assert_cmpint(pst_pam_limits_judge(read, &ruling), ==, limits[i].answer);
        g_assert_cmpint(ruling.why == NULL, ==, limits[i].says == NULL);
        if (limits[i].says != NULL)
            g_assert_nonnull(strstr(ruling.why, limits[i].says));
    }
    subject_clear(&subject, accounts);
}

/* Drop-ins come after the file, and root is not limited. */
static void
test_limits_files(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);
    g_auto(PstPamRuling) ruling = {0};

    put_text(world, "/etc/security/limits.conf", "harness hard maxlogins 4\n");
    put_text(world, "/etc/security/limits.d/a.conf", "harness hard maxlogins 0\n");
    g_assert_cmpint(answer_of(pst_pam_limits_answer, "", &subject, &ruling), ==, DENIED);
    g_assert_cmpstr(ruling.path, ==, "/etc/security/limits.d/a.conf");
    g_assert_cmpint(
        answer_of(pst_pam_limits_answer, "conf=/etc/security/limits.conf", &subject, &ruling), ==,
        ANY);
    put_text(world, "/etc/security/limits.conf", "* hard maxlogins 0\nroot hard maxlogins 0\n");
    subject.user = pst_accounts_find(accounts, "root");
    g_assert_cmpint(answer_of(pst_pam_limits_answer, "", &subject, &ruling), ==, ANY);
    subject_clear(&subject, accounts);
}

/* Of Linux-PAM 1.5.2 and before, and of 1.5.3 and after. */
static int
limits_of(const World *world, const char *words, const PstPamSubject *subject, PstPamRuling *ruling)
{
    const PstPamLine line = {.file = (char *)"/etc/pam.d/x",
                             .line = 7,
                             .text = (char *)"the line",
                             .path = (char *)"/lib/security/pam_limits.so",
                             .args = (char *)""};

    put_text(world, line.path, words);
    pst_pam_ruling_clear(ruling);
    return pst_pam_limits_answer(&line, subject, ruling);
}

/* What is not there to be opened refuses every session, root's too, where the module is an older
 * one. */
static void
test_limits_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char older[] = "cannot read settings from %s: %m",
                      newer[] = "cannot read settings from %s: %s";
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);
    g_auto(PstPamRuling) ruling = {0};

    g_assert_cmpint(limits_of(world, older, &subject, &ruling), ==, 3);
    g_assert_cmpstr(ruling.path, ==, "/etc/security/limits.conf");
    g_assert_cmpstr(ruling.undo[0], ==, "/usr/bin/touch");
    g_assert_cmpint(limits_of(world, newer, &subject, &ruling), ==, ANY);
    g_assert_null(ruling.path);
    g_assert_cmpint(answer_of(pst_pam_limits_answer, "conf=/none", &subject, &ruling), ==, 3);
    put_text(world, "/usr/etc/security/limits.conf", "");
    g_assert_cmpint(limits_of(world, older, &subject, &ruling), ==, ANY);
    put_text(world, "/etc/security/limits.conf", "");
    put_symlink(world, "/etc/security/limits.d/90-none.conf", "/none");
    g_assert_cmpint(limits_of(world, older, &subject, &ruling), ==, 3);
    g_assert_cmpstr(ruling.path, ==, "/etc/security/limits.d/90-none.conf");
    g_assert_cmpstr(ruling.undo[0], ==, "/bin/rm");
    subject.user = pst_accounts_find(accounts, "root");
    g_assert_cmpint(limits_of(world, older, &subject, &ruling), ==, 3);
    g_assert_cmpint(limits_of(world, newer, &subject, &ruling), ==, ANY);
    subject_clear(&subject, accounts);
}

/* ---- conditions and lists ---- */

static const struct {
    const char *args;
    int answer;
} conditions[] = {
    {"uid >= 1000", YES},
    {"uid < 1000", NO},
    {"uid eq 1000 gid ne 0", YES},
    {"quiet user = root", NO},
    {"user != root", YES},
    {"user ingroup adm", YES},
    {"user notingroup adm", NO},
    {"user ingroup wheel", NO},
    {"user in root:harness", YES},
    {"user notin root:harness", NO},
    {"shell =~ */bash", YES},
    {"shell !~ */bash", NO},
    {"service = sshd", YES},
    {"service in crond:cron", NO},
    {"rhost =~ 192.0.2.*", YES},
    {"user innetgr admins", ANY},
    {"user ~~ x", ANY},
    {"uid >=", ANY},
    {"", YES},
    {"user innetgr admins user = root", ANY},
    {"use_uid user ingroup adm", YES},
};

static void
test_conditions(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);

    for (guint i = 0; i < G_N_ELEMENTS(conditions); i++) {
        g_auto(PstPamRuling) ruling = {0};

        g_test_message("%s", conditions[i].args);
        g_assert_cmpint(answer_of(pst_pam_condition_answer, conditions[i].args, &subject, &ruling),
                        ==, conditions[i].answer);
        if (conditions[i].answer == NO)
            g_assert_cmpuint(ruling.line, ==, 7);
    }
    subject_clear(&subject, accounts);
}

static const struct {
    const char *args;
    const char *list; /* NULL: it is not there */
    int mode;
    int answer;
} lists[] = {
    {"item=user sense=deny file=/l", "root\nharness\n", 0644, NO},
    {"item=user sense=deny file=/l", "root\n", 0644, YES},
    {"item=user sense=allow file=/l", "root\n", 0644, NO},
    {"item=user sense=allow file=/l", "root\nharness", 0644, YES},
    {"item=user sense=allow file=/l", "harness\n", 0666, NO},
    {"item=group sense=allow file=/l", "wheel\nadm\n", 0644, YES},
    {"item=group sense=deny file=/l", "wheel\n", 0644, YES},
    {"item=shell sense=deny file=/l", "/bin/bash\r\n", 0644, NO},
    {"item=user sense=deny file=/l onerr=succeed", NULL, 0, YES},
    {"item=user sense=deny file=/l onerr=fail", NULL, 0, 3},
    {"item=shell sense=deny file=/l apply=@wheel", "/bin/bash\n", 0644, PST_PAM_IGNORE},
    {"item=shell sense=deny file=/l apply=harness", "/bin/bash\n", 0644, NO},
    {"item=rhost sense=deny file=/l", "192.0.2.10\n", 0644, ANY},
    {"item=user file=/l", "harness\n", 0644, ANY},
};

static void
test_lists(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_auto(PstPamRuling) ruling = {0};

        g_test_message("%s", lists[i].args);
        remove_path(world, "/l");
        if (lists[i].list != NULL)
            put(world, "/l", lists[i].list, -1, lists[i].mode);
        g_assert_cmpint(answer_of(pst_pam_list_file, lists[i].args, &subject, &ruling), ==,
                        lists[i].answer);
    }
    subject_clear(&subject, accounts);
}

static void
test_shells_and_wheel(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);
    g_auto(PstPamRuling) ruling = {0};

    g_assert_cmpint(answer_of(pst_pam_list_shells, "", &subject, &ruling), ==, NO);
    g_assert_nonnull(strstr(ruling.why, "is not there"));
    put(world, "/etc/shells", "/bin/sh\n/bin/bash\n", -1, 0646);
    g_assert_cmpint(answer_of(pst_pam_list_shells, "", &subject, &ruling), ==, NO);
    g_assert_cmpstr(ruling.remedy, ==, "chmod 0644 /etc/shells");
    remove_path(world, "/etc/shells");
    put_text(world, "/etc/shells", "/bin/sh\n");
    g_assert_cmpint(answer_of(pst_pam_list_shells, "", &subject, &ruling), ==, NO);
    put_text(world, "/etc/shells", "/bin/bash\n");
    g_assert_cmpint(answer_of(pst_pam_list_shells, "", &subject, &ruling), ==, YES);

    g_assert_cmpint(answer_of(pst_pam_list_wheel, "", &subject, &ruling), ==, DENIED);
    g_assert_cmpint(answer_of(pst_pam_list_wheel, "group=adm", &subject, &ruling), ==,
                    PST_PAM_IGNORE);
    g_assert_cmpint(answer_of(pst_pam_list_wheel, "group=adm trust", &subject, &ruling), ==, YES);
    g_assert_cmpint(answer_of(pst_pam_list_wheel, "group=adm deny", &subject, &ruling), ==, DENIED);
    g_assert_cmpint(answer_of(pst_pam_list_securetty, "", &subject, &ruling), ==, YES);
    subject.user = pst_accounts_find(accounts, "root");
    g_assert_cmpint(answer_of(pst_pam_list_securetty, "", &subject, &ruling), ==, ANY);
    put_text(world, "/etc/securetty", "tty1\n");
    subject.origin = on_tty1;
    g_assert_cmpint(answer_of(pst_pam_list_securetty, "", &subject, &ruling), ==, YES);
    subject_clear(&subject, accounts);
}

static void
test_arguments(void)
{
    g_auto(GStrv) words = pst_pam_line_arguments("  a=1\tb [c d\\] e]  [f a=2");

    g_assert_cmpuint(g_strv_length(words), ==, 4);
    g_assert_cmpstr(words[0], ==, "a=1");
    g_assert_cmpstr(words[2], ==, "c d] e");
    g_assert_cmpstr(words[3], ==, "f a=2");
    g_assert_cmpstr(pst_pam_line_value(words, "a"), ==, "1");
    g_assert_null(pst_pam_line_value(words, "b"));
}

/* A line of 10 MiB, and a rule that nests to the end of its line. */
static void
test_huge(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);
    g_auto(PstPamRuling) ruling = {0};
    g_autoptr(GString) nested = g_string_new("-:");
    g_autofree char *huge = g_strnfill(10 * 1024 * 1024, 'x');

    while (nested->len < 8100)
        g_string_append(nested, "ALL EXCEPT ");
    g_string_append(nested, "ALL:ALL\n");
    pst_pam_access_judge("/a", nested->str, &PST_PAM_ACCESS_OPTIONS_DEFAULT, &subject, &ruling);
    g_assert_cmpint(ruling.answer, !=, ANY);
    pst_pam_access_judge("/a", huge, &PST_PAM_ACCESS_OPTIONS_DEFAULT, &subject, &ruling);
    put_text(world, "/etc/security/time.conf", huge);
    g_assert_cmpint(answer_of(pst_pam_time_answer, "", &subject, &ruling), ==, ANY);
    put_text(world, "/etc/security/access.conf", huge);
    g_assert_cmpint(answer_of(pst_pam_access_answer, "", &subject, &ruling), ==, ANY);
    subject_clear(&subject, accounts);
}

/* A file of rules that can't be read speaks for nobody, and is named. */
static void
test_unlooked(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *path;
        int (*answer)(const PstPamLine *, const PstPamSubject *, PstPamRuling *);
    } rows[] = {
        {"/etc/security/time.conf", pst_pam_time_answer},
        {"/etc/security/access.d/a.conf", pst_pam_access_answer},
        {"/etc/security/access.conf", pst_pam_access_answer},
        {"/etc/security/limits.d/a.conf", pst_pam_limits_answer},
        {"/etc/security/limits.conf", pst_pam_limits_answer},
    };
    PstAccounts *accounts;
    PstPamSubject subject = subject_in(world, &accounts);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *fifo = place(world, rows[i].path);
        g_auto(PstPamRuling) ruling = {0};

        g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
        g_assert_cmpint(answer_of(rows[i].answer, "", &subject, &ruling), ==, ANY);
        g_assert_true(ruling.unlooked);
        g_assert_cmpstr(ruling.path, ==, rows[i].path);
    }
    subject_clear(&subject, accounts);
}

#define ADD(path, function) g_test_add(path, World, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/pam-rules/access", test_access);
    ADD("/pam-rules/access-files", test_access_files);
    ADD("/pam-rules/groups-elsewhere", test_groups_elsewhere);
    ADD("/pam-rules/time", test_time);
    ADD("/pam-rules/unlooked", test_unlooked);
    ADD("/pam-rules/limits", test_limits);
    ADD("/pam-rules/limits-files", test_limits_files);
    ADD("/pam-rules/limits-absent", test_limits_absent);
    ADD("/pam-rules/conditions", test_conditions);
    ADD("/pam-rules/lists", test_lists);
    ADD("/pam-rules/shells-and-wheel", test_shells_and_wheel);
    ADD("/pam-rules/huge", test_huge);
    g_test_add_func("/pam-rules/arguments", test_arguments);
    return g_test_run();
}
