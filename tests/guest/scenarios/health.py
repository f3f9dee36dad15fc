# SPDX-License-Identifier: LGPL-2.1-or-later
"""A sweep over a sound guest, a paused one and one that is stopped: none hides or delays another."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from guestlib.errors import check
from guestlib.lab import Guest
from guestlib.proc import run as run_program

OWN = ("--recorder",)
CHECK = False  # it takes minutes, for three guests of its own: tests/campaigns/states
DEADLINE = 40
PATIENCE = 180
CODES = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
# The shim and the agent hold their ports, and do not read.
DEAF = "sleep 1; pkill -STOP -x postern-shim; pkill -STOP -x qemu-ga\n"
PLUGIN = re.compile(r"POSTERN (OK|WARNING|CRITICAL|UNKNOWN) - [^|]+ \| domains=\d+;;;0( \S+)+ "
                    r"time=\d+\.\d+s;;;0\n")


class Sweeps:
    """postern health, of all domains of the lab; what is told of other guests is left aside."""

    def __init__(self, context, names):
        self.context = context
        self.names = names
        self.environment = dict(context.lab.environment)

    def expect(self, text):
        """From now on this is expected."""
        path = self.context.lab.configuration("health.conf")
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        self.environment["POSTERN_CONFIG"] = str(path)

    def run(self, *words):
        """It ends in time, however it ends."""
        argv = [self.context.postern.program, "health", *words, "--deadline", f"{DEADLINE}s"]
        done = run_program(argv, timeout=DEADLINE + 10, environment=self.environment)
        self.context.log(done.transcript())
        check(done.code in (0, 1, 2, 3), f"postern health exits {done.code}: {done.line()}")
        check(done.seconds < DEADLINE + 3, f"the sweep took {done.seconds:.1f} s")
        return done

    def rows(self, *words):
        """The rows of the scenario's own guests, by name."""
        done = self.run("--json", *words)
        told = json.loads(done.out)
        check(done.code == CODES[told["status"]],
              f"health exits {done.code} with the status {told['status']}")
        return {row["name"]: row for row in told["domains"] if row["name"] in self.names}

    def all(self):
        """The same: each guest is among them."""
        rows = self.rows()
        check(set(rows) == set(self.names), f"of {self.names} only {sorted(rows)} are told")
        return rows

    def until(self, what, holds):
        """Sweeps until HOLDS of all the rows."""
        end = time.monotonic() + PATIENCE
        while True:
            rows = self.all()
            if holds(rows):
                return rows
            check(time.monotonic() < end, f"{what}: not within {PATIENCE} s: {rows}")
            time.sleep(2)


def _ids(row):
    return [problem["id"] for problem in row.get("problems", [])]


def _answer(rows):
    return all(row["condition"] == "answers" for row in rows.values())


def _check_stopped(context, sweeps, names, before):
    """Paused and stopped, each told as what it is; the sound one is not the slower for them."""
    sound, paused, stopped = names
    rows = sweeps.all()
    check(rows[sound]["condition"] == "answers", f"the sound guest {rows[sound]}")
    check(rows[paused]["condition"] == "paused" and _ids(rows[paused]) == ["host.paused"],
          f"the paused guest: {rows[paused]}")
    check(rows[stopped]["condition"] == "silent" and rows[stopped]["status"] == "critical",
          f"the guest whose QEMU is stopped: {rows[stopped]}")
    check({"host.stands-still", "host.monitor-silent"} & set(_ids(rows[stopped])),
          f"why it is silent is not told: {_ids(rows[stopped])}")
    for name in (paused, stopped):
        check(rows[name].get("answered_us") and rows[name].get("last_status"),
              f"{name}: its last answer is not told: {rows[name]}")
    context.log(f"sound: {before[sound]['took_ms']} ms, beside them {rows[sound]['took_ms']} ms\n")


def _check_outputs(context, sweeps):
    done = sweeps.run("--plugin")
    check(PLUGIN.fullmatch(done.out), f"no plugin's line: {done.out}")
    path = Path(context.folder) / "postern.prom"
    path.unlink(missing_ok=True)
    begun = time.time()
    sweeps.run("--metrics", str(path), "--quiet")
    text = path.read_text(encoding="utf-8")
    check(text.endswith("\n# EOF\n"), "the metrics are not whole")
    check(path.stat().st_mode & 0o777 == 0o644, "the exporter can't read them")
    swept = re.search(r"^postern_health_last_sweep_timestamp_seconds\{[^}]*\} (\S+)$", text, re.M)
    check(swept and abs(float(swept[1]) - begun) < DEADLINE, f"the sweep was at {swept}")
    for name in sweeps.names:
        check(f'domain="{name}"' in text, f"{name} has no metrics")


def _check_harvested(context):
    """Who sweeps passes by each recorder."""
    guest = context.guest
    uuid = guest.virsh("domuuid", guest.name).strip()
    store = context.lab.build / "guest-logs" / "store"
    kept = [path for path in store.glob(f"*/{uuid}.records") if path.stat().st_size > 0]
    check(kept, f"{store} has no records of {guest.name}, which was swept")


def _check_never_two(context, sweeps):
    """The second of two is told of the first; one that is over by then is begun again."""
    argv = [context.postern.program, "health", "--json", "--deadline", f"{DEADLINE}s"]
    for apart in (0.5, 0.3, 0.2, 0.1, 0.05):
        with subprocess.Popen(argv, env=sweeps.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True) as first:
            time.sleep(apart)
            second = sweeps.run()
            out, _ = first.communicate()
        if "another sweep" in second.err:
            break
    check(second.code == 3 and "another sweep" in second.err, f"the second says {second.err}")
    check(f"process {first.pid}" in second.err, f"it does not name the first: {second.err}")
    check(json.loads(out)["domains"], "the first told nothing")


def _check_deaf(context, sweeps, deaf):
    """What does not answer is left alone after that, and is told with its last answer."""
    deaf.script_text(f"systemd-run -q /bin/sh -c '{DEAF.strip()}'\n")
    time.sleep(3)
    first = sweeps.all()[deaf.name]
    check(first["condition"] == "silent" and first.get("misses") == 1, f"at first: {first}")
    check(first.get("last_status"), f"its last answer is not told: {first}")
    check(first.get("why", "").startswith("channel: "), f"why is not told: {first}")
    begun = time.monotonic()
    second = sweeps.all()[deaf.name]
    context.log(f"left alone: {time.monotonic() - begun:.1f} s\n")
    check("left alone" in second["summary"] and second.get("ask_again_us"),
          f"it was asked again at once: {second}")
    check(second["answered_us"] == first["answered_us"] and second["misses"] == 1,
          f"its last answer is another: {second}")
    check(not second["fresh"], "that nobody asked it is told as news")
    named = sweeps.run(deaf.name, "--json")
    check("left alone" not in named.out, "it was not asked, though it was named")


def run(context):
    """Sound; then paused and stopped; then one that is deaf; then all sound again."""
    sound = context.guest
    others = [Guest(context.lab, f"{sound.name}-{letter}") for letter in "pq"]
    names = [guest.name for guest in (sound, *others)]
    sweeps = Sweeps(context, names)
    paused, stopped = others
    qemu = None
    try:
        for guest in others:
            guest.log = context.log
            guest.up()
        before = sweeps.until("all answer", _answer)
        _check_harvested(context)
        paused.virsh("suspend", paused.name)
        qemu = stopped.qemu_pid()
        os.kill(qemu, signal.SIGSTOP)
        _check_stopped(context, sweeps, names, before)
        changes = sweeps.rows("--changes")
        check(not changes or "host.monitor-silent" in str(changes), f"nothing is new: {changes}")
        _check_outputs(context, sweeps)
        _check_never_two(context, sweeps)
        sweeps.expect(f"\n[expect {paused.name}]\nmay_be=paused\n")
        check(sweeps.all()[paused.name]["status"] == "ok", "a guest that may be paused is not ok")

        os.kill(qemu, signal.SIGCONT)
        qemu = None
        paused.virsh("resume", paused.name)
        sweeps.run("--changes")
        sweeps.until("all answer again", _answer)
        _check_deaf(context, sweeps, paused)
    finally:
        if qemu:
            os.kill(qemu, signal.SIGCONT)
        for guest in others:
            guest.down()
