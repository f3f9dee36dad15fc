#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion in bash and zsh, of the program itself and of libvirt's own test driver. Usage:
test-completions.py POSTERN [TEST…]"""

import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from taplib import Skip, check, run_all

POSTERN = pathlib.Path(sys.argv[1]).resolve()
PLACE = pathlib.Path(__file__).resolve().parents[2] / "completions"
URI = "test:///default"
# What zsh's own functions would do with the candidates is not ours.
ZSH = """
compadd() { print -rl -- "$@" }
_describe() { print -rl -- ${(P)2} }
_files() { print FILES }
_hosts() { print HOSTS }
_users() { print USERS }
compset() { [[ $words[CURRENT] == $~2* ]] }
source "$1"
"""


def said(*command):
    """What it prints, a line each."""
    path = f"{POSTERN.parent}:{os.environ['PATH']}"
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                          env=dict(os.environ, PATH=path, LC_ALL="C.UTF-8"))
    check(done.returncode == 0 and not done.stderr, command[-1], done.stderr)
    return done.stdout.splitlines()


def bash(*words):
    """The candidates for the last of these words."""
    return said("bash", "--norc", "-c", 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                '_postern; printf "%s\\n" "${COMPREPLY[@]}"', str(PLACE / "postern.bash"),
                "postern", *words)


def zsh(*words):
    """What zsh is given for the last of these words."""
    if shutil.which("zsh") is None:
        raise Skip("zsh is not installed")
    quoted = " ".join(f"'{word}'" for word in ("postern", *words))
    return said("zsh", "-f", "-c", f"words=({quoted}); CURRENT={len(words) + 1}\n{ZSH}", "zsh",
                str(PLACE / "_postern"))


def verbs():
    """Those that the program has."""
    text = subprocess.run([POSTERN, "--help"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in text.partition("Verbs:\n")[2].partition("\n\n")[0].split("\n")]


def test_verbs():
    wanted = verbs()
    check("diagnose" in wanted and len(wanted) > 15, wanted)
    check(bash("") == wanted, bash(""))
    check(bash("ga") == ["gate"], bash("ga"))
    told = zsh("")
    check([line.partition(":")[0] for line in told] == wanted, told)
    check("gate:Does it hold what a policy expects, after a change?" in told, told)
    check("health:Which guests are in trouble? A sweep over all of them." in told, told)


def test_options():
    check(bash("gate", "web", "--pol") == ["--policy="], bash("gate", "web", "--pol"))
    check("--json" in bash("list", "--") and "--policy=" not in bash("list", "--"), bash("list", "--"))
    told = zsh("gate", "web", "--")
    check("--policy=" in told and "--json" in told, told)
    check("--connect=" in zsh("--c"), zsh("--c"))


def test_values():
    check(bash("gate", "web", "--format", "=") == ["text", "json", "junit"], "after an =")
    check(bash("gate", "web", "--format", "=", "j") == ["json", "junit"], "after a letter")
    check("text" in zsh("gate", "web", "--format=") and zsh("gate", "--baseline=") == ["FILES"],
          zsh("gate", "--baseline="))


def test_packages():
    check(bash("enroll", "--package", "=", "/etc/passw")[-1:] == ["/etc/passwd"], "bash")
    check(zsh("enroll", "--package=") == ["FILES"], zsh("enroll", "--package="))


def test_domains():
    check(bash("-c", URI, "gate", "") == ["test"], bash("-c", URI, "gate", ""))
    check(bash("--connect", "=", URI, "gate", "te") == ["test"], "with an =")
    check("test" in zsh("-c", URI, "gate", ""), zsh("-c", URI, "gate", ""))
    check("test" in zsh(f"--connect={URI}", "gate", ""), "zsh, with an =")


def test_actions():
    actions = ["status", "reset", "stop", "start", "cycle"]
    check(bash("-c", URI, "power", "test", "") == actions, bash("power", "test", ""))
    check(zsh("power", "test", "") == actions, zsh("power", "test", ""))
    check("test" in bash("-c", URI, "power", ""), "the domain comes first")
    actions = ["list", "create", "revert"]
    check(bash("-c", URI, "snapshot", "test", "") == actions, bash("snapshot", "test", ""))
    check(zsh("snapshot", "test", "") == actions, zsh("snapshot", "test", ""))
    check("test" in bash("-c", URI, "snapshot", ""), "the domain comes first")
    actions = ["list", "attach", "logs", "wait", "send", "signal"]
    check(bash("-c", URI, "exec", "test", "") == actions, bash("exec", "test", ""))
    check(zsh("exec", "test", "") == actions, zsh("exec", "test", ""))
    check("test" in bash("-c", URI, "exec", ""), "the domain comes first")


def test_files():
    check(bash("diff", "/etc/passw")[-1:] == ["/etc/passwd"], bash("diff", "/etc/passw"))
    check(zsh("diff", "") == ["FILES"], zsh("diff", ""))


run_all(sys.modules[__name__])
