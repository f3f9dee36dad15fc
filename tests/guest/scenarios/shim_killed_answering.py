# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shim is killed while it works on a question: the agent answers, long before the deadline."""

import time

from guestlib.errors import check

# sshd's own check takes its time, so that the question is surely open when the shim dies.
SLOW_SSHD = """\
mv /usr/sbin/sshd /usr/sbin/sshd.real
printf '#!/bin/sh\\nsleep 4\\nexec /usr/sbin/sshd.real "$@"\\n' >/usr/sbin/sshd
chmod 755 /usr/sbin/sshd
"""
KILLER = """\
until pgrep -f 'sh /usr/sbin/sshd -[tT]' >/dev/null; do sleep 0.1; done
systemctl kill -s KILL postern-shim
"""
DEADLINE_SECONDS = 40


def run(context):
    """One question, one kill."""
    guest = context.guest
    guest.shell(SLOW_SSHD)
    script = context.folder / "killer.sh"
    script.write_text(KILLER, encoding="utf-8")
    guest.script(script, detach=True)
    begun = time.monotonic()
    answer = context.postern.ask("probe", guest, "ssh", deadline=DEADLINE_SECONDS)
    seconds = time.monotonic() - begun
    check(answer.report is not None, f"nobody answered: {answer.json}")
    check(answer.json["attempts"] != [], "the shim was not killed in time")
    check(answer.via == "agent", f"it was answered via {answer.via}")
    check(seconds < DEADLINE_SECONDS * 3 / 4, f"it took {seconds:.0f} s")
