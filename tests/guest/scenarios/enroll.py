# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that has nothing of postern is set up while it runs, by its agent alone, and rid of it again."""

import base64
import hashlib
import json
import shlex
import time

from guestlib.errors import Failure, check
from guestlib.lab import BREAKAGES, LAB
from guestlib.packages import Packages
from guestlib.proc import run as run_program

OWN = ["--no-shim", "--no-channel", "--no-snapshot"]
CHECK = False  # an emulated dpkg takes a minute: tests/campaigns/states
DEADLINE = 600
PLACE = "/root/postern-shim.deb"
BROKEN_DPKG = "/etc/dpkg/dpkg.cfg.d/broken"
SMALL_INITRAMFS = "printf 'MODULES=list\\nCOMPRESS=gzip\\n' >/etc/initramfs-tools/conf.d/small"
FULLY_BLOCKED = (BREAKAGES / "guest-exec-blocked.sh").read_text(encoding="utf-8")
EXEC_BLOCKED = ("printf '[general]\\nblock-rpcs=guest-exec\\nblacklist=guest-exec\\n' "
                ">/etc/qemu/qemu-ga.conf; systemctl restart qemu-guest-agent")
LEFT = "ls -d /run/postern-enroll-* /etc/postern /root/postern* 2>/dev/null; " \
    "dpkg-query -W -f '${db:Status-Status}' postern-shim 2>/dev/null || :"
STEPS = ["channel", "recorder", "panic", "video", "console-log", "package", "configuration", "unit",
         "proof"]
CONFIGURATION = "[recorder]\nusers = harness\n"


def _say(context, verb, *words, code=0):
    done = context.postern.run(verb, context.guest.name, *words, "--json", codes=[code],
                               deadline=DEADLINE)
    return json.loads(done.out)


def _states(told):
    return {step["step"]: step["state"] for step in told["steps"]}


def _plan(state, **other):
    """That state of all steps, but for others; it has a video device."""
    return {**dict.fromkeys(STEPS, state), "video": "there", **other}


def _definitions(guest):
    return guest.virsh("dumpxml", guest.name), guest.virsh("dumpxml", "--inactive", guest.name)


def _by_ssh(guest, script, stdin=""):
    """As root, by the guest's own sshd and sudo: its agent is what is blocked."""
    for _ in range(3):
        done = run_program([LAB, "ssh", guest.name, "sudo -n sh -c " + shlex.quote(script)],
                           timeout=600, stdin=stdin)
        guest.log(done.transcript())
        # Of a busy host an emulated guest may be late with its banner.
        if done.code != 255:
            break
    check(done.code == 0, f"by ssh: {script}: {done.line()}")
    return done.out


def _block(guest, script):
    """Until the agent is there again, and runs no programs."""
    _by_ssh(guest, script)
    end = time.monotonic() + 60
    while True:
        try:
            told = json.loads(guest.virsh("qemu-agent-command", guest.name, '{"execute":"guest-info"}'))
            break
        except Failure:
            check(time.monotonic() < end, "its agent does not come back")
            time.sleep(1)
    commands = {row["name"]: row["enabled"] for row in told["return"]["supported_commands"]}
    check(not commands["guest-exec"], "its agent runs programs")


def _enroll(context, package):
    """From nothing, and then once more."""
    guest = context.guest
    before = _definitions(guest)
    told = _say(context, "enroll", *package, "--dry-run")
    check(_states(told) == _plan("due"), f"the plan is {told}")
    check(_definitions(guest) == before and not guest.shell(LEFT).strip(), "a dry run left something")
    told = _say(context, "enroll", *package)
    check(_states(told) == _plan("done", **{"panic": "later", "console-log": "later"}) and
          told["complete"] and told["changed"], f"it says {told}")
    check(guest.shell(LEFT).split() == ["/etc/postern", "installed"], f"there is {guest.shell(LEFT)}")
    said = guest.shell("cat /etc/postern/shim.conf; stat -c '%a %U:%G' /etc/postern/shim.conf")
    check(said == CONFIGURATION + "644 root:root\n", f"its configuration is {said}")
    diagnosis = context.diagnose(name="enrolled")
    check(diagnosis.via() == ["channel"], f"it answers via {diagnosis.via()}")
    check(not diagnosis.serious(), f"a sound guest is told to have {diagnosis.serious()}")
    check("1 parts" in context.text("records"), "its recorder writes nothing")
    enrolled = _definitions(guest)
    told = _say(context, "enroll", *package)
    check(_states(told) == _plan("there", proof="done") and
          not told["changed"], f"the second time it says {told}")
    check(_definitions(guest)[1] == enrolled[1], "the second time changed its definition")
    return before


def _halves(context, package):
    """What is live only, or lasting only, is made whole, and nothing else is done."""
    guest = context.guest
    definition = context.folder / "channel.xml"
    definition.write_text("<channel type='unix'><target type='virtio' name='org.postern.shim.0'/>"
                          "</channel>", encoding="utf-8")
    guest.virsh("detach-device", guest.name, str(definition), "--config")
    told = _say(context, "enroll", *package, "--dry-run")
    check("live only" in told["steps"][0]["detail"], f"it says {told}")
    told = _say(context, "enroll", *package)
    check([step for step, state in _states(told).items() if state == "done"] ==
          ["channel", "proof"], f"it says {told}")
    check("org.postern.shim.0" in _definitions(guest)[1], "it is not in the definition")


def _unenroll(context, before):
    guest = context.guest
    told = _say(context, "unenroll")
    check(told["complete"] and told["changed"], f"it says {told}")
    check(_definitions(guest) == before, "its definition is not as it was")
    check(not guest.shell(LEFT).strip(), f"there is still {guest.shell(LEFT)}")
    told = _say(context, "unenroll")
    check(not told["changed"], f"the second time it says {told}")


def _disabled(context, package, before):
    """A package that an administrator has installed, and whose unit was disabled: enroll enables that,
    and unenroll gives it back so."""
    guest, uri = context.guest, "urn:postern:enroll:1"
    _say(context, "enroll", *package)
    both = ("--live", "--config")
    added = guest.virsh("metadata", guest.name, uri).strip()
    guest.virsh("metadata", guest.name, uri, "--remove", *both)
    guest.shell("systemctl disable --now postern-shim.service")
    told = _say(context, "enroll", *package)
    check([step for step, state in _states(told).items() if state == "done"] == ["unit", "proof"],
          f"it says {told}")
    told = _say(context, "unenroll")
    check(told["complete"] and told["changed"], f"it says {told}")
    said = guest.shell("systemctl is-enabled postern-shim; systemctl is-active postern-shim; "
                       "dpkg-query -W -f '${db:Status-Status}' postern-shim", check=False).split()
    check(said == ["disabled", "inactive", "installed"], f"it is {said}")
    guest.virsh("metadata", guest.name, uri, "--key", "postern", "--set", added, *both)
    _unenroll(context, before)


def _killed(context, package, before):
    """Who is killed in the middle says it again, and it is as if he had not been."""
    program = context.postern.program
    done = run_program(["/usr/bin/timeout", "-s", "KILL", "6", program, "enroll", context.guest.name,
                        *package], timeout=60, environment=context.lab.environment)
    context.log(done.transcript())
    check(done.code != 0, "it was not killed")
    told = _say(context, "enroll", *package)
    check(told["complete"] and _states(told)["channel"] == "there" and
          _states(told)["unit"] in ("done", "there"), f"it says {told}")
    _unenroll(context, before)


def _forbidden(context, package, path):
    """What the agent may not do is its administrator's, in three lines, which are done as they are."""
    guest = context.guest
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    _block(guest, FULLY_BLOCKED)
    told = _say(context, "enroll", *package, code=1)
    check(_states(told)["channel"] == "done" and _states(told)["package"] == "administrator" and
          str(path) in told["bring"] and PLACE in told["bring"] and len(told["lines"]) == 3,
          f"it says {told}")
    check(not _by_ssh(guest, f"ls {PLACE} 2>/dev/null || :").strip(), "the agent took a file")
    lines = told["lines"]
    # What is brought and is another thing is not installed.
    done = run_program([LAB, "ssh", guest.name, "sudo -n sh -c " + shlex.quote(
        f"echo x >{PLACE}; {lines[0]}")], timeout=60)
    check(done.code != 0, "the first line takes anything")
    _by_ssh(guest, f"base64 -d >{PLACE}", base64.b64encode(path.read_bytes()).decode("ascii"))
    _by_ssh(guest, lines[0])
    _by_ssh(guest, f"rm {PLACE}")
    _block(guest, EXEC_BLOCKED)
    told = _say(context, "enroll", *package, code=1)
    check("bring" not in told and told["lines"] == lines and
          "does not run guest-exec" in told["steps"][4]["detail"], f"it says {told}")
    check(_by_ssh(guest, f"sha256sum {PLACE}").split()[0] == digest, "it was not handed over")
    for line in lines:
        _by_ssh(guest, line)
    told = _say(context, "enroll", *package)
    check(told["complete"] and not told["changed"], f"it says {told}")
    check(context.diagnose(name="by-hand").via() == ["channel"], "it does not answer")
    check(not _by_ssh(guest, f"ls {PLACE} 2>/dev/null || :").strip(), "the package is left behind")


def _refused(context, more, before):
    """A package manager that does not: what it did not install is nobody's to take away."""
    guest = context.guest
    guest.shell(f"echo no-such-option >{BROKEN_DPKG}")
    told = _say(context, "enroll", *more, code=2)
    check(_states(told)["package"] == "failed", f"{told}")
    noted = guest.virsh("dumpxml", "--inactive", guest.name)
    added = noted.partition("<postern:enrolled")[2].partition(">")[0]
    check("channel" in added and "package" not in added, f"noted is {added}")
    guest.shell(f"rm {BROKEN_DPKG}")
    _unenroll(context, before)


def run(context):
    """Enrolled, made whole, rid of it, killed in the middle, and enrolled by its administrator."""
    guest = context.guest
    path = Packages(context.lab.build).deb("first", "postern-shim")
    package = ["--package", str(path)]
    configuration = context.folder / "shim.conf"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    more = [*package, "--shim-conf", str(configuration), "--console-log"]
    guest.shell(SMALL_INITRAMFS)
    before = _enroll(context, more)
    _halves(context, more)
    _unenroll(context, before)
    _disabled(context, more, before)
    _refused(context, more, before)
    _killed(context, more, before)
    _forbidden(context, package, path)
