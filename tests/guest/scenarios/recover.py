# SPDX-License-Identifier: LGPL-2.1-or-later
"""recover on a real guest: mended by the undo, reverted where that does not help, halted where nothing
does, and killed in the middle of the undo and of the revert: neither is ever done twice."""

import json
import signal
import subprocess
import time

from guestlib.errors import check
from guestlib.gating import POLICIES, baseline, gate
from guestlib.proc import run as run_program

OWN = ("--recorder", "--no-snapshot")
CHECK = False  # it reverts twice: tests/campaigns/states
SECONDS = 300
ALLOW = "mkdir -p /etc/postern; printf '[exec]\\nallow=yes\\n' >/etc/postern/shim.conf"
UNDO = "chmod 0440 /etc/sudoers.d/harness\n"
SLOW_UNDO = "echo run >>/root/undone\nsleep 20\n" + UNDO
LARGEST = UNDO + "#" * (16384 - len(UNDO))
ALL = ["gate", "undo", "gate-after-undo", "forensics", "revert", "gate-after-revert"]


class Recover:
    """The verb with a script as undo, a baseline, and perhaps a snapshot."""

    def __init__(self, context):
        self.context = context
        self.baseline = baseline(context)
        self.environment = dict(context.lab.environment, XDG_STATE_HOME=str(context.folder / "state"),
                                POSTERN_STORE=str(context.folder / "state/records"))
        self.kept = context.folder / "state/recover"

    def words(self, undo, *more):
        script = self.context.folder / "undo.sh"
        script.write_text(undo, encoding="utf-8")
        return [self.context.postern.program, "recover", self.context.guest.name, "--policy",
                str(POLICIES / "reachable.conf"), "--baseline", self.baseline, "--undo", str(script),
                "--settle", "3min", "--json", *more]

    def run(self, undo, *more, code=0):
        """To its end: what it says, and on standard error."""
        done = run_program(self.words(undo, *more), timeout=SECONDS, environment=self.environment)
        self.context.log(done.transcript())
        check(done.code == code, f"it exits {done.code}, not {code}: {done.line()} {done.err}")
        return json.loads(done.out) if done.out else None, done.err

    def begin(self, undo, *more):
        return subprocess.Popen(self.words(undo, *more), env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def state(self):
        """What is on the disk."""
        for path in self.kept.glob("*.recover") if self.kept.is_dir() else ():
            return json.loads(path.read_text(encoding="utf-8"))
        return {"steps": []}

    def wait_for(self, step, process):
        """Until a step was begun and is not over."""
        until = time.monotonic() + SECONDS
        while True:
            rows = self.state()["steps"]
            if rows and rows[-1]["step"] == step and "ended_us" not in rows[-1]:
                return
            check(process.poll() is None and time.monotonic() < until, f"it never began {step}")
            time.sleep(0.02)


class Events:
    """What libvirt tells of a guest, one line each."""

    def __init__(self, context):
        self.path = context.folder / "events"
        self.file = open(self.path, "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["virsh", "-c", context.lab.uri, "event", "--domain", context.guest.name, "--event",
             "lifecycle", "--loop"], stdin=subprocess.DEVNULL, stdout=self.file)

    def reverts(self):
        """How often it was reverted since the begin."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        self.file.close()
        return self.path.read_text(encoding="utf-8").count("Started Snapshot")


def _told(told, steps, end="recovered"):
    check(told["end"] == end, f"it is {told}")
    check([row["step"] for row in told["steps"]] == steps, f"the steps are {told['steps']}")


def verified(context, told):
    done = run_program([context.postern.program, "forensics", "--verify", told["bundle"], "--digest",
                        told["bundle_sha256"]], timeout=30, environment=context.lab.environment)
    context.log(done.transcript())
    check(done.code == 0, f"its bundle: {done.line()}")


def _gets_in(context):
    gate(context, "pass", "--user", "harness")
    check(context.guest.ssh("sudo", "-n", "true").code == 0, "it is not mended")


def _undone(context, recover):
    told, _ = recover.run(UNDO)
    _told(told, ["gate"])
    context.guest.breakage("sudoers-0666")
    told, said = recover.run(UNDO, "--dry-run", "--snapshot", "before")
    check([row["step"] for row in told["plan"]] == [*ALL, "halt"] and "lost is" in told["loss"],
          f"{told} {said}")
    gate(context, "fail", "--user", "harness")
    told, _ = recover.run(LARGEST)
    _told(told, ALL[:3])
    check(told["steps"][1]["outcome"] == "done" and "bundle" not in told, f"{told}")
    _gets_in(context)


def _killed_in_undo(context, recover):
    """The undo goes on without who fed it, and is found again; meanwhile nobody else begins."""
    context.guest.breakage("sudoers-0666")
    process = recover.begin(SLOW_UNDO)
    recover.wait_for("undo", process)
    until = time.monotonic() + SECONDS
    while "run" not in context.guest.shell("cat /root/undone 2>/dev/null", check=False):
        check(time.monotonic() < until, "the undo does not begin")
    _, said = recover.run(SLOW_UNDO, code=3)
    check(f"process {process.pid}, begun" in said and "there are never two" in said, said)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    told, _ = recover.run(SLOW_UNDO)
    _told(told, ALL[:3])
    check(told["steps"][1]["n_resumed"] == 1 and told["steps"][1]["outcome"] == "done", f"{told}")
    lines = context.guest.shell("cat /root/undone").split()
    check(lines == ["run"], f"the undo ran {len(lines)} times")
    _gets_in(context)


def _reverted(context, recover):
    """The undo mends nothing: the evidence is kept, and the guest is as it was."""
    context.guest.breakage("rule-removed")
    told, said = recover.run("exit 4\n", "--snapshot", "before")
    _told(told, ALL)
    check("exited with 4" in told["steps"][1]["detail"], f"{told}")
    check("recover: lost: what happened in it" in said, said)
    verified(context, told)
    _gets_in(context)


def _kill(process):
    check(process.poll() is None, "it was too fast")
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def _is_there(pid):
    return run_program(["kill", "-0", str(pid)], timeout=5).code == 0


def _killed_in_revert(context, recover):
    """Before libvirt is asked, and again while it is at it: libvirt goes on with it, and whoever takes
    it up sees that."""
    context.guest.breakage("rule-removed")
    context.guest.shell("echo later >/root/later; sync")
    events, qemu = Events(context), context.guest.qemu_pid()
    process = recover.begin("exit 4\n", "--snapshot", "before")
    recover.wait_for("revert", process)
    _kill(process)
    check(_is_there(qemu), "it was too fast")
    process = recover.begin("exit 4\n", "--snapshot", "before")
    while _is_there(qemu):
        check(process.poll() is None, "it does not revert")
    _kill(process)
    told, _ = recover.run("exit 4\n", "--snapshot", "before")
    _told(told, ALL)
    check(told["steps"][4]["n_resumed"] == 2 and told["steps"][4]["outcome"] == "done", f"{told}")
    reverts = events.reverts()
    check(reverts == 1, f"it was reverted {reverts} times")
    verified(context, told)
    _gets_in(context)
    check(context.guest.shell("cat /root/later 2>/dev/null", check=False) == "", "it was not reverted")


def _halted(context, recover):
    """Nothing helps: it says so, and does not do it all once more."""
    context.guest.breakage("rule-removed")
    told, _ = recover.run("exit 4\n", code=5)
    _told(told, [*ALL[:4], "halt"], "halted")
    verified(context, told)
    again, _ = recover.run("exit 4\n", code=5)
    _told(again, ["gate", "halt"], "halted")
    check(again["halted"] == told["run"], f"{again}")


def run(context):
    """One after the other, in one guest."""
    context.guest.shell(ALLOW)
    recover = Recover(context)
    context.postern.run("snapshot", context.guest.name, "create", "--name", "before", codes=[0],
                        deadline=120)
    _undone(context, recover)
    _killed_in_undo(context, recover)
    _reverted(context, recover)
    _killed_in_revert(context, recover)
    _halted(context, recover)
