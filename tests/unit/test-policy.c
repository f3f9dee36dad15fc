// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "host-sidecar/policy.h"
#include "protocol/error.h"

static PstPolicy *
read_text(const char *text, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;

    g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &cause);
    g_assert_no_error(cause);
    return pst_policy_read(file, "a", error);
}

/* Each with the place and the word that the error must name. */
static const struct {
    const char *text, *says;
} refused[] = {
    {"[reachble]\nroot=yes\n", "[reachble]: this group is not known; did you mean 'reachable'?"},
    {"[reachable]\nrot=yes\n", "[reachable] rot: this key is not known; did you mean 'root'?"},
    {"[reachable]\nroot=maybe\n", "[reachable] root: 'maybe': say yes or no"},
    {"[reachable]\nuser=a:b\n", "[reachable] user: 'a:b' is not a user name"},
    {"[reachable]\nways=ssh-kex\n",
     "[reachable] ways: 'ssh-kex' is not known; did you mean 'ssh-key'?"},
    {"[policy]\nunchecked=maybe\n",
     "[policy] unchecked: 'maybe' is not known; known: could-not-check"},
    {"[units]\nactive=\n", "[units] active: '': say one at least"},
    {"[journal]\nexcept=sudo: a\\;b*\n", "[journal] except: '\\;': a semicolon stands between two"},
    {"[files]\nbelow=/etc\nexcept=/\\q\\\n", "[files] except: this is no text"},
    {"[files]\nbelow=/etc\nexcept=/etc/a\\\\\\;b\n", "[files] except: '\\;': a semicolon"},
    {"[finding sudo.no-rule]\nreason=a\\;b\n", "reason: '\\;': a semicolon"},
    {"[units]\nactive=ssh,nginx\n", "[units] active: 'ssh,nginx': this is no unit; a semicolon"},
    {"[journal]\npriority=error\n", "[journal] priority: 'error' is not a priority"},
    {"[journal]\nsince=yesterday\n", "[journal] since: 'yesterday' is not a span"},
    {"[journal]\nsince=0s\n", "[journal] since: '0s' is no time at all: say more than 0"},
    {"[ports]\nopen=22,443\n", "[ports] open: '22,443': this is no port"},
    {"[ports]\nopen=0\n", "[ports] open: '0': this is no port"},
    {"[ports]\nopen=22/icmp\n", "[ports] open: '22/icmp': this is no port"},
    {"[ports]\nopen=1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25\n",
     "[ports] open: say at most 24 ports"},
    {"[files]\nbelow=etc\n", "[files] below: 'etc': this is no absolute path"},
    {"[files]\nbelow=/etc/./x\n", "'/etc/./x': this is no absolute path"},
    {"[files]\nbelow=/etc/../root\n", "[files] below: '/etc/../root': this is no absolute path"},
    {"[settings]\nselinus=enforcing\n",
     "[settings] selinus: this setting is not known; did you mean 'selinux'?"},
    {"[settings]\nsshd.PermitRootLogn=no\n",
     "this setting is not known; did you mean 'sshd.PermitRootLogin'?"},
    {"[settings]\nsysctl.kernel.yama.ptrace=1\n",
     "did you mean 'sysctl.kernel.yama.ptrace_scope'?"},
    {"[settings]\nselinux=\n", "[settings] selinux: '': say one at least"},
    {"[settings]\nlockdown=\n", "[settings] lockdown: '': say one at least"},
    {"[findings]\nnone=serious\n", "[findings] none: 'serious' is not known"},
    {"[findings]\nnone=unknown\n", "[findings] none: 'unknown': say warning or critical"},
    {"[finding sudo.no-rul]\n", "there is no finding 'sudo.no-rul'; did you mean 'sudo.no-rule'?"},
    {"[finding nothing.*]\n", "there is no finding 'nothing.*'"},
    {"[finding sudo.no-rule@]\n", "say FINDING, or FINDING@WHAT"},
    {"[finding sudo.no-rule]\nverdict=alow\n", "'alow' is not known; did you mean 'allow'?"},
    {"[finding sudo.no-rule]\nuntill=2027-01-01\n", "this key is not known; did you mean 'until'?"},
    {"[finding sudo.no-rule]\nuntil=2027-02-30\n", "'2027-02-30': say a day"},
};

static void
test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        PstPolicy *policy = read_text(refused[i].text, &error);

        g_test_message("%s", refused[i].text);
        g_assert_null(policy);
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        if (strstr(error->message, refused[i].says) == NULL)
            g_error("'%s' does not say '%s'", error->message, refused[i].says);
        g_assert_null(strchr(error->message, '\n'));
    }
}

static void
test_rules(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstPolicy) policy =
        read_text("[policy]\nname=web\nunchecked=fail\n"
                  "[reachable]\nuser=harness\nroot=yes\n"
                  "[units]\nactive=ssh;a.timer;php8.2-fpm\nno-failed=yes\nexcept=php8.1-fpm\n"
                  "unchecked=ignore\n"
                  "[settings]\nsshd.permitrootlogin=no;prohibit-password\n"
                  "[finding sudo.no-rule@/etc/*]\nverdict=forbid\n"
                  "[ports]\nopen=22;53/udp\n",
                  &error);
    static const char *const titles[] = {"reachable.root",
                                         "units.active ssh.service",
                                         "units.active a.timer",
                                         "units.active php8.2-fpm.service",
                                         "units.no-failed",
                                         "settings.sshd.PermitRootLogin",
                                         "finding.forbid sudo.no-rule@/etc/*",
                                         "ports.open 22/tcp",
                                         "ports.open 53/udp"};

    g_assert_no_error(error);
    g_assert_cmpstr(policy->name, ==, "web");
    g_assert_cmpstr(policy->failed_except[0], ==, "php8.1-fpm.service");
    g_assert_cmpstr(policy->who.user, ==, "harness");
    g_assert_cmpuint(policy->rules->len, ==, G_N_ELEMENTS(titles));
    for (guint i = 0; i < policy->rules->len; i++) {
        const PstPolicyRule *rule = policy->rules->pdata[i];
        g_autofree char *title = pst_policy_rule_title(rule);

        g_assert_cmpstr(title, ==, titles[i]);
        g_assert_cmpint(rule->unchecked, ==,
                        g_str_equal(rule->group, "units") ? PST_POLICY_UNCHECKED_IGNORED
                                                          : PST_POLICY_UNCHECKED_FAILS);
    }
    g_assert_true(pst_policy_check(policy, &error));
}

/* Nothing that could be taken for a policy by which every guest passes. */
static void
test_incomplete(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "it expects nothing"},
        {"[policy]\nname=x\n", "it expects nothing"},
        {"[units]\nno-failed=no\n", "it expects nothing"},
        {"[finding sudo.no-rule]\nverdict=allow\n", "it expects nothing"},
        {"[reachable]\nroot=yes\n[files]\nexcept=/etc/a\n", "there is no below="},
        {"[reachable]\nroot=yes\n[units]\nexcept=a\n", "there is no no-failed="},
        {"[finding sudo.no-rule]\nverdict=forbid\nuntil=2027-02-03\n",
         "[finding sudo.no-rule]: until= goes with verdict=allow"},
        {"[findings]\nnone=critical\n[finding sudo.no-rule]\nto=warning\n",
         "[finding sudo.no-rule]: to= goes with verdict=downgrade"},
        {"[finding host.starved]\nverdict=forbid\n",
         "only looked at where the guest does not answer"},
        {"[finding ho*.*]\nverdict=forbid\n", "[finding ho*.*]: no gate looks for that"},
        {"[finding file.absent]\nverdict=forbid\n", "no single file is asked for"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstPolicy) policy = read_text(rows[i].text, &error);

        g_assert_no_error(error);
        g_assert_false(pst_policy_check(policy, &error));
        g_assert_nonnull(strstr(error->message, rows[i].says));
    }
}

/* What is no text is refused, where GLib takes it for a title. */
static void
test_bytes(void)
{
    static const char *const texts[] = {"[finding *\xe6\xe6]\n", "[\xff]\na=b\n"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstPolicy) policy = read_text(texts[i], &error);

        g_assert_null(policy);
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, "this is no text"));
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

/* The guest tells of no more at once. */
static void
test_many_units(void)
{
    for (guint n = 64; n <= 65; n++) {
        g_autoptr(GString) text = g_string_new("[units]\ninactive=u\nactive=");
        g_autoptr(GError) error = NULL;

        for (guint i = 1; i < n; i++)
            g_string_append_printf(text, "u%u;", i);
        g_autoptr(PstPolicy) policy = read_text(text->str, &error);
        g_assert_no_error(error);
        g_assert_true(pst_policy_check(policy, &error) == (n == 64));
        if (n == 65)
            g_assert_nonnull(strstr(error->message, "[units]: say at most 64 units"));
    }
}

/* ---- files ---- */

static void
write_file(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *above = g_path_get_dirname(path);

    g_mkdir_with_parents(above, 0700);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
test_load(void)
{
    g_autofree char *folder = g_dir_make_tmp("policy-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "web.conf", NULL);
    g_autoptr(GError) error = NULL;

    write_file(folder, "web.conf", "[reachable]\nroot=yes\nuser=one\n");
    write_file(folder, "web.conf.d/20-b.conf", "[reachable]\nuser=three\n");
    write_file(folder, "web.conf.d/10-a.conf", "[reachable]\nuser=two\nlogin=yes\n");
    write_file(folder, "web.conf.d/30-none.txt", "[nonsense]\n");
    g_setenv("POSTERN_POLICIES", folder, TRUE);
    for (int by_path = FALSE; by_path <= TRUE; by_path++) {
        g_autoptr(PstPolicy) policy = pst_policy_load(by_path ? path : "web", &error);

        g_assert_no_error(error);
        g_assert_cmpstr(policy->name, ==, "web");
        g_assert_cmpstr(policy->who.user, ==, "three");
        g_assert_cmpuint(policy->rules->len, ==, 2);
    }
    /* The part that is wrong is named. */
    write_file(folder, "web.conf.d/40-c.conf", "[reachable]\nusr=four\n");
    g_assert_null(pst_policy_load("web", &error));
    g_assert_nonnull(strstr(error->message, "web.conf.d/40-c.conf: [reachable] usr: this key"));
    g_clear_error(&error);
    g_assert_null(pst_policy_load("wob", &error));
    g_assert_nonnull(strstr(error->message, "there is no policy 'wob'; did you mean 'web'?"));
    g_clear_error(&error);
    g_assert_null(pst_policy_load("/nowhere/x.conf", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
}

/* What is there and can't be read may be what matters: nobody is judged by less, or by another
 * policy of that name. */
static void
test_unreadable(void)
{
    g_autofree char *folder = g_dir_make_tmp("policy-XXXXXX", NULL);
    g_autofree char *drop_ins = g_build_filename(folder, "web.conf.d", NULL);
    g_autofree char *link = g_build_filename(folder, "lost.conf", NULL);
    g_autofree char *loop = g_build_filename(folder, "loop", NULL);
    const struct {
        const char *folder, *name, *says;
    } rows[] = {
        {folder, "web", "web.conf.d"},
        {folder, "lost", "lost.conf"},
        {loop, "web", "loop/web.conf"},
    };

    write_file(folder, "web.conf", "[reachable]\nroot=yes\n");
    g_assert_cmpint(symlink("web.conf.d", drop_ins), ==, 0);
    g_assert_cmpint(symlink("nowhere", link), ==, 0);
    g_assert_cmpint(symlink("loop", loop), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_setenv("POSTERN_POLICIES", rows[i].folder, TRUE);
        g_assert_null(pst_policy_load(rows[i].name, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        if (strstr(error->message, rows[i].says) == NULL ||
            strstr(error->message, "there is no policy") != NULL)
            g_error("'%s' is not about '%s'", error->message, rows[i].says);
    }
}

/* Nothing of a file is lost in silence: the first of two lines is what GKeyFile drops. */
static void
test_lines(void)
{
    static const struct {
        const char *text, *says; /* NULL: it is fine */
    } rows[] = {
        {"[units]\nactive=nosuch\n# x\nactive=ssh\n",
         "line 4: [units] active: it stands in line 2 already; say it once"},
        {"[units]\n active =nosuch\n\tactive= ssh\n", "line 3: [units] active: it stands in"},
        {"[units]\r\nactive=a\r\nactive=b\r\n", "line 3: [units] active: it stands in line 2"},
        {"[units]\nactive=a\n[checks]\npass=*\n[units]\ninactive=b\n",
         "line 5: [units]: this group begins in line 1 already"},
        {"[finding sudo.no-rule]\nverdict=forbid\n[finding sudo.no-rule]\nverdict=allow\n",
         "line 3: [finding sudo.no-rule]: this group begins in line 1 already"},
        {"[units]\nactive[de]=nosuch\nactive=a\n", "line 2: [units] active[de]: a key of one"},
        {"[units]\nactive=a\n[checks]\nunchecked=fail\n[files]\nbelow=/etc\nunchecked=fail\n",
         NULL},
        {"[units]\n#active=b\n#active=b\nactive=a\n", NULL},
        {"[journal]\nexcept=a=b: [x]*\n", NULL},
    };
    g_autofree char *folder = g_dir_make_tmp("policy-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "web.conf", NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        write_file(folder, "web.conf", rows[i].text);
        g_autoptr(PstPolicy) policy = pst_policy_load(path, &error);

        g_test_message("%s", rows[i].text);
        if (rows[i].says == NULL) {
            g_assert_no_error(error);
            continue;
        }
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        if (strstr(error->message, rows[i].says) == NULL)
            g_error("'%s' does not say '%s'", error->message, rows[i].says);
        g_clear_error(&error);
    }
    static const char nul[] = "[units]\nactive=a\n\0\n[checks]\npass=*\n";
    g_assert_true(g_file_set_contents(path, nul, sizeof nul - 1, NULL));
    g_assert_null(pst_policy_load(path, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
}

/* A backslash of its own ends no list, nor does it keep one together. */
static void
test_backslash(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstPolicy) policy = read_text("[journal]\nexcept=a\\\\;b\n", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(policy->journal_except), ==, 2);
    g_assert_cmpstr(policy->journal_except[0], ==, "a\\");
    g_assert_cmpstr(policy->journal_except[1], ==, "b");
}

/* ---- what a drop-in takes away ---- */

#define WEB                                                                                        \
    "[reachable]\nroot=yes\n[units]\nactive=a\nno-failed=yes\n"                                    \
    "[journal]\nexcept=x\nunits=a\n[settings]\nselinux=enforcing\nsshd.Banner=none\n"              \
    "[finding sudo.no-rule]\nverdict=forbid\nreason=r\n"

static char *
titles_of(const PstPolicy *policy)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < policy->rules->len; i++) {
        g_autofree char *title = pst_policy_rule_title(policy->rules->pdata[i]);
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", title);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
test_take_away(void)
{
    static const struct {
        const char *drop_in;
        const char *gone; /* of the rules; NULL: it is refused */
        const char *says;
    } rows[] = {
        {"[units]\nactive=\n", "units.active a.service, ", NULL},
        {"[units]\nno-failed= \n", "units.no-failed, ", NULL},
        {"[journal]\npriority=\n", "journal.priority err, ", NULL},
        {"[settings]\nselinux=\n", "settings.selinux, ", NULL},
        {"[settings]\nsshd.Banner=*\n", "settings.sshd.Banner, ", NULL},
        {"[settings]\nsshd.Banner=\n", "", NULL},   /* it is not set */
        {"[settings]\nsshd.banner=/x\n", "", NULL}, /* the same in other letters */
        {"[settings]\nsshd.BANNER=*\n", "settings.sshd.Banner, ", NULL},
        {"[settings]\nsshd.Banner=a\nsshd.banner=b\n", NULL,
         "10.conf: [settings] sshd.banner: it stands there as sshd.Banner already; say it once"},
        {"[finding sudo.no-rule]\nverdict=\n", ", finding.forbid sudo.no-rule", NULL},
        {"[finding sudo.no-rule]\nverdict=\nreason=s\n", NULL, "nothing else can be said there"},
        {"[units]\ninactive=\n", NULL, "10.conf: [units] inactive: an empty value takes away"},
        {"[units]\nactve=\n", NULL, "[units] actve: an empty value takes away"},
        {"[files]\nbelow=\n", NULL, "[files] below: an empty value takes away"},
    };
    g_autofree char *folder = g_dir_make_tmp("policy-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "web.conf", NULL);
    g_autoptr(GError) error = NULL;

    write_file(folder, "web.conf", WEB);
    g_autoptr(PstPolicy) policy = pst_policy_load(path, &error);
    g_assert_no_error(error);
    g_autofree char *all = titles_of(policy);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        write_file(folder, "web.conf.d/10.conf", rows[i].drop_in);
        PstPolicy *less = pst_policy_load(path, &error);

        g_test_message("%s", rows[i].drop_in);
        if (rows[i].gone == NULL) {
            g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
            if (strstr(error->message, rows[i].says) == NULL)
                g_error("'%s' does not say '%s'", error->message, rows[i].says);
            g_clear_error(&error);
            continue;
        }
        g_assert_no_error(error);
        g_autofree char *left = titles_of(less);
        g_autoptr(GString) expected = g_string_new(all);
        if (rows[i].gone[0] != '\0')
            g_assert_cmpuint(g_string_replace(expected, rows[i].gone, "", 1), ==, 1);
        g_assert_cmpstr(left, ==, expected->str);
        pst_policy_free(less);
    }
    /* The span is of files too. */
    write_file(folder, "web.conf", "[journal]\nsince=15min\n[files]\nbelow=/etc\n");
    write_file(folder, "web.conf.d/10.conf", "[journal]\npriority=\n");
    g_autoptr(PstPolicy) files = pst_policy_load(path, &error);
    g_assert_no_error(error);
    g_autofree char *titles = titles_of(files);
    g_assert_cmpstr(titles, ==, "files.below /etc");
    g_assert_cmpstr(files->since, ==, "15min");
    /* Not in the policy itself. */
    write_file(folder, "web.conf", "[units]\nactive=\n");
    g_assert_null(pst_policy_load(path, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
}

/* A drop-in says of a finding what it changes, and no more. */
static void
test_finding_by_keys(void)
{
    static const struct {
        const char *drop_in, *says; /* NULL: it is fine */
    } rows[] = {
        {"to=information\n", NULL},
        {"until=2030-01-01\n", NULL},
        {"verdict=allow\n", "policy web: [finding memory.low]: to= goes with verdict=downgrade"},
        {"verdict=forbid\n", "policy web: [finding memory.low]: to= goes with verdict=downgrade"},
    };
    g_autofree char *folder = g_dir_make_tmp("policy-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "web.conf", NULL);

    write_file(folder, "web.conf",
               "[findings]\nnone=critical\n"
               "[finding memory.low]\nverdict=downgrade\nto=warning\nreason=r\nuntil=never\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *drop_in = g_strconcat("[finding memory.low]\n", rows[i].drop_in, NULL);
        g_autoptr(GError) error = NULL;

        write_file(folder, "web.conf.d/10.conf", drop_in);
        PstPolicy *policy = pst_policy_load(path, &error);
        if (rows[i].says == NULL) {
            g_assert_no_error(error);
            g_assert_cmpuint(policy->exceptions->len, ==, 1);
            const PstPolicyException *exception = policy->exceptions->pdata[0];
            g_assert_cmpint(exception->word, ==, PST_POLICY_DOWNGRADE);
            g_assert_cmpint(exception->severity, ==,
                            i == 0 ? PST_SEVERITY_INFORMATION : PST_SEVERITY_WARNING);
            pst_policy_free(policy);
            continue;
        }
        g_assert_null(policy);
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        if (strstr(error->message, rows[i].says) == NULL)
            g_error("'%s' does not say '%s'", error->message, rows[i].says);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/refused", test_refused);
    g_test_add_func("/policy/rules", test_rules);
    g_test_add_func("/policy/backslash", test_backslash);
    g_test_add_func("/policy/incomplete", test_incomplete);
    g_test_add_func("/policy/many-units", test_many_units);
    g_test_add_func("/policy/load", test_load);
    g_test_add_func("/policy/unreadable", test_unreadable);
    g_test_add_func("/policy/lines", test_lines);
    g_test_add_func("/policy/take-away", test_take_away);
    g_test_add_func("/policy/finding-by-keys", test_finding_by_keys);
    g_test_add_func("/policy/bytes", test_bytes);
    return g_test_run();
}
