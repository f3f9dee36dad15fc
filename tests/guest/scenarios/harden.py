# SPDX-License-Identifier: LGPL-2.1-or-later
"""The harness of docs/examples applies a hardening profile to one guest, script after script, and needs
nobody: what shuts it out is taken back, and what can't be taken back is reverted. One script is planted
that no copy of /etc mends. $PST_HARDEN=all: the whole profile (tests/campaigns/harden)."""

import json
import os
import subprocess
import sys

from guestlib import access, stig
from guestlib.errors import check
from guestlib.hardening import POLICY, postern_of_lab
from guestlib.lab import BREAKAGES, HERE, LAB
from guestlib.proc import run as run_program

OWN = ("--no-snapshot",)
EXAMPLE = HERE.parents[1] / "docs/examples/harden.py"
ALLOW = "mkdir -p /etc/postern; printf '[exec]\\nallow=yes\\n' >/etc/postern/shim.conf"
PLANTED = "sudo-not-setuid"
# What takes root or the login from this guest: NOPASSWD, and a PAM module that is not there.
SHUT = {"sudo_require_authentication", "accounts_passwords_pam_tally2"}
SECONDS = 3 * 3600
FEW = 1


def _chosen():
    """(name, text) in the order in which they are applied."""
    found = stig.fixes()
    if os.environ.get("PST_HARDEN") != "all":
        kept = [fix for fix in stig.one_of_each_kind(found) if fix.rule not in SHUT]
        found = kept[:FEW] + [fix for fix in found if fix.rule in SHUT][:1]
    rows = [(fix.rule, fix.text) for fix in found]
    text = (BREAKAGES / f"{PLANTED}.sh").read_text(encoding="utf-8")
    rows.insert(len(rows) * 2 // 3, (PLANTED, text))
    return rows


def _lay(context, rows, name="rules"):
    """The folder of scripts."""
    folder = context.folder / name
    folder.mkdir()
    for number, (name, text) in enumerate(rows):
        (folder / f"{number:03}-{name}.sh").write_text(text + "\n", encoding="utf-8")
    return folder


def _harden(context, environment, folder):
    """Runs the example to its end."""
    words = [sys.executable, EXAMPLE, context.guest.name, context.folder, folder,
             context.folder / "kept", "--postern", context.postern.program, "--policy", POLICY,
             "--who=--as lab", "--", LAB, "ssh", context.guest.name]
    with open(context.folder / "said", "wb") as said:
        done = subprocess.run(list(map(str, words)), env=environment, stdin=subprocess.DEVNULL,
                              stdout=said, stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
    told = (context.folder / "said").read_text(encoding="utf-8")
    context.log(told)
    check(done.returncode == 0, f"it exits with {done.returncode}: {told[-400:]}")
    with open(context.folder / "kept", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _verify(context, row):
    """Whoever is set aside is named with why, and, where the guest was reverted, with its evidence."""
    check(row["cause"], f"{row['rule']}: no cause is named")
    if row["result"] != "reverted":
        return
    done = run_program([context.postern.program, "forensics", "--verify", row["evidence"]], timeout=60,
                       environment=context.lab.environment)
    check(done.code == 0, f"{row['rule']}: {done.line()}")


def _table(rows):
    yield "| script | became | ended with | gate | by ssh | s | recover s | cause |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        yield (f"| {row['rule'][4:]} | {row['result']} | {row['status']} | {row['verdict']} | "
               f"{'in' if row['login'] else 'shut out'} | {row['seconds']} | "
               f"{row['recover_seconds'] or ''} | {row['cause'] or ''} |")


def run(context):
    """From a clean guest to a hardened one that can be reached."""
    rows = _chosen()
    context.guest.shell(ALLOW)
    state = context.folder / "state"
    environment = dict(postern_of_lab(context).environment, XDG_STATE_HOME=str(state),
                       POSTERN_STORE=str(state / "records"))
    told = _harden(context, environment, _lay(context, rows))
    # Started anew it trips over nothing that it has left.
    again = _harden(context, environment, _lay(context, [], "none"))
    check(again == told, f"it applied {again[len(told):]}")
    for line in _table(told):
        context.log(line + "\n")
    wrong = [row for row in told if (row["verdict"] == "pass") != row["login"]]
    check(not wrong, f"the gate and ssh differ: {wrong}")
    last = {row["rule"][4:]: row for row in told}
    check(list(last) and set(last) == {name for name, _ in rows}, "not all were applied")
    aside = {name for name, row in last.items() if row["result"] != "applied"}
    check(aside >= SHUT & {name for name, _ in rows} | {PLANTED}, f"set aside are {aside}")
    check(last[PLANTED]["result"] == "reverted", f"{last[PLANTED]}")
    for name in aside:
        _verify(context, last[name])
    check(access.harness(context.guest) == (True, True), "its harness can't get in")
