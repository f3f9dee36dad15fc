# SPDX-License-Identifier: LGPL-2.1-or-later
"""The four causes of a lockout: via channel, via agent, and what the agent alone can tell."""

from guestlib.errors import check

CAUSES = {"network.link-down", "ssh.config-error", "sudo.pam-module-missing",
          "sudo.file-world-writable"}
# A terminal of the usual height, maximised.
SCREEN = 50
# What only the agent's own answers can show.
SEEN_BY_AGENT = {"network.agent-only", "system.agent-only"}


def _all_causes(diagnosis, via):
    missing = CAUSES - set(diagnosis.findings)
    check(not missing, f"via {via}: not named: {', '.join(sorted(missing))}")
    check(diagnosis.via() == [via], f"it came via {diagnosis.via()}, not {via}")
    check(diagnosis.status == "critical", f"via {via}: the diagnosis is {diagnosis.status}")


def run(context):
    """One rung of the ladder after the other is taken away."""
    guest = context.guest
    check(guest.ssh("sudo", "-n", "true").code == 0, "a sound guest lets nobody in")
    guest.breakage("lockout")
    check(guest.ssh("true").code == 255, "SSH still works")
    _all_causes(context.diagnose(), "channel")
    lines = context.postern.run("diagnose", guest.name, "--user", "harness").out.splitlines()
    check(len(lines) <= SCREEN, f"the text of a broken guest has {len(lines)} lines")

    guest.shell("systemctl stop postern-shim")
    diagnosis = context.diagnose()
    _all_causes(diagnosis, "agent")
    for answer in diagnosis.answers:
        if answer.probe == "access":  # derived from the others, and asked of nobody
            continue
        tried = [attempt["via"] for attempt in answer.json["attempts"]]
        check(tried == ["channel"], f"{answer.probe}: the attempts are {tried}")

    guest.shell("rm /usr/sbin/postern-shim")
    diagnosis = context.diagnose()
    check(diagnosis.status in ("critical", "unknown"), f"nobody looked, and it is {diagnosis.status}")
    check(SEEN_BY_AGENT <= set(diagnosis.findings), f"it says: {sorted(diagnosis.findings)}")
    check("agent-builtin" in diagnosis.via(), f"it came via {diagnosis.via()}")
    for answer in diagnosis.answers:
        check(answer.status != "ok", f"{answer.probe} is ok, though nobody could look")
