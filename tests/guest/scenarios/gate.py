# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gate: a clean guest passes, a locked-out one fails with the file and the undo named."""

import os

from guestlib import undo
from guestlib.errors import check
from guestlib.gating import POLICIES, gate
from guestlib.lab import HERE, LAB
from guestlib.proc import run as run_program

SUDOERS = "/etc/sudoers.d/harness"
# Takes its time to be there, as a service does that migrates a database first.
SLOW_UNIT = """\
cat >/run/systemd/system/postern-slow.service <<'UNIT'
[Service]
ExecStartPre=/bin/sleep 12
ExecStart=/bin/sleep 3600
Type=exec
UNIT
systemctl daemon-reload
systemctl start --no-block postern-slow.service
"""
SLOW_POLICY = "[units]\nactive=postern-slow.service\n"


def _report_is_written(context):
    """A report of before is not left where the gate passes and says nothing."""
    report = context.folder / "report.xml"
    report.write_text("of before", encoding="utf-8")
    done = context.postern.run("gate", context.guest.name, "--policy",
                               str(POLICIES / "reachable.conf"), "--user", "harness", "--quiet",
                               "--format", "junit", "--output", str(report), codes=[0])
    said = report.read_text(encoding="utf-8")
    check(done.out == "" and 'tests="2" failures="0" errors="0"' in said, f"it says {said[:300]}")


def _break(context, name):
    script = (HERE / "breakages" / f"{name}.sh").read_text(encoding="utf-8")
    context.guest.shell(script)


def _blamed(told, finding):
    """The broken expectation is access to root, by that finding, which names the file."""
    broken = told["broken"]
    check(broken[0]["expectation"] == "reachable.root", f"first comes {broken[0]}")
    root = broken[0].get("root") or broken[0]["finding"]
    check(root["id"] == finding, f"it is blamed on {root}")
    check(root["evidence"]["path"] == SUDOERS, f"it is said to be in {root['evidence']}")
    files = {row["path"]: row for row in broken[0].get("files", [])}
    check(files.get(SUDOERS, {}).get("named") is True, f"changed: {sorted(files)}")
    return root


def _nopasswd(context, baseline):
    """A benchmark's rule takes NOPASSWD away; what mends it is told, and then it passes."""
    guest = context.guest
    before = guest.shell(f"cat {SUDOERS}")
    check(guest.ssh("sudo", "-n", "true").code == 0, "the clean guest is locked out")
    _break(context, "nopasswd-removed")
    check(guest.ssh("sudo", "-n", "true").code != 0, "the breakage does not lock out")
    told = gate(context, "fail", "--user", "harness")
    root = _blamed(told, "sudo.password-required")
    check("NOPASSWD" in root["remedy"], f"what mends it is {root['remedy']}")
    held = [row["expectation"] for row in told["held"]]
    check(held == ["reachable.login"], f"what holds: {held}")
    told = gate(context, "fail", "--baseline", baseline, policy="baseline")
    _blamed(told, "sudo.password-required")
    text = context.postern.run("gate", guest.name, "--policy", str(POLICIES / "reachable.conf"),
                               "--user", "harness", codes=[1]).out
    check(f"at {SUDOERS}:1\n" in text and "remedy: for a program: visudo" in text, text)
    guest.shell(f"cat >{SUDOERS} <<'LINE'\n{before}LINE\n")
    gate(context, "pass", "--user", "harness")


def _mode(context):
    """A mode has an undo that a program can do."""
    _break(context, "sudoers-0666")
    told = gate(context, "fail", "--user", "harness")
    root = _blamed(told, "sudo.file-world-writable")
    undo.apply(context.guest, root["undo"])
    gate(context, "pass", "--user", "harness")


def _settings(context, place):
    """sshd's own word for its options, and the files that were changed since a mark."""
    guest = context.guest
    file = str(context.folder / "sshd.conf")
    with open(file, "w", encoding="utf-8") as policy:
        policy.write("[settings]\nsshd.PermitRootLogin=no;prohibit-password\nsshd.UsePAM=yes\n"
                     "[files]\nbelow=/etc/ssh\n")
    gate(context, "pass", "--since", place, policy=file)
    guest.shell("echo PermitRootLogin yes >/etc/ssh/sshd_config.d/00-root.conf")
    told = gate(context, "fail", "--since", place, policy=file)
    broken = {row["subject"]: row for row in told["broken"]}
    check(set(broken) == {"sshd.PermitRootLogin", "/etc/ssh"}, f"broken: {sorted(broken)}")
    row = broken["sshd.PermitRootLogin"]
    check((row["path"], row["line"]) == ("/etc/ssh/sshd_config.d/00-root.conf", 1), f"it is {row}")
    files = [row["path"] for row in broken["/etc/ssh"]["files"]]
    check("/etc/ssh/sshd_config.d/00-root.conf" in files, f"changed: {files}")
    # Until sshd is told, nobody knows what it has, and no way by SSH is known to be open.
    guest.shell("rm /etc/ssh/sshd_config.d/00-root.conf")
    told = gate(context, "could-not-check", "--user", "harness")
    check([row["expectation"] for row in told["unchecked"]] == ["reachable.login"], f"it says {told}")
    guest.shell("systemctl reload ssh")


def _settle(context):
    """What is still starting is waited for, and no longer than that."""
    file = str(context.folder / "slow.conf")
    with open(file, "w", encoding="utf-8") as policy:
        policy.write(SLOW_POLICY)
    context.guest.shell(SLOW_UNIT)
    told = gate(context, "fail", policy=file)
    moving = told.get("moving", "")
    check("postern-slow.service" in moving and not told["settled"], f"it says {told}")
    told = gate(context, "pass", "--settle", "120s", policy=file, deadline=130)
    check(told["settled"] and told["asked"] > 1, f"it asked {told['asked']} times")
    check(told["took_ms"] < 120_000, "it went on after the unit was there")
    context.guest.shell("systemctl stop postern-slow.service; "
                        "rm /run/systemd/system/postern-slow.service; systemctl daemon-reload")


def _program(context, name, text):
    """A program on the host that runs this in the guest, as root, past SSH and sudo."""
    script, program = context.folder / f"{name}.sh", context.folder / name
    script.write_text("set -eu\n" + text, encoding="utf-8")
    program.write_text(f"#!/bin/sh\nexec {LAB} run {context.guest.name} {script}\n",
                       encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def _example(context):
    """The pipeline of docs/examples: a change that locks out is undone, one that does not stands."""
    example = HERE.parents[1] / "docs/examples/gated-change.sh"
    path = f"{context.lab.build}/host-sidecar:{os.environ['PATH']}"
    environment = dict(context.lab.environment, POSTERN_POLICIES=str(POLICIES), PATH=path)
    back = _program(context, "undo", f"chmod 0440 {SUDOERS}\n")
    for name, text, code in (("harmless", "touch /etc/motd\n", 0),
                             ("harmful", f"chmod 0666 {SUDOERS}\n", 1)):
        change = _program(context, name, text)
        done = run_program([str(example), context.guest.name, "harness", change, back], timeout=180,
                           environment=environment)
        context.log(done.transcript())
        check(done.code == code, f"of a {name} change it exits {done.code}: {done.line()}")
    check(context.guest.ssh("sudo", "-n", "true").code == 0, "the guest is locked out")


def _paths(context):
    """By the agent it is the same verdict; of a paused guest there is none."""
    guest = context.guest
    guest.shell("systemctl stop postern-shim")
    told = gate(context, "pass", "--user", "harness")
    check(told["via"] == "agent", f"it came via {told['via']}")
    guest.shell("systemctl start postern-shim")
    guest.virsh("suspend", guest.name)
    told = gate(context, "not-checkable", "--user", "harness")
    guest.virsh("resume", guest.name)
    check("paused" in told["summary"] and not told["settled"], f"it says {told['summary']}")
    gate(context, "pass", "--user", "harness")


def run(context):
    """One guest: clean, locked out in two ways, mended, and then asked under way and paused."""
    baseline = str(context.folder / "baseline.json")
    context.postern.run("baseline", context.guest.name, "--user", "harness", "--output", baseline,
                        codes=[0])
    told = gate(context, "pass", "--user", "harness")
    check(told["via"] == "channel" and told["settled"] and told["asked"] == 1, f"it says {told}")
    _report_is_written(context)
    # What the asking itself leaves in the journal does not count, however often it is asked.
    for _ in range(2):
        gate(context, "pass", "--baseline", baseline, policy="baseline")
    place = context.postern.run("mark", context.guest.name, codes=[0]).out.strip()
    gate(context, "pass", "--user", "harness", "--since", place, policy="stig-safe")
    _nopasswd(context, baseline)
    _mode(context)
    _settings(context, place)
    _settle(context)
    _example(context)
    _paths(context)
