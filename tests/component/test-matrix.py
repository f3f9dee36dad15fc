#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the hardening campaign calls a fault, and how it takes oscap's script apart (tests/guest)."""

import pathlib
import sys

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "guest")]

from guestlib import matrix, stig  # noqa: E402
from guestlib.matrix import Row  # noqa: E402
from taplib import check, run_all  # noqa: E402

FILE, OTHER = "/etc/sudoers.d/harness", "/etc/login.defs"
SOUND = [
    Row("a", True, True, "pass", "channel"),
    Row("b", True, False, "fail", "channel", "no NOPASSWD", named=[FILE, OTHER], hit=[FILE]),
    # A rule of the packet filter's is neither a file nor a unit.
    Row("c", False, False, "fail", "channel", "port 22 is dropped", hit=[], touched=[]),
    Row("d", False, False, "could-not-check", None, "the guest has crashed", alive=False),
    Row("e", True, True, "pass", "agent", stopped="shim"),
    Row("f", True, False, "fail", "channel", "no NOPASSWD", "agent"),
    Row("g", True, False, "could-not-check", None, "no path answered", "both", False),
]
# Each with the words of its one fault.
WRONG = [
    (Row("h", False, False, "pass", "channel"), "it passes, and access is lost: no login"),
    (Row("i", True, False, "pass", "agent", stopped="shim"), "it passes, and access is lost: no root"),
    (Row("j", True, True, "fail", "channel", "no", named=[FILE], hit=[FILE]), "access is kept: no"),
    (Row("k", True, True, "could-not-check", "channel", "why", alive=True), "while the shim lives"),
    (Row("l", False, True, "not-checkable", "channel", "why", alive=True), "while the shim lives"),
    (Row("m", True, False, "fail", "channel", "no", named=[OTHER], hit=[], touched=[FILE]),
     f"it names {OTHER}, and what was changed is {FILE}"),
    (Row("n", True, False, "fail", "channel", "no", hit=[], touched=[FILE]),
     "it names no file and no unit"),
    (Row("o", True, True, "pass", "channel", stopped="both"), "come via channel"),
    (Row("p", True, True, "pass", "channel", stopped="shim"), "come via channel"),
    (Row("q", True, True, "could-not-check", None, "", "both", False), "no reason"),
    (Row("r", True, True, "none", None, "libvirt did not answer in time"), "there is no verdict"),
]
# As oscap writes it.
MADE = "#!/usr/bin/env bash\n" + "\n".join(f"""\
{'#' * 79}
# BEGIN fix ({number} / 4) for 'xccdf_org.ssgproject.content_rule_{rule}'
{'#' * 79}
{text}

# END fix for 'xccdf_org.ssgproject.content_rule_{rule}'
""" for number, (rule, text) in enumerate([
    ("sshd_a", "# a comment of its own\necho A >>/etc/ssh/sshd_config"),
    ("no-fix", "(>&2 echo \"FIX FOR THIS RULE 'no-fix' IS MISSING!\")"),
    ("sshd_b", "echo B >>/etc/ssh/sshd_config"),
    ("audit_ssh-config", "echo '-w /etc/ssh/sshd_config' >>/etc/audit/rules.d/a.rules"),
    ("pam_x", "echo 'auth required pam_tally2.so' >>/etc/pam.d/common-auth")], 1))


def test_what_is_as_it_should_be():
    for row in SOUND:
        check(not matrix.faults(row), row, matrix.faults(row))


def test_each_fault():
    for row, words in WRONG:
        found = matrix.faults(row)
        check(len(found) == 1 and words in found[0], row, found)


def test_table():
    lines = list(matrix.lines(SOUND[:4] + [WRONG[0][0]]))
    check(lines[0] == "5 changes, nothing stopped:", lines[0])
    check([line.split() for line in lines[4:6]] ==
          ["| kept | 1 | 0 | 0 | 0 |".split(), "| lost | 1 | 2 | 1 | 0 |".split()], lines)
    check(lines[-2:] == ["5 rows, 1 faults", "h: it passes, and access is lost: no login"], lines)


def test_script_taken_apart():
    found = stig.split(MADE)
    check([fix.rule for fix in found] == ["sshd_a", "sshd_b", "audit_ssh-config", "pam_x"], found)
    check(found[0].text.startswith("# a comment") and found[0].text.strip().endswith("sshd_config"),
          found[0])


def test_one_of_each_kind():
    chosen = [fix.rule for fix in stig.one_of_each_kind(stig.split(MADE))]
    check(chosen == ["sshd_a", "pam_x"], chosen)


run_all(sys.modules[__name__])
