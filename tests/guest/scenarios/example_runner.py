# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runner of docs/examples: a series of commands, in the middle of which one way after the other
breaks; each is run once, and what it gives has one shape whichever way it went."""

import asyncio
import importlib.util
import os
import tempfile

from guestlib.errors import check
from guestlib.lab import HERE, LAB
from guestlib.recoverd import Recoverd

OWN = ()
CHECK = False  # it waits for logins that hang: tests/campaigns/states
EXAMPLE = HERE.parents[1] / "docs/examples/ssh_or_exec.py"
ALLOW = "mkdir -p /etc/postern; printf '[exec]\\nallow=yes\\n' >/etc/postern/shim.conf"
LOGIN_SECONDS = 15
# (what breaks, how it is undone by the runner itself, what the reason must say)
BREAKS = [
    ("systemctl stop ssh", "systemctl start ssh", ""),
    ("chmod 0666 /etc/sudoers.d/harness", "chmod 0440 /etc/sudoers.d/harness", "sudo"),
    ("mv /home/harness/.ssh /home/harness/.s", "mv /home/harness/.s /home/harness/.ssh",
     "Permission denied"),
    ("nft add table inet l; nft add chain inet l i '{ type filter hook input priority 0; }'; "
     "nft add rule inet l i tcp dport 22 drop", "nft delete table inet l", "time"),
]


def _load():
    spec = importlib.util.spec_from_file_location("ssh_or_exec", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def _same(runner, way):
    """Both ways give the same of the same commands."""
    done = await runner.run("sh", "-c", "echo out; echo err >&2; exit 7")
    check((done.stdout, done.stderr, done.status, done.way) == (b"out\n", b"err\n", 7, way), done)
    done = await runner.run("id", "-u")
    check((done.stdout, done.status, done.way) == (b"0\n", 0, way), done)
    done = await runner.run("cat", given=bytes(range(256)) * 4096)
    check(done.stdout == bytes(range(256)) * 4096 and done.way == way, f"{len(done.stdout)}")
    done = await runner.run("printf", "%s|", "a b", "$(id)", "'\"\\", "ä\n")
    check(done.stdout == "a b|$(id)|'\"\\|ä\n|".encode(), done)


async def _series(context, runner):
    """Numbers into a file, one command each; before some of them a way in is broken."""
    place = "/root/series"
    for number, (broken, undo, says) in enumerate(BREAKS):
        done = await runner.run("sh", "-c", f"echo sound {number} >>{place}")
        check((done.status, done.way) == (0, "ssh"), done)
        context.guest.shell(broken)
        done = await runner.run("sh", "-c", f"echo broken {number} >>{place}")
        check((done.status, done.way) == (0, "exec") and says in done.why, f"{broken}: {done}")
        context.log(f"{broken}: {done.why}\n")
        await _same(runner, "exec") if number == 0 else None
        done = await runner.run("sh", "-c", undo)
        check((done.status, done.way) == (0, "exec"), f"{undo}: {done}")
    done = await runner.run("cat", place)
    wanted = "".join(f"{word} {i}\n" for i in range(len(BREAKS)) for word in ("sound", "broken"))
    check((done.stdout.decode(), done.way) == (wanted, "ssh"), done)


async def _lost(module, runner):
    """What was begun and broke is not run once more, unless it may be."""
    try:
        done = await runner.run("sh", "-c", "echo once >>/root/once; pkill -KILL -u harness sshd; "
                                "sleep 30")
        check(False, f"it ended: {done}")
    except module.Lost as lost:
        check("it was begun by ssh" in str(lost), str(lost))
    done = await runner.run("cat", "/root/once")
    check(done.stdout == b"once\n", done)


async def _all(context, environment):
    module = _load()
    os.environ.update({name: str(value) for name, value in environment.items()})
    runner = module.Runner(context.guest.name, [str(LAB), "ssh", context.guest.name],
                           str(context.postern.program), LOGIN_SECONDS)
    await _same(runner, "ssh")
    await _series(context, runner)
    await _lost(module, runner)


def run(context):
    """By ssh, and by exec where sshd, sudo, the key or the network fails."""
    context.guest.shell(ALLOW)
    with tempfile.TemporaryDirectory(prefix="pst-") as folder, \
            Recoverd(context.lab, folder) as daemon:
        asyncio.run(_all(context, daemon.environment))
