#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An unattended harness: applies scripts to a guest, one after the other, and keeps the door open.

    harden.py DOMAIN FOLDER RULES KEPT -- SSH …

RULES is a folder of shell scripts (bash), applied as root in the order of their names, over ssh; SSH
is the program, its options and its destination. After each one `postern gate` says whether the
harness can still get in and become root. If not, `postern recover` takes the script back (what is in
/etc, from a copy made before it), or reverts the guest to its last snapshot; the script is set aside
with its cause and its evidence, and the run goes on. Scripts that a revert took along are applied
again. FOLDER is where it keeps what it needs; KEPT is a file, to which each row is added as JSON.

Exit status: 0: all were applied or set aside, and the harness can get in; 1: somebody has to look.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

from ssh_or_exec import Lost, Runner

EVERY = 24  # so many scripts are applied from one snapshot to the next
APPLY_SECONDS = 600
SETTLE = "60s"

# Before each script: /etc as it is, for the undo.
SAVE = """\
mkdir -p -m 0700 /var/lib/harden && cd / &&
find etc -xdev ! -type d | LC_ALL=C sort >/var/lib/harden/files &&
tar -cpf /var/lib/harden/before.tar etc
"""
# What is new in /etc is taken away, all else is put back.
UNDO = """\
cd / || exit 1
kept=/var/lib/harden
find etc -xdev ! -type d | LC_ALL=C sort | LC_ALL=C comm -13 $kept/files - |
    while IFS= read -r new; do rm -f -- "/$new"; done
tar -xpf $kept/before.tar || exit 1
systemctl daemon-reload
for unit in ssh sshd; do
    systemctl is-enabled -q $unit.service 2>/dev/null || continue
    systemctl reset-failed $unit.service
    systemctl restart $unit.service
done
exit 0
"""
# Whatever runs and is named in the script reads its files anew; sshd does in any case.
TAKE_EFFECT = r"""
systemctl daemon-reload
grep -q sysctl "$0" && sysctl -q --system
named=$(systemctl list-units --plain --no-legend --type=service --state=active |
    awk '{ sub(/\.service$/, "", $1); print $1 }' |
    grep -v -e @ -e ^systemd- -e ^postern- -e ^dbus -e ^qemu-)
for unit in $named; do
    case $unit in ssh | sshd) ;; *) grep -qw -e "$unit" "$0" || continue ;; esac
    timeout -s KILL 60 systemctl try-restart "$unit.service"
done
exit $ended
"""


@dataclass
class Row:
    """What became of one script."""

    rule: str
    result: str = "applied"  # or "undone", "reverted", "lost"
    status: int = None  # what the script ended with; None: nobody knows
    way: str = "ssh"
    verdict: str = None  # the gate's
    login: bool = None  # what the harness found by trying it itself
    cause: str = None
    evidence: str = None
    seconds: float = 0
    recover_seconds: float = 0


class Harness:
    """One guest and what is known of it."""

    def __init__(self, words):
        self.domain, self.folder, self.kept = words.domain, Path(words.folder), Path(words.kept)
        self.postern_program, self.policy = words.postern, words.policy
        self.who = words.who.split()
        self.runner = Runner(words.domain, words.ssh, words.postern)
        # Those of a harness that was killed are still there when it is started anew.
        self.since, self.snapshots, self.begun = [], 0, int(time.time())
        self.baseline = str(self.folder / "before.json")
        self.undo = self.folder / "undo.sh"
        self.undo.write_text(UNDO, encoding="utf-8")

    async def postern(self, *argv):
        """(exit status, standard output, standard error)."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            self.postern_program, *argv, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode().strip()

    async def must(self, *argv):
        """It has to work: nothing is done to a guest of which nothing is known."""
        status, _, err = await self.postern(*argv)
        if status != 0:
            raise RuntimeError(f"postern {argv[0]} exits with {status}: {err}")

    async def snapshot(self):
        """From here on a revert takes nothing along that was applied before."""
        self.snapshots += 1
        self.since = []
        await self.must("snapshot", self.domain, "create", "--name", self.newest())

    def newest(self):
        """The name of the last one."""
        return f"harden-{self.begun}-{self.snapshots}"

    async def can_get_in(self):
        """The harness's own eyes: by ssh, and root there."""
        pipe = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*self.runner.ssh, "sudo -n true", stdin=pipe,
                                                       stdout=pipe, stderr=pipe)
        try:
            return await asyncio.wait_for(process.wait(), 40) == 0
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
            return False

    async def apply(self, row, script):
        """Runs the script as root, and lets it take effect."""
        text = script.read_text(encoding="utf-8")
        place = "/run/harden-rule"
        await self.runner.run("sh", "-c", f"cat >{place}", given=text.encode(), again=True)
        await self.runner.run("sh", "-c", "cat >/run/harden", again=True, given=(
            f"timeout -s KILL {APPLY_SECONDS - 120} bash {place} >/run/harden.log 2>&1 </dev/null\n"
            f"ended=$?\n{TAKE_EFFECT}".replace('"$0"', place)).encode())
        try:
            done = await self.runner.run("bash", "/run/harden", timeout=APPLY_SECONDS)
            row.status, row.way = done.status, done.way
        except Lost as lost:  # it may have been done or not: the gate sees what came of it
            row.cause = str(lost)

    async def gate(self, row):
        """Whether it may stand."""
        status, out, err = await self.postern(
            "gate", self.domain, "--policy", self.policy, "--baseline", self.baseline, "--settle",
            SETTLE, "--json", *self.who)
        told = json.loads(out) if out else {"result": f"exit status {status}: {err}"}
        row.verdict = told["result"]
        broken = (told.get("broken") or told.get("unchecked") or [{}])[0]
        row.cause = broken.get("message") or row.cause
        return status == 0

    async def recover(self, row):
        """Takes it back; FALSE where somebody has to look."""
        begun = time.monotonic()
        status, out, err = await self.postern(
            "recover", self.domain, "--policy", self.policy, "--baseline", self.baseline, "--undo",
            str(self.undo), "--snapshot", self.newest(), "--settle", SETTLE,
            "--unchecked", "--yes", "--json", *self.who)
        told = json.loads(out) if out else {"steps": []}
        row.recover_seconds = round(time.monotonic() - begun, 1)
        row.evidence = told.get("bundle")
        done = [step["step"] for step in told["steps"] if step["outcome"] == "done"]
        row.result = ("reverted" if "revert" in done else
                      "undone" if "undo" in done else "applied")  # it was well by itself, late
        if status != 0:
            row.result = "lost"
            row.cause = f"{row.cause}; recover exits with {status}: {err.splitlines()[-1:]}"
        return status == 0

    async def one(self, script):
        """One script from its baseline to its verdict."""
        row, begun = Row(script.stem), time.monotonic()
        await self.runner.run("sh", "-c", SAVE, again=True)
        await self.must("baseline", self.domain, "--output", self.baseline, "--deadline",
                        "60s", *self.who)
        await self.apply(row, script)
        stands = await self.gate(row)
        row.login = await self.can_get_in()
        row.seconds = round(time.monotonic() - begun, 1)
        if not stands and not await self.recover(row):
            self.note(row)
            raise RuntimeError(f"{row.rule}: {row.cause}")
        self.note(row)
        return row

    def note(self, row):
        """For whoever reads it in the morning."""
        with open(self.kept, "a", encoding="utf-8") as file:
            print(json.dumps(asdict(row)), file=file)
        print(f"{row.rule}: {row.result} ({row.seconds} s)"
              f"{': ' + row.cause if row.result != 'applied' else ''}", flush=True)

    async def all(self, scripts):
        """Each of them, applied or set aside."""
        left = deque(scripts)
        await self.snapshot()
        while left:
            script = left.popleft()
            row = await self.one(script)
            if row.result == "applied":
                self.since.append(script)
            if row.result == "reverted":
                left.extendleft(reversed(self.since))
                self.since = []
            if len(self.since) >= EVERY:
                await self.snapshot()
        if not await self.can_get_in():
            raise RuntimeError("all is applied, and ssh lets nobody in")


def main():
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("domain")
    words.add_argument("folder")
    words.add_argument("rules")
    words.add_argument("kept")
    words.add_argument("ssh", nargs="+")
    words.add_argument("--postern", default="postern", help="the program")
    words.add_argument("--policy", default="reachable")
    words.add_argument("--who", default="--user harness", help="postern's words about who comes")
    words = words.parse_args()
    try:
        asyncio.run(Harness(words).all(sorted(Path(words.rules).glob("*.sh"))))
    except (RuntimeError, Lost) as failure:
        print(f"harden: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
