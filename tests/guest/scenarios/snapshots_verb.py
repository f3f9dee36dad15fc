# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots of a real guest by postern: made, listed, reverted to with evidence before and proof after,
and what can't be done refused before anything is."""

import json

from guestlib.errors import check
from guestlib.proc import run as run_program

OWN = ("--recorder", "--no-snapshot")
CHECK = False  # it reverts three times, and once boots: tests/campaigns/states
DEADLINE = 240
PLACE = "/etc/postern-snapshot-test"


def snapshot(context, *words, code=0):
    """What it says as JSON, with this exit status."""
    done = context.postern.run("snapshot", context.guest.name, *words, "--json", codes=[code],
                               deadline=DEADLINE)
    return json.loads(done.out)


def _refused(context, words, *said, codes=(3,)):
    done = context.postern.run("snapshot", context.guest.name, *words, codes=list(codes),
                               deadline=DEADLINE)
    check(all(part in done.err for part in said) and done.err.count("\n") == 1,
          f"it says {done.line()}")


def _verified(context, told):
    bundle = told["bundle"]
    done = run_program([context.postern.program, "forensics", "--verify", bundle["path"], "--digest",
                        bundle["sha256"]], timeout=30, environment=context.lab.environment)
    context.log(done.transcript())
    check(done.code == 0, f"its bundle: {done.line()}")


def _write(guest, word):
    guest.shell(f"echo {word} >{PLACE}; sync")


def _check_file(guest, word):
    said = guest.shell(f"cat {PLACE}").strip()
    check(said == word, f"the file says {said!r}, and not {word!r}")


def _check_current(context, name, names):
    rows = snapshot(context, "list")["snapshots"]
    check([row["name"] for row in rows] == names, f"there are {rows}")
    check([row["name"] for row in rows if row["current"]] == [name], f"current: {rows}")
    said = context.guest.virsh("snapshot-current", context.guest.name, "--name").strip()
    check(said == name, f"libvirt says {said!r}")


def _with_memory(context):
    """Reverted within its boot: the same boot id, and it goes on where it was."""
    guest = context.guest
    _write(guest, "before")
    made = snapshot(context, "create", "--name", "first", "--description", "before the change")
    row = made["snapshot"]["snapshot"]
    check((row["holds"], row["kind"], row["current"]) == ("memory", "internal", True), f"{made}")
    _refused(context, ["create", "--name", "first"], "is called 'first' already", codes=[64])
    _write(guest, "after")
    _check_file(guest, "after")
    told = snapshot(context, "revert", "first", "--dry-run")
    check("goes on where it was" in told["lost"][1] and told["stays"] == [], f"{told}")
    _check_file(guest, "after")
    told = snapshot(context, "revert", "first")
    done, proof = told["snapshot"], told["proof"]
    check(done["state_after"] == "running (from snapshot)" and done["snapshot"]["current"], f"{done}")
    check(proof["verdict"] == "back" and proof["boot_before"] == proof["boot_after"], f"{proof}")
    _verified(context, told)
    _check_file(guest, "before")
    _check_current(context, "first", ["first"])


def _across_a_boot(context):
    """What is reverted to is another boot than the one that it was in."""
    guest = context.guest
    made = snapshot(context, "create")
    name = made["snapshot"]["snapshot"]["name"]
    check(made["snapshot"]["snapshot"]["parent"] == "first", f"{made}")
    context.postern.run("power", guest.name, "reset", "--without-forensics", "a test", codes=[0],
                        deadline=DEADLINE)
    told = snapshot(context, "revert", name, "--without-forensics", "a test")
    check("bundle" not in told, f"{told}")
    proof = told["proof"]
    check(proof["verdict"] == "back" and proof["boot_before"] != proof["boot_after"], f"{proof}")
    _check_file(guest, "before")
    _check_current(context, name, ["first", name])
    return name


def _off(context, name):
    """Of one that was off, and is off afterwards."""
    guest = context.guest
    guest.virsh("destroy", guest.name)
    made = snapshot(context, "create", "--name", "off")
    check(made["snapshot"]["snapshot"]["holds"] == "off", f"{made}")
    told = snapshot(context, "revert", "first", "--without-forensics", "a test")
    check(told["snapshot"]["state_before"].startswith("off") and
          told["proof"]["verdict"] == "back", f"{told}")
    told = snapshot(context, "revert", "off")
    check(told["snapshot"]["state_after"].startswith("off") and "proof" not in told, f"{told}")
    _verified(context, told)
    check(guest.virsh("domstate", guest.name).strip() == "shut off", "libvirt says that it is on")
    _check_current(context, "off", ["first", name, "off"])
    context.postern.run("power", guest.name, "start", codes=[0], deadline=DEADLINE)


def _by_ssh(guest, *command):
    """Without the agent, which can't stop itself and say so."""
    done = guest.ssh("sudo", "-n", *command)
    check(done.code == 0, f"{' '.join(command)}: {done.line()}")


def _beside(context):
    """Disks alone: at rest by the agent, or not where it hangs; and no way back by this libvirt."""
    guest = context.guest
    context.postern.run("wait", guest.name, "--for", "target=qemu-guest-agent", codes=[0],
                        deadline=150)
    pid = guest.shell("systemctl show -p MainPID --value qemu-guest-agent").strip()
    made = snapshot(context, "create", "--name", "rest", "--disk-only", "--quiesce")
    row = made["snapshot"]["snapshot"]
    check((row["holds"], row["kind"]) == ("disks", "external"), f"{row}")
    check(not any("--quiesce" in note for note in made["snapshot"]["notes"]), f"{made}")
    _write(guest, "goes-on")
    # An agent that hangs: libvirt gives it up, nothing is made, and the guest writes on.
    _by_ssh(guest, "kill", "-STOP", pid)
    _refused(context, ["create", "--name", "hangs", "--disk-only", "--quiesce"],
             "without --quiesce it is not needed")
    _by_ssh(guest, "kill", "-CONT", pid)
    made = snapshot(context, "create", "--name", "plain", "--disk-only")
    check(any("--quiesce" in note for note in made["snapshot"]["notes"]), f"{made}")
    version = guest.virsh("version")
    if "Using library: libvirt 9.0." in version:
        before = guest.virsh("domblklist", guest.name)
        _refused(context, ["revert", "plain"], "can't revert to such a one: nothing was changed")
        check(guest.virsh("domblklist", guest.name) == before, "its disks are others")


def run(context):
    """One after the other, in one guest."""
    check(snapshot(context, "list")["snapshots"] == [], "it has one already")
    _refused(context, ["revert", "none"], "no snapshot of", codes=[64])
    _with_memory(context)
    name = _across_a_boot(context)
    _off(context, name)
    _beside(context)
