# SPDX-License-Identifier: LGPL-2.1-or-later
"""The doctor names each obstacle that is made for real, and none in a sound guest."""

import json
import shlex

from jsonschema import Draft202012Validator

from guestlib.errors import check
from guestlib.lab import BREAKAGES
from guestlib.proc import run as run_program

OWN = ["--recorder"]

CHANNEL = "<channel type='unix'><target type='virtio' name='org.postern.shim.0'/></channel>"
DROP_IN = "/etc/systemd/system/postern-shim.service.d"
LINK = "/etc/systemd/system/emergency.target.wants/postern-shim.service"
PROGRAM = "/usr/sbin/postern-shim"
# What is not known while no shim answers by the channel.
DARK = {"could-not-look"}

# What is done in the guest, what must be found, what may be found beside it, and what undoes it.
OBSTACLES = [
    ("systemctl stop postern-shim", {"port-held-by-nobody", "unit-stopped"}, DARK,
     "systemctl start postern-shim"),
    ("systemctl mask --now postern-shim", {"port-held-by-nobody", "unit-masked"}, DARK,
     "systemctl unmask postern-shim; systemctl start postern-shim"),
    ("systemctl disable postern-shim", {"unit-disabled"}, set(), "systemctl enable postern-shim"),
    (f"mkdir -p {DROP_IN}; printf '[Unit]\\nIgnoreOnIsolate=no\\n' >{DROP_IN}/x.conf; "
     "systemctl daemon-reload", {"unit-ordering"}, set(),
     f"rm -r {DROP_IN}; systemctl daemon-reload"),
    (f"rm {LINK}", {"unit-ordering"}, set(), "systemctl reenable postern-shim"),
    (f"chmod 0775 {PROGRAM}", {"file-mode"}, set(), f"chmod 0755 {PROGRAM}"),
    ("mkdir -p /etc/postern; touch /etc/postern/shim.conf; chmod 0666 /etc/postern/shim.conf",
     {"shim-config-faulty"}, DARK, "rm /etc/postern/shim.conf"),
    ("mount --bind /usr/sbin /usr/sbin; mount -o remount,bind,noexec /usr/sbin", {"noexec"}, set(),
     "umount /usr/sbin"),
    ("systemctl mask qemu-guest-agent", {"agent-unit"}, set(),
     "systemctl unmask qemu-guest-agent"),
    ("mkdir -p /etc/qemu; printf '[general]\\nblock-rpcs=guest-exec\\n' >/etc/qemu/qemu-ga.conf",
     {"agent-will-block"}, set(), "rm /etc/qemu/qemu-ga.conf"),
]
BREAKAGE = (BREAKAGES / "guest-exec-blocked.sh").read_text(encoding="utf-8")
# By ssh, since the lab's own way is the agent.
AGENT = [
    ("systemctl stop qemu-guest-agent", {"agent-absent"}, DARK, "systemctl start qemu-guest-agent"),
    (BREAKAGE, {"agent-exec-blocked", "agent-commands-blocked"}, set(),
     "rm /etc/qemu/qemu-ga.conf; systemctl restart qemu-guest-agent"),
]


def _doctor(context, when):
    """What is found of the guest, without what could only be information; held to its schema and
    its exit code."""
    postern = context.postern
    done = postern.run("doctor", context.guest.name, "--json", deadline=50)
    told = {row["subject"]: row["report"] for row in json.loads(done.out)["reports"]}
    schema = Draft202012Validator(postern.vocabulary["doctor"]["report"])
    for report in told.values():
        problems = [error.message for error in schema.iter_errors(report)]
        check(not problems, f"{when}: the report breaks its schema: {problems[:1]}")
    host = [finding["id"] for finding in told["host"]["findings"]
            if finding["severity"] != "information"]
    check(not host, f"{when}: of the host it says {host}")
    found = {finding["id"][len("doctor."):]: finding for finding in told["domain"]["findings"]}
    serious = any(finding["severity"] in ("warning", "critical") for finding in found.values())
    check(done.code == (1 if serious else 3 if found else 0), f"{when}: it exits {done.code}")
    check(all("remedy" in finding for name, finding in found.items() if name not in DARK),
          f"{when}: something is not said how to mend")
    return found


def _expect(context, when, wanted, allowed=frozenset()):
    """Exactly what is wanted, and what may follow from it; a slow guest is asked again."""
    for _ in range(3):
        found = _doctor(context, when)
        names = set(found)
        if wanted <= names <= wanted | allowed:
            return found
    check(wanted <= names, f"{when}: not named: {wanted - names}; but {found}")
    check(names <= wanted | allowed, f"{when}: invented: "
          f"{[found[name] for name in names - wanted - allowed]}")
    return found


def _by_ssh(guest, script):
    done = guest.ssh("sudo -n sh -c " + shlex.quote(script))
    check(done.code == 0, f"by ssh: {script}: {done.line()}")


def _mend(context, finding):
    """Does what it says mends it, word for word."""
    done = run_program(["/bin/sh", "-c", finding["remedy"]], timeout=60)
    context.log(done.transcript())
    check(done.code == 0, f"what it says does not mend it: {finding['remedy']}: {done.line()}")


def _definitions(context):
    """The channel taken from the lasting definition alone, and from the running domain alone."""
    guest = context.guest
    definition = context.folder / "channel.xml"
    definition.write_text(CHANNEL, encoding="utf-8")
    guest.virsh("detach-device", guest.name, str(definition), "--config")
    _mend(context, _expect(context, "not kept", {"channel-not-kept"})["channel-not-kept"])
    live = guest.virsh("dumpxml", guest.name)
    begin = live.rindex("<channel", 0, live.index("org.postern.shim.0"))
    end = live.index("</channel>", begin) + len("</channel>")
    definition.write_text(live[begin:end], encoding="utf-8")
    guest.virsh("detach-device", guest.name, str(definition), "--live")
    _mend(context, _expect(context, "not live", {"no-channel"}, DARK)["no-channel"])


def run(context):
    """Sound, then each obstacle and its undo, after which it is sound again."""
    guest = context.guest
    guest.virsh("pool-autostart", "postern")
    _expect(context, "sound", set())
    for do, wanted, allowed, undo in OBSTACLES:
        guest.shell(do)
        _expect(context, do, wanted, allowed)
        guest.shell(undo)
    _expect(context, "sound again", set())
    for do, wanted, allowed, undo in AGENT:
        _by_ssh(guest, do)
        _expect(context, do, wanted, allowed)
        _by_ssh(guest, undo)
    _expect(context, "sound after the agent", set())
    _definitions(context)
    _expect(context, "sound at the end", set())
    lines = context.postern.run("doctor", codes=[0, 3, 1]).out.splitlines()
    check(any(line.startswith(f"{guest.name}: nothing stands in the way") for line in lines),
          f"of all it says: {lines}")
