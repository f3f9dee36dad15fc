// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/policy.h"

static PstPolicy *
read_text(const char *text, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;

    g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &cause);
    g_assert_no_error(cause);
    return pst_policy_read(file, "a", error);
}

static const struct {
    const char *text, *says; /* NULL: nothing is wrong */
} linted[] = {
    {"[reachable]\nroot=yes\n", NULL},
    {"[units]\nactive=a\ninactive=a\n", "units.active a.service and units.inactive a.service"},
    {"[units]\nactive=a;b;a.service\n", "units.active a.service: it is said twice"},
    {"[units]\ninactive=telnet.sockte\n",
     "units.inactive: telnet.sockte.service is taken for a service; did you mean 'socket'?"},
    {"[units]\nno-failed=yes\nexcept=apt-daily.timre\n", "[units] except: apt-daily.timre.service"},
    {"[journal]\nunits=a.targte\n", "[journal] units: a.targte.service is taken"},
    {"[units]\nactive=php8.2-fpm;dbus-org.freedesktop.hostname1;a.socket\nno-failed=yes\n"
     "except=php8.2-*;*.sockte\n",
     NULL},
    {"[settings]\nsshd.UsePAM=yes\nsshd.usepam=no\n", "settings.sshd.UsePAM: it is said twice"},
    {"[reachable]\nuser=a\nlogin=yes\n", "reachable.login: no key is named, so that a password"},
    {"[reachable]\nuser=a\nlogin=yes\nkey=SHA256:x\n", NULL},
    {"[reachable]\nas=lab\nlogin=yes\n", NULL},
    {"[reachable]\nuser=a\nlogin=yes\nways=ssh-password\n", NULL},
    {"[reachable]\nuser=a\nlogin=no\nroot=yes\n", NULL},
    {"[reachable]\nways=sudo\nroot=no\n", "contradict each other"},
    {"[reachable]\nways=ssh-key\nlogin=no\n", "contradict each other"},
    {"[files]\nbelow=/etc\nexcept=/usr/lib/x\n", "/usr/lib/x is below none of below="},
    {"[files]\nbelow=/etc\nexcept=/etc/*\n", "/etc/* takes all that is below /etc"},
    {"[files]\nbelow=/etc\nexcept=/etc/ssh/*\n", NULL},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nreason=r\nuntil=2026-11-26\n",
     "2026-11-26 is over: it counts again"},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nreason=r\nuntil=2026-11-27\n", NULL},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nreason=r\nuntil=never\n", NULL},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nreason=r\n", "it has no until="},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nuntil=never\n", "it has no reason="},
    {"[findings]\nnone=critical\n[finding sudo.*]\nverdict=forbid\n"
     "[finding sudo.no-rule]\nreason=r\nuntil=never\n",
     "what the one lets pass the other forbids"},
    {"[reachable]\nroot=yes\n[finding access.no-root]\nreason=r\nuntil=never\n",
     "[reachable] fails all the same"},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nverdict=forbid\n"
     "[finding sudo.no-rule@/etc/x]\nreason=r\nuntil=never\n",
     "[finding sudo.no-rule@/etc/x] and [finding sudo.no-rule]: what the one lets pass"},
    {"[findings]\nnone=critical\n[finding sudo.no-rule@/etc/*]\nverdict=forbid\n"
     "[finding sudo.no-rule@/etc/x]\nreason=r\nuntil=never\n",
     "what the one lets pass the other forbids"},
    {"[findings]\nnone=critical\n[finding sudo.no-rule@/etc/x]\nverdict=forbid\n"
     "[finding sudo.no-rule]\nreason=r\nuntil=never\n",
     NULL},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nverdict=downgrade\nto=critical\n"
     "reason=r\nuntil=never\n",
     "it downgrades nothing"},
    {"[checks]\npass=*\n[finding sudo.no-rule]\nreason=r\nuntil=never\n",
     "nothing is expected that it could be an exception of"},
    {"[files]\nbelow=/etc\nexcept=/etc/ssh/\n", "/etc/ssh/ is no file; /etc/ssh/* is all"},
    {"[settings]\nselinux=enforced\n",
     "settings selinux: it is never 'enforced'; known: enforcing, permissive"},
    {"[settings]\nselinux=Enforcing;permissive\nfips=yes\numask=027\nlockdown=none\n", NULL},
    {"[settings]\nfips=true\n", "settings fips: it is never 'true'; known: yes, no"},
    {"[settings]\numask=rabbit\n", "settings umask: it is never 'rabbit'; say octal digits"},
    {"[policy]\nunchecked=ignore\n[reachable]\nroot=yes\n", "nothing has to be checked"},
    /* What can't fail. */
    {"[units]\nno-failed=yes\nexcept=*\n", "[units] except: * takes all units"},
    {"[units]\nno-failed=yes\nexcept=*.service;*-x.*\n", NULL},
    {"[journal]\nexcept=*\n", "[journal] except: * takes all entries"},
    {"[journal]\nexcept=*: *\n", "[journal] except: *: * takes all entries"},
    {"[journal]\nexcept=nginx: *;*: a*\n", NULL},
    {"[findings]\nnone=critical\n[finding *]\nreason=r\nuntil=never\n",
     "[finding *]: it takes all that may be found: nothing can break findings.none critical"},
    {"[findings]\nnone=critical\n[finding *.*]\nverdict=downgrade\nreason=r\nuntil=never\n",
     "nothing can break findings.none critical"},
    {"[findings]\nnone=warning\n[finding *]\nverdict=downgrade\nreason=r\nuntil=never\n",
     "[finding *] to: warning counts all the same: it downgrades nothing"},
    {"[findings]\nnone=critical\n[finding *.could-not-look]\nreason=r\nuntil=never\n", NULL},
    {"[settings]\nselinux=Enforcing;permissive;disabled\n",
     "settings selinux: these are all that there are"},
    {"[settings]\nfips=yes;no\n", "settings fips: these are all that there are"},
    {"[settings]\nsshd.UsePAM=yes;no\n", "settings sshd.UsePAM: these are all that there are"},
    /* What can't hold. */
    {"[settings]\nsshd.PasswordAuthentication=false\n",
     "settings sshd.PasswordAuthentication: it is never 'false'; known: yes, no"},
    {"[settings]\nsshd.PermitRootLogin=nope\n", "sshd.PermitRootLogin: it is never 'nope'"},
    {"[settings]\nsshd.StrictModes=\n", "settings sshd.StrictModes: it is never ''"},
    {"[settings]\nsshd.Banner=\nsshd.AllowUsers=\nsshd.PermitUserEnvironment=no\n"
     "sshd.PermitRootLogin=no;without-password;Prohibit-Password\n",
     NULL},
    {"[units]\nactive=a@.service\n", "units.active: a@.service is a template, and no unit"},
    {"[units]\ninactive=a@\n", "units.inactive: a@.service is a template"},
    {"[units]\nactive=a@b\n", NULL},
    /* What changes nothing, or is another than it looks. */
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nverdict=downgrade\nto=unknown\n"
     "reason=r\nuntil=never\n",
     "[finding sudo.no-rule] to: unknown counts all the same: it downgrades nothing"},
    {"[findings]\nnone=critical\n[finding sudo.no-rule]\nverdict=downgrade\nto=information\n"
     "reason=r\nuntil=never\n",
     "[finding sudo.no-rule] to: information counts for nothing: say verdict=allow"},
    {"[findings]\nnone=critical\nno-new=warning\n[finding sudo.no-rule]\nverdict=downgrade\n"
     "reason=r\nuntil=never\n",
     NULL},
    {"[reachable]\nroot=yes\n[journal]\npriority=none\nunits=ssh\n",
     "[journal]: with priority=none units= and except= say nothing"},
    {"[reachable]\nroot=yes\n[journal]\npriority=none\nexcept=a: *\n",
     "[journal]: with priority=none units= and except= say nothing"},
    {"[reachable]\nroot=yes\n[journal]\npriority=none\nsince=1h\n", "[journal] since: nothing is"},
    {"[journal]\npriority=none\nsince=1h\n[files]\nbelow=/etc\n", NULL},
    {"[files]\nbelow=/etc/*\n", "[files] below: /etc/* is a path as it stands, and no pattern"},
    /* What is said twice, or for nothing. */
    {"[units]\nno-failed=yes\nno-new-failed=yes\n",
     "units.no-new-failed: units.no-failed says it already"},
    {"[findings]\nnone=warning\nno-new=warning\n",
     "findings.no-new warning: findings.none warning says it already"},
    {"[findings]\nno-new=critical\nnone=warning\n",
     "findings.no-new critical: findings.none warning says it already"},
    {"[findings]\nnone=critical\nno-new=warning\n", NULL},
    {"[files]\nbelow=/etc;/etc/ssh;/etc/\n",
     "[files] below: /etc/ssh is below /etc, which says it already\n"
     "[files] below: /etc/: it is said twice"},
    {"[files]\nbelow=/etc/ssh/;/etc\n",
     "[files] below: /etc/ssh/ is below /etc, which says it already"},
    {"[files]\nbelow=/usr;/\n", "[files] below: /usr is below /, which says it already"},
    {"[files]\nbelow=/etc/ssh;/etc/sshd;/usr\n", NULL},
    {"[files]\nbelow=/etc/\nexcept=/etc/*\n", "/etc/* takes all that is below /etc/"},
    {"[files]\nbelow=/etc\nexcept=/etc/a;/etc/b;/etc/a\n", "[files] except: /etc/a: it is said"},
    {"[units]\nno-failed=yes\nexcept=a;a.service\n", "[units] except: a.service: it is said"},
    {"[journal]\nunits=a;a\n", "[journal] units: a.service: it is said twice"},
    {"[journal]\nexcept=a: *;a: *\n", "[journal] except: a: *: it is said twice"},
    {"[settings]\nselinux=enforcing;Enforcing\n", "settings selinux: Enforcing: it is said twice"},
    {"[units]\nactive=a\nno-lost=no\n", "units.no-lost: no says nothing: leave it out"},
    {"[units]\nactive=a\nno-failed=no\nno-new-failed=yes\n", "units.no-failed: no says nothing"},
    {"[units]\nactive=a\nno-new-failed=no\n", "units.no-new-failed: no says nothing"},
    {"[units]\nactive=a\n[ports]\nno-lost=no\n", "ports.no-lost: no says nothing"},
    {"[units]\nno-new-failed=yes\nno-lost=yes\n", NULL},
};

static void
test_lint(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_local(2026, 11, 27, 12, 0, 0);

    for (guint i = 0; i < G_N_ELEMENTS(linted); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstPolicy) policy = read_text(linted[i].text, &error);
        g_assert_no_error(error);
        g_auto(GStrv) problems = pst_policy_lint(policy, now);
        g_autofree char *all = g_strjoinv("\n", problems);

        g_test_message("%s", linted[i].text);
        if (linted[i].says == NULL)
            g_assert_cmpstr(all, ==, "");
        else if (strstr(all, linted[i].says) == NULL)
            g_error("'%s' does not say '%s'", all, linted[i].says);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy-lint/table", test_lint);
    return g_test_run();
}
