# SPDX-License-Identifier: LGPL-2.1-or-later
"""diagnose --json-seq tells each answer when it comes: a check that hangs holds up no other."""

import json
import subprocess
import time

from guestlib.errors import check

POSTERN = "host-sidecar/postern"
HANGS = "checks"  # the probe that waits for it
# As long as all others could need together, on a machine that has much else to do.
LONGER = "sed -i 's/^timeout = 1$/timeout = 12/' /etc/postern/shim.conf && "
LONGER += "grep -qx 'timeout = 12' /etc/postern/shim.conf"


def run(context):
    """The others come before the one that hangs, and the verdict last."""
    lab = context.postern.lab
    context.guest.breakage("check-hangs")
    context.guest.shell(LONGER)
    argv = [lab.build / POSTERN, "diagnose", context.guest.name, "--json-seq", "--deadline", "40s"]
    answers, moments = [], {}
    with subprocess.Popen(argv, env=lab.environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            check(line.startswith("\x1e{"), f"no text of a JSON text sequence: {line[:80]}")
            answers.append(json.loads(line[1:]))
            moments[answers[-1].get("probe", "verdict")] = time.monotonic()
    context.log("".join(f"{when - min(moments.values()):.3f} {name}\n"
                        for name, when in moments.items()))
    verdict = answers.pop()
    check("answers" not in verdict and verdict["status"] != "ok", f"the last is {verdict}")
    check(answers[-1]["probe"] == "access", "what is derived comes when all is there")
    check(answers[-2]["probe"] == HANGS, f"{HANGS} was not the last, but: {answers[-2]['probe']}")
    # On a busy machine something else may have been too slow as well.
    causes = [cause["finding"]["id"] for cause in verdict["causes"]]
    check("checks.timed-out" in causes, f"the verdict's causes are {causes}")
    others = [when for name, when in moments.items() if name not in (HANGS, "access", "verdict")]
    check(moments[HANGS] - max(others) > 1, "the others came at once with the one that hangs")
