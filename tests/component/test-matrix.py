#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the hardening campaign calls a fault, and how it takes oscap's script apart (tests/guest)."""

import os
import pathlib
import sys
import tempfile
from types import SimpleNamespace

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "guest"), str(TESTS / "lab")]

from guestlib import hardening, matrix, stig  # noqa: E402
from guestlib.errors import Failure  # noqa: E402
from guestlib.proc import run  # noqa: E402
from guestlib.matrix import Row  # noqa: E402
from taplib import check, run_all  # noqa: E402

FILE, OTHER, LINK = "/etc/sudoers.d/harness", "/etc/login.defs", "/sys/class/net/ens2"
SOUND = [
    Row("a", True, True, "pass", "channel"),
    Row("b", True, False, "fail", "channel", "no NOPASSWD", named=[FILE, OTHER], hit=[FILE]),
    # A rule of the packet filter's is neither a file nor a unit.
    Row("c", False, False, "fail", "channel", "port 22 is dropped", hit=[], touched=[]),
    Row("d", False, False, "could-not-check", None, "the guest has crashed", alive=False),
    Row("e", True, True, "pass", "agent", stopped="shim"),
    Row("f", True, False, "fail", "channel", "no NOPASSWD", "agent"),
    Row("g", True, False, "could-not-check", None, "no path answered", "both", False),
    Row("g2", False, False, "fail", "channel", "ens2 is switched off", named=[LINK], hit=[LINK],
        touched=[LINK]),
    # What could not be asked is told, and is no fault of the gate's.
    Row("g3", False, False, "fail", "channel", "no loader", named=[FILE], unasked="no answer"),
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
    (Row("n2", True, False, "fail", "channel", "no", unasked="no answer"),
     "it names no file and no unit, and the guest could not be asked"),
    (Row("n3", True, False, "fail", "channel", "no", named=[LINK], hit=[LINK], touched=[LINK, FILE]),
     f"it names {LINK}, and what was changed is {LINK}, {FILE}"),
    (Row("n4", True, False, "fail", "channel", "no", hit=[], touched=[LINK]),
     f"it names no file and no unit, and what was changed is {LINK}"),
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


def test_what_could_not_be_asked_is_told():
    row, = [row for row in SOUND if row.unasked]
    lines = list(matrix.lines([row, SOUND[0]]))
    check("1 failures of which the guest could not be asked what was changed" in lines, lines)
    check(any(f"{FILE} (not asked: no answer)" in line for line in lines), lines)


def _finding(path, **more):
    return {"id": "x", "evidence": {"path": path}, **more}


def test_what_a_failure_names():
    """Only what the first names of itself."""
    second = {"finding": _finding("/second"), "files": [{"path": "/second", "named": True}]}
    for first, expected in [
            ({"root": _finding(FILE), "finding": _finding("/symptom")}, [FILE]),
            ({"finding": _finding(FILE, undo={"kind": "mode", "path": "/undo"})}, [FILE, "/undo"]),
            ({"finding": {"id": "x", "evidence": {"unit": "a.service"}}}, ["a.service"]),
            ({"finding": {"id": "x", "evidence": {"expected": "/bin/sh"}}}, ["/bin/sh"]),
            ({"finding": {"id": "x", "evidence": {"expected": "0440"}}}, []),
            ({"finding": {"id": "x"}, "unit": "of-the-symptom.service"}, []),
            ({"path": FILE, "unit": "a.service"}, [FILE, "a.service"]),
            ({"finding": {"id": "x"}, "files": [{"path": FILE, "named": True},
                                               {"path": OTHER, "named": False}]}, [FILE]),
            ({"finding": {"id": "x"}, "files": [{"path": FILE, "named": False},
                                               {"path": OTHER, "named": False}]}, [FILE, OTHER]),
            ({"finding": {"id": "x"}, "files": [{"path": f"/etc/{i}", "named": False}
                                               for i in range(4)]}, [])]:
        found = hardening.names({"broken": [first, second]})
        check(found == expected, first, found)
    check(hardening.names({"broken": []}) == [], "names of nothing")


class _Guest:
    """A folder, where what is asked of the guest runs with these programs of it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "bin").mkdir()
        self.program("systemctl", "echo a.service loaded active running")
        self.program("ip", "echo '2: ens2@if3: <BROADCAST,UP,LOWER_UP> mtu 1500'")
        self.answers = True

    def program(self, name, text):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def try_shell(self, text):
        if not self.answers:
            raise Failure("it does not answer")
        text = text.replace(hardening.WORK, f"{self.folder}/work")
        text = text.replace("/etc /usr /home /root /opt", f"{self.folder}/etc")
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        return run(["/bin/bash"], timeout=30, stdin=text, environment=dict(os.environ, PATH=path))


def test_what_was_changed():
    """The guest tells which of the names were changed, and else what was."""
    with tempfile.TemporaryDirectory() as folder:
        guest = _Guest(folder)
        context = SimpleNamespace(guest=guest)
        etc = guest.folder / "etc"
        etc.mkdir()
        kept, written = etc / "kept", etc / "written"
        kept.touch()
        written.touch()
        check(guest.try_shell(hardening.PREPARE).code == 0, "it can't be prepared")
        row = Row("a", True, False, "fail", named=[str(kept), LINK, "a.service", "/proc/self/status"])
        hardening.attribute(context, row)
        check((row.hit, row.touched) == ([], []), row)
        guest.program("ip", "echo '2: ens2@if3: <BROADCAST> mtu 1500'")
        hardening.attribute(context, row)
        check((row.hit, row.touched) == ([LINK], [LINK]), row)
        check(not matrix.faults(row), matrix.faults(row))
        written.write_text("x", encoding="utf-8")
        hardening.attribute(context, row)
        check((row.hit, row.touched) == ([LINK], [LINK, str(written)]), row)
        check(len(matrix.faults(row)) == 1, matrix.faults(row))
        row.named = [str(written)]
        hardening.attribute(context, row)
        check(row.hit == [str(written)] and not matrix.faults(row), row)
        guest.answers = False
        hardening.attribute(context, row)
        check(row.hit is None and row.unasked == "it does not answer", row)


def test_script_taken_apart():
    found = stig.split(MADE)
    check([fix.rule for fix in found] == ["sshd_a", "sshd_b", "audit_ssh-config", "pam_x"], found)
    check(found[0].text.startswith("# a comment") and found[0].text.strip().endswith("sshd_config"),
          found[0])


def test_one_of_each_kind():
    chosen = [fix.rule for fix in stig.one_of_each_kind(stig.split(MADE))]
    check(chosen == ["sshd_a", "pam_x"], chosen)


run_all(sys.modules[__name__])
