# SPDX-License-Identifier: LGPL-2.1-or-later
"""The power button of a real guest: evidence before, the way that was taken, and the proof after."""

import json
import os
import signal

from guestlib.errors import check
from guestlib.proc import run as run_program

OWN = ("--recorder", "--no-snapshot")
CHECK = False  # it boots five times: tests/campaigns/states
DEADLINE = 240
# Fails at the next boot, and did not before.
FAILS = """\
cat >/etc/systemd/system/postern-fails.service <<'UNIT'
[Service]
Type=oneshot
ExecStart=/bin/false
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable postern-fails.service
sync
"""


def power(context, action, *words, code=0):
    """What it says as JSON, with this exit status."""
    done = context.postern.run("power", context.guest.name, action, *words, "--json", codes=[code],
                               deadline=DEADLINE)
    return json.loads(done.out)


def _steps(told):
    return [step["step"] for step in told["power"].get("steps", []) if "problem" not in step]


def _verified(context, told):
    bundle = told["bundle"]
    done = run_program([context.postern.program, "forensics", "--verify", bundle["path"], "--digest",
                        bundle["sha256"]], timeout=30, environment=context.lab.environment)
    context.log(done.transcript())
    check(done.code == 0, f"its bundle: {done.line()}")


def _back(told, way):
    """It is back, in another boot, and came there by WAY."""
    proof = told["proof"]
    check(_steps(told)[-1] == way, f"it was done by {told['power']}")
    check(proof["verdict"] == "back" and proof["boot_before"] != proof["boot_after"],
          f"it is said to be {proof}")
    check(proof["n_failed"] == 0 and not proof.get("new_failed"), f"failed: {proof}")


def run(context):
    """Reset by force and gently, stopped, started, cycled; and what can't be done is refused."""
    guest = context.guest
    told = power(context, "reset")
    _back(told, "hard")
    _verified(context, told)
    told = power(context, "reset", "--graceful")
    _back(told, "agent")
    _verified(context, told)
    told = power(context, "stop", "--graceful", "--without-forensics", "a test")
    check(_steps(told) == ["agent"] and told["power"]["state_after"].startswith("off"), f"{told}")
    check("bundle" not in told and "proof" not in told, f"it says {told}")
    check(guest.virsh("domstate", guest.name).strip() == "shut off", "libvirt says that it is on")
    check(power(context, "stop")["power"]["changed"] is False, "it was stopped twice")
    done = context.postern.run("power", guest.name, "reset", codes=[3], deadline=DEADLINE)
    check("it is off: say start: nothing was changed" in done.err, f"it says {done.line()}")
    told = power(context, "start")
    check(told["proof"]["verdict"] == "back", f"{told}")
    # Without an agent the button itself is next.
    guest.shell("systemctl mask --now --runtime qemu-guest-agent", check=False)
    told = power(context, "cycle", "--graceful", "--without-forensics", "a test")
    check(_steps(told) == ["acpi", "start"], f"it was done by {told['power']}")
    check(told["proof"]["verdict"] == "back", f"{told}")
    guest.virsh("suspend", guest.name)
    done = context.postern.run("power", guest.name, "reset", codes=[3], deadline=DEADLINE)
    check("say cycle" in done.err, f"of a paused guest it says {done.line()}")
    told = power(context, "cycle")
    check(_steps(told) == ["hard", "start"] and told["proof"]["verdict"] == "back", f"{told}")
    _hung(context)
    told = power(context, "status")
    check(told["state"].startswith("running") and told["channel"] == "open", f"{told}")
    _worse(context)


def _hung(context):
    """A QEMU that hangs resets nothing, and libvirt takes its time to kill it: it is back all the
    same."""
    guest = context.guest
    os.kill(guest.qemu_pid(), signal.SIGSTOP)
    done = context.postern.run("power", guest.name, "reset", "--without-forensics", "a test",
                               codes=[3], deadline=DEADLINE)
    check("cycle ends its QEMU" in done.err, f"of a QEMU that hangs it says {done.line()}")
    told = power(context, "cycle", "--without-forensics", "a test")
    check(_steps(told) == ["hard", "start"] and told["proof"]["verdict"] == "back", f"{told}")


def _worse(context):
    """A unit that fails now, and did not before, is named."""
    guest = context.guest
    guest.virsh("qemu-agent-command", guest.name, '{"execute":"guest-ping"}')
    guest.shell(FAILS)
    told = power(context, "reset", "--without-forensics", "a test", code=1)
    check(told["proof"]["new_failed"] == ["postern-fails.service"], f"{told['proof']}")
