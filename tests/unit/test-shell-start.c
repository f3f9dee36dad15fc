// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/shell-start.h"
#include "tests/unit/world.h"

#define BASHRC "/home/harness/.bashrc"
#define ON PST_SHELL_START_GOES_ON
#define MAY PST_SHELL_START_MAY_END
#define ENDS PST_SHELL_START_ENDS
/* What Debian's own begins with. */
#define STOCK "case $- in\n    *i*) ;;\n      *) return;;\nesac\n"

typedef struct {
    const char *text;
    PstShellStartVerdict verdict;
    guint line;
} Row;

/* What bash 5.2 of Debian 12 came to over SSH with each of them, but for those that hang on what
 * the machine has. */
static const Row rows[] = {
    {"", ON, 0},
    {"exit 1\n", ENDS, 1},
    {"# mine\n\nexport PATH=/opt/bin:$PATH\n  exit", ENDS, 4},
    {"umask 027; exit\n", ENDS, 1},
    {"exec {fd}>/tmp/log\nexec {BASH_XTRACEFD}>>x\n", ON, 0},
    {"for t in a b; do [ \"$t\" = zz ] && continue; return; done\nexec false\n", MAY, 2},
    {"set -- -n foo\nset -o vi -- -e\nfalse\n", ON, 0},
    {"kill -s WINCH $$\nkill -SIGWINCH $$\nkill -s 0 $$\nkill -n 0 $$\n", ON, 0},
    {"kill -s TERM $$\n", ENDS, 1},
    {"X=\nexec $X\n", ON, 0},
    {"exec $UNKNOWN\n", MAY, 1},
    {"f() { :; }\nif [ -n \"$UNKNOWN\" ]; then f() { exit; }; fi\nf\n", ON, 0},
    {"f() { exit; }\nunset -f f\nf\n", ON, 0},
    {"[ -t 0 -a \\( \"$X\" = a -o -z \"$PS1\" \\) ] && exit\n", MAY, 1},
    {"coproc { exit; }\n", ON, 0},
    {"X=no\n. \"$D/conf\"\n[ \"$X\" = no ] && exit\n", MAY, 3},
    {"X=no\nprintf -v X yes\n[ \"$X\" = no ] && exit\n", MAY, 3},
    {"X=1\n((X++))\n[ \"$X\" = 1 ] && exit\n", MAY, 3},
    {"X=1\nlet X++\n[ \"$X\" = 1 ] && exit\n", MAY, 3},
    {"X=\n: ${X:=a}\n[ -z \"$X\" ] && exit\n", MAY, 3},
    {"set -e\nf() { [ -n \"\" ]; :; }\nf || true\n", ON, 0},
    {"[ -z \"$BASH_EXECUTION_STRING\" ] && exec fish\n", ON, 0},
    {"umask 027\nexec /usr/bin/tmux\n", ENDS, 2},
    {"exec 2>/tmp/log\nexit 0\n", ENDS, 2},
    {"exec >/tmp/log\n", ON, 0},
    {"exec < /nonex\n", ON, 0},
    {STOCK "exit 1\n", ON, 0},
    {"echo\n" STOCK, ON, 0},
    {"exit 1\n" STOCK, ENDS, 1},
    {"case $- in *i*) ;; *) exit;; esac\n", ENDS, 1},
    {"case $X in a) exit;; esac\n", MAY, 1},
    {"case $X in a) echo;; *) return;; esac\nexit\n", MAY, 2},
    {"[ -z \"$PS1\" ] && return\nexec tmux\n", ON, 0},
    {"[ -z \"${PS1-}\" ] && return\nexec tmux\n", ON, 0},
    {"[[ $- != *i* ]] && return\nexit\n", ON, 0},
    {"[[ $- == *i* ]] || return\nexit\n", ON, 0},
    {"[[ $- == *i* && -z $TMUX ]] && exec tmux\n", ON, 0},
    {"[ -t 0 ] && [ -z \"$TMUX\" ] && exec tmux\n", ON, 0},
    {"[ -t 1 -a -n \"$X\" ] && exec tmux\n", ON, 0},
    {"if [ -n \"$PS1\" ]; then\nexec tmux\nfi\n", ON, 0},
    {"if [ $PS1 ]; then exit; fi\n", ON, 0},
    {"if [ -n \"$SSH_TTY\" ]; then exit; fi\n", ON, 0},
    {"if [ -n \"$SSH_CONNECTION\" ]; then exit; fi\n", ENDS, 1},
    {"if [ -z \"$TMUX\" ]; then\n  exec tmux\nfi\n", ENDS, 2},
    {"if command -v tmux >/dev/null && [ -n \"$PS1\" ]; then exec tmux; fi\n", ON, 0},
    {"if command -v tmux >/dev/null; then\nexec tmux\nfi\n", MAY, 2},
    {"command -v there >/dev/null && exec there\n", ENDS, 1},
    {"[ -x /usr/bin/there ] && exec /usr/bin/there\n", ENDS, 1},
    {"[ -x /usr/bin/none ] && exec /usr/bin/none\n", ON, 0},
    {"[ -f ~/.none ] && exit\n", ON, 0},
    {"[ -f /etc/none -o -f ~/.extra ] && exit\n", ENDS, 1},
    {"A=\"\nexit 1\n\"\n", ON, 0},
    {"A=\\\nexit\n", ON, 0},
    {"A='\nexit'\n", ON, 0},
    {"cat <<END\nexit\nEND\n", ON, 0},
    {"cat <<-'END'\nexit\n\tEND\nexit\n", ENDS, 4},
    {"exits=1\nexecute\nexit 1\n", ENDS, 3},
    {"A=$(date)\nexit 1\n", ENDS, 2},
    {"A=$(exit)\nB=`exit`\n", ON, 0},
    {"logout\n", ON, 0},
    {"return 1\nexit\n", ON, 0},
    {"set -n\n", ENDS, 1},
    {"set -o noexec\n", ENDS, 1},
    {"set -e\nfalse\n", ENDS, 2},
    {"set -e\nfalse || true\n[ -n \"$PS1\" ] && echo\n", ON, 0},
    {"set -e\nset +e\nfalse\n", ON, 0},
    {"set -e\n[ -f /nonex ]\n", ENDS, 2},
    {"set -e\n[ -f /nonex ] && true\nif false; then :; fi\n", ON, 0},
    {"set -e\ncd /nonex 2>/dev/null\n", MAY, 2},
    {"set -e\nA=1\nexport B=2\nalias l=ls\numask 022\n" STOCK, ON, 0},
    {"set -- a b\n[ $# = 2 ] && exit\n", MAY, 2},
    {"[ $# = 0 ] && exit\n", ENDS, 1},
    {"f() {\n[ $# = 0 ] && exit\n}\nf x\n", MAY, 2},
    {"trap '' TERM\nkill $$\n", MAY, 2},
    {"trap 'exit 3' EXIT\n", ON, 0},
    {"trap exit DEBUG\n", MAY, 1},
    {"while sleep 1; do :; done\n", ENDS, 1},
    {"select i in a; do exit; done </dev/null\n", MAY, 1},
    {"umask 77 && exit\n", ENDS, 1},
    {"e=exit\n$e\n", ENDS, 2},
    {"exit() { :; }\nexit\n", ON, 0},
    {"if [[ -n $SSH_CLIENT && ! -e /nonex ]]; then exit; fi\n", ENDS, 1},
    {"set -u\necho $PS1\n", ON, 0},
    {"set -eu\n", ON, 0},
    {"(exit 1)\n", ON, 0},
    {"exit &\n", ON, 0},
    {"exit | cat\n", ON, 0},
    {"true && exit\n", ENDS, 1},
    {"false && exit\n", ON, 0},
    {"false || exit\n", ENDS, 1},
    {"nobody-knows || exit\n", MAY, 1},
    {"nobody-knows && return\nexit\n", MAY, 2},
    {"exec false\n", ENDS, 1},
    {"exec -a x true\n", ENDS, 1},
    {"eval exit\n", ENDS, 1},
    {"command exit\n", ENDS, 1},
    {"builtin exit\n", ENDS, 1},
    {"time exit\n", ENDS, 1},
    {"! exit\n", ENDS, 1},
    {"PATH=/x exit\n", ENDS, 1},
    {"exit 1 2>/dev/null\n", ENDS, 1},
    {"kill $$\n", ENDS, 1},
    {"kill -9 \"$PPID\"\n", ENDS, 1},
    {"kill -0 $$\n", ON, 0},
    {"f() { exit; }\n", ON, 0},
    {"f() {\n  exit\n}\nf\n", ENDS, 2},
    {"f() { return; }\nf\nexit\n", ENDS, 3},
    {"function f { exit; }\nX=1\n", ON, 0},
    {"if true; then\nif [ 1 = 1 ]; then exit; fi\nfi\n", ENDS, 2},
    {"if false; then exit; else\nexit; fi\n", ENDS, 2},
    {"if false; then exit; elif true; then echo; else exit; fi\n", ON, 0},
    {"if nobody-knows; then echo; else return; fi\nexit\n", MAY, 2},
    {"if nobody-knows; then exit 1; fi\nexit 2\n", ENDS, 2},
    {"X=a\n[ $X = a ] && exit\n", ENDS, 2},
    {"X=a\nnobody-knows && X=b\n[ $X = a ] && exit\n", MAY, 3},
    {"[ \"$USER\" = harness ] && exit\n", ENDS, 1},
    {"[ \"$USER\" = root ] && exit\n", ON, 0},
    {"for i in 1 2; do exit; done\n", ENDS, 1},
    {"for i in; do exit; done\n", ON, 0},
    {"for i in /etc/profile.d/*.sh; do . $i; done\n", ON, 0},
    {"for i in a; do break; exit; done\n", ON, 0},
    {"for i in a; do nobody-knows && break; done\nexit\n", ENDS, 2},
    {"until false; do exit; done\n", ENDS, 1},
    {"while false; do exit; done\n", ON, 0},
    {"while :; do\n:; done\n", ENDS, 1},
    {"while true; do nobody-knows && break; done\n", ON, 0},
    {"while :; do :; done &\n", ON, 0},
    {"while read x; do echo; done < /etc/passwd\n", ON, 0},
    {"sleep 1\n", ON, 0},
    {"sleep 60\n", MAY, 1},
    {"sleep 1h\n", ENDS, 1},
    {"sleep infinity\n", ENDS, 1},
    {"sleep infinity &\n", ON, 0},
    {"[ -f ~/.extra ] && . ~/.extra\n", ON, 0},
    {". /etc/none\n", ON, 0},
    {"if [ -f /etc/bashrc ]; then\n. /etc/bashrc\nfi\n", ON, 0},
    {"[[ \"$PATH\" =~ \"$HOME/bin:\" ]] || PATH=\"$HOME/bin:$PATH\"\n", ON, 0},
    {"alias ll='ls -l'\nHISTSIZE=1\nshopt -s checkwinsize\na=(1 2)\n((x=1))\n", ON, 0},
    {"foo=(a\nexit\n", ON, 0},
    {"if true; then\nexit\n", MAY, 2}, /* bash runs none of it; of that nobody is sure here */
    {"echo )\n", ON, 0},
    {"\"", ON, 0},
};

/* Whoever runs this can read what it writes, and a stranger what is open to all. */
static PstShellUser harness = {"harness", "/home/harness", 0, NULL};
static PstShellUser stranger = {"harness", "/home/harness", 4242, NULL};

static void
put_all(const World *world)
{
    put(world, "/usr/bin/there", "#!", -1, 0755);
    put_text(world, "/home/harness/.extra", "X=1\n");
    put_text(world, "/etc/bashrc",
             "pathmunge () {\n    case \":${PATH}:\" in\n        *:\"$1\":*)\n"
             "            ;;\n        *)\n            if [ \"$2\" = after ] ; "
             "then\n                PATH=$PATH:$1\n            fi\n    esac\n"
             "}\nif ! shopt -q login_shell ; then\n  unset -f pathmunge\nfi\n");
}

static void
test_rows(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_all(world);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(PstShellStart) start = {0};

        put_text(world, BASHRC, rows[i].text);
        g_test_message("row %u: %s", i, rows[i].text);
        pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &harness, &start);
        g_assert_cmpint(start.verdict, ==, rows[i].verdict);
        g_assert_cmpuint(start.line, ==, rows[i].line);
        g_assert_cmpint(start.path == NULL, ==, rows[i].verdict == ON);
    }
}

/* A script of its own: that it ends harms nobody. */
static const Row scripts[] = {
    {"exit 1\n", ON, 0},
    {"exit 1\nsleep 1h\n", ON, 0},
    {"exec true\nsleep 1h\n", ON, 0},
    {"set -e\nfalse\n", ON, 0},
    {"kill -9 $PPID\n", ON, 0},
    {"cat\nread x\n", ON, 0},
    {"sleep 1h &\n", ON, 0},
    {"nobody-knows && exit\nsleep 1h\n", MAY, 2},
    {"foo(\n", ON, 0},
    {"sleep 1h\n", ENDS, 1},
    {"\nexec sleep 1h\n", ENDS, 2},
    {"while :; do sleep 1; done\n", ENDS, 1},
    {"kill 0\n", ENDS, 1},
    /* That of sshd(8). */
    {"if read proto cookie && [ -n \"$DISPLAY\" ]; then\n"
     "        if [ `echo $DISPLAY | cut -c1-10` = 'localhost:' ]; then\n"
     "                # X11UseLocalhost=yes\n"
     "                echo add unix:`echo $DISPLAY |\n"
     "                    cut -c11-` $proto $cookie\n"
     "        else\n"
     "                # X11UseLocalhost=no\n"
     "                echo add $DISPLAY $proto $cookie\n"
     "        fi | xauth -q -\n"
     "fi\n",
     ON, 0},
};

static void
test_scripts(World *world, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_auto(PstShellStart) start = {0};

        put_text(world, "/etc/ssh/sshrc", scripts[i].text);
        g_test_message("row %u: %s", i, scripts[i].text);
        pst_shell_start_judge(world->sysroot, PST_SHELL_START_SSHRC, "/etc/ssh/sshrc", &harness,
                              &start);
        g_assert_cmpint(start.verdict, ==, scripts[i].verdict);
        g_assert_cmpuint(start.line, ==, scripts[i].line);
    }
}

/* The file that has the line is told, and not the one that reads it. */
static void
test_sourced(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_auto(PstShellStart) start = {0}, again = {0};

    put_text(world, BASHRC, "[ -r ~/.site ] && source \"$HOME/.site\"\n");
    put_text(world, "/home/harness/.site", "# site\nexit\n");
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &harness, &start);
    g_assert_cmpint(start.verdict, ==, ENDS);
    g_assert_cmpstr(start.path, ==, "/home/harness/.site");
    g_assert_cmpuint(start.line, ==, 2);
    /* What the user may not read, the user's shell can't read either. */
    put(world, "/home/harness/.site", "# site\nexit\n", -1, 0600);
    g_auto(PstShellStart) unread = {0};
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &stranger, &unread);
    g_assert_cmpint(unread.verdict, ==, ON);
    put(world, "/home/harness/.site", "# site\nexit\n", -1, 0644);
    g_auto(PstShellStart) read = {0};
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &stranger, &read);
    g_assert_cmpint(read.verdict, ==, ENDS);
    /* A return there is one from there; and files that read each other come to an end, which in
     * bash is a crash. */
    put_text(world, "/home/harness/.site", "return\nexit\n");
    put_text(world, BASHRC, ". ~/.site\n. ~/.bashrc\n. ~/.site\n");
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &harness, &again);
    g_assert_cmpint(again.verdict, ==, MAY);
}

/* What is too large to be read is not known. */
static void
test_large(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *much = g_strnfill(300 * 1024, '\n');
    g_auto(PstShellStart) start = {0};

    put_text(world, BASHRC, much);
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &harness, &start);
    g_assert_cmpint(start.verdict, ==, MAY);
    g_assert_cmpstr(start.path, ==, BASHRC);
}

/* It is waited for, whoever opens it; what the kernel makes is not read at all. */
static void
test_pipe(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *pipe = place(world, BASHRC);
    g_auto(PstShellStart) start = {0}, other = {0};

    g_assert_cmpint(mkfifo(pipe, 0644), ==, 0);
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &harness, &start);
    g_assert_cmpint(start.verdict, ==, ENDS);
    g_assert_true(start.waits);
    g_assert_cmpstr(start.path, ==, BASHRC);
    put_text(world, "/proc/kmsg", "exit\n");
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, "/proc/kmsg", &harness, &other);
    g_assert_cmpint(other.verdict, ==, ON);
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, "//proc/./kmsg", &harness,
                          &other);
    g_assert_cmpint(other.verdict, ==, ON);
}

/* What nobody writes ends all the same, and soon. */
static void
test_hostile(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const pieces[] = {
        "( ",
        "{ ",
        "! ",
        "if ",
        "$(",
        "${a:-",
        "\"$(",
        "`",
        "command ",
        "eval ",
        "case x in ",
        "while ",
        "f() { f; f; };f;",
        "a=(",
        "<<x ",
        "[[ ",
        "a && ",
        "if a; then ",
        "for i in a; do ",
        "((",
        "f() ",
        "a | ",
        "! ! (",
        ";; ",
        "case a in a) ",
        "a=x$a$a;",
        "f() { export a=1 b=2 c=3; }; f; ",
    };

    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_auto(PstShellStart) start = {0};

        while (text->len < 200 * 1024)
            g_string_append(text, pieces[i]);
        put_text(world, BASHRC, text->str);
        gint64 before = g_get_monotonic_time();
        pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &harness, &start);
        g_test_message("%s: %" G_GINT64_FORMAT " us", pieces[i], g_get_monotonic_time() - before);
        g_assert_cmpint(start.verdict, ==, ON);
    }
    /* What was not understood is looked through once. */
    g_autofree char *feeds = g_strnfill(200 * 1024, '\n');
    g_autofree char *text = g_strconcat("echo )", feeds, NULL);
    g_auto(PstShellStart) start = {0};
    put_text(world, BASHRC, text);
    gint64 before = g_get_monotonic_time();
    pst_shell_start_judge(world->sysroot, PST_SHELL_START_BASHRC, BASHRC, &harness, &start);
    g_test_message("feeds: %" G_GINT64_FORMAT " us", g_get_monotonic_time() - before);
    g_assert_cmpint(start.verdict, ==, ON);
}

#define ADD(path, test) g_test_add(path, World, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(gid_t));

    g_test_init(&argc, &argv, NULL);
    harness.uid = geteuid();
    harness.groups = stranger.groups = groups;
    ADD("/shell-start/rows", test_rows);
    ADD("/shell-start/scripts", test_scripts);
    ADD("/shell-start/sourced", test_sourced);
    ADD("/shell-start/large", test_large);
    ADD("/shell-start/pipe", test_pipe);
    ADD("/shell-start/hostile", test_hostile);
    return g_test_run();
}
